/* What the terrain is like at a point: heights, angles, walls. */
#include "game.h"

#define FULL {16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16}
#define RISE_2(h) {h, h, h + 1, h + 1, h + 2, h + 2, h + 3, h + 3, h + 4, h + 4, h + 5, h + 5, h + 6, h + 6, h + 7, h + 7}
#define RISE_4(h) {h, h, h, h, h + 1, h + 1, h + 1, h + 1, h + 2, h + 2, h + 2, h + 2, h + 3, h + 3, h + 3, h + 3}
#define FALL_2(h) {h, h, h - 1, h - 1, h - 2, h - 2, h - 3, h - 3, h - 4, h - 4, h - 5, h - 5, h - 6, h - 6, h - 7, h - 7}
#define FALL_4(h) {h, h, h, h, h - 1, h - 1, h - 1, h - 1, h - 2, h - 2, h - 2, h - 2, h - 3, h - 3, h - 3, h - 3}

/* Height of the ground above the block's lower edge, per pixel column. */
const u8 block_height[B_COUNT][16] = {
    [B_FILL] = FULL, [B_FILL_ALT] = FULL, [B_TOP] = FULL, [B_TOP_ALT] = FULL, [B_LEFT] = FULL, [B_RIGHT] = FULL,
    [B_TOP_LEFT] = FULL, [B_TOP_RIGHT] = FULL, [B_BOTTOM] = FULL, [B_UNDER_SLOPE] = FULL,
    [B_UP_45] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    [B_UP_27_A] = RISE_2(1), [B_UP_27_B] = RISE_2(9),
    [B_UP_14_A] = RISE_4(1), [B_UP_14_B] = RISE_4(5), [B_UP_14_C] = RISE_4(9), [B_UP_14_D] = RISE_4(13),
    [B_DOWN_45] = {16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
    [B_DOWN_27_A] = FALL_2(16), [B_DOWN_27_B] = FALL_2(8),
    [B_DOWN_14_A] = FALL_4(16), [B_DOWN_14_B] = FALL_4(12), [B_DOWN_14_C] = FALL_4(8), [B_DOWN_14_D] = FALL_4(4),
    [B_LEDGE] = FULL, [B_LEDGE_LEFT] = FULL, [B_LEDGE_RIGHT] = FULL,
    [B_SPIKES] = FULL, [B_BREAKABLE] = FULL,
};

static const s8 block_angle[B_COUNT] = {
    [B_UP_45] = 3, [B_UP_27_A] = 2, [B_UP_27_B] = 2,
    [B_UP_14_A] = 1, [B_UP_14_B] = 1, [B_UP_14_C] = 1, [B_UP_14_D] = 1,
    [B_DOWN_45] = -3, [B_DOWN_27_A] = -2, [B_DOWN_27_B] = -2,
    [B_DOWN_14_A] = -1, [B_DOWN_14_B] = -1, [B_DOWN_14_C] = -1, [B_DOWN_14_D] = -1,
};

static inline u8 is_ledge(u8 block)
{
    return block >= B_LEDGE && block <= B_LEDGE_RIGHT;
}

/* Index into level.blocks, or -1 outside the level. */
static inline s16 block_index(s16 x, s16 y)
{
    u16 col = (u16)(x >> 4), row = (u16)(y >> 4);
    if (row >= LEVEL_ROWS || col >= G.level.cols)
        return -1;
    return (s16)((col << 5) + (col << 4) + row);
}

u8 block_at(s16 x, s16 y)
{
    s16 i = block_index(x, y);
    return i < 0 ? B_EMPTY : G.level.blocks[i];
}

u8 point_solid(s16 x, s16 y)
{
    u8 block = block_at(x, y);
    return !is_ledge(block) && (y & 15) >= 16 - block_height[block][x & 15];
}

Floor floor_at(s16 x, s16 y, s16 ledge_from)
{
    Floor found;
    s16 top = y & ~15;
    u8 block = block_at(x, y), height, above;

    if (is_ledge(block) && top < ledge_from)
        block = B_EMPTY;
    height = block_height[block][x & 15];
    if (height == 0) {
        top += 16;
        block = block_at(x, top);
        if (is_ledge(block) && top < ledge_from)
            block = B_EMPTY;
        height = block_height[block][x & 15];
        if (height == 0) {
            found.y = NO_FLOOR;
            found.angle = 0;
            found.block = B_EMPTY;
            return found;
        }
    } else if (height == 16 && !is_ledge(block)) {
        above = block_at(x, top - 1);
        if (!is_ledge(above) && block_height[above][x & 15]) {
            block = above;
            top -= 16;
            height = block_height[block][x & 15];
        }
    }
    found.y = top + 16 - height;
    found.angle = block_angle[block];
    found.block = block;
    return found;
}

static void break_block(s16 index, s16 x, s16 y)
{
    Object *debris;
    if (G.broken_count == BROKEN_MAX)
        return;
    G.broken[G.broken_count++] = index;
    G.level.blocks[index] = B_EMPTY;
    debris = object_new(K_DEBRIS, x + 8, y + 8);
    if (!debris)
        return;
    debris->state = index & 1;
    debris->vx = (G.vx >> 1) + (debris->state ? FIX(1) : FIX(-1));
    debris->vy = debris->state ? FIX(-3) : FIX(-2);
}

void break_wall(s16 x, s16 y)
{
    s16 first = block_index(x, y);
    if (first < 0 || G.level.blocks[first] != B_BREAKABLE)
        return;
    x &= ~15;
    y &= ~15;
    for (; y > 0 && G.level.blocks[first - 1] == B_BREAKABLE; y -= 16)
        first--;
    for (; y < LEVEL_ROWS * 16 && G.level.blocks[first] == B_BREAKABLE; y += 16)
        break_block(first++, x, y);
    add_score(10);
}

void restore_walls(void)
{
    for (u16 i = 0; i < G.broken_count; i++)
        G.level.blocks[G.broken[i]] = B_BREAKABLE;
    G.broken_count = 0;
}
