/* Looks: edges, corners, shading under slopes, plants, and what shimmers at the bottom of a pit. */
#include "levelgen.h"

#define ABYSS_ROW 44

/* What a neighbour's face is hidden by: ground that stays. */
static inline u8 covers(u8 block)
{
    return (u8)(block - B_FILL) < B_LEDGE - B_FILL;
}

/* at: the block; left and right: its neighbours. Runs over most of the level: no calls but for the dice. */
static u8 looks(Builder *b, const u8 *at, const u8 *left, const u8 *right, s16 row)
{
    u8 above = row > 0 ? at[-1] : B_FILL;
    if ((u8)(above - B_UP_45) <= B_DOWN_14_D - B_UP_45)
        return B_UNDER_SLOPE;
    if (!covers(above)) {
        if (!covers(*left))
            return B_TOP_LEFT;
        if (!covers(*right))
            return B_TOP_RIGHT;
        return chance(b, 50) ? B_TOP_ALT : B_TOP;
    }
    if (row < LEVEL_ROWS - 1 && !covers(at[1]))
        return B_BOTTOM;
    if (!covers(*left))
        return B_LEFT;
    if (!covers(*right))
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
    s16 col, row, left, right;
    for (col = 0; col < (s16)level->cols; col++) {
        u8 *column = &level->blocks[(u16)((u16)col * LEVEL_ROWS)];
        if (column[LEVEL_ROWS - 1] == B_EMPTY) {
            column[ABYSS_ROW] = B_ABYSS_TOP;
            for (row = ABYSS_ROW + 1; row < LEVEL_ROWS; row++)
                column[row] = B_ABYSS;
        }
        left = col > 0 ? -LEVEL_ROWS : 0;       /* beyond the level's sides everything goes on as it is */
        right = col < (s16)level->cols - 1 ? LEVEL_ROWS : 0;
        for (row = 0; row < LEVEL_ROWS; row++) {
            u8 *at = column + row;
            if (*at != B_FILL)
                continue;
            *at = looks(b, at, at + left, at + right, row);
            if (*at == B_TOP || *at == B_TOP_ALT)
                decorate(b, col, row);
        }
    }
}
