/* Renders many lines at once. A pixel on the way is a byte: colour number 0..63 (0 in a block or sprite: nothing there),
   IN_FRONT for a plane's pixel with priority, TAKEN where a sprite has been. What the chip does where, and the limits
   of sprites a line, follow Genesis Plus GX (vdp_render.c), which the emulator in use is. */
#include <string.h>

#include "vdp.h"

typedef uint64_t u64;

#define IN_FRONT VDP_IN_FRONT
#define TAKEN VDP_SPRITE
#define BACKDROP 32
#define PLANE_WIDTH 512
#define PLANE_HEIGHT 256
#define ROW VDP_ROW
#define MARGIN VDP_MARGIN
#define WINDOW_COLS 21
#define LINE_SPRITES 20
#define LINE_PIXELS 320
#define COMMON_TILES 800

typedef struct {
    u8 background[PLANE_HEIGHT][PLANE_WIDTH + SCREEN_WIDTH];    /* repeated, so that no line of it wraps */
    u8 blocks[4 * B_COUNT][16][16];
    u8 coverage[4 * B_COUNT];                   /* of the background by a block */
} ZonePixels;

enum { COVERS_NOTHING, COVERS_PARTLY, COVERS_ALL };

static ZonePixels zone_pixels[ZONES];
static u8 common_pixels[2][COMMON_TILES][8][8]; /* as drawn, and mirrored; bare nibbles */
static u8 zone_ready[ZONES], common_ready;

static u8 nibble(const u32 *tile, int x, int y)
{
    return tile[y] >> (28 - 4 * x) & 15;
}

/* A cell of a plane into rows of pixels. tiles: those from tile number first on; nothing: the pixel where nothing is. */
static void draw_cell(u16 cell, const u32 *tiles, u16 first, u8 nothing, u8 *to, size_t stride)
{
    const u32 *tile = tiles + ((cell & 0x7FF) - first) * 8;
    u8 high = (cell & 0x8000 ? IN_FRONT : 0) | (cell >> 13 & 3) << 4;

    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            u8 colour = (cell & 0x7FF) == 0 ? 0 : nibble(tile, cell & 0x800 ? 7 - x : x, cell & 0x1000 ? 7 - y : y);
            to[y * stride + x] = colour ? colour | high : nothing;
        }
}

static u8 coverage(const u8 block[16][16], u8 background_in_front)
{
    u8 some = 0, all = 1;
    for (int i = 0; i < 256; i++) {
        u8 pixel = block[i >> 4][i & 15];
        some |= pixel != 0;
        all &= pixel != 0 && (!background_in_front || pixel & IN_FRONT);
    }
    return all ? COVERS_ALL : some ? COVERS_PARTLY : COVERS_NOTHING;
}

/* Two threads may do this at once: they write the same. */
static const ZonePixels *pixels_of_zone(u8 zone)
{
    ZonePixels *pixels = &zone_pixels[zone];
    const ZoneArt *art = &zone_art[zone];
    u8 in_front = 0;

    if (__atomic_load_n(&zone_ready[zone], __ATOMIC_ACQUIRE))
        return pixels;
    for (int i = 0; i < 32 * 64; i++)
        draw_cell(art->background[i], art->background_tiles, TILE_BACKGROUND, BACKDROP,
                  &pixels->background[(i >> 6) * 8][(i & 63) * 8], sizeof pixels->background[0]);
    for (int y = 0; y < PLANE_HEIGHT; y++)
        memcpy(pixels->background[y] + PLANE_WIDTH, pixels->background[y], SCREEN_WIDTH);
    for (int i = 0; i < 32 * 64; i++)
        in_front |= art->background[i] >> 15;
    for (int i = 0; i < 4 * B_COUNT; i++) {
        for (int part = 0; part < 4; part++)
            draw_cell(art->blocks[i * 4 + part], art->block_tiles, TILE_BLOCKS, 0,
                      &pixels->blocks[i][(part >> 1) * 8][(part & 1) * 8], 16);
        pixels->coverage[i] = coverage(pixels->blocks[i], in_front);
    }
    __atomic_store_n(&zone_ready[zone], 1, __ATOMIC_RELEASE);
    return pixels;
}

