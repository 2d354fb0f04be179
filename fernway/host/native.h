/* One game on the host: the ROM's own sources, many games in one process. */
#ifndef FERNWAY_NATIVE_H
#define FERNWAY_NATIVE_H

#include "../src/game.h"

typedef struct {
    struct Game game;
} Native;

/* What a search looks at after every chunk of frames. */
typedef struct {
    s32 x, y;                   /* pixels */
    s32 vx, vy;                 /* pixels a frame, 16.16 */
    s32 frames;                 /* played, fewer than asked for when it ended */
    s32 rings, lives;
    u8 grounded, rolling, dead, level_end;
} Outcome;

u8 pad_of_buttons(u16 buttons); /* bit i: button i of the Gym order B A MODE START UP DOWN LEFT RIGHT C Y X Z */
void native_tick(Native *native, u8 pad);   /* one turn of the ROM's main loop, without its drawing */

#endif
