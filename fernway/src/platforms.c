/* Platforms that swing or fall, and who stands on them. */
#include "physics.h"
#include "objects.h"

u8 platform_under(s16 x, s16 y_before, s16 y)
{
    const Object *o = G.objects;
    for (u8 i = 0; i < G.objects_used; i++, o++) {
        s16 top, off;
        if (o->kind < K_PLATFORM_ACROSS || o->kind > K_PLATFORM_FALLING)
            continue;
        top = PIXEL(o->y);
        off = x - PIXEL(o->x);
        if (off >= -PLATFORM_HALF - FOOT && off <= PLATFORM_HALF + FOOT && y >= top && y_before <= top + 4)
            return i + 1;
    }
    return 0;
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

/* How far a frame finds it from its home: arg * sin, pixels. Wide ones swing at half the pace, so that none is too fast to
   jump on. */
s16 platform_swing(const Object *o, u16 frame)
{
    u16 phase = frame + (u16)o->home_x;
    if (o->arg > 64)
        phase >>= 1;
    return (s16)(o->arg * sine[(u8)phase]) >> 7;
}

void platform_across(Object *o)
{
    platform_to(o, (s32)(o->home_x + platform_swing(o, G.frame)) << 16, o->y);
}

void platform_updown(Object *o)
{
    platform_to(o, o->x, (s32)(o->home_y + platform_swing(o, G.frame)) << 16);
}

void platform_falling(Object *o)
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
