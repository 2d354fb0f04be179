/* Score, time and rings at the top left, lives at the bottom left. */
#include "display.h"

#define GLYPH_A 10
#define GLYPH_COLON 36
#define GLYPH_X 37
#define FRONT 0x8000            /* in front of everything */
#define ROW(tiles) (((tiles) - 1) << 2)

static void label(u8 at, const char *text)
{
    while (*text)
        DRAWN.hud[at++] = GLYPH_A + (*text++ - 'A');
}

/* Writes a number right-aligned with blanks before it, without division. */
static void number(u8 at, u8 digits, u32 value)
{
    static const u32 powers[6] = {100000, 10000, 1000, 100, 10, 1};
    u8 begun = 0;
    for (u8 i = 6 - digits; i < 6; i++) {
        u8 digit = 0;
        while (value >= powers[i]) {
            value -= powers[i];
            digit++;
        }
        begun |= digit || i == 5;
        DRAWN.hud[at++] = begun ? digit : HUD_BLANK;
    }
}

static void text_sprites(s16 x, s16 y, u8 tile, u8 tiles)
{
    u8 first = tiles > 4 ? 4 : tiles;
    draw_sprite(x, y, ROW(first), FRONT | (TILE_HUD + tile));
    if (tiles > 4)
        draw_sprite(x + 32, y, ROW(tiles - 4), FRONT | (TILE_HUD + tile + 4));
}

void hud_reset(void)
{
    for (u8 i = 0; i < HUD_TILES; i++)
        DRAWN.hud[i] = HUD_BLANK;
    label(HUD_SCORE, "SCORE");
    label(HUD_TIME, "TIME");
    label(HUD_RINGS, "RINGS");
    DRAWN.hud[HUD_TIME_VALUE + 1] = GLYPH_COLON;
    DRAWN.hud[HUD_LIVES_VALUE] = GLYPH_X;
    DRAWN.hud_score = ~G.score;     /* not what is shown */
    DRAWN.hud_rings = ~G.rings;

    DRAWN.sprite_count = 0;
    text_sprites(16, 8, HUD_SCORE, 5);
    text_sprites(64, 8, HUD_SCORE_VALUE, 6);
    text_sprites(16, 24, HUD_TIME, 4);
    text_sprites(80, 24, HUD_TIME_VALUE, 4);
    text_sprites(16, 40, HUD_RINGS, 5);
    text_sprites(88, 40, HUD_RINGS_VALUE, 3);
    draw_picture(P_LIFE, 16, 200, 0);
    text_sprites(36, 206, HUD_LIVES_VALUE, 3);
    DRAWN.hud_sprites = DRAWN.sprite_count;
}

void hud_build(void)
{
    u8 tens = 0, ones = G.seconds;

    if (DRAWN.hud_score != G.score)
        number(HUD_SCORE_VALUE, 6, DRAWN.hud_score = G.score);
    if (DRAWN.hud_rings != G.rings)
        number(HUD_RINGS_VALUE, 3, DRAWN.hud_rings = G.rings);
    number(HUD_LIVES_VALUE + 1, 2, G.lives);
    for (; ones >= 10; ones -= 10)
        tens++;
    DRAWN.hud[HUD_TIME_VALUE] = G.minutes;
    DRAWN.hud[HUD_TIME_VALUE + 2] = tens;
    DRAWN.hud[HUD_TIME_VALUE + 3] = ones;
    DRAWN.sprite_count = DRAWN.hud_sprites;
    DRAWN.sprites[DRAWN.hud_sprites - 1].link = DRAWN.hud_sprites; /* 0 if it was the last one */
}
