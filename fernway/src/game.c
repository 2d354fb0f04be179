/* The level's course: start, clock, death, end. */
#include "physics.h"

#ifndef __m68k__
_Thread_local struct Game *game_selected;
#endif

u32 game_random(void)
{
    u32 r = G.random;
    r ^= r << 13;
    r ^= r >> 17;
    r ^= r << 5;
    return G.random = r;
}

void add_score(u16 points)
{
    G.score += points;
    if (G.score > 999999)
        G.score = 999999;
}

/* The same level from its start: after loading it, and after losing a life. */
static void start(void)
{
    restore_walls();
    G.rings = 0;
    G.frame = 0;
    G.minutes = G.seconds = G.ticks = 0;
    G.level_end = 0;
    G.random = G.seed | 1;
    player_reset();
    camera_reset();
    objects_reset();
}

void game_load(u8 new_game)
{
    level_generate(&G.level, G.zone, G.act, G.seed);
    if (new_game) {
        G.score = 0;
        G.lives = LIVES_START;
        G.pad = G.pad_before = 0;
    }
    G.broken_count = 0;
    G.start_x = G.level.start_x;
    G.end_x = G.level.end_x;
    start();
    G.magic = 0x4645524E;
}

static void clock(void)
{
    if (++G.ticks < 60)
        return;
    G.ticks = 0;
    if (++G.seconds < 60)
        return;
    G.seconds = 0;
    if (G.minutes < 9)
        G.minutes++;
    else
        G.seconds = 59;
}

static void reach_end(void)
{
    u16 seconds = G.minutes * 60 + G.seconds;
    G.level_end = 1;
    G.timer = END_FRAMES;
    add_score(G.rings * 10 + (seconds < 300 ? (300 - seconds) * 10 : 0));
}

void game_frame(u8 pad)
{
    G.pad_before = G.pad;
    G.pad = pad;
    G.frame++;
    if (G.dead) {
        player_frame();
        if (--G.timer == 0) {
            if (G.lives == 0)
                G.lives = LIVES_START;
            start();
        }
        return;
    }
    if (!G.level_end)
        clock();
    objects_move();
    player_frame();
    objects_touch();
    camera_frame();
    objects_near_camera();
    if (G.level_end) {
        if (--G.timer == 0) {
            G.act = G.act < 99 ? G.act + 1 : 1;
            G.seed++;
            G.cmd = CMD_NEXT;
        }
    } else if (!G.dead && G.x >= G.end_x) {
        reach_end();
    }
}
