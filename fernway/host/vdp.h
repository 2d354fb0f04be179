/* The console's video chip as far as Fernway uses it: from a Display and the level to pixels. */
#ifndef FERNWAY_VDP_H
#define FERNWAY_VDP_H

#include "../src/display.h"

#define VDP_MARGIN 32           /* a sprite may begin this far outside */
#define VDP_ROW (VDP_MARGIN + SCREEN_WIDTH + VDP_MARGIN)
#define VDP_COLOUR 0x3F         /* the bits of a pixel that number its colour */
#define VDP_LINE 0x30           /* those of them that number its line of the palette */
#define VDP_IN_FRONT 0x40       /* of a plane, with priority: hides sprites that have none */
#define VDP_SPRITE 0x80         /* of a sprite */

/* Draws lines first..end-1 of the selected game with the selected display, which is already built, and with the blocks of
   any zone: a byte a pixel, screen column 0 at VDP_MARGIN of a line. */
void vdp_pixels(u8 frame[SCREEN_HEIGHT][VDP_ROW], int first, int end, u8 block_zone);

/* A zone's graphics as such pixels, for Python, see looks.py: background [256][832], blocks [4][B_COUNT][16][16]. */
const void *vdp_zone(int zone);
const u8 (*vdp_blocks(int zone))[16][16];   /* those blocks alone */

u16 zone_colour(int zone, u8 number);   /* of the palette before any turns, number 0..63 */

u32 vdp_rgb(u16 colour);        /* 0000BBB0GGG0RRR0 to red | green << 8 | blue << 16 */

void vdp_render(u8 *rgb);       /* the whole screen, RGB [224][320][3] */

#endif
