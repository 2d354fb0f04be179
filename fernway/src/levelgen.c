/* The level generator: lays sections from left to right, gates between dangers, easier ground between both. */
#include "levelgen.h"

#define START_COLS 16
#define GOAL_COLS 34            /* flat end: the post in its middle, ground behind it for the camera */
#define GOAL_FROM_END 20
#define TARGET_LOW 370          /* columns before the end: with it, at least 6,000 pixels to travel, */
#define TARGET_HIGH (LEVEL_COLS - GOAL_COLS - SECTION_COLS)     /* and the last section still fits */

/* The host may ask what a level is made of (level_note); the console has no use for it. */
#ifdef __m68k__
#define SECTION(kind, ...) {section_##kind, __VA_ARGS__}
#define NOTE(kind)
#else
#define SECTION(kind, ...) {section_##kind, __VA_ARGS__, #kind}
#define NOTE(kind) level_note(kind, b.col)
#endif

typedef struct {
    void (*build)(Builder *b);
    s8 up, down;                /* rows it may rise or sink by, so that the ground stays in bounds */
    u8 weight[ZONES];
#ifndef __m68k__
    const char *kind;
#endif
} Section;

static const Section easy[] = {
    SECTION(hills, 0, 0, {8, 3, 4, 3, 9, 4, 6, 4}),
    SECTION(steps, 0, 0, {3, 6, 4, 6, 2, 4, 3, 5}),
    SECTION(rings, 0, 0, {3, 2, 3, 2, 2, 2, 2, 2}),
    SECTION(stairs, 5, 0, {2, 4, 2, 4, 2, 3, 3, 4}),
    SECTION(valley, 1, 4, {4, 2, 2, 1, 6, 2, 4, 3}),
};

static const Section dangers[] = {
    SECTION(gap, 0, 0, {4, 3, 5, 3, 5, 4, 4, 3}),
    SECTION(abyss, 0, 0, {2, 2, 6, 4, 2, 6, 5, 4}),
    SECTION(spikes, 0, 0, {2, 5, 2, 4, 3, 4, 3, 4}),
    SECTION(enemies, 4, 0, {5, 4, 4, 5, 4, 3, 4, 4}),
    SECTION(fork, 0, 0, {4, 5, 3, 5, 3, 3, 4, 5}),
    SECTION(causeway, 0, 4, {2, 2, 3, 2, 1, 4, 3, 3}),
};

static const Section gates[] = {
    SECTION(pocket, 3, 0, {4, 4, 4, 3, 3, 3, 4, 4}),
    SECTION(wall, 12, 0, {4, 2, 4, 4, 3, 3, 3, 3}),
    SECTION(ramp, 14, 0, {2, 1, 2, 2, 5, 3, 3, 2}),
    SECTION(breakable, 0, 0, {2, 4, 2, 4, 2, 4, 4, 4}),
    SECTION(dead_end, 9, 0, {3, 5, 3, 4, 2, 3, 3, 5}),
    SECTION(tower, 13, 0, {3, 3, 3, 4, 4, 4, 3, 4}),
    SECTION(launch, 9, 0, {2, 2, 3, 3, 3, 3, 4, 4}),
};

/* How much of the easier ground lies under rock, of 256. */
static const u8 caves[ZONES] = {0, 170, 0, 40, 0, 140, 0, 70};

#define COUNT(list) (u8)(sizeof(list) / sizeof((list)[0]))

/* Draws a section by the zone's weights among those that fit in height and are not the one before. */
static u8 draw(Builder *b, const Section *list, u8 count, u8 before)
{
    s16 total = 0, ticket;
    u8 i, found = before;
    for (i = 0; i < count; i++)
        if (i != before && b->row - list[i].up >= ROW_HIGH && b->row + list[i].down <= ROW_LOW)
            total = (s16)(total + list[i].weight[b->zone]);
    if (total == 0)
        return found;
    ticket = pick(b, 0, (s16)(total - 1));
    for (i = 0; i < count; i++) {
        if (i == before || b->row - list[i].up < ROW_HIGH || b->row + list[i].down > ROW_LOW)
            continue;
        if (ticket < list[i].weight[b->zone])
            return i;
        ticket = (s16)(ticket - list[i].weight[b->zone]);
    }
    return found;
}