static void prepare_common(void)
{
    if (__atomic_load_n(&common_ready, __ATOMIC_ACQUIRE))
        return;
    for (int i = 0; i < common_tile_count; i++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) {
                common_pixels[0][i][y][x] = nibble(common_tiles + i * 8, x, y);
                common_pixels[1][i][y][x] = nibble(common_tiles + i * 8, 7 - x, y);
            }
    __atomic_store_n(&common_ready, 1, __ATOMIC_RELEASE);
}

/* One row of a block of plane A over plane B. */
static void merge(const u8 *restrict from, u8 *restrict to)
{
    for (int x = 0; x < 16; x++)
        to[x] = from[x] && (from[x] | ~to[x]) & IN_FRONT ? from[x] : to[x];
}

/* In pieces, of which gcc makes moves of registers; for a whole line it takes an instruction that starts slowly. */
static inline void copy_line(const u8 *restrict from, u8 *restrict to)
{
    for (int x = 0; x < SCREEN_WIDTH; x += 64)
        memcpy(to + x, from + x, 64);
}

static void draw_planes(u8 frame[SCREEN_HEIGHT][ROW], int first, int end, u8 block_zone)
{
    const ZonePixels *pixels = pixels_of_zone(block_zone), *behind = pixels_of_zone(G.zone);
    int first_col = G.screen_x >> 4, left = MARGIN - (G.screen_x & 15);
    int cols = first_col + WINDOW_COLS <= LEVEL_COLS ? WINDOW_COLS : WINDOW_COLS - 1;

    for (int line = first; line < end; line++)
        copy_line(behind->background[(line + DRAWN.lift[1]) & (PLANE_HEIGHT - 1)] +
                  (-DRAWN.scroll[line] & (PLANE_WIDTH - 1)), frame[line] + MARGIN);
    for (int row = (G.screen_y + first) >> 4; row <= (G.screen_y + end - 1) >> 4; row++) {
        int top = row * 16 - G.screen_y, from = top < first ? first - top : 0;
        int until = top + 16 > end ? end - top : 16;
        for (int i = 0; i < cols; i++) {
            int col = first_col + i;
            int which = ((col & 1) + (row & 1) * 2) * B_COUNT + G.level.blocks[col * LEVEL_ROWS + row];
            const u8(*block)[16] = pixels->blocks[which];
            u8 *to = &frame[top + from][left + i * 16];
            if (pixels->coverage[which] == COVERS_ALL)
                for (int y = from; y < until; y++, to += ROW)
                    memcpy(to, block[y], 16);
            else if (pixels->coverage[which] == COVERS_PARTLY)
                for (int y = from; y < until; y++, to += ROW)
                    merge(block[y], to);
        }
    }
}

static const u8 (*sprite_tile(u16 tile, u8 mirrored))[8]
{
    static const u8 blank[8][8];
    if (tile >= TILE_HUD) {
        u8 glyph = DRAWN.hud[tile - TILE_HUD];
        if (glyph == HUD_BLANK)
            return blank;
        tile = tile_glyphs + glyph;
    }
    return common_pixels[mirrored][tile - TILE_COMMON];
}

static void draw_row(const u8 *restrict from, u8 *restrict to, u8 palette, u8 hidden_by)
{
    for (int i = 0; i < 8; i++) {
        u8 under = to[i], over = from[i] | palette;
        u8 kept = (under & TAKEN) || from[i] == 0 ? under : (u8)((under & hidden_by ? under : over) | TAKEN);
        to[i] = kept;
    }
}

