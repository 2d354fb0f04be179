#ifndef FERNWAY_TABLES_H
#define FERNWAY_TABLES_H

#include "types.h"

#define WAVE_MAX 8

extern const s8 sine[256];      /* 127 * sin(2 * pi * i / 256) */
extern const s8 wave_offset[WAVE_MAX + 1][128]; /* amplitude * sin(2 * pi * i / 128), rounded down */

#endif
