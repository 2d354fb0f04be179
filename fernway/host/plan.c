/* Values of actions: each is held for a timestep and followed by several continuations, on noisy copies of the game.
   Where a continuation leads to is told by the map, which learns from every continuation tried. */
#include <string.h>

#include "route.h"

#define STICK 64                /* of 256: the first frame of a timestep still plays what was held before */
#define EXPLORE 24              /* of 256: a continuation goes on with another macro than the map's best */
#define RATE 0.25f              /* by which an experience moves the map */
#define BARE 60                 /* frames that losing the rings counts for: the next hit is deadly */
#define LATER 4                 /* dying a frame later is worth a frame / LATER */
#define CONTINUATIONS 8         /* of an action: */
#define HELD 4                  /* hold it for 1, 3, 5, 7 timesteps; */
#define RANDOM 3                /* play random actions after it; and what worked best at the decision before */
#define PARTS 3                 /* of a continuation's beginning */

typedef struct {
    s32 horizon;                /* timesteps that are played before the map is asked */
    s32 samples;                /* noisy copies in which every continuation is tried */
    s32 finalists;              /* more noisy copies for each action's best continuation */
    s32 death;                  /* frames that losing a life counts for */
} Effort;

/* How a continuation begins; then the map's advice is followed. */
typedef struct {
    Run runs[PARTS];
    const u8 *tape;             /* pads instead of runs, TAPE of them, 0 where runs are meant */
} Beginning;

static u32 mix(u32 x)           /* lowbias32, github.com/skeeto/hash-prospector */
{
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    return x ^ x >> 16;
}

static float togo(const Place *place)
{
    return place ? place->togo[route_best(place)] : DOOM;
}

static s32 advice(const Place *place, u32 random)
{
    s32 m = (s32)((random >> 16) % MACROS);
    if (!place)
        return 0;
    return (random >> 8 & 255) < EXPLORE && place->togo[m] < NEVER ? m : route_best(place);
}

static void learn(Place *place, s32 macro, float target)
{
    if (place)
        place->togo[macro] += RATE * ((target < DOOM ? target : DOOM) - place->togo[macro]);
}

/* Frames to the goal by playing on for a horizon and asking the map then. here: what it says without playing. tape:
   takes down what was held. */
static float follow(Route *route, const u8 *state, const Beginning *beginning, const Effort *effort, float here, u32 noise,
                    u8 *tape)
{
    const Run *run = beginning->runs, *end = run + PARTS;
    s32 left = run->timesteps, frames = 0, macro = 0, since = 0;
    Place *place = 0;           /* where the macro under way began */
    float cost, worst = here + effort->death;
    u16 rings;
    u8 before;

    route_restore(route, state);
    before = G.pad;
    rings = G.rings;
    for (s32 t = 0; t < effort->horizon; t++) {
        u8 pad, begins = 0;
        noise = mix(noise + 0x9E3779B9u);
        if (beginning->tape && t < effort->horizon - 1) {
            pad = t ? beginning->tape[t + 1] : run->pad;    /* one timestep has passed since it was taken down */
        } else {
            if (beginning->tape) {
                run = end - 1;
                left = 0;
            }
            if (left == 0 && ++run < end)
                left = run->timesteps;
            if (left == 0) {
                Place *next = route_place(route);
                learn(place, macro, frames - since + togo(next));
                place = next;
                macro = advice(next, noise);
                since = frames;
                run = macros[macro].runs;
                end = run + MACRO_RUNS;
                left = run->timesteps;
                begins = 1;
            }
            pad = run->pad;
            if (begins && route_release(pad))
                pad &= ~PAD_JUMP;
            else
                left--;
        }
        tape[t] = pad;
        for (s32 f = 0; f < TIMESTEP; f++) {
            game_frame(f == 0 && (noise & 255) < STICK ? before : pad);
            frames++;
            if (G.dead) {
                learn(place, macro, togo(place) + effort->death);
                return worst - frames / LATER;
            }
            if (G.level_end) {
                learn(place, macro, frames - since);
                return frames;
            }
        }
        before = pad;
    }
    cost = frames + togo(route_place(route)) + (rings && !G.rings ? BARE : 0);
    return cost < worst ? cost : worst;
}

static void begin(Beginning *beginnings, const u8 *pads, s32 actions, u8 pad, const u8 *tape, u32 seed)
{
    memset(beginnings, 0, sizeof *beginnings * CONTINUATIONS);
    for (s32 i = 0; i < CONTINUATIONS; i++) {
        Run *runs = beginnings[i].runs;
        u32 random = mix(seed + (u32)i);
        runs[0] = (Run){pad, i < HELD ? 1 + 2 * i : 1 + (random >> 20 & 1)};
        if (i == HELD + RANDOM) {
            beginnings[i].tape = tape;
        } else if (i >= HELD) {
            runs[1] = (Run){pads[(random & 0xFFF) % (u32)actions], 1 + (random >> 21 & 3)};
            runs[2] = (Run){pads[(random >> 12 & 0xFF) % (u32)actions], 1 + (random >> 23 & 3)};
        }
    }
}

/* Frames to the goal of each action, in the mean over noisy copies of the best continuation found; a lost life counts
   as `death` frames more than it is from here. buttons: what the actions hold, Gym's bits, at most ACTIONS_MAX. All
   actions meet the same noise. */
void plan_costs(Route *route, const struct Game *game, const u16 *buttons, s32 actions, const Effort *effort, u32 seed,
                float *costs)
{
    u8 state[STATE_SIZE], pads[ACTIONS_MAX], old[TAPE] = {0}, tape[TAPE];
    Beginning beginnings[CONTINUATIONS];
    float here;

    memcpy(state, game, STATE_SIZE);
    route_restore(route, state);
    here = togo(route_place(route));
    for (s32 a = actions - 1; a >= 0; a--) {
        pads[a] = pad_of_buttons(buttons[a]);
        if (pads[a] == G.pad)
            memcpy(old, route->tapes[a], TAPE);
    }
    for (s32 a = 0; a < actions; a++) {
        const Beginning *chosen = beginnings;
        float best = NEVER, sum, cost, least = NEVER;
        begin(beginnings, pads, actions, pads[a], old, seed);
        for (const Beginning *b = beginnings; b < beginnings + CONTINUATIONS; b++) {
            sum = 0;
            for (s32 k = 0; k < effort->samples; k++) {
                sum += cost = follow(route, state, b, effort, here, mix(seed + (u32)k), tape);
                if (cost < least) {
                    least = cost;
                    memcpy(route->tapes[a], tape, TAPE);
                }
            }
            if (sum < best) {
                best = sum;
                chosen = b;
            }
        }
        sum = best;
        for (s32 k = effort->samples; k < effort->samples + effort->finalists; k++)
            sum += follow(route, state, chosen, effort, here, mix(seed + (u32)k), tape);
        costs[a] = sum / (float)(effort->samples + effort->finalists);
    }
}
