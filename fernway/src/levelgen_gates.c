/* Sections that running and jumping to the right does not get past: one has to look, turn back, roll or dash. */
#include "levelgen.h"

/* Through a low tunnel into a hole that is too deep to jump out of; the spring stands at its left foot. */
void section_pocket(Builder *b)
{
    s16 depth = 7, width = pick(b, 11, 14), rise = pick(b, WALL_ROWS, 10), tunnel = pick(b, 7, 10);
    flat(b, 4);
    box(b, b->col, (s16)(b->row - 13), tunnel, 9, B_FILL);  /* the rock above the tunnel: four rows stay open */
    ring_line(b, (s16)(b->col + 1), b->row, (s16)(tunnel - 2));
    flat(b, tunnel);
    b->row = (s16)(b->row + depth);
    object_on(b, K_SPRING_UP, (s16)(b->col + 1), b->row, 0);
    ring_line(b, (s16)(b->col + 6), b->row, 4);
    flat(b, width);
    b->row = (s16)(b->row - rise);
    ring_line(b, (s16)(b->col + 1), b->row, 4);
    flat(b, 8);
}

/* A wall; the spring stands on a ledge further back. */
void section_wall(Builder *b)
{
    s16 rise = pick(b, WALL_ROWS + 1, 12), back = pick(b, 9, 13);
    flat(b, 5);
    ledge(b, b->col, (s16)(b->row - 4), 4);
    object_on(b, K_SPRING_UP, b->col, (s16)(b->row - 4), 0);
    flat(b, back);
    ring_line(b, (s16)(b->col - 5), (s16)(b->row - 7), 4);
    b->row = (s16)(b->row - rise);
    ring_line(b, (s16)(b->col + 1), b->row, 4);
    flat(b, 8);
}

/* A long tunnel up at 45 degrees with next to no run-up, and no room to jump: charge a spin dash, or find the spring
   that stands behind the step one came over. */
void section_ramp(Builder *b)
{
    s16 rise = pick(b, 12, 14), step = pick(b, 3, 4), i;
    flat(b, 6);
    b->row = (s16)(b->row - step);      /* whoever jumps it arrives slowly */
    flat(b, pick(b, 2, 3));
    b->row = (s16)(b->row + step);
    if (chance(b, 150))
        object_on(b, K_SPRING_RIGHT, (s16)(b->col + 1), b->row, 0);
    flat(b, pick(b, 4, 5));
    for (i = 0; i < rise - 2; i++)      /* the tunnel's roof keeps four rows above the ramp */
        box(b, (s16)(b->col + i), (s16)(b->row - rise - 6), 1, (s16)(rise + 1 - i), B_FILL);
    climb(b, 1, rise);
    ring_line(b, (s16)(b->col + 1), b->row, 5);
    flat(b, 7);
}

/* A corridor through a rock, shut by a wall that only a roll breaks. Sometimes a spring leads over the rock instead. */
void section_breakable(Builder *b)
{
    s16 length = pick(b, 10, 16), thick = pick(b, 1, 2), height = pick(b, 10, 12);
    flat(b, 4);
    if (chance(b, 110)) {
        ledge(b, b->col, (s16)(b->row - 4), 4);
        object_on(b, K_SPRING_UP, (s16)(b->col + 1), (s16)(b->row - 4), 0);
    }
    flat(b, pick(b, 9, 12));
    box(b, b->col, (s16)(b->row - height), length, (s16)(height - 4), B_FILL);
    box(b, (s16)(b->col + 5), (s16)(b->row - 4), thick, 4, B_BREAKABLE);
    ring_line(b, b->col, (s16)(b->row - height), length);
    ring_line(b, (s16)(b->col + 8), b->row, (s16)(length - 8));
    flat(b, length);
    flat(b, 6);
}

/* Two ways again, but the lower one ends in a wall; up to the deck only by a ledge inside a hole further back. */
void section_dead_end(Builder *b)
{
    s16 length = pick(b, 26, 36), deck = (s16)(b->row - 9), hole = 5, first = pick(b, 6, 10);
    flat(b, 4);
    box(b, b->col, deck, length, 3, B_FILL);
    box(b, b->col, (s16)(deck - 4), 2, 4, B_FILL);          /* nobody jumps on the deck from the left */
    box(b, (s16)(b->col + first), deck, hole, 3, B_EMPTY);
    ledge(b, (s16)(b->col + first), (s16)(b->row - 5), 3);
    ring_line(b, (s16)(b->col + first + hole + 1), deck, (s16)(length - first - hole - 2));
    flat(b, (s16)(first + hole + 3));
    enemy(b, b->col, b->row, 2);
    flat(b, (s16)(length - first - hole - 3));
    ring_line(b, (s16)(b->col - 8), b->row, 6);
    if (chance(b, 128))                                     /* a hint */
        object_on(b, K_SPRING_LEFT, (s16)(b->col - 2), b->row, 0);
    b->row = deck;
    flat(b, 8);
}

/* A wall with ledges that lead up to and fro: the first next to the wall, the second further left, then over. */
void section_tower(Builder *b)
{
    s16 lower, upper;
    flat(b, pick(b, 13, 16));
    lower = (s16)(b->row - pick(b, 4, JUMP_ROWS));
    upper = (s16)(lower - JUMP_ROWS);
    ledge(b, (s16)(b->col - 4), lower, 4);
    ledge(b, (s16)(b->col - 10), upper, 4);
    ring_line(b, (s16)(b->col - 4), lower, 4);
    ring_line(b, (s16)(b->col - 10), upper, 4);
    b->row = (s16)(upper - pick(b, 2, 3));
    ring_line(b, (s16)(b->col + 1), b->row, 4);
    flat(b, 8);
}

/* A cliff, and a diagonal spring on a ledge before it: jump on the spring, and it throws over the edge. */
void section_launch(Builder *b)
{
    s16 height = pick(b, 3, 4);
    flat(b, 6);
    ledge(b, b->col, (s16)(b->row - height), 4);
    object_on(b, K_SPRING_RIGHT_UP, (s16)(b->col + 1), (s16)(b->row - height), 0);
    flat(b, pick(b, 11, 13));
    ring_line(b, (s16)(b->col - 4), b->row, 3);
    b->row = (s16)(b->row - height - 5);
    ring_line(b, (s16)(b->col + 1), (s16)(b->row - 2), 6);
    flat(b, 14);
}
