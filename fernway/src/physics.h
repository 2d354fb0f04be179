/* The physics' numbers, pixels and frames at 60 Hz; those of Sonic (info.sonicretro.org/Sonic_Physics_Guide). */
#ifndef FERNWAY_PHYSICS_H
#define FERNWAY_PHYSICS_H

#include "game.h"

#define ACCELERATION FIX(0.046875)
#define DECELERATION FIX(0.5)
#define FRICTION FIX(0.046875)
#define TOP_SPEED FIX(6)
#define AIR_ACCELERATION FIX(0.09375)
#define GRAVITY FIX(0.21875)
#define HURT_GRAVITY FIX(0.1875)
#define JUMP FIX(6.5)
#define JUMP_CUT FIX(4)
#define FALL_MAX FIX(16)
#define SPEED_MAX FIX(16)
#define ROLL_FRICTION FIX(0.0234375)
#define ROLL_DECELERATION FIX(0.125)
#define ROLL_START FIX(0.5)     /* slowest run that DOWN turns into a roll, and the speed at which a roll ends */
#define SLOPE_RUN 0.125         /* times the sine of the angle, a frame */
#define SLOPE_ROLL_UP 0.078125
#define SLOPE_ROLL_DOWN 0.3125
#define SLIP_SPEED FIX(2.5)     /* slower than this a 45 degree slope throws back */
#define SLIP_FRAMES 30
#define DASH_SPEED FIX(8)       /* plus half the charge */
#define DASH_CHARGE FIX(2)      /* a press */
#define DASH_CHARGE_MAX FIX(8)
#define BREAK_SPEED FIX(4)
#define SKID_SPEED FIX(4)
#define HURT_X FIX(2)
#define HURT_Y FIX(4)
#define INVULNERABLE_FRAMES 120
#define DEATH_JUMP FIX(7)
#define DEATH_FRAMES 75
#define END_FRAMES 240

/* The player's body, pixels around the feet. */
#define FOOT 8                  /* floor sensors to either side */
#define SIDE 10                 /* wall sensors to either side */
#define STAND 36                /* height */
#define BALL 28

#define PLATFORM_HALF 24        /* a platform's width, pixels from its middle to either side */

#endif
