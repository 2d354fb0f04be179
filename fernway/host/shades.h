/* Colours to shades of gray, many pixels at once. */
#ifndef FERNWAY_SHADES_H
#define FERNWAY_SHADES_H

#include "../src/game.h"

#define SHADES 64

/* Looks a line of pixels of vdp_pixels up: line[x] = grays[number of its colour]. */
void shade(const u8 pixels[SCREEN_WIDTH], const u8 grays[SHADES], u8 line[SCREEN_WIDTH]);

#endif
