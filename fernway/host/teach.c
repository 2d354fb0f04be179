/* A plan under way: what to hold for the next timesteps, kept as long as nothing clearly better is found. */
#include <string.h>

#include "route.h"

#define HORIZON 36              /* timesteps of a plan */
#define STICK 64                /* of 256: the first frame of a timestep still plays what was held before */
#define BARE 60                 /* frames that losing the rings counts for: the next hit is deadly */
#define EARLY 0.03f              /* of the mean over the plan of what the map says on the way: see cost_of */
#define LATER 2                 /* dying a frame later is worth a frame / LATER */
#define DEATH 400.0f            /* frames that losing a life counts for */
#define KEEP 12.0f              /* frames by which another plan must be better than the one under way */
#define CLEARLY 16.0f           /* frames by which another plan must be better than running to the right */
#define VARIATIONS 16           /* of the plans found so far, at random */
#define SAMPLES 3               /* noisy copies in which the finalists are tried */
#define CLOSE 4                 /* frames: no better plan is looked for that begins with an action as good as this */
#define HOPELESS 80             /* frames: a plan that is worse by more is not tried in noisy copies */
#define LAST_CHANGE 24          /* timestep up to which a plan is varied: what comes later is planned anew before it is played */

/* What a timestep holds, by its index in the agent's table of actions. */
enum { NOTHING, RIGHT, RIGHT_JUMP, LEFT, LEFT_JUMP, JUMP, DOWN, DOWN_JUMP, ROLL, ACTIONS };
static const u8 pads[ACTIONS] = {0, PAD_RIGHT, PAD_RIGHT | PAD_B, PAD_LEFT, PAD_LEFT | PAD_B, PAD_B, PAD_DOWN,
                                 PAD_DOWN | PAD_B, PAD_RIGHT | PAD_DOWN};

typedef u8 Plan[HORIZON];

/* Ideas: some actions for some timesteps, then on to the right. */
#define PARTS 7
typedef struct { struct { u8 action, timesteps; } parts[PARTS]; } Idea;
static const Idea ideas[] = {
    {{{RIGHT_JUMP, 1}}}, {{{RIGHT_JUMP, 3}}}, {{{RIGHT_JUMP, 6}}}, {{{RIGHT_JUMP, 9}}}, {{{ROLL, 2}}}, {{{ROLL, 9}}},
#define DELAYED 6               /* these are tried after some timesteps to the right, too */
    {{{DOWN, 1}, {DOWN_JUMP, 1}, {DOWN, 1}, {DOWN_JUMP, 1}, {DOWN, 1}, {DOWN_JUMP, 1}, {DOWN, 1}}},
    {{{NOTHING, 2}}}, {{{NOTHING, 6}}}, {{{LEFT, 3}}}, {{{LEFT, 10}}}, {{{LEFT, 3}, {RIGHT_JUMP, 6}}}, {{{LEFT_JUMP, 5}}},
    {{{LEFT, HORIZON}}}, {{{JUMP, 5}}}, {{{LEFT, 6}, {LEFT_JUMP, 6}, {LEFT, HORIZON}}},
    {{{LEFT, 14}, {RIGHT, 4}, {RIGHT_JUMP, 6}}},
};
#define IDEAS (sizeof ideas / sizeof *ideas)
static const u8 delays[] = {0, 1, 3, 6};

typedef struct { Plan plan; float cost; } Candidate;

/* What is tried: the plan under way, running to the right, and for every action the best plan found that begins with it. */
enum { KEPT, PLAIN, FIRST, FINALISTS = FIRST + ACTIONS };

static u32 mix(u32 x)           /* lowbias32, github.com/skeeto/hash-prospector */
{
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    return x ^ x >> 16;
}

static float togo(Route *route)
{
    const Place *place = route_place(route);
    float frames = place ? place->togo[route_best(place)] : DOOM;
    return frames < DOOM ? frames : DOOM;
}

/* Frames to the goal by a plan, the map being asked at its end. here: what it says now. noise: 0 for no sticky frames.
   Many plans end at the same place, one having waited first and the other at the end. So that they differ, what the map
   says on the way counts a little: who does not remember the plan could wait for ever. */
static float cost_of(Route *route, const u8 *state, const u8 *plan, float here, u32 noise)
{
    const float worst = here + DEATH;
    s32 frames = 0;
    float cost, on_the_way = 0, now = here;
    u16 rings;
    u8 before;

    route_restore(route, state);
    before = G.pad;
    rings = G.rings;
    for (s32 t = 0; t < HORIZON; t++) {
        u8 pad = pads[plan[t]], sticks = 0;
        if (noise) {
            noise = mix(noise + 0x9E3779B9u);
            sticks = (noise & 255) < STICK;
        }
        for (s32 f = 0; f < FRAME_SKIP; f++) {
            game_frame(f == 0 && sticks ? before : pad);
            frames++;
            if (G.dead)
                return worst - (float)frames / LATER;
            if (G.level_end)
                return frames;
        }
        before = pad;
        if (route_togo(route) >= 0)
            now = route_togo(route);
        on_the_way += (now - here) / HORIZON;
    }
    cost = frames + togo(route) + EARLY * on_the_way + (rings && !G.rings ? BARE : 0);
    return cost < worst ? cost : worst;
}

static void fill(u8 *plan, s32 *t, u8 action, s32 timesteps)
{
    while (timesteps-- > 0 && *t < HORIZON)
        plan[(*t)++] = action;
}

