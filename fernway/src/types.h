/* Fixed-width types for the 68000 and the host, and the random generator that both share. */
#ifndef FERNWAY_TYPES_H
#define FERNWAY_TYPES_H

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef short s16;
#ifdef __m68k__
typedef unsigned long u32;
typedef long s32;
#else
#include <stdint.h>
typedef uint32_t u32;
typedef int32_t s32;
#endif

#endif
