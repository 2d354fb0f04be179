/* Looks: edges, corners, shading under slopes, plants, and what shimmers at the bottom of a pit. */
#include "levelgen.h"

#define ABYSS_ROW 44

/* What a neighbour's face is hidden by: ground that stays. */
static u8 covers(u8 block)
{
    return block >= B_FILL && block < B_LEDGE;
}

static u8 looks(Builder *b, s16 col, s16 row)
{
    const Level *level = b->level;
    u8 above = row > 0 ? cell(level, col, (s16)(row - 1)) : B_FILL;
    u8 left = col > 0 ? cell(level, (s16)(col - 1), row) : B_FILL;
    u8 right = col < (s16)level->cols - 1 ? cell(level, (s16)(col + 1), row) : B_FILL;
    if (is_slope(above))
        return B_UNDER_SLOPE;
    if (!covers(above)) {
        if (!covers(left))
            return B_TOP_LEFT;
        if (!covers(right))
            return B_TOP_RIGHT;
        return chance(b, 50) ? B_TOP_ALT : B_TOP;
    }
    if (row < LEVEL_ROWS - 1 && !covers(cell(level, col, (s16)(row + 1))))
        return B_BOTTOM;
    if (!covers(left))
        return B_LEFT;
    if (!covers(right))
        return B_RIGHT;
    return chance(b, 28) ? B_FILL_ALT : B_FILL;
}

static void decorate(Builder *b, s16 col, s16 row)
{
    if (row < 3 || cell(b->level, col, (s16)(row - 1)) != B_EMPTY || !chance(b, 60))
        return;
    if (chance(b, 50) && cell(b->level, col, (s16)(row - 2)) == B_EMPTY) {
        put(b, col, (s16)(row - 2), B_DECOR_TALL_TOP);
        put(b, col, (s16)(row - 1), B_DECOR_TALL_BOTTOM);
    } else {
        put(b, col, (s16)(row - 1), (u8)pick(b, B_DECOR_1, B_DECOR_4));
    }
}

void finish(Builder *b)
{
    Level *level = b->level;
    s16 col, row;
    for (col = 0; col < (s16)level->cols; col++) {
        u8 *column = &level->blocks[(u16)((u16)col * LEVEL_ROWS)];
        if (column[LEVEL_ROWS - 1] == B_EMPTY) {
            column[ABYSS_ROW] = B_ABYSS_TOP;
            for (row = ABYSS_ROW + 1; row < LEVEL_ROWS; row++)
                column[row] = B_ABYSS;
        }
        for (row = 0; row < LEVEL_ROWS; row++) {
            if (column[row] != B_FILL)
                continue;
            column[row] = looks(b, col, row);
            if (column[row] == B_TOP || column[row] == B_TOP_ALT)
                decorate(b, col, row);
        }
    }
}
