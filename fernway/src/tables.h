#ifndef FERNWAY_TABLES_H
#define FERNWAY_TABLES_H

#include "types.h"

extern const s8 sine[256];      /* 127 * sin(2 * pi * i / 256) */

#endif
