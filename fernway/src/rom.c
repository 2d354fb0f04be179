/* The console's side: video chip, pad, and the loop that everything runs in.

   A frame: sleep until vertical blank; send what was drawn for the present state; read the pad; one frame of logic;
   draw the new state into RAM. So the screen shows the state before the frame's logic. */
#include "display.h"

#define VDP_DATA (*(volatile u16 *)0xC00000)
#define VDP_DATA_LONG (*(volatile u32 *)0xC00000)
#define VDP_CONTROL (*(volatile u16 *)0xC00004)
#define VDP_CONTROL_LONG (*(volatile u32 *)0xC00004)
#define PAD_PORT (*(volatile u8 *)0xA10003)
#define PAD_DIRECTION (*(volatile u8 *)0xA10009)

#define PLANE_A 0xC000u         /* 64 x 32 cells each */
#define PLANE_B 0xE000u
#define SCROLL_TABLE 0xF000u
#define SPRITE_TABLE 0xF800u
#define TO_VRAM(address) (0x40000000UL | ((u32)((address) & 0x3FFF) << 16) | ((address) >> 14))
#define TO_CRAM 0xC0000000UL
#define TO_VSRAM 0x40000010UL
#define DMA 0x80UL

/* Plane A is kept filled for a window of whole blocks around the screen. */
#define WINDOW_COLS 21
#define WINDOW_ROWS 15

void wait_vblank(void);

struct Game game_memory __attribute__((section(".bss.game"))); /* rom.ld puts it where G expects it */
volatile u16 vblanks;
Display display;

static u8 colours_wait;
static const u16 *block_cells[4];              /* the zone's blocks by (column & 1) | (row & 1) << 1 */
static u8 shown_hud[HUD_TILES];
static s16 window_col, window_row;              /* upper left block of the window, window_col -1: nothing drawn yet */
static u16 shown_broken;
static u32 row_cells[32][32];                   /* waiting for vertical blank: rows of plane A, two cells a long, */
static u8 row_waits[16];                        /* by pairs, that is by rows of blocks, */
#define COLUMNS_WAIT 4
static u16 column_cells[COLUMNS_WAIT][2][32];   /* and columns */
static u16 column_at[COLUMNS_WAIT];
static u8 columns_wait;

static void set_register(u8 number, u8 value)
{
    VDP_CONTROL = 0x8000 | number << 8 | value;
}

static void show(u8 on)
{
    set_register(1, on ? 0x74 : 0x34);          /* vertical interrupt and DMA on */
}

/* Copies words from RAM; only in vertical blank or with the display off. */
static void dma(const void *from, u16 words, u32 command)
{
    u32 source = (u32)from >> 1;
    set_register(19, words);
    set_register(20, words >> 8);
    set_register(21, source);
    set_register(22, (u16)source >> 8);
    set_register(23, (source >> 16) & 0x7F);
    VDP_CONTROL_LONG = command | DMA;
}

static void copy_tiles(u16 tile, const u32 *from, u16 count)
{
    VDP_CONTROL_LONG = TO_VRAM((u32)tile << 5);
    for (u16 i = 0; i < count; i++, from += 8) {
        VDP_DATA_LONG = from[0];
        VDP_DATA_LONG = from[1];
        VDP_DATA_LONG = from[2];
        VDP_DATA_LONG = from[3];
        VDP_DATA_LONG = from[4];
        VDP_DATA_LONG = from[5];
        VDP_DATA_LONG = from[6];
        VDP_DATA_LONG = from[7];
    }
}

