/* Another paint for the same level, so that a network learns its shape. */
#ifndef FERNWAY_LOOK_H
#define FERNWAY_LOOK_H

#include "../src/display.h"
#include "shades.h"
#include "vdp.h"

#define TEXTURE 64              /* lines and columns after which one repeats */
#define BOXES 12
#define HERO_SHADES 16
#define HERO_LINE 2             /* of the palette, for the hero once look_hero marked it: sprites use it for nothing else */
#define HERO_MARK (VDP_SPRITE | HERO_LINE << 4)

enum HeroShape { OWN_SHAPE, BLOCK_SHAPE, EGG_SHAPE, RHOMB_SHAPE, FIGURE_SHAPE };
enum HeroShade { HERO_OUTLINE = 1, HERO_BODY, HERO_HEAD, HERO_EYE };    /* of any shape but its own */

/* Something laid over the observation: a title card, a counter. */
typedef struct {
    s16 x, y;                   /* upper left, 1/16 pixels of the observation */
    s16 width, height;          /* pixels */
    s16 vx, vy;                 /* once it leaves, 1/16 pixels a timestep */
    u16 leaves, ends;           /* timesteps of the episode */
    u8 shade, ink;              /* of the box, and of what looks like writing on it */
    u8 wide, high;              /* pixels of a letter, 0 for no writing */
    u8 writing;                 /* which */
    u8 is_clear;                /* nothing but the writing, with a shadow of the shade */
} Box;

/* Made by Python: `LOOK` of looks.py. */
typedef struct {
    u8 is_on;                   /* 0: the game's own look, and nothing else here counts */
    u8 block_zone, background_zone;
    u8 noise;                   /* gray levels to either side */
    u8 hero_shape, hero_width, hero_height;     /* pixels, unless its own */
    u8 box_count;
    u8 shades[SHADES];          /* of the palette's colours before any turns: of terrain and background without texture */
    u8 hero[HERO_SHADES];
    Box boxes[BOXES];
    u8 textures[2][TEXTURE][2 * TEXTURE];   /* added to terrain and background, modulo 256; twice side by side */
} Look;

typedef struct {
    s16 left, right, top, bottom;   /* screen; empty when right <= left */
} Area;

/* The shades at present: some colours take turns. */
void look_shades(const Look *look, u8 grays[SHADES]);
/* Marks the hero's sprites in the built display, or takes them away if it has another shape; where it is on the screen. */
Area look_hero(const Look *look);
/* Draws another shape there. */
void look_shape(const Look *look, Area area, u8 frame[SCREEN_HEIGHT][VDP_ROW], int first, int end);
/* Paints a line of gray: texture, hero. */
void look_line(const Look *look, Area hero, int y, const u8 pixels[SCREEN_WIDTH], u8 line[SCREEN_WIDTH]);
/* Lays boxes and noise over an observation. */
void look_overlay(const Look *look, s32 timestep, s32 height, s32 width, u8 *plane);

#endif
