/* What the page needs beside the twin's own functions: pictures as a canvas takes them, a ghost, a map, and an observer. */
#include <stdlib.h>

#include "../host/vector.h"

#define RGBA 4
#define MAP_CELL 8              /* pixels of the level in one of its map */
#define MAP_COLS (LEVEL_COLS * 16 / MAP_CELL)
#define GHOST_SHARE 5           /* of 8, the rest is what is behind it */

const Observer *observer_new(s32 first_line, s32 end_line, s32 height, s32 width, s32 stack)
{
    Observer *observer = calloc(1, sizeof *observer);
    s32 lines = end_line - first_line;
    Tap *rows = calloc(lines + 2 * height, sizeof *rows), *cols = calloc(SCREEN_WIDTH + 2 * width, sizeof *cols);

    *observer = (Observer){first_line, end_line, height, width, stack, area_taps(lines, height, rows),
                           area_taps(SCREEN_WIDTH, width, cols), rows, cols};
    return observer;
}

s32 lane_memory_size(void)
{
    return STATE_SIZE + sizeof(Level);
}

void lane_picture(Lane *lane, u8 *rgba)
{
    static u8 rgb[SCREEN_HEIGHT * SCREEN_WIDTH * 3];

    native_screen(&lane->native, rgb);
    for (int i = 0; i < SCREEN_HEIGHT * SCREEN_WIDTH; i++) {
        rgba[i * RGBA] = rgb[i * 3];
        rgba[i * RGBA + 1] = rgb[i * 3 + 1];
        rgba[i * RGBA + 2] = rgb[i * 3 + 2];
        rgba[i * RGBA + 3] = 255;
    }
}

/* Lays another game's hero over a picture of this one, in blue and half transparent. Both play the same level. */
void lane_ghost(Lane *ghost, const Lane *lane, u8 *rgba)
{
    static u8 frame[SCREEN_HEIGHT][VDP_ROW];
    static const Look own = {.hero_shape = OWN_SHAPE};
    const struct Game *here = (const struct Game *)lane->native.shown;
    u8 now[STATE_SIZE];
    s32 dx, dy;
    Area hero;

    native_back(&ghost->native, now);
    dx = (s32)G.screen_x - here->screen_x;
    dy = (s32)G.screen_y - here->screen_y;
    display_reset();
    display_build();
    hero = look_hero(&own);
    vdp_pixels(frame, 0, SCREEN_HEIGHT, G.zone);
    for (s32 y = hero.top < 0 ? 0 : hero.top; y < hero.bottom && y < SCREEN_HEIGHT; y++)
        for (s32 x = hero.left < 0 ? 0 : hero.left; x < hero.right && x < SCREEN_WIDTH; x++) {
            u8 pixel = frame[y][VDP_MARGIN + x], *to = rgba + ((y + dy) * SCREEN_WIDTH + x + dx) * RGBA;
            u32 colour, light, tint[3];
            if ((pixel & (VDP_SPRITE | VDP_LINE)) != HERO_MARK || x + dx < 0 || x + dx >= SCREEN_WIDTH || y + dy < 0 || y + dy >= SCREEN_HEIGHT)
                continue;
            colour = vdp_rgb(common_palette[pixel & (HERO_SHADES - 1)]);
            light = ((colour & 255) + (colour >> 8 & 255) + (colour >> 16)) / 3;
            tint[0] = light / 2;
            tint[1] = 40 + light * 2 / 3;
            tint[2] = 120 + light / 2;
            for (int i = 0; i < 3; i++)
                to[i] = (tint[i] * GHOST_SHARE + to[i] * (8 - GHOST_SHARE)) / 8;
        }
    native_forth(&ghost->native, now);
}

/* The level's terrain from far away, RGBA [96][1280], nothing where the air is. Returns the columns that the level takes. */
s32 lane_map(const Lane *lane, u8 *rgba)
{
    const struct Game *game = &lane->native.game;
    const u8(*blocks)[16][16] = vdp_blocks(game->zone);

    for (s32 y = 0; y < LEVEL_ROWS * 16; y += MAP_CELL)
        for (s32 x = 0; x < LEVEL_COLS * 16; x += MAP_CELL, rgba += RGBA) {
            s32 col = x >> 4, row = y >> 4;
            u32 sum[3] = {0}, count = 0;
            u8 block = game->level.blocks[col * LEVEL_ROWS + row];
            for (s32 i = 0; i < MAP_CELL * MAP_CELL; i++) {
                u8 pixel = blocks[((col & 1) + (row & 1) * 2) * B_COUNT + block][(y & 15) + i / MAP_CELL][(x & 15) + i % MAP_CELL];
                u32 colour = vdp_rgb(zone_colour(game->zone, pixel & VDP_COLOUR));
                if (!pixel)
                    continue;
                sum[0] += colour & 255;
                sum[1] += colour >> 8 & 255;
                sum[2] += colour >> 16;
                count++;
            }
            for (int i = 0; i < 3; i++)
                rgba[i] = count ? sum[i] / count : 0;
            rgba[3] = count * 255 / (MAP_CELL * MAP_CELL);
        }
    return game->level.cols * 16 / MAP_CELL;
}

/* What the page tells about a game in numbers; `Status` of game.js. */
void lane_status(const Lane *lane, s32 status[9])
{
    const struct Game *game = &lane->native.game;

    status[0] = game->x;
    status[1] = game->y;
    status[2] = game->start_x;
    status[3] = game->end_x;
    status[4] = game->frame;
    status[5] = lane->rules.frame;
    status[6] = lane->rules.timesteps;
    status[7] = lane->rules.is_over;
    status[8] = lane->rules.progress >= 1;
}
