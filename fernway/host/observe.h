/* From a game straight to what a network looks at: gray, cropped, shrunk by averaging areas. */
#ifndef FERNWAY_OBSERVE_H
#define FERNWAY_OBSERVE_H

#include "look.h"
#include "native.h"

/* A part of a row or column of the observation: a source line's weight in it. */
typedef struct {
    s32 to, from;
    float weight;
} Tap;

/* Made by Python, see Observer in observation.py, and for the browser by web/web.c. */
typedef struct {
    s32 first_line, end_line;   /* of the screen, that the crop leaves */
    s32 height, width, stack;
    s32 row_count, col_count;   /* taps, by to and from in rising order; a row's from counts from first_line */
    const Tap *rows, *cols;
} Observer;

/* How much of each source line is in each target line when areas are averaged; source >= target. Returns how many taps
   that takes, at most source + 2 * target. */
s32 area_taps(s32 source, s32 target, Tap *taps);

/* Draws what the emulator shows now as gray [height][width]; look: 0 for the game's own. */
void observe(Native *native, const Observer *observer, const Look *look, s32 timestep, u8 *plane);

/* The grays of a zone's palette before any turns. */
void zone_grays(s32 zone, u8 grays[SHADES]);

#endif
