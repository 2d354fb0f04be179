/* Objects: which of the level's spawns are alive, and how each kind moves. What they do to the player: touch.c. */
#include "physics.h"
#include "objects.h"

#define WALK_SPEED FIX(0.75)
#define FLY_SPEED FIX(0.875)
#define SHOT_SPEED FIX(1.5)
#define LEAP_X FIX(1.25)
#define LEAP_Y FIX(5)
#define LOST_RINGS 8            /* most that scatter */
#define LOST_FRAMES 200
#define LOST_GRAVITY FIX(0.09375)

static const s32 scatter_x[LOST_RINGS] = {FIX(0.8), FIX(-0.8), FIX(2.2), FIX(-2.2), FIX(1.2), FIX(-1.2), FIX(2.8), FIX(-2.8)};
static const s32 scatter_y[LOST_RINGS] = {FIX(-4), FIX(-4), FIX(-3.4), FIX(-3.4), FIX(-2.2), FIX(-2.2), FIX(-1.4), FIX(-1.4)};

Object *object_new(u8 kind, s16 x, s16 y)
{
    Object *o = G.objects;
    for (u8 i = 0; i < OBJECTS; i++, o++) {
        if (o->kind != K_NONE)
            continue;
        if (i >= G.objects_used)
            G.objects_used = i + 1;
        o->x = (s32)x << 16;
        o->y = (s32)y << 16;
        o->vx = o->vy = 0;
        o->home_x = x;
        o->home_y = y;
        o->spawn = NO_SPAWN;
        o->kind = kind;
        o->arg = o->state = o->timer = o->reserved = 0;
        o->facing = 1;
        return o;
    }
    return 0;
}

void object_sleep(Object *o)
{
    if (o->spawn != NO_SPAWN)
        clear_bit(G.active, o->spawn);
    if (G.riding && &G.objects[G.riding - 1] == o) {
        player_airborne();
        G.vx = G.speed;
    }
    o->kind = K_NONE;
}

void object_gone(Object *o)
{
    if (o->spawn != NO_SPAWN)
        set_bit(G.gone, o->spawn);
    object_sleep(o);
}

void objects_reset(void)
{
    u32 *word = (u32 *)G.objects;
    for (u16 i = 0; i < sizeof G.objects / 4; i++)
        *word++ = 0;
    for (u8 i = 0; i < sizeof G.gone; i++)
        G.gone[i] = G.active[i] = 0;
    G.spawn_first = G.spawn_last = 0;
    G.objects_used = 0;
    objects_near_camera();
}

static void wake(u16 index)
{
    const Spawn *spawn = &G.level.spawns[index];
    Object *o;

    if (spawn->kind == K_RING || spawn->kind == K_NONE || spawn->kind >= K_COUNT ||
        get_bit(G.active, index) || get_bit(G.gone, index))
        return;
    o = object_new(spawn->kind, spawn->x, spawn->y);
    if (!o)
        return;
    o->spawn = index;
    o->arg = spawn->arg;
    o->facing = -1;             /* enemies come towards who arrives from the left */
    set_bit(G.active, index);
}

void objects_near_camera(void)
{
    const Spawn *spawns = G.level.spawns;
    s16 left = (s16)G.screen_x - NEAR, right = (s16)G.screen_x + 320 + NEAR;
    u16 before = G.spawn_last, first = G.spawn_first, i;

    while (first < G.level.spawn_count && (s16)spawns[first].x < left)
        first++;
    while (first > 0 && (s16)spawns[first - 1].x >= left)
        first--;
    while (G.spawn_last < G.level.spawn_count && (s16)spawns[G.spawn_last].x <= right)
        G.spawn_last++;
    while (G.spawn_last > 0 && (s16)spawns[G.spawn_last - 1].x > right)
        G.spawn_last--;
    for (i = first; i < G.spawn_first && i < G.spawn_last; i++)     /* came in on the left */
        wake(i);
    for (i = before < first ? first : before; i < G.spawn_last; i++) /* came in on the right */
        wake(i);
    G.spawn_first = first;
}

static u8 far_away(const Object *o)
{
    s16 off = (o->spawn == NO_SPAWN ? PIXEL(o->x) : o->home_x) - (s16)G.screen_x;
    return off < -NEAR - 16 || off > 320 + NEAR + 16;
}

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

static void walker(Object *o)
{
    if (o->timer) {             /* stands a moment before it turns */
        if (--o->timer == 0)
            o->facing = -o->facing;
    } else if (strays(o) || !walk_on(o)) {
        o->timer = 20;
    }
}

