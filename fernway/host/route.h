/* How far it is to the goal: a map of a level. */
#ifndef FERNWAY_ROUTE_H
#define FERNWAY_ROUTE_H

#include "native.h"

#define MACROS 14
#define MACRO_RUNS 2
#define DOOM 4000.0f            /* frames to the goal from where a life is lost */
#define NEVER 1e9f              /* of a macro that cannot be played here */

typedef struct { u8 pad, timesteps; } Run;
typedef struct { Run runs[MACRO_RUNS]; } Macro; /* ends before a run of no timesteps */

/* A place: all states that are alike enough (key_of). */
typedef struct {
    u32 key;
    float togo[MACROS];         /* frames to the goal when the macro comes first */
} Place;

typedef struct {
    struct Game scratch;        /* explores and tries */
    s32 capacity, count;
    Place *places;              /* the first is the level's start */
    s32 *table;                 /* hash of a place's key -> its index, -1 where free */
    u32 mask;
    u8 swings[LEVEL_COLS];      /* a moving platform is near: it matters when one is here */
} Route;

extern const Macro macros[MACROS];
void route_restore(Route *route, const u8 *state);   /* scratch goes on from a state of the same level */
u8 route_release(u8 pad);                   /* is a jump still held that the pad's jump would need pressed anew? */
Place *route_place(Route *route);           /* of the selected game; a new one where the map is blank; 0 if it is full */
float route_togo(const Route *route);       /* frames to the goal from the selected game's place; -1 where the map is blank */
s32 route_best(const Place *place);         /* the macro that starts the quickest way */

#endif
