/* A level as the generator leaves it: the same bytes on the 68000 and on the host, field by field. */
#ifndef FERNWAY_LEVEL_H
#define FERNWAY_LEVEL_H

#include "blocks.h"

#define LEVEL_COLS 640          /* 16-pixel columns kept in memory: levels are up to 10,240 pixels long */
#define LEVEL_ROWS 48           /* 768 pixels high; falling below the last row costs a life */
#define LEVEL_SPAWNS 448        /* objects at most */
#define ZONES 8

enum Kind {
    K_NONE = 0,
    K_RING,
    K_WALKER,                   /* enemy: walks along the ground, turns at edges and walls; arg: pixels it strays */
    K_FLYER,                    /* enemy: hovers in the air on a sine, drifts to and fro; arg: pixels it strays */
    K_HOPPER,                   /* enemy: sits, then leaps in an arc; arg: frames between leaps / 2 */
    K_SPITTER,                  /* enemy: stands and spits a slow shot towards the player; arg: frames between / 2 */
    K_SPRING_UP,                /* arg: 0 weak (10 pixels a frame), 1 strong (16) */
    K_SPRING_RIGHT_UP,          /* diagonal, throws to the right and up; arg as above */
    K_SPRING_LEFT_UP,
    K_SPRING_LEFT,              /* horizontal on the ground */
    K_SPRING_RIGHT,
    K_PLATFORM_ACROSS,          /* moving platform, 48 pixels wide, one-way; arg: pixels to either side */
    K_PLATFORM_UPDOWN,          /* arg: pixels up and down */
    K_PLATFORM_FALLING,         /* falls 30 frames after being stepped on; comes back off screen */
    K_GOAL,                     /* the post at the end; passing end_x ends the level */
    K_COUNT
};

typedef struct {
    u16 x, y;                   /* pixels; the point the object stands on (feet, middle) */
    u8 kind, arg;
} Spawn;

typedef struct {
    u16 cols;                   /* columns used, 375..LEVEL_COLS */
    u16 start_x, start_y;       /* where the player's feet stand at the start */
    u16 end_x;                  /* crossing this x ends the level */
    u16 spawn_count;
    Spawn spawns[LEVEL_SPAWNS]; /* sorted by x */
    u8 blocks[LEVEL_COLS * LEVEL_ROWS]; /* [column * LEVEL_ROWS + row], row 0 on top */
} Level;

/* Fills *level. Portable: 32-bit xorshift, no division, no reads beyond what it wrote itself.
   zone 0..ZONES-1, act 1.., any seed. The same arguments give the same bytes on every machine. */
void level_generate(Level *level, u8 zone, u8 act, u32 seed);

#endif
