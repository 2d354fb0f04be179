/* The builder's tools: random numbers, blocks, ground, objects. */
#include "levelgen.h"

/* Not inlined: only then does gcc multiply its result by mulu.w instead of calling a 32-bit routine. */
static __attribute__((noinline)) u16 random_u16(Builder *b)
{
    u32 r = b->random;
    r ^= r << 13;
    r ^= r >> 17;
    r ^= r << 5;
    b->random = r;
    return (u16)(r >> 16);
}

s16 pick(Builder *b, s16 low, s16 high)
{
    u16 count = (u16)(high - low + 1);
    return (s16)(low + (s16)(u16)(((u32)random_u16(b) * count) >> 16));
}

u8 chance(Builder *b, u8 of256)
{
    return (random_u16(b) >> 8) < of256;
}

u8 cell(const Level *level, s16 col, s16 row)
{
    if (col < 0 || col >= LEVEL_COLS || row < 0 || row >= LEVEL_ROWS)
        return B_EMPTY;
    return level->blocks[(u16)((u16)col * LEVEL_ROWS + (u16)row)];
}

u8 is_solid(u8 block)
{
    return (block >= B_FILL && block < B_LEDGE) || block == B_SPIKES || block == B_BREAKABLE;
}

u8 is_slope(u8 block)
{
    return block >= B_UP_45 && block <= B_DOWN_14_D;
}

void put(Builder *b, s16 col, s16 row, u8 block)
{
    if (col < 0 || col >= LEVEL_COLS || row < 0 || row >= LEVEL_ROWS)
        return;
    b->level->blocks[(u16)((u16)col * LEVEL_ROWS + (u16)row)] = block;
}

void box(Builder *b, s16 col, s16 row, s16 width, s16 height, u8 block)
{
    s16 right = (s16)(col + width), bottom = (s16)(row + height), first = row < 0 ? 0 : row, count;
    u8 *at;
    if (bottom > LEVEL_ROWS)
        bottom = LEVEL_ROWS;
    if (right > LEVEL_COLS)
        right = LEVEL_COLS;
    for (col = col < 0 ? 0 : col; col < right; col++) {
        at = &b->level->blocks[(u16)((u16)col * LEVEL_ROWS + (u16)first)];
        for (count = (s16)(bottom - first); count > 0; count--)
            *at++ = block;
    }
}

void flat(Builder *b, s16 columns)
{
    box(b, b->col, b->row, columns, (s16)(LEVEL_ROWS - b->row), B_FILL);
    b->col = (s16)(b->col + columns);
}

void pit(Builder *b, s16 columns)
{
    b->col = (s16)(b->col + columns);
}

static void slope_column(Builder *b, u8 block)
{
    put(b, b->col, b->row, block);
    box(b, b->col, (s16)(b->row + 1), 1, (s16)(LEVEL_ROWS - 1 - b->row), B_FILL);
    b->col++;
}

static u8 first_block(s16 run, u8 steep, u8 middle, u8 gentle)
{
    return run == 1 ? steep : run == 2 ? middle : gentle;
}

void climb(Builder *b, s16 run, s16 rows)
{
    u8 first = first_block(run, B_UP_45, B_UP_27_A, B_UP_14_A);
    s16 i;
    for (; rows > 0; rows--) {
        b->row--;
        for (i = 0; i < run; i++)
            slope_column(b, (u8)(first + i));
    }
}

void descend(Builder *b, s16 run, s16 rows)
{
    u8 first = first_block(run, B_DOWN_45, B_DOWN_27_A, B_DOWN_14_A);
    s16 i;
    for (; rows > 0; rows--) {
        for (i = 0; i < run; i++)
            slope_column(b, (u8)(first + i));
        b->row++;
    }
}

void ledge(Builder *b, s16 col, s16 row, s16 width)
{
    put(b, col, row, B_LEDGE_LEFT);
    box(b, (s16)(col + 1), row, (s16)(width - 2), 1, B_LEDGE);
    put(b, (s16)(col + width - 1), row, B_LEDGE_RIGHT);
}

/* Half the width and the height of what an object may touch, for keeping objects apart. A platform hangs below its
   point, everything else stands on it. */
static s16 half_width(u8 kind)
{
    return kind == K_RING ? 8 : kind >= K_PLATFORM_ACROSS && kind <= K_PLATFORM_FALLING ? 24 : 16;
}

static s16 rises(u8 kind)
{
    if (kind >= K_PLATFORM_ACROSS && kind <= K_PLATFORM_FALLING)
        return 0;
    return kind >= K_WALKER && kind <= K_SPITTER ? 32 : kind == K_GOAL ? 48 : 16;
}

