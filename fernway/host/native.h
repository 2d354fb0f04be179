/* One game of the twin: the ROM's own sources, many games in one process. */
#ifndef FERNWAY_NATIVE_H
#define FERNWAY_NATIVE_H

#include "../src/display.h"

#define STATE_SIZE __builtin_offsetof(struct Game, level)  /* the level follows from zone, act, seed and broken walls */

typedef struct {
    struct Game game;
    Display display;
    u8 shown[STATE_SIZE] __attribute__((aligned(4)));  /* the state before the last frame: what a screen shows */
} Native;

/* The contest's rules. Each name that fernway/rules.py has, too, has the same value there. */
#define FRAME_SKIP 4            /* frames of a timestep */
#define EPISODE_TIMESTEPS 4500
#define FRAME_LIMIT 18000       /* frames of an episode: EPISODE_TIMESTEPS * FRAME_SKIP */
#define PROGRESS_REWARD 9000    /* for the whole way */
#define TIME_BONUS 1000         /* for reaching the end at once; falls to nothing at FRAME_LIMIT */

/* What a search looks at after every chunk of frames. */
typedef struct {
    s32 x, y;                   /* pixels */
    s32 vx, vy;                 /* pixels a frame, 16.16 */
    s32 frames;                 /* played, fewer than asked for when it ended */
    s32 rings, lives;
    u8 grounded, rolling, dead, level_end;
} Outcome;

u8 pad_of_buttons(u16 buttons); /* bit i: button i of the Gym order B A MODE START UP DOWN LEFT RIGHT C Y X Z */
u16 filtered(u16 buttons);      /* what stable-retro lets through of them by default (Actions.FILTERED) */
void native_load(Native *native, int zone, int act, u32 seed);
void native_tick(Native *native, u8 pad);   /* one turn of the ROM's main loop, without its drawing */
void native_screen(Native *native, u8 *rgb);    /* what the emulator shows after that turn, RGB [224][320][3] */
void native_back(Native *native, u8 *now);      /* to the state shown, selected with its display; keeps the present one */
void native_forth(Native *native, const u8 *now);
void native_get_state(const Native *native, u8 *state);
void native_set_state(Native *native, const u8 *state);

#endif
