#include <stdlib.h>
#include <string.h>

#include "native.h"

#define STATE_SIZE __builtin_offsetof(struct Game, level)  /* the level follows from zone, act, seed and broken walls */

u8 pad_of_buttons(u16 buttons)
{
    static const u8 pad[12] = {PAD_B, PAD_A, 0, PAD_START, PAD_UP, PAD_DOWN, PAD_LEFT, PAD_RIGHT, PAD_C, 0, 0, 0};
    u8 all = 0;
    for (int i = 0; i < 12; i++)
        if (buttons >> i & 1)
            all |= pad[i];
    return all;
}

void native_tick(Native *native, u8 pad)
{
    game_selected = &native->game;
    if (G.cmd != CMD_NONE) {
        game_load(G.cmd == CMD_START);
        G.cmd = CMD_NONE;
    } else {
        game_frame(pad);
    }
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
        memcpy(&native->game, state, STATE_SIZE);
        level_generate(&G.level, G.zone, G.act, G.seed);
    } else {
        restore_walls();
        memcpy(&native->game, state, STATE_SIZE);
    }
    for (u16 i = 0; i < G.broken_count; i++)
        G.level.blocks[G.broken[i]] = B_EMPTY;
}