static u8 in_ground(const Builder *b, u8 kind, s16 x, s16 y)
{
    s16 left = (s16)((x - half_width(kind)) >> 4), right = (s16)((x + half_width(kind) - 1) >> 4);
    s16 top = (s16)((y - rises(kind)) >> 4), bottom = rises(kind) ? (s16)((y - 1) >> 4) : top;
    s16 c, r;
    for (c = left; c <= right; c++)
        for (r = top; r <= bottom; r++)
            if (is_solid(cell(b->level, c, r)))
                return 1;
    return 0;
}

static u8 overlap(const Spawn *other, u8 kind, s16 x, s16 y)
{
    s16 apart_x = (s16)(x - (s16)other->x), bottom = (s16)other->y, other_kind = other->kind;
    s16 reach = (s16)(half_width(kind) + half_width((u8)other_kind));
    s16 top = (s16)(bottom - rises((u8)other_kind));
    if (rises((u8)other_kind) == 0)
        bottom = (s16)(bottom + 16);
    if (apart_x >= reach || apart_x <= -reach)
        return 0;
    return y > top && (s16)(rises(kind) ? y - rises(kind) : y) < bottom;
}

u8 object(Builder *b, u8 kind, s16 x, s16 y, u8 arg)
{
    Level *level = b->level;
    s16 i, at;
    if (level->spawn_count >= LEVEL_SPAWNS || in_ground(b, kind, x, y))
        return 0;
    for (i = (s16)(level->spawn_count - 1); i >= 0 && (s16)level->spawns[i].x > x - 64; i--)
        if (overlap(&level->spawns[i], kind, x, y))
            return 0;
    /* Insertion keeps the list sorted; sections are laid left to right, so few have to move. */
    for (at = (s16)level->spawn_count; at > 0 && (s16)level->spawns[at - 1].x > x; at--)
        level->spawns[at] = level->spawns[at - 1];
    level->spawns[at].x = (u16)x;
    level->spawns[at].y = (u16)y;
    level->spawns[at].kind = kind;
    level->spawns[at].arg = arg;
    level->spawn_count++;
    return 1;
}

u8 object_on(Builder *b, u8 kind, s16 col, s16 row, u8 arg)
{
    return object(b, kind, (s16)(col * 16 + 8), (s16)(row * 16), arg);
}

void ring_line(Builder *b, s16 col, s16 row, s16 columns)
{
    s16 i;
    for (i = 0; i < columns; i = (s16)(i + 2))
        object(b, K_RING, (s16)((col + i) * 16 + 8), (s16)(row * 16 - 8), 0);
}

void ring_arc(Builder *b, s16 col, s16 row, s16 columns)
{
    /* Five rings; heights as a jump's, in pixels. */
    static const u8 height[5] = {44, 66, 74, 66, 44};
    s16 step = (s16)(columns * 4), x = (s16)(col * 16 - 8), i; /* a quarter of the width in pixels */
    if (step < 20)
        step = 20;
    for (i = 0; i < 5; i++, x = (s16)(x + step))
        object(b, K_RING, x, (s16)(row * 16 - height[i]), 0);
}

u8 enemy(Builder *b, s16 col, s16 row, u8 stray_columns)
{
    /* Four draws a zone, so that some kinds come more often than others. */
    static const u8 kinds[ZONES][4] = {
        {K_WALKER, K_WALKER, K_FLYER, K_HOPPER},   {K_WALKER, K_FLYER, K_FLYER, K_SPITTER},
        {K_HOPPER, K_HOPPER, K_WALKER, K_FLYER},   {K_SPITTER, K_SPITTER, K_WALKER, K_FLYER},
        {K_WALKER, K_HOPPER, K_HOPPER, K_SPITTER}, {K_FLYER, K_FLYER, K_HOPPER, K_SPITTER},
        {K_HOPPER, K_FLYER, K_WALKER, K_SPITTER},  {K_SPITTER, K_WALKER, K_HOPPER, K_FLYER},
    };
    u8 kind = kinds[b->zone][pick(b, 0, 3)];
    u8 quicker = (u8)(b->danger * 3);
    switch (kind) {
    case K_WALKER:
        return object_on(b, kind, col, row, (u8)(stray_columns * 16));
    case K_FLYER:
        return object_on(b, kind, col, (s16)(row - pick(b, 2, 4)), (u8)(stray_columns * 16));
    case K_HOPPER:
        return object_on(b, kind, col, row, (u8)(60 - quicker));
    default:
        return object_on(b, kind, col, row, (u8)(80 - quicker));
    }
}
