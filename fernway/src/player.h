/* What player.c, control.c and move.c share. */
#ifndef FERNWAY_PLAYER_H
#define FERNWAY_PLAYER_H

#include "physics.h"

#define COS_14 248              /* 1/256 */
#define COS_27 229
#define COS_45 181
#define SIN_14 62
#define SIN_27 114
#define SIN_45 181

static inline s32 magnitude(s32 v)
{
    return v < 0 ? -v : v;
}

/* Of the ground under the feet: 0..3 for 0, 14, 27, 45 degrees. */
static inline u8 steepness(void)
{
    return G.angle < 0 ? -G.angle : G.angle;
}

/* control.c: one frame, with these enum Button held and newly pressed */
void control_on_ground(u8 pad, u8 pressed);
void control_in_air(u8 pad);

/* move.c */
extern const u16 slope_cosine[4], slope_sine[4]; /* 1/256, by steepness */
s32 scale(s32 value, u16 part); /* value * part / 256 in two 16-bit multiplications */
s32 along_x(s32 speed);         /* of a speed along the ground under the feet, the part to the right */
s32 along_y(s32 speed);         /* and the part downwards */
u8 headroom(void);              /* is there room for a standing body? */
void move_on_ground(void);
void move_in_air(void);
void keep_inside(void);         /* the level's sides stop the player */

#endif
