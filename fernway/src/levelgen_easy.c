/* Sections that cost no more than attention: slopes, steps, stairs, rings. */
#include "levelgen.h"

static u8 upward(Builder *b, s16 rows)
{
    if (b->row - rows < ROW_HIGH)
        return 0;
    if (b->row + rows > ROW_LOW)
        return 1;
    return chance(b, 128);
}

/* Rolling ground: slopes of all angles with short flats between. */
void section_hills(Builder *b)
{
    s16 pieces = pick(b, 3, 5);
    for (; pieces > 0; pieces--) {
        s16 kind = pick(b, 0, 2), run = kind == 0 ? 1 : kind == 1 ? 2 : 4;
        s16 rows = run == 4 ? pick(b, 1, 2) : run == 2 ? pick(b, 1, 4) : pick(b, 2, 4);
        s16 col = b->col, row = b->row;
        if (upward(b, rows))
            climb(b, run, rows);
        else
            descend(b, run, rows);
        if (chance(b, 100))
            ring_line(b, col, (s16)((row < b->row ? row : b->row) - 1), (s16)(b->col - col));
        col = b->col;
        flat(b, pick(b, 2, 5));
        if (chance(b, 90))
            ring_line(b, col, b->row, (s16)(b->col - col));
    }
}

/* Steps that stop whoever only runs. */
void section_steps(Builder *b)
{
    s16 count = pick(b, 2, 4);
    for (; count > 0; count--) {
        s16 rows = pick(b, 1, 4);
        b->row = (s16)(upward(b, rows) ? b->row - rows : b->row + rows);
        ring_line(b, (s16)(b->col + 1), b->row, pick(b, 0, 4));
        flat(b, pick(b, 5, 8));
        if (b->danger > 2 && chance(b, 60))
            enemy(b, (s16)(b->col - 3), b->row, 1);
    }
}

/* Rings in the open; room to breathe after something hard. */
void section_rings(Builder *b)
{
    s16 columns = pick(b, 10, 14);
    if (chance(b, 128))
        ring_line(b, (s16)(b->col + 1), (s16)(b->row - (chance(b, 128) ? 2 : 0)), (s16)(columns - 3));
    else
        ring_arc(b, (s16)(b->col + 3), b->row, 6);
    if (chance(b, 80)) {
        ledge(b, (s16)(b->col + 3), (s16)(b->row - JUMP_ROWS), 5);
        ring_line(b, (s16)(b->col + 3), (s16)(b->row - JUMP_ROWS), 5);
    }
    flat(b, columns);
}

/* A staircase of full jumps, then a slope back down. */
void section_stairs(Builder *b)
{
    s16 count = b->row - 9 >= ROW_HIGH ? pick(b, 2, 3) : 1;
    s16 row = b->row;
    for (; count > 0 && b->row - 4 >= ROW_HIGH - 4; count--) {
        b->row = (s16)(b->row - pick(b, 4, JUMP_ROWS));
        ring_line(b, (s16)(b->col + 1), b->row, pick(b, 0, 2));
        flat(b, pick(b, 3, 5));
    }
    flat(b, 3);
    if (b->row < ROW_HIGH || chance(b, 128))
        descend(b, chance(b, 128) ? 1 : 2, (s16)((row - b->row) >> 1));
    flat(b, 4);
}

/* Down steeply and up again: the way down gives the speed for the way up. */
void section_valley(Builder *b)
{
    s16 depth = pick(b, 4, 7), run = pick(b, 1, 2), rise;
    if (b->row + depth > ROW_LOW)
        depth = (s16)(ROW_LOW - b->row);
    rise = depth;
    if (b->row - 2 > ROW_HIGH && chance(b, 128))
        rise++;
    descend(b, run, depth);
    ring_line(b, (s16)(b->col + 1), b->row, 3);
    flat(b, pick(b, 4, 7));
    climb(b, run, rise);
    flat(b, 5);
}

/* Rock from the sky down to eight rows above the ground, with an uneven lower edge: a full jump just fits. */
void roof(Builder *b, s16 from, s16 to)
{
    s16 highest = LEVEL_ROWS, col, row, end, hang = 0;
    for (col = from; col < to; col++)
        for (row = 0; row < highest; row++)
            if (is_solid(cell(b->level, col, row)))
                highest = row;
    for (col = from; col < to; col = end) {
        end = (s16)(col + pick(b, 2, 4));
        if (end > to)
            end = to;
        box(b, col, 0, (s16)(end - col), (s16)(highest - 8 - hang), B_FILL);
        hang = pick(b, 0, 2);
    }
}
