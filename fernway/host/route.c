/* Explores a level from its start by playing macros from every new place, then works out for each place how many
   frames it is to the goal. Places are coarse and the sticky frames left out: the planner tries what follows next. */
#include <stdlib.h>
#include <string.h>

#include "route.h"

#define R PAD_RIGHT
#define L PAD_LEFT
#define D PAD_DOWN
#define B PAD_B
#define QUEUE 16384             /* places found but not explored from yet, at most; each holds a state */
#define NEAR_COLS 6             /* columns to either side of a moving platform where the time matters */
#define BLANK 24.0f             /* frames added to what the places around say */

enum { AIR = 1, STILL = 2, RUNNING = 4, DUCKING = 8, CHARGING = 16, GROUND = STILL | RUNNING };

const Macro macros[MACROS] = {
    {{{R, 2}}}, {{{L, 2}}}, {{{R | B, 2}}}, {{{L | B, 2}}}, {{{0, 2}}},             /* steer */
    {{{R | B, 5}, {R, 1}}}, {{{R | B, 1}, {R, 1}}}, {{{L | B, 5}, {L, 1}}}, {{{B, 5}, {0, 1}}},     /* jump */
    {{{L, 4}}}, {{{0, 4}}}, {{{R | D, 3}}}, {{{D, 1}}}, {{{D | B, 1}}},             /* back, wait, roll, duck, charge */
};

static const u8 when[MACROS] = {
    AIR | GROUND | CHARGING, AIR | GROUND | CHARGING, AIR, AIR, AIR,
    GROUND, GROUND, GROUND, GROUND,
    GROUND, STILL, RUNNING, STILL | CHARGING, DUCKING | CHARGING,
};

static u8 now(void)
{
    if (!G.grounded)
        return AIR;
    if (G.charging)
        return CHARGING;
    if (G.ducking)
        return DUCKING | STILL;
    return G.speed < FIX(0.5) && G.speed > -FIX(0.5) ? STILL : RUNNING;
}

static u32 bucket(s32 v, const s32 *edges)
{
    u32 i = 0;
    while (i < 4 && v >= edges[i])
        i++;
    return i;
}

/* What makes two states alike: 32 x 16 pixels, velocities in five steps each, and what the player is at. */
static u32 key_of(const Route *route)
{
    static const s32 across[4] = {FIX(-0.75), FIX(0.75), FIX(3.5), FIX(6.5)}, up[4] = {FIX(-8), FIX(-3), FIX(1), FIX(6)};
    u32 rise = G.grounded ? 2 + (G.charging ? 1 + (G.charge >> 17) : 0) : bucket(G.vy, up);     /* 0..7 */
    u32 when_matters = route->swings[G.x >> 4] ? G.frame >> 6 & 3 : 0;
    return (u32)(G.x >> 5) | (u32)(G.y < -128 ? 0 : (G.y + 128) >> 4) << 10 |
           bucket(G.grounded ? G.speed : G.vx, across) << 16 | rise << 19 | (u32)(G.grounded != 0) << 22 |
           (u32)(G.rolling != 0) << 23 | when_matters << 24 | (u32)(G.jumping && G.pad & PAD_JUMP) << 27 |
           (u32)(G.hurt != 0) << 28 | (u32)(G.ducking != 0) << 29;
}

static s32 *slot(const Route *route, u32 key)
{
    u32 i = (u32)(key * 2654435761u) >> 7 & route->mask;
    while (route->table[i] >= 0 && route->places[route->table[i]].key != key)
        i = (i + 1) & route->mask;
    return &route->table[i];
}

u8 route_release(u8 pad)
{
    return pad & PAD_JUMP && G.pad & PAD_JUMP && G.grounded;
}

void route_restore(Route *route, const u8 *state)
{
    game_selected = &route->scratch;
    restore_walls();
    memcpy(&route->scratch, state, STATE_SIZE);
    for (u16 i = 0; i < G.broken_count; i++)
        G.level.blocks[G.broken[i]] = B_EMPTY;
}

static s32 hold(u8 pad, s32 timesteps)
{
    s32 frames = 0;
    while (frames < timesteps * FRAME_SKIP && !G.dead && !G.level_end) {
        game_frame(pad);
        frames++;
    }
    return frames;
}

static s32 play(const Macro *macro)
{
    s32 frames = 0;
    if (route_release(macro->runs[0].pad))
        frames += hold(macro->runs[0].pad & ~PAD_JUMP, 1);
    for (const Run *run = macro->runs; run < macro->runs + MACRO_RUNS && run->timesteps; run++)
        frames += hold(run->pad, run->timesteps);
    return frames;
}

/* Exploration only: what each macro leads to, and the states to go on from. */
typedef struct {
    struct { s32 to; s32 frames; } (*edges)[MACROS];
    u8 *queue;
} Exploration;

#define NOWHERE -1
#define GOAL -2

static Place *add(Route *route, s32 *free_slot, u32 key)
{
    Place *place = &route->places[route->count];
    *free_slot = route->count++;
    place->key = key;
    for (s32 m = 0; m < MACROS; m++)
        place->togo[m] = when[m] & now() ? DOOM : NEVER;
    return place;
}

