#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "vdp.h"

u8 pad_of_buttons(u16 buttons)
{
    static const u8 pad[12] = {PAD_B, PAD_A, 0, PAD_START, PAD_UP, PAD_DOWN, PAD_LEFT, PAD_RIGHT, PAD_C, 0, 0, 0};
    u8 all = 0;
    for (int i = 0; i < 12; i++)
        if (buttons >> i & 1)
            all |= pad[i];
    return all;
}

#define BIT(button) (1 << (button))
enum { BUTTON_B, BUTTON_A, BUTTON_UP = 4, BUTTON_DOWN, BUTTON_LEFT, BUTTON_RIGHT, BUTTON_C, BUTTON_Y, BUTTON_X, BUTTON_Z };

/* Of each group of buttons only some combinations pass; of any other, none of the group's buttons does. MODE and START
   are in no group. Source: genesis_plus_gx.json of stable-retro. */
u16 filtered(u16 buttons)
{
    static const u16 jumps[] = {
        0, BIT(BUTTON_A), BIT(BUTTON_B), BIT(BUTTON_C), BIT(BUTTON_X), BIT(BUTTON_Y), BIT(BUTTON_Z),
        BIT(BUTTON_A) | BIT(BUTTON_B), BIT(BUTTON_B) | BIT(BUTTON_C), BIT(BUTTON_A) | BIT(BUTTON_X),
        BIT(BUTTON_B) | BIT(BUTTON_Y), BIT(BUTTON_C) | BIT(BUTTON_Z), BIT(BUTTON_X) | BIT(BUTTON_Y),
        BIT(BUTTON_Y) | BIT(BUTTON_Z),
    };
    const u16 vertical = BIT(BUTTON_UP) | BIT(BUTTON_DOWN), horizontal = BIT(BUTTON_LEFT) | BIT(BUTTON_RIGHT);
    const u16 others = buttons & ~(vertical | horizontal) & ~(BIT(2) | BIT(3));
    u16 passed = 0;

    if ((buttons & vertical) != vertical)
        passed |= buttons & vertical;
    if ((buttons & horizontal) != horizontal)
        passed |= buttons & horizontal;
    for (u8 i = 0; i < sizeof jumps / sizeof jumps[0]; i++)
        if (others == jumps[i])
            passed |= others;
    return passed;
}

void native_tick(Native *native, u8 pad)
{
    game_selected = &native->game;
    if (G.cmd != CMD_NONE) {
        game_load(G.cmd == CMD_START);
        G.cmd = CMD_NONE;
        memcpy(native->shown, &native->game, STATE_SIZE);
    } else {
        memcpy(native->shown, &native->game, STATE_SIZE);
        game_frame(pad);
    }
}

static void set_walls(struct Game *game, u8 block)
{
    for (u16 i = 0; i < game->broken_count; i++)
        game->level.blocks[game->broken[i]] = block;
}

/* Puts another state of the same level in place. */
static void switch_state(struct Game *game, const u8 *state)
{
    set_walls(game, B_BREAKABLE);
    memcpy(game, state, STATE_SIZE);
    set_walls(game, B_EMPTY);
}

void native_back(Native *native, u8 *now)
{
    game_selected = &native->game;
    display_selected = &native->display;
    memcpy(now, &native->game, STATE_SIZE);
    switch_state(&native->game, native->shown);
}

void native_forth(Native *native, const u8 *now)
{
    switch_state(&native->game, now);
}

void native_screen(Native *native, u8 *rgb)
{
    u8 now[STATE_SIZE];
    native_back(native, now);
    display_reset();
    display_build();
    vdp_render(rgb);
    native_forth(native, now);
}

Native *native_new(void)
{
    return calloc(1, sizeof(Native));
}

void native_free(Native *native)
{
    free(native);
}

struct Game *native_game(Native *native)
{
    return &native->game;
}

void native_load(Native *native, int zone, int act, u32 seed)
{
    game_selected = &native->game;
    G.zone = zone;
    G.act = act;
    G.seed = seed;
    game_load(1);
    G.cmd = CMD_NONE;
    G.is_dashless = 0;
    memcpy(native->shown, &native->game, STATE_SIZE);
}

static void describe(const struct Game *game, s32 frames, Outcome *outcome)
{
    outcome->x = game->x;
    outcome->y = game->y;
    outcome->vx = game->grounded ? game->speed : game->vx;
    outcome->vy = game->grounded ? 0 : game->vy;
    outcome->frames = frames;
    outcome->rings = game->rings;
    outcome->lives = game->lives;
    outcome->grounded = game->grounded;
    outcome->rolling = game->rolling;
    outcome->dead = game->dead;
    outcome->level_end = game->level_end;
}

/* Plays buttons[0..count-1], one entry a frame, or the same entry all the time when held; stops at death or the end
   of the level when asked to. */
void native_play(Native *native, const u16 *buttons, s32 count, int held, int stop, Outcome *outcome)
{
    s32 frames = 0;
    while (frames < count) {
        native_tick(native, pad_of_buttons(buttons[held ? 0 : frames]));
        frames++;
        if (stop && (native->game.dead || native->game.level_end))
            break;
    }
    describe(&native->game, frames, outcome);
}

s32 native_state_size(void)
{
    return STATE_SIZE;
}

void native_get_state(const Native *native, u8 *state)
{
    memcpy(state, &native->game, STATE_SIZE);
}

void native_set_state(Native *native, const u8 *state)
{
    const struct Game *next = (const struct Game *)state;
    game_selected = &native->game;
    if (next->zone != G.zone || next->act != G.act || next->seed != G.seed || !G.level.cols) {
        level_generate(&G.level, next->zone, next->act, next->seed);
        G.broken_count = 0;
    }
    switch_state(&native->game, state);
    memcpy(native->shown, state, STATE_SIZE);
}
