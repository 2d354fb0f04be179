/* Graphics as the engine sees them. art.c is written by `python -m fernway.art` and holds the data alone.
   Tile data: 8 longs a tile, one nibble a pixel, leftmost in the highest nibble. Palette words: 0000BBB0GGG0RRR0. */
#ifndef FERNWAY_ART_H
#define FERNWAY_ART_H

#include "level.h"

/* Video memory, in tiles of 32 bytes. Tile 0 stays blank. */
#define TILE_BLOCKS 1           /* the zone's terrain, loaded with the level: at most 399 tiles */
#define TILE_BACKGROUND 400     /* the zone's background, at most 336 tiles */
#define TILE_COMMON 736         /* HUD, player, objects, enemies: at most 800 tiles, loaded once */
/* Palette lines: 0 player, HUD, rings, springs (the same in every zone); 1 terrain; 2 background; 3 enemies, platforms.
   Colour 0 of line 2 is the backdrop. */

typedef struct {
    u8 from_line;               /* first line of the band in the background's picture, which rises by up to 31 pixels as
                                   the camera goes down; bands in rising order, first at 0 */
    u8 parallax;                /* scrolls by camera_x * parallax / 256 */
    s8 drift;                   /* and by itself, in 1/16 pixels a frame (clouds, water) */
    u8 wave;                    /* amplitude in pixels of a slow per-line sine (water, heat), at most 8, 0 none */
} Band;

typedef struct {
    u8 first, count;            /* colours first..first+count-1 of the 64 rotate, count 0: unused */
    u8 period;                  /* frames a turn by one */
} Cycle;

#define BANDS_MAX 12
#define CYCLES 2

typedef struct {
    const char *name;           /* upper case A-Z and space, at most 16 characters */
    const u16 *palette;         /* 48 words: lines 1, 2, 3 */
    const u32 *block_tiles;
    u16 block_tile_count;
    const u16 *blocks;          /* [4 * B_COUNT * 4] name-table words: variant (column & 1) | (row & 1) << 1 of the block's
                                   place, block, (top left, top right, bottom left, bottom right); so textures repeat
                                   every 32 pixels, not 16. Tile index counted from TILE_BLOCKS already added, palette
                                   line 1, flips, priority */
    const u32 *background_tiles;
    u16 background_tile_count;
    const u16 *background;      /* [32 * 64] name-table words, index from TILE_BACKGROUND already added, palette line 2 */
    Band bands[BANDS_MAX];
    u8 band_count;
    Cycle cycles[CYCLES];
} ZoneArt;

/* One hardware sprite of a picture; offsets in pixels from the object's point (feet, middle) to its upper left. */
typedef struct {
    s8 dx, dy;                  /* facing right */
    s8 flip_dx;                 /* dx when drawn mirrored */
    u8 size;                    /* VDP size bits: (width in tiles - 1) << 2 | (height in tiles - 1) */
    u16 attr;                   /* tile index (TILE_COMMON added), palette line, priority */
} Piece;

typedef struct {
    u8 count;                   /* 1..3 pieces */
    Piece pieces[3];
} Picture;

/* Every picture, in the order of the engine's animations. */
enum PictureId {
    P_IDLE_1, P_IDLE_2, P_IDLE_3, P_IDLE_4,     /* player, 24..32 x 40; idle breathes and blinks */
    P_WALK_1, P_WALK_2, P_WALK_3, P_WALK_4, P_WALK_5, P_WALK_6,
    P_RUN_1, P_RUN_2, P_RUN_3, P_RUN_4,
    P_ROLL_1, P_ROLL_2, P_ROLL_3, P_ROLL_4,     /* also jumping; about 30 x 30 */
    P_DASH_1, P_DASH_2, P_DASH_3,               /* charging the spin dash */
    P_SKID, P_PUSH_1, P_PUSH_2, P_DUCK, P_LOOK_UP, P_SPRUNG, P_BALANCE, P_HURT, P_DEAD,
    P_RING_1, P_RING_2, P_RING_3, P_RING_4, P_SPARKLE_1, P_SPARKLE_2,   /* 16 x 16 */
    P_WALKER_1, P_WALKER_2, P_FLYER_1, P_FLYER_2, P_HOPPER_1, P_HOPPER_2, P_SPITTER_1, P_SPITTER_2, /* 24..32 wide */
    P_SHOT_1, P_SHOT_2,                         /* 8 x 8 */
    P_PUFF_1, P_PUFF_2, P_PUFF_3,               /* where an enemy was */
    P_SPRING_UP, P_SPRING_UP_OUT, P_SPRING_DIAGONAL, P_SPRING_DIAGONAL_OUT, P_SPRING_SIDE, P_SPRING_SIDE_OUT,
    P_PLATFORM, P_PLATFORM_FALLING,             /* 48 x 16, two pieces; the point is the middle of the upper edge */
    P_DEBRIS_1, P_DEBRIS_2,                     /* 8 x 8, of a broken wall */
    P_GOAL_1, P_GOAL_2, P_GOAL_3, P_GOAL_4,     /* 32 x 48, turning when passed */
    P_DUST_1, P_DUST_2,                         /* behind a skid or a spin dash */
    P_LIFE,                                     /* HUD: player's head, 16 x 16, top left at the point */
    P_COUNT
};

extern const ZoneArt zone_art[ZONES];
extern const u16 common_palette[16];            /* palette line 0 */
extern const u32 common_tiles[];
extern const u16 common_tile_count;
extern const Picture pictures[P_COUNT];
/* HUD glyphs, one tile each, 8x8, palette line 0: "0123456789", then "ABCDEFGHIJKLMNOPQRSTUVWXYZ", then ':' and 'x'. */
extern const u16 tile_glyphs;                   /* first glyph's tile index, TILE_COMMON added */

#endif
