/* Games under the contest's rules. */
#ifndef FERNWAY_VECTOR_H
#define FERNWAY_VECTOR_H

#include "native.h"
#include "observe.h"

/* What the rules must know of an episode besides the game itself; part of a lane's state. */
typedef struct {
    double progress;            /* after the last frame, 0..1 */
    s32 timesteps;              /* of the episode, without the one that is being played */
    u16 action;                 /* of the last timestep, button bits */
    u8 lives;                   /* at the episode's start */
    u8 is_fresh;                /* a lane's: reset, and its first screen not handed out yet */
    u8 is_over;
    u8 frame;                   /* of the timestep: how many are played, 0 between timesteps */
    u8 reserved[6];
} Rules;

/* What a frame or a timestep brings. */
typedef struct {
    double reward;
    u8 terminated, truncated;
} Answer;

typedef struct {
    Native native;
    Rules rules;
} Lane;

Answer rules_frame(Rules *rules, Native *native, u16 action, u8 sticks);
Answer rules_step(Rules *rules, Native *native, u16 action, u8 sticks);

#endif