static void draw_sprites(u8 frame[SCREEN_HEIGHT][ROW], int first, int end)
{
    u8 sprites[SCREEN_HEIGHT] = {0};
    u16 widths[SCREEN_HEIGHT] = {0};

    for (int i = 0; i < DRAWN.sprite_count; i++) {
        const Sprite *sprite = &DRAWN.sprites[i];
        int x = sprite->x - 128, y = sprite->y - 128;
        int cols = (sprite->size >> 2 & 3) + 1, rows = (sprite->size & 3) + 1;
        u8 mirrored = sprite->attr >> 11 & 1, upside_down = sprite->attr >> 12 & 1;
        u8 palette = (sprite->attr >> 13 & 3) << 4, hidden_by = sprite->attr & 0x8000 ? 0 : IN_FRONT;
        u8 shown[32];           /* tile columns of each of its lines */

        for (int line = 0; line < rows * 8; line++) {
            int at = y + line, width = cols * 8;
            shown[line] = 0;
            if (at < first || at >= end || sprites[at] == LINE_SPRITES || widths[at] >= LINE_PIXELS)
                continue;
            sprites[at]++;
            widths[at] += width;
            shown[line] = (widths[at] > LINE_PIXELS ? width - (widths[at] - LINE_PIXELS) : width) >> 3;
        }
        for (int col = 0; col < cols; col++)
            for (int row = 0; row < rows; row++) {
                int part = (mirrored ? cols - 1 - col : col) * rows + (upside_down ? rows - 1 - row : row);
                const u8(*tile)[8] = sprite_tile((sprite->attr + part) & 0x7FF, mirrored);
                for (int line = 0; line < 8; line++)
                    if (col < shown[row * 8 + line])
                        draw_row(tile[upside_down ? 7 - line : line], &frame[y + row * 8 + line][MARGIN + x + col * 8],
                                 palette, hidden_by);
            }
    }
}

/* The emulator's way from three bits a channel over 5-6-5 bits to bytes. */
u32 vdp_rgb(u16 colour)
{
    u32 red = colour & 0xE, green = colour >> 4 & 0xE, blue = colour >> 8 & 0xE;
    return (red << 1 | red >> 3) << 3 | (green << 2 | green >> 2) << 10 | (blue << 1 | blue >> 3) << 19;
}

static inline void put(u8 *to, u64 bytes)
{
    memcpy(to, &bytes, 8);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "colour_in puts bytes together");

static void colour_in(u8 frame[SCREEN_HEIGHT][ROW], u8 *rgb)
{
    u64 colours[256];           /* IN_FRONT and TAKEN mean nothing any more */

    for (int i = 0; i < 64; i++)
        colours[i] = vdp_rgb(DRAWN.palette[i]);
    for (int i = 64; i < 256; i += 64)
        memcpy(colours + i, colours, 64 * sizeof colours[0]);
    for (int y = 0; y < SCREEN_HEIGHT; y++)
        for (int x = 0; x < SCREEN_WIDTH; x += 8, rgb += 24) {     /* 8 pixels in 3 words: memory is the bottleneck */
            const u8 *pixel = frame[y] + MARGIN + x;
            u64 c2 = colours[pixel[2]], c5 = colours[pixel[5]];
            put(rgb, colours[pixel[0]] | colours[pixel[1]] << 24 | c2 << 48);
            put(rgb + 8, c2 >> 16 | colours[pixel[3]] << 8 | colours[pixel[4]] << 32 | c5 << 56);
            put(rgb + 16, c5 >> 8 | colours[pixel[6]] << 16 | colours[pixel[7]] << 40);
        }
}

void vdp_pixels(u8 frame[SCREEN_HEIGHT][ROW], int first, int end, u8 block_zone)
{
    prepare_common();
    draw_planes(frame, first, end, block_zone);
    draw_sprites(frame, first, end);
}

const void *vdp_zone(int zone)
{
    return pixels_of_zone(zone);
}

const u8 (*vdp_blocks(int zone))[16][16]
{
    return pixels_of_zone(zone)->blocks;
}

u16 zone_colour(int zone, u8 number)
{
    return number < 16 ? common_palette[number] : zone_art[zone].palette[number - 16];
}

void vdp_render(u8 *rgb)
{
    u8 frame[SCREEN_HEIGHT][ROW];

    vdp_pixels(frame, 0, SCREEN_HEIGHT, G.zone);
    colour_in(frame, rgb);
}