static void flyer(Object *o)
{
    if (strays(o))
        o->facing = -o->facing;
    o->x += o->facing < 0 ? -FLY_SPEED : FLY_SPEED;
    o->y = (s32)(o->home_y + (sine[(u8)(G.frame << 1)] >> 4)) << 16;
}

static void hopper(Object *o)
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

static void spitter(Object *o)
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

/* Moves a platform, and who stands on it, so that its point comes to (x, y). */
static void platform_to(Object *o, s32 x, s32 y)
{
    if (G.riding && &G.objects[G.riding - 1] == o) {
        G.px += x - o->x;
        G.py = y;
    }
    o->x = x;
    o->y = y;
}

/* arg * sin, pixels; wide ones swing at half the pace, so that none is too fast to jump on. */
static s16 swing(const Object *o)
{
    u16 phase = G.frame + (u16)o->home_x;
    if (o->arg > 64)
        phase >>= 1;
    return (s16)(o->arg * sine[(u8)phase]) >> 7;
}

static void platform_falling(Object *o)
{
    u8 ridden = G.riding && &G.objects[G.riding - 1] == o;
    if (o->state == 0) {
        if (ridden)
            o->state = 1;
    } else if (o->state < 30) {
        o->state++;
    } else {
        o->vy += FIX(0.125);
        platform_to(o, o->x, o->y + o->vy);
        if (PIXEL(o->y) > LEVEL_ROWS * 16 + 64) {
            if (ridden)
                object_sleep(o);
            o->y = (s32)(LEVEL_ROWS * 16 + 64) << 16;
        }
    }
}

static void lost_ring(Object *o)
{
    Floor floor;
    if (++o->timer == LOST_FRAMES) {
        o->kind = K_NONE;
        return;
    }
    o->x += o->vx;
    o->y += o->vy;
    o->vy += LOST_GRAVITY;
    if (o->vy <= 0 || (o->timer + o->state) & 1)
        return;                 /* every second frame will do */
    floor = floor_at(PIXEL(o->x), PIXEL(o->y), PIXEL(o->y) - 8);
    if (floor.y <= PIXEL(o->y)) {
        o->y = (s32)floor.y << 16;
        o->vy = -o->vy + (o->vy >> 2);
    }
}

void scatter_rings(u16 count)
{
    for (u8 i = 0; i < LOST_RINGS && i < count; i++) {
        Object *o = object_new(K_LOST_RING, (s16)G.x, G.y - 16);
        if (!o)
            return;
        o->vx = scatter_x[i];
        o->vy = scatter_y[i];
        o->state = i;
    }
}

static void debris(Object *o)
{
    o->x += o->vx;
    o->y += o->vy;
    o->vy += GRAVITY;
    if (++o->timer == 60)
        o->kind = K_NONE;
}

static void move(Object *o)
{
    switch (o->kind) {
    case K_WALKER: walker(o); break;
    case K_FLYER: flyer(o); break;
    case K_HOPPER: hopper(o); break;
    case K_SPITTER: spitter(o); break;
    case K_PLATFORM_ACROSS: platform_to(o, (s32)(o->home_x + swing(o)) << 16, o->y); break;
    case K_PLATFORM_UPDOWN: platform_to(o, o->x, (s32)(o->home_y + swing(o)) << 16); break;
    case K_PLATFORM_FALLING: platform_falling(o); break;
    case K_SHOT:
        o->x += o->vx;
        if (++o->timer == 240 || point_solid(PIXEL(o->x), PIXEL(o->y)))
            o->kind = K_NONE;
        break;
    case K_PUFF:
    case K_SPARKLE:
    case K_DUST:
        if (++o->timer == (o->kind == K_PUFF ? 18 : 12))
            o->kind = K_NONE;
        break;
    case K_DEBRIS: debris(o); break;
    case K_LOST_RING: lost_ring(o); break;
    default:                    /* springs, goal: count down what they show */
        if (o->timer)
            o->timer--;
    }
}

void objects_move(void)
{
    while (G.objects_used && G.objects[G.objects_used - 1].kind == K_NONE)
        G.objects_used--;
    /* By pointer: the 68000 has no quick way from an index to 28-byte objects. New ones begin in the next frame. */
    for (Object *o = G.objects, *end = o + G.objects_used; o < end; o++) {
        if (o->kind == K_NONE)
            continue;
        if (far_away(o))
            object_sleep(o);
        else
            move(o);
    }
}