/* The place where the scratch game is, or NOWHERE if it is new and there is no room. */
static s32 arrive(Route *route, u8 *queue, s32 explored)
{
    u32 key = key_of(route);
    s32 *found = slot(route, key);
    if (*found >= 0)
        return *found;
    if (route->count == route->capacity || route->count - explored == QUEUE)
        return NOWHERE;
    memcpy(queue + (size_t)(route->count % QUEUE) * STATE_SIZE, &route->scratch, STATE_SIZE);
    add(route, found, key);
    return *found;
}

static void explore(Route *route, Exploration *e)
{
    u8 state[STATE_SIZE];
    arrive(route, e->queue, 0);
    for (s32 at = 0; at < route->count; at++) {
        memcpy(state, e->queue + (size_t)(at % QUEUE) * STATE_SIZE, STATE_SIZE);
        for (s32 m = 0; m < MACROS; m++) {
            e->edges[at][m].to = NOWHERE;
            if (route->places[at].togo[m] == NEVER)
                continue;
            route_restore(route, state);
            e->edges[at][m].frames = play(&macros[m]);
            if (G.level_end)
                e->edges[at][m].to = GOAL;
            else if (!G.dead)
                e->edges[at][m].to = arrive(route, e->queue, at);
        }
    }
}

/* One sweep of value iteration, from the last place found to the first; gives whether one came nearer. */
static u8 improve(Route *route, const Exploration *e)
{
    u8 nearer = 0;
    for (s32 at = route->count - 1; at >= 0; at--)
        for (s32 m = 0; m < MACROS; m++) {
            s32 to = e->edges[at][m].to;
            float togo;
            if (to == NOWHERE)
                continue;
            togo = e->edges[at][m].frames;
            if (to != GOAL)
                togo += route->places[to].togo[route_best(&route->places[to])];
            if (togo < route->places[at].togo[m]) {
                route->places[at].togo[m] = togo;
                nearer = 1;
            }
        }
    return nearer;
}

s32 route_best(const Place *place)
{
    s32 best = 0;
    for (s32 m = 1; m < MACROS; m++)
        if (place->togo[m] < place->togo[best])
            best = m;
    return best;
}

void route_free(Route *route)
{
    if (!route)
        return;
    free(route->places);
    free(route->table);
    free(route);
}

/* A map of at most so many places; 0 when there is no memory. */
Route *route_new(s32 capacity)
{
    Route *route = calloc(1, sizeof(Route));
    u32 size = 1024;
    if (!route)
        return 0;
    while (size < (u32)capacity * 2)
        size <<= 1;
    route->capacity = capacity;
    route->mask = size - 1;
    route->places = malloc(sizeof(Place) * (size_t)capacity);
    route->table = malloc(sizeof(s32) * size);
    if (route->places && route->table)
        return route;
    route_free(route);
    return 0;
}

/* Maps the level from where the game stands. Gives the frames to the goal, DOOM or more if no way was found, -1 if there
   is no memory. */
s32 route_build(Route *route, const struct Game *game)
{
    Exploration e = {malloc(sizeof *e.edges * (size_t)route->capacity), malloc((size_t)QUEUE * STATE_SIZE)};
    if (e.edges && e.queue) {
        route->scratch = *game;
        game_selected = &route->scratch;
        route->count = 0;
        memset(route->table, 0xFF, sizeof(s32) * (route->mask + 1));
        memset(route->swings, 0, sizeof route->swings);
        for (const Spawn *spawn = G.level.spawns; spawn < G.level.spawns + G.level.spawn_count; spawn++)
            if (spawn->kind == K_PLATFORM_ACROSS || spawn->kind == K_PLATFORM_UPDOWN)
                for (s32 col = (spawn->x >> 4) - NEAR_COLS; col <= (spawn->x >> 4) + NEAR_COLS; col++)
                    if (col >= 0 && col < LEVEL_COLS)
                        route->swings[col] = 1;
        explore(route, &e);
        while (improve(route, &e))
            ;
    }
    free(e.edges);
    free(e.queue);
    return e.edges && e.queue ? (s32)route->places[0].togo[route_best(&route->places[0])] : -1;
}

float route_togo(const Route *route)
{
    s32 at = *slot(route, key_of(route));
    float togo = at < 0 ? -1 : route->places[at].togo[route_best(&route->places[at])];
    return togo < DOOM ? togo : DOOM;
}

Place *route_place(Route *route)
{
    /* Where to look next, as steps in the key: slower, faster, jump or not, another time, rows and columns. */
    static const s32 steps[] = {-(1 << 16), 1 << 16, -(1 << 19), 1 << 19, 1 << 27, -(1 << 27), 1 << 24, -(1 << 24),
                                1 << 10, -(1 << 10), 1, -1};
    u32 key = key_of(route);
    s32 *found = slot(route, key);
    float togo = DOOM;
    Place *place;

    if (*found >= 0)
        return &route->places[*found];
    for (u32 i = 0; i < sizeof steps / sizeof *steps; i++) {
        s32 at = *slot(route, key + (u32)steps[i]);
        float other = at < 0 ? DOOM : route->places[at].togo[route_best(&route->places[at])];
        if (other < togo)
            togo = other;
    }
    if (route->count == route->capacity)
        return 0;
    place = add(route, found, key);
    for (s32 m = 0; m < MACROS; m++)
        if (place->togo[m] < NEVER)
            place->togo[m] = togo + BLANK;
    return place;
}
