/* What the video hardware is to show: worked out from the game's state by draw.c, put on the screen by hw_rom.c on the
   console and by host/vdp.c on the host. Plane A's blocks come from the level itself. */
#ifndef FERNWAY_DISPLAY_H
#define FERNWAY_DISPLAY_H

#include "art.h"
#include "game.h"

#define SPRITES 80
#define TILE_HUD 1664           /* glyphs of the HUD in reading order, so that a sprite shows up to four of them */
#define HUD_TILES 30
#define HUD_BLANK 0xFF
#define HUD_SCORE 0             /* where in hud[] the texts are */
#define HUD_TIME 5
#define HUD_RINGS 9
#define HUD_SCORE_VALUE 14      /* 6 digits */
#define HUD_TIME_VALUE 20       /* m:ss */
#define HUD_RINGS_VALUE 24      /* 3 digits */
#define HUD_LIVES_VALUE 27      /* x, 2 digits */

typedef struct {
    u16 y;                      /* screen line + 128 */
    u8 size, link;              /* link: number of the next sprite, 0 after the last */
    u16 attr;                   /* tile, flips, palette line, priority: as the hardware has it */
    u16 x;                      /* screen column + 128 */
} Sprite;

typedef struct {
    u32 scroll[SCREEN_HEIGHT];      /* per line, pixels to the right: plane A in the high word, B in the low */
    u16 lift[2];                    /* planes A and B: pixels upwards */
    u16 palette[64];                /* 0000BBB0GGG0RRR0 */
    Sprite sprites[SPRITES];
    u8 hud[HUD_TILES];              /* glyph numbers, HUD_BLANK for none */
    u8 sprite_count;
    u8 hud_sprites;                 /* the first ones, which stay */
    u16 hud_rings;                  /* the numbers that hud[] shows at present */
    u32 hud_score;
} Display;

#ifdef __m68k__
extern Display display;
#define DRAWN display
#else
extern _Thread_local Display *display_selected;
#define DRAWN (*display_selected)
#endif

void display_reset(void);       /* after a level was loaded */
u8 display_build(void);         /* for the present state; 1 when colours changed */
void hud_reset(void);
void hud_build(void);           /* also begins the list of sprites: the HUD's come first and stay */
void draw_picture(u8 id, s16 x, s16 y, u8 flip);    /* screen coordinates of the picture's point */
void draw_sprite(s16 x, s16 y, u8 size, u16 attr);  /* left out when off the screen or too many */

#endif
