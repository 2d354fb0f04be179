/* Sections with something that hurts, or something to fall into. */
#include "levelgen.h"

static s16 nearby_row(Builder *b, s16 rows)
{
    s16 row = (s16)(b->row + pick(b, (s16)-rows, rows));
    return row < ROW_HIGH ? ROW_HIGH : row > ROW_LOW ? ROW_LOW : row;
}

/* A hole that a jump from standing clears, and ground to land on. */
void section_gap(Builder *b)
{
    s16 count = b->danger > 3 && chance(b, 110) ? 2 : 1;
    flat(b, pick(b, 3, 5));
    for (; count > 0; count--) {
        s16 width = pick(b, 4, (s16)(5 + (b->danger >> 1)));
        s16 col = b->col, row = b->row;
        pit(b, width);
        b->row = nearby_row(b, 2);
        flat(b, pick(b, 6, 8));
        ring_arc(b, col, row < b->row ? row : b->row, width);
    }
}

/* A wide abyss with platforms: islands, moving ones, falling ones. */
void section_abyss(Builder *b)
{
    s16 count = pick(b, 2, (s16)(3 + (b->danger >> 2)));
    s16 kind = pick(b, 0, 3), row = b->row;
    flat(b, 4);
    for (; count > 0; count--) {
        if (chance(b, 90))
            kind = pick(b, 0, 3);
        row = nearby_row(b, 1);
        if (kind == 0) {                /* an island of rock */
            s16 width = pick(b, 3, 5);
            pit(b, pick(b, 4, 6));
            box(b, b->col, row, width, pick(b, 2, 3), B_FILL);
            ring_line(b, b->col, row, width);
            pit(b, width);
        } else if (kind == 1) {         /* swings to and fro between the edges of its gap */
            s16 reach = pick(b, 2, 3);
            pit(b, (s16)(4 + reach));
            object(b, K_PLATFORM_ACROSS, (s16)(b->col * 16 + 24), (s16)(row * 16), (u8)(reach * 16));
            pit(b, (s16)(3 + reach));
        } else {
            s16 gap = pick(b, 4, 5);
            pit(b, gap);
            object(b, kind == 2 ? K_PLATFORM_UPDOWN : K_PLATFORM_FALLING, (s16)(b->col * 16 + 24), (s16)(row * 16),
                   kind == 2 ? 32 : 0);
            if (kind == 3)
                ring_line(b, b->col, (s16)(row - 2), 3);
            pit(b, 3);
        }
    }
    pit(b, 4);
    flat(b, 7);
    ring_line(b, (s16)(b->col - 5), b->row, 4);
}

/* Spikes on the ground, or sunk level with it. */
void section_spikes(Builder *b)
{
    s16 count = pick(b, 1, (s16)(2 + (b->danger >> 2)));
    flat(b, pick(b, 4, 6));
    for (; count > 0; count--) {
        s16 width = pick(b, 2, (s16)(3 + (b->danger >> 2)));
        s16 row = (s16)(b->row - (chance(b, 110) ? 1 : 0));
        ring_arc(b, b->col, b->row, width);
        flat(b, width);
        box(b, (s16)(b->col - width), row, width, 1, B_SPIKES);
        flat(b, pick(b, 6, 9));
    }
}

/* Enemies with room between them. */
void section_enemies(Builder *b)
{
    s16 count = pick(b, 1, (s16)(2 + (b->danger >> 2)));
    flat(b, 4);
    for (; count > 0; count--) {
        s16 row = b->row;
        flat(b, 8);
        enemy(b, (s16)(b->col - 4), row, 2);
        if (chance(b, 128))
            ring_line(b, (s16)(b->col - 7), (s16)(row - 4), 6);
        if (chance(b, 100) && b->row - 2 >= ROW_HIGH)
            climb(b, 2, pick(b, 1, 2));
    }
    flat(b, 3);
}

/* Two ways: a deck with holes above, reached by a spring or by ledges, and a tunnel with dangers below. */
void section_fork(Builder *b)
{
    s16 length = pick(b, 26, 38), deck = (s16)(b->row - 9), end, col, hole;
    flat(b, 3);
    if (chance(b, 128)) {
        ledge(b, b->col, (s16)(b->row - 2), 3);
        object_on(b, K_SPRING_UP, (s16)(b->col + 1), (s16)(b->row - 2), 0);
    } else {
        ledge(b, b->col, (s16)(b->row - 4), 4);
        ledge(b, (s16)(b->col + 4), (s16)(b->row - 7), 3);
    }
    flat(b, 7);
    end = (s16)(b->col + length);
    box(b, b->col, deck, length, 3, B_FILL);
    for (col = (s16)(b->col + 8); col < end - 8; col = (s16)(col + pick(b, 11, 15))) {
        hole = pick(b, 3, 4);
        box(b, col, deck, hole, 3, B_EMPTY);
    }
    ring_line(b, (s16)(b->col + 2), deck, (s16)(length - 4));
    for (col = b->col; b->col < end - 9;) {
        flat(b, 6);
        if (chance(b, 150)) {
            enemy(b, (s16)(b->col - 2), b->row, 1);
        } else {
            flat(b, 2);
            box(b, (s16)(b->col - 2), (s16)(b->row - 1), 2, 1, B_SPIKES);
        }
        flat(b, 3);
    }
    if (b->col < end)
        flat(b, (s16)(end - b->col));
    ring_line(b, (s16)(col + 1), b->row, 5);
    flat(b, 6);
}

/* A bridge of ledges above a sunken bed of spikes: fall, and it costs rings, but there is a way out. */
void section_causeway(Builder *b)
{
    s16 count = pick(b, 2, 4), row;
    flat(b, 3);
    b->row = (s16)(b->row + 4);
    flat(b, 3);
    row = (s16)(b->row - 4);
    for (; count > 0; count--) {
        s16 width = pick(b, 3, 4), gap = pick(b, 3, 5);
        ledge(b, b->col, (s16)(row + pick(b, -1, 1)), width);
        flat(b, (s16)(width + gap));
        box(b, (s16)(b->col - width - gap + 1), (s16)(b->row - 1), (s16)(width + gap - 2), 1, B_SPIKES);
        ring_line(b, (s16)(b->col - width - gap), (s16)(row - 2), width);
    }
    flat(b, 3);
    b->row = row;
    flat(b, 6);
}
