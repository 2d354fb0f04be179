/* Objects: which of the level's spawns are alive, and what rings, walls and springs leave behind.
   How enemies and platforms move: enemies.c, platforms.c; what objects do to the player: touch.c. */
#include "physics.h"
#include "objects.h"

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
    case K_WALKER: enemy_walker(o); break;
    case K_FLYER: enemy_flyer(o); break;
    case K_HOPPER: enemy_hopper(o); break;
    case K_SPITTER: enemy_spitter(o); break;
    case K_PLATFORM_ACROSS: platform_across(o); break;
    case K_PLATFORM_UPDOWN: platform_updown(o); break;
    case K_PLATFORM_FALLING: platform_falling(o); break;
    case K_SHOT: enemy_shot(o); break;
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
