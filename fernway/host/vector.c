/* The contest's timestep, and many games that play it in one call. */
#include <stdlib.h>
#include <string.h>

#include "vector.h"

#define LANE_STATE_SIZE (sizeof(Rules) + STATE_SIZE)

Lane *lane_new(void)
{
    return calloc(1, sizeof(Lane));
}

void lane_free(Lane *lane)
{
    free(lane);
}

static double clip(double value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static double progress(const struct Game *game)
{
    return clip((double)(game->x - game->start_x) / (game->end_x - game->start_x));
}

s32 rules_size(void)
{
    return sizeof(Rules);
}

/* Begins an episode at the start of a level, as stable-retro's reset() does: a frame without buttons is played. */
void rules_begin(Rules *rules, Native *native)
{
    native_tick(native, 0);
    *rules = (Rules){.lives = native->game.lives};
}

/* Plays the next of a timestep's four frames and pays for the progress it makes. If the timestep sticks, its first frame still
   plays the previous action, but not in the first timestep of an episode. A lost life or the level's end terminates the
   episode, and cuts the timestep short; after 4,500 timesteps it is truncated. */
Answer rules_frame(Rules *rules, Native *native, u16 action, u8 sticks)
{
    const struct Game *game = &native->game;
    u8 is_previous = sticks && rules->frame == 0 && rules->timesteps;
    Answer answer = {0};
    double now, gain;

    native_tick(native, pad_of_buttons(filtered(is_previous ? rules->action : action)));
    now = progress(game);
    gain = (now - rules->progress) * PROGRESS_REWARD;
    rules->progress = now;
    if (now >= 1)
        gain += (1 - clip((double)game->frame / FRAME_LIMIT)) * TIME_BONUS;
    answer.reward = (float)gain;    /* the emulator hands rewards over in single precision */
    answer.terminated = game->lives < rules->lives || now >= 1;
    if (++rules->frame < FRAME_SKIP && !answer.terminated)
        return answer;
    rules->frame = 0;
    rules->action = action;
    rules->timesteps++;
    answer.truncated = !answer.terminated && rules->timesteps >= EPISODE_TIMESTEPS;
    rules->is_over = answer.terminated || answer.truncated;
    return answer;
}

/* Plays a timestep, or what is left of it. */
Answer rules_step(Rules *rules, Native *native, u16 action, u8 sticks)
{
    Answer answer = {0};
    do {
        Answer frame = rules_frame(rules, native, action, sticks);
        answer.reward += frame.reward;
        answer.terminated = frame.terminated;
        answer.truncated = frame.truncated;
    } while (rules->frame);
    return answer;
}

void lane_reset(Lane *lane, int zone, int act, u32 seed)
{
    native_load(&lane->native, zone, act, seed);
    rules_begin(&lane->rules, &lane->native);
    lane->rules.is_fresh = 1;
}

/* Until the next reset. */
void lane_forbid_dash(Lane *lane)
{
    lane->native.game.is_dashless = 1;
}

/* Without an observer RGB [224][320][3]; with one its planes [stack][height][width], of which it draws the last and moves
   the others up, unless it is the first screen of an episode, which all of them show. to: 0 draws nothing. */
static void lane_show(Lane *lane, const Observer *observer, const Look *look, u8 is_first, u8 *to)
{
    size_t plane, others;
    u8 *last;

    if (!to)
        return;
    if (!observer) {
        native_screen(&lane->native, to);
        return;
    }
    plane = (size_t)observer->height * observer->width;
    others = plane * (observer->stack - 1);
    last = to + others;
    if (!is_first)
        memmove(to, to + plane, others);
    observe(&lane->native, observer, look, lane->rules.timesteps, last);
    for (u8 *copy = to; is_first && copy < last; copy += plane)
        memcpy(copy, last, plane);
}

/* A timestep of lanes first..end-1; one that was reset just now stays where it is, with reward 0. sticks: does the first
   frame play the previous action? shown: what lane_show makes, size bytes a lane; 0: nothing. */
void lanes_step(Lane **lanes, s32 first, s32 end, const u16 *actions, const u8 *sticks, double *rewards, u8 *terminated,
                u8 *truncated, const Observer *observer, const Look *looks, u8 *shown, s32 size)
{
    for (s32 i = first; i < end; i++) {
        u8 is_first = lanes[i]->rules.is_fresh;
        Answer answer = {0};
        if (is_first)
            lanes[i]->rules.is_fresh = 0;
        else
            answer = rules_step(&lanes[i]->rules, &lanes[i]->native, actions[i], sticks[i]);
        rewards[i] = answer.reward;
        terminated[i] = answer.terminated;
        truncated[i] = answer.truncated;
        lane_show(lanes[i], observer, looks ? looks + i : 0, is_first, shown ? shown + (size_t)i * size : 0);
    }
}

/* An episode whose first screen is handed out at once. */
void lane_begin(Lane *lane, int zone, int act, u32 seed, const Observer *observer, const Look *look, u8 *shown)
{
    lane_reset(lane, zone, act, seed);
    lane->rules.is_fresh = 0;
    lane_show(lane, observer, look, 1, shown);
}

/* Plays one frame; the observation in `shown` moves on with the last one of a timestep. */
void lane_frame(Lane *lane, u16 action, u8 sticks, const Observer *observer, u8 *shown, Answer *answer)
{
    *answer = rules_frame(&lane->rules, &lane->native, action, sticks);
    if (lane->rules.frame == 0)
        lane_show(lane, observer, 0, 0, shown);
}

void lane_screen(Lane *lane, u8 *rgb)
{
    native_screen(&lane->native, rgb);
}

u8 lane_is_over(const Lane *lane)
{
    return lane->rules.is_over;
}

void lane_level(const Lane *lane, u32 level[3])
{
    level[0] = lane->native.game.zone;
    level[1] = lane->native.game.act;
    level[2] = lane->native.game.seed;
}

/* x and y of each player's feet, pixels. */
void lanes_places(Lane **lanes, s32 count, s32 places[][2])
{
    for (s32 i = 0; i < count; i++) {
        places[i][0] = lanes[i]->native.game.x;
        places[i][1] = lanes[i]->native.game.y;
    }
}

s32 lane_state_size(void)
{
    return LANE_STATE_SIZE;
}

void lane_get_state(const Lane *lane, u8 *state)
{
    memcpy(state, &lane->rules, sizeof lane->rules);
    native_get_state(&lane->native, state + sizeof lane->rules);
}

void lane_set_state(Lane *lane, const u8 *state)
{
    memcpy(&lane->rules, state, sizeof lane->rules);
    native_set_state(&lane->native, state + sizeof lane->rules);
}