/* Back down when the gates have led up too far: a long slope, which is also good for speed. */
static void come_down(Builder *b)
{
    s16 rows = (s16)(ROW_LOW - 2 - b->row);
    ring_line(b, b->col, (s16)(b->row - 1), 6);
    descend(b, pick(b, 1, 2), rows > 12 ? 12 : rows);
    flat(b, 6);
}

static u32 mixed(u8 zone, u8 act, u32 seed)
{
    u32 r = seed ^ ((u32)zone << 28) ^ ((u32)act << 20) ^ 0x5bd1e995u;
    u8 i;
    if (r == 0)
        r = 0x9e3779b9u;
    for (i = 0; i < 8; i++) {
        r ^= r << 13;
        r ^= r >> 17;
        r ^= r << 5;
    }
    return r;
}

void level_generate(Level *level, u8 zone, u8 act, u32 seed)
{
    Builder b;
    u8 last_easy = 255, last_danger = 255, last_gate = 255, rest = 0;
    s16 target, dangers_left, from;
    u16 *word = (u16 *)(void *)level;
    u16 i;

    for (i = 0; i < (u16)(sizeof(Level) / 2); i++)
        *word++ = 0;
    b.level = level;
    b.random = mixed(zone, act, seed);
    b.col = 0;
    b.zone = zone < ZONES ? zone : 0;
    b.danger = 0;
    level->cols = LEVEL_COLS;

    target = pick(&b, TARGET_LOW, TARGET_HIGH);
    b.row = pick(&b, 32, 36);
    level->start_x = 6 * 16 + 8;
    level->start_y = (u16)(b.row * 16);
    flat(&b, START_COLS);
    ring_line(&b, 10, b.row, 5);
    NOTE("start");

    dangers_left = pick(&b, 0, 1);
    while (b.col < target) {
        u8 rise = act > 1 ? (u8)(act - 1) : 0;
        b.danger = (u8)(rise + (b.col >> 7));
        if (b.danger > 7)
            b.danger = 7;
        if (rest) {
            from = b.col;
            last_easy = draw(&b, easy, COUNT(easy), last_easy);
            easy[last_easy].build(&b);
            NOTE(easy[last_easy].kind);
            if (chance(&b, caves[b.zone]))
                roof(&b, (s16)(from + 2), (s16)(b.col - 2));
            rest = 0;
        } else if (dangers_left > 0) {
            last_danger = draw(&b, dangers, COUNT(dangers), last_danger);
            dangers[last_danger].build(&b);
            NOTE(dangers[last_danger].kind);
            dangers_left--;
            rest = dangers_left > 0;
        } else {
            if (b.row < ROW_HIGH + 13) {
                come_down(&b);
                NOTE("way_down");
            }
            last_gate = draw(&b, gates, COUNT(gates), last_gate);
            gates[last_gate].build(&b);
            NOTE(gates[last_gate].kind);
            dangers_left = pick(&b, 1, 2);
            rest = 1;
        }
    }
    /* One level in 100,000 would end up to 3 columns beyond its memory: a way down and a long gate begin just before the
       target. The gate's end is cut short. */
    if (b.col > LEVEL_COLS - GOAL_COLS)
        b.col = LEVEL_COLS - GOAL_COLS;
    flat(&b, GOAL_COLS);
    NOTE("goal");
    level->cols = (u16)b.col;
    level->end_x = (u16)((b.col - GOAL_FROM_END) * 16);
    ring_line(&b, (s16)(b.col - GOAL_COLS + 4), b.row, 6);
    object_on(&b, K_GOAL, (s16)(b.col - GOAL_FROM_END), b.row, 0);
    finish(&b);
}