static void video_reset(void)
{
    static const u8 registers[24] = {
        0x04, 0x34, PLANE_A >> 10, 0, PLANE_B >> 13, SPRITE_TABLE >> 9, 0,
        0x20,                   /* backdrop: colour 0 of line 2 */
        0, 0, 0xFF,
        0x03,                   /* scroll: whole planes up and down, every line sideways */
        0x81,                   /* 320 pixels wide */
        SCROLL_TABLE >> 10, 0, 2,
        0x01,                   /* planes of 64 x 32 cells */
        0, 0, 0, 0, 0, 0, 0x80,
    };
    for (u8 i = 0; i < 24; i++)
        set_register(i, registers[i]);
    VDP_CONTROL_LONG = TO_VRAM(0);
    for (u16 i = 0; i < 0x4000; i++)
        VDP_DATA_LONG = 0;
    copy_tiles(TILE_COMMON, common_tiles, common_tile_count);
}

static void queue_row(s16 row)
{
    u8 *upper = (u8 *)row_cells[(row << 1) & 31], *lower = upper + sizeof row_cells[0];
    const u8 *block = G.level.blocks + (u16)window_col * LEVEL_ROWS + row;
    const u16 *const *variants = block_cells + ((row & 1) << 1);
    const u16 *here = variants[window_col & 1], *next = variants[~window_col & 1];
    u16 at = (window_col & 31) << 2;            /* in bytes: the 68000 scales no indices */

    for (u8 i = WINDOW_COLS; i; i--, block += LEVEL_ROWS) {
        const u16 *cells = here + (u16)(*block << 2), *swap = here;
        *(u32 *)(upper + at) = *(const u32 *)cells;
        *(u32 *)(lower + at) = *(const u32 *)(cells + 2);
        at = (at + 4) & 127;
        here = next;
        next = swap;
    }
    row_waits[row & 15] = 1;
}

static void queue_column(s16 col)
{
    u16 *left = column_cells[columns_wait][0], *right = column_cells[columns_wait][1];
    const u8 *block = G.level.blocks + (u16)col * LEVEL_ROWS + window_row;
    const u16 *const *variants = block_cells + (col & 1);
    u16 at = (window_row << 1) & 31;

    for (u8 i = 0; i < WINDOW_ROWS; i++) {
        const u16 *cells = variants[((window_row + i) & 1) << 1] + (u16)(*block++ << 2);
        left[at] = cells[0];
        right[at] = cells[1];
        left[at + 1] = cells[2];
        right[at + 1] = cells[3];
        at = (at + 2) & 31;
    }
    column_at[columns_wait++] = PLANE_A + ((col & 31) << 2);
}

/* Queues what the camera brought into the window, and what broke inside. */
static void follow_camera(void)
{
    s16 col = G.screen_x >> 4, row = G.screen_y >> 4, by_col = col - window_col, by_row = row - window_row;
    u8 all = window_col < 0 || by_col > 2 || by_col < -2 || by_row > 4 || by_row < -4 || shown_broken > G.broken_count;

    /* The window never reaches beyond the level's memory: the rightmost column and lowest row may not be needed. */
    window_col = col;
    window_row = row;
    if (all) {
        for (u8 i = 0; i < WINDOW_ROWS; i++)
            queue_row(row + i);
    } else {
        for (; by_row > 0; by_row--)
            queue_row(row + WINDOW_ROWS - by_row);
        for (; by_row < 0; by_row++)
            queue_row(row - by_row - 1);
        for (; by_col > 0; by_col--)
            queue_column(col + WINDOW_COLS - by_col);
        for (; by_col < 0; by_col++)
            queue_column(col - by_col - 1);
        for (s16 queued = -1; shown_broken < G.broken_count; shown_broken++) {
            u16 broken_col = G.broken[shown_broken] / LEVEL_ROWS;   /* they break by columns */
            if ((s16)broken_col == queued || (s16)broken_col < col || (s16)broken_col >= col + WINDOW_COLS ||
                columns_wait == COLUMNS_WAIT)
                continue;
            queue_column(broken_col);
            queued = broken_col;
        }
    }
    shown_broken = G.broken_count;
}

