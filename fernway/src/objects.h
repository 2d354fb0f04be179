/* What the files about objects share. */
#ifndef FERNWAY_OBJECTS_H
#define FERNWAY_OBJECTS_H

#include "game.h"
#include "tables.h"

#define NEAR 176                /* pixels beyond the screen's sides in which objects are awake */

static inline u8 get_bit(const u8 *bits, u16 i)
{
    return bits[i >> 3] >> (i & 7) & 1;
}

static inline void set_bit(u8 *bits, u16 i)
{
    bits[i >> 3] |= 1 << (i & 7);
}

static inline void clear_bit(u8 *bits, u16 i)
{
    bits[i >> 3] &= ~(1 << (i & 7));
}

void object_sleep(Object *o);   /* until the camera comes again */
void object_gone(Object *o);    /* for the rest of this life */

/* enemies.c: one frame of each */
void enemy_walker(Object *o);
void enemy_flyer(Object *o);
void enemy_hopper(Object *o);
void enemy_spitter(Object *o);
void enemy_shot(Object *o);

/* platforms.c: one frame of each */
void platform_across(Object *o);
void platform_updown(Object *o);
void platform_falling(Object *o);
s16 platform_swing(const Object *o, u16 frame); /* of one that goes to and fro */

#endif
