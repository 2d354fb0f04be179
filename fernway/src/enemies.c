/* How the enemies move, and their shots. */
#include "physics.h"
#include "objects.h"

#define WALK_SPEED FIX(0.75)
#define FLY_SPEED FIX(0.875)
#define SHOT_SPEED FIX(1.5)
#define LEAP_X FIX(1.25)
#define LEAP_Y FIX(5)

/* Keeps to the ground; gives 0 when there is none (an edge) or a wall is ahead. */
static u8 walk_on(Object *o)
{
    s16 x = PIXEL(o->x) + o->facing * 10, y = PIXEL(o->y);
    Floor ahead = floor_at(x, y, -1000);

    if (ahead.y - y > 12 || y - ahead.y > 12 || ahead.block == B_SPIKES || point_solid(x + o->facing * 2, y - 13))
        return 0;
    o->x += o->facing < 0 ? -WALK_SPEED : WALK_SPEED;
    ahead = floor_at(PIXEL(o->x), y, -1000);
    if (ahead.y != NO_FLOOR)
        o->y = (s32)ahead.y << 16;
    return 1;
}

static u8 strays(const Object *o)
{
    s16 off = PIXEL(o->x) - o->home_x;
    return (off > o->arg && o->facing > 0) || (off < -(s16)o->arg && o->facing < 0);
}

void enemy_walker(Object *o)
{
    if (o->timer) {             /* stands a moment before it turns */
        if (--o->timer == 0)
            o->facing = -o->facing;
    } else if (strays(o) || !walk_on(o)) {
        o->timer = 20;
    }
}

void enemy_flyer(Object *o)
{
    if (strays(o))
        o->facing = -o->facing;
    o->x += o->facing < 0 ? -FLY_SPEED : FLY_SPEED;
    o->y = (s32)(o->home_y + (sine[(u8)(G.frame << 1)] >> 4)) << 16;
}

void enemy_hopper(Object *o)
{
    Floor floor;
    if (o->state) {             /* in the air */
        if (!point_solid(PIXEL(o->x + o->vx) + (o->vx > 0 ? 10 : -10), PIXEL(o->y) - 10))
            o->x += o->vx;
        o->y += o->vy;
        o->vy += GRAVITY;
        if (o->vy <= 0)
            return;
        floor = floor_at(PIXEL(o->x), PIXEL(o->y), PIXEL(o->y) - 12);
        if (floor.y <= PIXEL(o->y)) {
            o->y = (s32)floor.y << 16;
            o->state = 0;
        } else if (PIXEL(o->y) > LEVEL_ROWS * 16 + 32) {
            object_gone(o);
        }
    } else if (++o->timer >= o->arg) {
        o->timer = 0;
        o->state = 1;
        /* Leaps to and fro around its home, so that it stays on its ground. */
        o->facing = PIXEL(o->x) > o->home_x ? -1 : PIXEL(o->x) < o->home_x ? 1 : (s16)G.x < o->home_x ? -1 : 1;
        floor = floor_at(PIXEL(o->x) + o->facing * 57, PIXEL(o->y), -1000);
        o->vx = floor.y == NO_FLOOR || floor.block == B_SPIKES ? 0 : o->facing < 0 ? -LEAP_X : LEAP_X;
        o->vy = -LEAP_Y;
    } else if (G.frame & 1) {
        o->timer--;             /* arg counts frames / 2 */
    }
}

void enemy_spitter(Object *o)
{
    s16 off = (s16)G.x - PIXEL(o->x);
    Object *shot;

    o->facing = off < 0 ? -1 : 1;
    if (G.frame & 1)
        return;                 /* arg counts frames / 2 */
    if (o->state)
        o->state--;             /* mouth open */
    if (++o->timer < o->arg)
        return;
    o->timer = 0;
    if (off < -260 || off > 260 || (off > -32 && off < 32))
        return;                 /* never from where it cannot be seen, nor into one's face */
    shot = object_new(K_SHOT, PIXEL(o->x) + o->facing * 12, PIXEL(o->y) - 12);
    if (!shot)
        return;
    shot->facing = o->facing;
    shot->vx = o->facing < 0 ? -SHOT_SPEED : SHOT_SPEED;
    o->state = 10;
}

void enemy_shot(Object *o)
{
    o->x += o->vx;
    if (++o->timer == 240 || point_solid(PIXEL(o->x), PIXEL(o->y)))
        o->kind = K_NONE;
}
