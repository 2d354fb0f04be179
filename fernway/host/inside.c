/* What a player who may see the game's inside looks at: terrain and objects around the feet, in exact numbers. Its values are
   about as far from the feet as a screen reaches, so that what it decides by can mostly be seen on the screen, too. */
#include <string.h>

#include "../src/objects.h"
#include "vector.h"

#define GRID_COLS 20            /* points every 16 pixels: 80 to the left of the feet to 224 to the right, */
#define GRID_ROWS 12            /* 120 above them to 56 below */
#define PROFILE 32              /* points every 8 pixels: 24 to the left to 224 to the right */
#define AHEAD 260               /* pixels to the right in which objects count */
#define MOST 6                  /* objects of a group at most, the nearest first */

typedef struct {
    u8 first, last;             /* kinds */
    s16 behind;                 /* pixels to the left in which they count */
    u8 most, values;            /* objects; numbers for each: there is one, place x and y, kind, the rest */
} Group;

static const Group platforms = {K_PLATFORM_ACROSS, K_PLATFORM_FALLING, 72, 6, 11};
static const Group enemies = {K_WALKER, K_SPITTER, 96, 6, 10};      /* and shots */
static const Group springs = {K_SPRING_UP, K_SPRING_RIGHT, 200, 4, 9};

#define INSIDE (GRID_COLS * GRID_ROWS * 2 + PROFILE + 6 * 11 + 6 * 10 + 4 * 9 + 26)

static float within(float value, float most)
{
    return value < -most ? -most : value > most ? most : value;
}

static s16 distance(const Object *o)
{
    s16 off = PIXEL(o->x) - PIXEL(G.px);
    return off < 0 ? -off : off;
}

/* The nearest of a group; returns how many there are. */
static u8 nearest(const Group *group, const Object **found)
{
    u8 count = 0;
    for (u8 i = 0; i < G.objects_used; i++) {
        const Object *o = G.objects + i;
        s16 off = PIXEL(o->x) - PIXEL(G.px);
        u8 kind = o->kind == K_SHOT ? K_SPITTER : o->kind, at;
        if (kind < group->first || kind > group->last || off < -group->behind || off > AHEAD)
            continue;
        for (at = count; at > 0 && distance(found[at - 1]) > distance(o); at--)
            if (at < group->most)
                found[at] = found[at - 1];
        if (at < group->most)
            found[at] = o;
        if (count < group->most)
            count++;
    }
    return count;
}

/* What all groups begin with; returns the place of what is the group's own. */
static float *object(float *values, const Object *o, u8 kind)
{
    values[0] = 1;
    values[1] = (PIXEL(o->x) - PIXEL(G.px)) / 64.f;
    values[2] = within((PIXEL(o->y) - PIXEL(G.py)) / 64.f, 3);
    values[3 + kind] = 1;
    return values;
}

static float *see_platforms(float *to)
{
    const Object *found[MOST];
    u8 count = nearest(&platforms, found);
    for (u8 i = 0; i < count; i++) {
        const Object *o = found[i];
        float *values = object(to + i * platforms.values, o, o->kind - K_PLATFORM_ACROSS);
        if (o->kind == K_PLATFORM_FALLING) {
            values[10] = o->state / 30.f + o->vy / 65536.f;
        } else {                /* where it will be in two timesteps, and in eight */
            u8 way = o->kind == K_PLATFORM_ACROSS ? 6 : 8;
            s16 now = platform_swing(o, G.frame);
            values[way] = (platform_swing(o, G.frame + 8) - now) / 16.f;
            values[way + 1] = (platform_swing(o, G.frame + 32) - now) / 32.f;
        }
    }
    return to + platforms.most * platforms.values;
}

static float *see_enemies(float *to)
{
    const Object *found[MOST];
    u8 count = nearest(&enemies, found);
    for (u8 i = 0; i < count; i++) {
        const Object *o = found[i];
        float *values = object(to + i * enemies.values, o, o->kind == K_SHOT ? 4 : o->kind - K_WALKER);
        values[8] = o->facing;
        values[9] = within(o->vy / 65536.f / 4, 2);
    }
    return to + enemies.most * enemies.values;
}

static float *see_springs(float *to)
{
    const Object *found[MOST];
    u8 count = nearest(&springs, found);
    for (u8 i = 0; i < count; i++)
        object(to + i * springs.values, found[i], found[i]->kind - K_SPRING_UP)[8] = found[i]->arg;
    return to + springs.most * springs.values;
}

static u8 is_ground(s16 x, s16 y)
{
    return (y & 15) >= 16 - block_height[block_at(x, y)][x & 15];
}

static float *see_terrain(float *to)
{
    s16 x = PIXEL(G.px), y = PIXEL(G.py);
    for (s16 col = 0; col < GRID_COLS; col++)
        for (s16 row = 0; row < GRID_ROWS; row++) {
            s16 at_x = x - 80 + 16 * col, at_y = y - 120 + 16 * row;
            u8 block = block_at(at_x, at_y);
            u8 is_ledge = block >= B_LEDGE && block <= B_LEDGE_RIGHT;
            *to++ = !is_ground(at_x, at_y) ? 0 : is_ledge ? 0.5f : 1;
            *to++ = block == B_SPIKES ? 1 : block == B_BREAKABLE ? -1 : 0;
        }
    for (s16 i = 0; i < PROFILE; i++) {     /* how high the ground is; nothing down to 128 pixels below the feet: a pit */
        s16 at_x = x - 24 + 8 * i, at_y = y - 96;
        while (at_y < y + 128 && !is_ground(at_x, at_y))
            at_y += 4;
        *to++ = within((at_y - y) / 64.f, 2);
    }
    return to;
}

static float *see_player(float *to, float progress)
{
    const float values[26] = {
        G.vx / 65536.f / 4, G.vy / 65536.f / 4, G.speed / 65536.f / 4, G.charge / 65536.f / 4,
        (PIXEL(G.px) & 15) / 16.f, (PIXEL(G.py) & 15) / 16.f, G.angle / 2.f, G.facing,
        G.grounded, G.rolling, G.jumping, G.ducking, G.charging, G.hurt, G.sprung, G.pushing,
        G.control_lock / 16.f, G.invulnerable / 60.f, G.riding != 0, G.rings > 0,
        (G.pad & PAD_JUMP) != 0, (G.pad & PAD_LEFT) != 0, (G.pad & PAD_RIGHT) != 0, (G.pad & PAD_DOWN) != 0,
        (PIXEL(G.py) - LEVEL_ROWS * 8) / 256.f, progress,
    };
    memcpy(to, values, sizeof values);
    return to + 26;
}

s32 inside_size(void)
{
    return INSIDE;
}

/* Of lanes first..end-1, INSIDE numbers each. */
void lanes_inside(Lane **lanes, s32 first, s32 end, float *to)
{
    memset(to + (size_t)first * INSIDE, 0, (size_t)(end - first) * INSIDE * sizeof *to);
    for (s32 i = first; i < end; i++) {
        float *at = to + (size_t)i * INSIDE;
        game_selected = &lanes[i]->native.game;
        at = see_terrain(at);
        at = see_platforms(at);
        at = see_enemies(at);
        at = see_springs(at);
        see_player(at, (float)lanes[i]->rules.progress);
    }
}