static void send_plane(void)
{
    for (u8 i = 0; i < 16; i++) {
        u8 first = i;
        while (i < 16 && row_waits[i])
            row_waits[i++] = 0;
        if (i > first)
            dma(row_cells[first << 1], (u16)(i - first) << 7, TO_VRAM(PLANE_A + ((u16)first << 8)));
    }
    if (!columns_wait)
        return;
    set_register(15, 128);      /* down a column */
    for (u8 i = 0; i < columns_wait; i++) {
        dma(column_cells[i][0], 32, TO_VRAM(column_at[i]));
        dma(column_cells[i][1], 32, TO_VRAM(column_at[i] + 2));
    }
    set_register(15, 2);
    columns_wait = 0;
}

static void send_hud(void)
{
    static const u32 blank[8];
    for (u8 i = 0; i < HUD_TILES; i++) {
        u8 glyph = DRAWN.hud[i];
        if (glyph == shown_hud[i])
            continue;
        shown_hud[i] = glyph;
        copy_tiles(TILE_HUD + i, glyph == HUD_BLANK ? blank : common_tiles + ((tile_glyphs - TILE_COMMON + glyph) << 3), 1);
    }
}

static void send_palette(void)
{
    if (colours_wait)
        dma(DRAWN.palette, 64, TO_CRAM);
    colours_wait = 0;
}

/* The whole picture, within vertical blank. */
static void send(void)
{
    dma(DRAWN.scroll, SCREEN_HEIGHT * 2, TO_VRAM(SCROLL_TABLE));
    dma(DRAWN.sprites, DRAWN.sprite_count << 2, TO_VRAM(SPRITE_TABLE));
    send_plane();
    VDP_CONTROL_LONG = TO_VSRAM;
    VDP_DATA = DRAWN.lift[0];
    VDP_DATA = DRAWN.lift[1];
    send_palette();
    send_hud();
}

static u8 read_pad(void)
{
    u8 first, second;
    PAD_DIRECTION = 0x40;
    PAD_PORT = 0x40;
    __asm__ volatile("nop; nop");
    first = PAD_PORT;           /* C B right left down up, 0 when pressed */
    PAD_PORT = 0x00;
    __asm__ volatile("nop; nop");
    second = PAD_PORT;          /* start, A */
    PAD_PORT = 0x40;
    return (~first & 0x3F) | ((~second & 0x30) << 2);
}

/* Loads what cmd asks for, with the screen off. */
static void load(void)
{
    const ZoneArt *art;
    show(0);
    game_load(G.cmd == CMD_START);
    art = &zone_art[G.zone];
    for (u8 i = 0; i < 4; i++)
        block_cells[i] = art->blocks + i * (B_COUNT * 4);
    copy_tiles(TILE_BLOCKS, art->block_tiles, art->block_tile_count);
    copy_tiles(TILE_BACKGROUND, art->background_tiles, art->background_tile_count);
    VDP_CONTROL_LONG = TO_VRAM(PLANE_B);
    for (u16 i = 0; i < 64 * 32; i++)
        VDP_DATA = art->background[i];
    window_col = -1;
    display_reset();
    display_build();
    colours_wait = 1;
    follow_camera();
    send();                     /* more than fits into a vertical blank: now, with the screen off */
}

void rom_main(void)
{
    u8 pad;
    video_reset();
    G.act = 1;
    G.seed = 1;
    G.cmd = CMD_START;
    for (u8 i = 0; i < HUD_TILES; i++)
        shown_hud[i] = HUD_BLANK - 1;           /* none of them is on the screen */
    for (;;) {
        if (G.cmd != CMD_NONE) {
            load();
            G.cmd = CMD_NONE;
            wait_vblank();
            send();
            show(1);
        } else {
            wait_vblank();
            send();
        }
        pad = read_pad();
        if (G.cmd == CMD_NONE) {
            game_frame(pad);
            if (G.cmd == CMD_NONE) {
                colours_wait = display_build();
                follow_camera();
            }
        }
    }
}
