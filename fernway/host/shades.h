/* Colours to shades of gray, many pixels at once. */
#ifndef FERNWAY_SHADES_H
#define FERNWAY_SHADES_H

#if __has_include(<features.h>)
#include <features.h>           /* says whether the library is glibc, which can pick one of two functions */
#endif

#include "../src/game.h"

#define SHADES 64

/* Before a function of simple loops: compiled twice, the second time for processors with registers of 32 bytes. */
#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* Looks a line of pixels of vdp_pixels up: line[x] = grays[number of its colour]. */
void shade(const u8 pixels[SCREEN_WIDTH], const u8 grays[SHADES], u8 line[SCREEN_WIDTH]);

/* The same in one of several ways, the quickest last; 0 when the processor has no such instructions. */
enum ShadeWay { SHADE_PLAINLY, SHADE_AVX2, SHADE_AVX512, SHADE_WAYS };
u8 shade_by(enum ShadeWay way, const u8 *pixels, const u8 *grays, u8 *line);

#endif
