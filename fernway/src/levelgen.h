/* Inside of the level generator: a builder that lays columns from left to right, and the sections it can lay. */
#ifndef FERNWAY_LEVELGEN_H
#define FERNWAY_LEVELGEN_H

#include "level.h"

#define ROW_HIGH 22             /* the ground stays between these rows, so that */
#define ROW_LOW 38              /* there is sky above it and depth below */
#define JUMP_ROWS 5             /* rows that a jump clears with a little to spare (a full one: 96 pixels) */
#define WALL_ROWS 8             /* from here on nobody jumps it */
#define SPRING_ROWS 14          /* rows that a weak spring lifts (228 pixels) */

typedef struct {
    Level *level;
    u32 random;                 /* xorshift32 state, never 0 */
    s16 col;                    /* next column to lay */
    s16 row;                    /* row of the ground's uppermost block there */
    u8 zone;
    u8 danger;                  /* 0 .. 7, rises with the act and along the level */
} Builder;

/* levelgen_build.c: random numbers, blocks, ground, objects. */
s16 pick(Builder *b, s16 low, s16 high);                /* low .. high, both included; at most 255 apart */
u8 chance(Builder *b, u8 of256);
u8 cell(const Level *level, s16 col, s16 row);
u8 is_solid(u8 block);                                  /* from all sides: not empty, one-way or looks only */
u8 is_slope(u8 block);
void put(Builder *b, s16 col, s16 row, u8 block);       /* outside of the level: nothing */
void box(Builder *b, s16 col, s16 row, s16 width, s16 height, u8 block);
void flat(Builder *b, s16 columns);
void pit(Builder *b, s16 columns);
void climb(Builder *b, s16 run, s16 rows);              /* slopes of run columns a row: 1 is 45, 2 is 27, 4 is 14 degrees */
void descend(Builder *b, s16 run, s16 rows);
void ledge(Builder *b, s16 col, s16 row, s16 width);
u8 object(Builder *b, u8 kind, s16 x, s16 y, u8 arg);   /* 0: no room there, left out */
u8 object_on(Builder *b, u8 kind, s16 col, s16 row, u8 arg);    /* in the middle of a column, standing on a row */
void ring_line(Builder *b, s16 col, s16 row, s16 columns);      /* a ring every other column */
void ring_arc(Builder *b, s16 col, s16 row, s16 columns);       /* the way of a jump from row to row */
u8 enemy(Builder *b, s16 col, s16 row, u8 stray_columns);       /* one of the zone's kinds */

#ifndef __m68k__
/* host/sections.c: told after each section: its kind, and the column behind its last. */
void level_note(const char *kind, s16 end);
#endif

/* levelgen_finish.c: what the ground looks like, once all of it is there. */
void finish(Builder *b);

/* Sections. Each lays up to SECTION_COLS columns and ends on flat ground with b->row in ROW_HIGH .. ROW_LOW. */
#define SECTION_COLS 70

/* levelgen_easy.c: ways through that cost no more than attention. */
void section_hills(Builder *b);
void section_steps(Builder *b);
void section_rings(Builder *b);
void section_stairs(Builder *b);
void section_valley(Builder *b);
void roof(Builder *b, s16 from, s16 to);    /* makes a cave of the columns from .. to-1 */

/* levelgen_danger.c: what hurts, and what one falls into. */
void section_gap(Builder *b);
void section_abyss(Builder *b);
void section_spikes(Builder *b);
void section_enemies(Builder *b);
void section_fork(Builder *b);
void section_causeway(Builder *b);

/* levelgen_gates.c: what running and jumping to the right does not get past. */
void section_pocket(Builder *b);
void section_wall(Builder *b);
void section_ramp(Builder *b);
void section_breakable(Builder *b);
void section_dead_end(Builder *b);
void section_tower(Builder *b);
void section_launch(Builder *b);

#endif
