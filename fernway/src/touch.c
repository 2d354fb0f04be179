/* What happens where the player meets an object. */
#include "physics.h"
#include "objects.h"

#define SPRING_WEAK 0           /* index into the speeds below */
#define SPRING_FRAMES 12        /* a spring shows its thrown picture */

static const s32 spring_straight[2] = {FIX(10), FIX(16)};
static const s32 spring_diagonal[2] = {FIX(7.0711), FIX(11.3137)}; /* each component */

/* Does the player's body meet a box around an object's feet? half: pixels to either side. */
static u8 meets(s16 x, s16 y, s16 half, s16 tall)
{
    s16 off = x - (s16)G.x, body = G.rolling || G.ducking ? BALL : STAND;
    half += FOOT;
    return off <= half && off >= -half && y > G.y - body && y - tall < G.y;
}

static void take_ring(s16 x, s16 y)
{
    object_new(K_SPARKLE, x, y);
    if (G.rings < 999)
        G.rings++;
    add_score(10);
}

static void touch_enemy(Object *o, s16 x, s16 y)
{
    u8 falls = !G.grounded && G.vy > 0 && G.y < y - 8;

    if (!meets(x, y, 10, 24))
        return;
    if (!G.rolling && !G.charging && !falls) {
        player_hurt(x);
        return;
    }
    if (!G.grounded)            /* bounce: as high as the fall was deep when jumping and the button stays down */
        G.vy = G.vy > 0 ? -G.vy : G.vy - FIX(1);
    if (!G.grounded && G.vy > -JUMP_CUT && falls)
        G.vy = -JUMP_CUT;
    add_score(100);
    object_gone(o);
    object_new(K_PUFF, x, y);
}

static void touch_spring(Object *o, s16 x, s16 y)
{
    s32 straight = spring_straight[o->arg != SPRING_WEAK], diagonal = spring_diagonal[o->arg != SPRING_WEAK];

    if (!meets(x, y, 10, 14))
        return;
    if (o->kind == K_SPRING_LEFT || o->kind == K_SPRING_RIGHT) {
        if (!G.grounded)
            return;
        G.facing = o->kind == K_SPRING_LEFT ? -1 : 1;
        G.speed = G.facing < 0 ? -straight : straight;
        G.control_lock = 16;
        G.charging = G.ducking = 0;
        o->timer = SPRING_FRAMES;
        return;
    }
    if (G.vy < 0 && !G.grounded)
        return;
    G.vx = G.grounded ? G.speed : G.vx;
    player_airborne();
    if (G.hurt)
        G.invulnerable = INVULNERABLE_FRAMES;
    G.rolling = G.jumping = G.hurt = 0;
    G.sprung = 1;
    G.vy = o->kind == K_SPRING_UP ? -straight : -diagonal;
    if (o->kind != K_SPRING_UP) {
        G.facing = o->kind == K_SPRING_LEFT_UP ? -1 : 1;
        G.vx = G.facing < 0 ? -diagonal : diagonal;
    }
    o->timer = SPRING_FRAMES;
}

static void touch_rings(void)
{
    const Spawn *spawn = &G.level.spawns[G.spawn_first];
    for (u16 i = G.spawn_first; i < G.spawn_last; i++, spawn++) {
        s16 off = (s16)(spawn->x - G.x);
        if (off < -18)
            continue;
        if (off > 18)
            return;             /* they are sorted */
        if (spawn->kind != K_RING || get_bit(G.gone, i))
            continue;
        if (!meets(spawn->x, spawn->y, 6, 16))
            continue;
        set_bit(G.gone, i);
        take_ring(spawn->x, spawn->y);
    }
}

static void touch(Object *o)
{
    s16 x = PIXEL(o->x), y = PIXEL(o->y), off = x - (s16)G.x;

    if (off > 64 || off < -64)
        return;
    switch (o->kind) {
    case K_WALKER:
    case K_FLYER:
    case K_HOPPER:
    case K_SPITTER:
        touch_enemy(o, x, y);
        break;
    case K_SHOT:
        if (meets(x, y, 2, 4))
            player_hurt(x);
        break;
    case K_SPRING_UP:
    case K_SPRING_RIGHT_UP:
    case K_SPRING_LEFT_UP:
    case K_SPRING_LEFT:
    case K_SPRING_RIGHT:
        touch_spring(o, x, y);
        break;
    case K_LOST_RING:
        if (o->timer > 40 && meets(x, y, 6, 16)) {
            o->kind = K_NONE;
            take_ring(x, y);
        }
        break;
    }
}

void objects_touch(void)
{
    if (G.dead || G.level_end)
        return;
    for (Object *o = G.objects, *end = o + G.objects_used; o < end && !G.dead; o++)
        if (o->kind != K_NONE && o->kind != K_DEBRIS)
            touch(o);
    if (!G.dead && !G.hurt)
        touch_rings();
}