static void apply(u8 *plan, s32 t, const Idea *idea)
{
    for (s32 i = 0; i < PARTS; i++)
        fill(plan, &t, idea->parts[i].action, idea->parts[i].timesteps);
    fill(plan, &t, RIGHT, HORIZON);
}

/* Replaces a plan from a timestep on by the map's advice. */
static void follow(Route *route, const u8 *state, u8 *plan, s32 from)
{
    const Run *run = 0, *end = 0;
    s32 left = 0;

    route_restore(route, state);
    for (s32 t = 0; t < HORIZON; t++) {
        if (t >= from) {
            u8 pad, begins = 0;
            if (left == 0 && run && ++run < end)
                left = run->timesteps;
            if (left == 0) {
                const Place *place = route_place(route);
                run = macros[place ? route_best(place) : 0].runs;
                end = run + MACRO_RUNS;
                left = run->timesteps;
                begins = 1;
            }
            pad = run->pad;
            if (begins && route_release(pad))
                pad &= ~PAD_JUMP;
            else
                left--;
            plan[t] = NOTHING;
            for (u8 a = 0; a < ACTIONS; a++)
                if (pads[a] == pad)
                    plan[t] = a;
        }
        for (s32 f = 0; f < FRAME_SKIP && !G.dead && !G.level_end; f++)
            game_frame(pads[plan[t]]);
    }
}

static void consider(Candidate *found, const u8 *plan, float cost)
{
    Candidate *best = &found[FIRST + plan[0]];
    if (cost < best->cost) {
        best->cost = cost;
        memcpy(best->plan, plan, HORIZON);
    }
}

/* The finalist that costs least, in the order of enum. */
static s32 cheapest(const Candidate *found)
{
    s32 best = KEPT;
    for (s32 i = PLAIN; i < FINALISTS; i++)
        if (found[i].cost < found[best].cost)
            best = i;
    return best;
}

/* Looks for a better plan than the one under way, u8 [HORIZON], if there is one, and leaves it there. */
void teach_plan(Route *route, const struct Game *game, u8 *plan, s32 is_under_way, u32 seed)
{
    Candidate found[FINALISTS];
    u8 state[STATE_SIZE];
    Plan other, best;
    float here, low;
    s32 chosen;

    memcpy(state, game, STATE_SIZE);
    route_restore(route, state);
    here = togo(route);
    for (s32 i = 0; i < FINALISTS; i++)
        found[i].cost = NEVER;
    memset(found[PLAIN].plan, RIGHT, HORIZON);
    found[PLAIN].cost = cost_of(route, state, found[PLAIN].plan, here, 0);
    if (is_under_way) {
        memcpy(found[KEPT].plan, plan, HORIZON);
        found[KEPT].cost = cost_of(route, state, plan, here, 0);
    }
    for (u32 i = 0; i < IDEAS; i++)
        for (u32 d = 0; d < (i < DELAYED ? sizeof delays : 1); d++) {
            memset(other, RIGHT, HORIZON);
            apply(other, delays[d], &ideas[i]);
            consider(found, other, cost_of(route, state, other, here, 0));
        }
    follow(route, state, other, 0);
    consider(found, other, cost_of(route, state, other, here, 0));
    for (s32 i = 0; i < VARIATIONS; i++) {
        u32 random = mix(seed + 31u * (u32)i);
        s32 t = (s32)((random >> 4 & 0xFFF) % LAST_CHANGE);
        memcpy(other, found[random & 2 ? cheapest(found) : random & 1 || !is_under_way ? PLAIN : KEPT].plan, HORIZON);
        switch (random >> 16 & 3) {
        case 0:
            follow(route, state, other, t);
            break;
        case 1:
            fill(other, &t, (u8)((random >> 20) % ACTIONS), 1 + (s32)(random >> 18 & 3));
            break;
        default:
            apply(other, t, &ideas[(random >> 20) % IDEAS]);
        }
        consider(found, other, cost_of(route, state, other, here, 0));
    }
    /* Every action is tried for a timestep before the best plan, before the best from the next timestep on, and before
       the map's advice: one that costs nothing is not left out because no plan began with it. */
    low = found[cheapest(found)].cost;
    memcpy(best, found[cheapest(found)].plan, HORIZON);
    for (u8 a = 0; a < ACTIONS; a++)
        for (s32 way = 0; way < 3 && found[FIRST + a].cost > low + CLOSE; way++) {
            other[0] = a;
            if (way == 2)
                follow(route, state, other, 1);
            else
                memcpy(other + 1, best + 1 - way, HORIZON - 1);
            consider(found, other, cost_of(route, state, other, here, 0));
        }
    /* Of many that are tried in noise one looks good by chance: the plan changes to none but what was best without. */
    chosen = cheapest(found);
    for (s32 i = 0; i < FINALISTS; i++) {
        float sum = found[i].cost;
        if (sum > low + HOPELESS || (i >= FIRST && i != chosen))
            continue;
        for (s32 k = 1; k <= SAMPLES; k++)
            sum += cost_of(route, state, found[i].plan, here, mix(seed + 0x10001u * (u32)k) | 1);
        found[i].cost = sum / (SAMPLES + 1);
    }
    if (found[PLAIN].cost - CLEARLY <= found[chosen].cost)
        chosen = PLAIN;
    if (found[KEPT].cost - KEEP <= found[chosen].cost)
        chosen = KEPT;
    memcpy(plan, found[chosen].plan, HORIZON);
}
