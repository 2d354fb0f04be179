/* What a look changes on the way from a state to an observation. */
#include <string.h>

#include "look.h"

#define KIND (VDP_SPRITE | VDP_LINE)
#define TERRAIN 0x10
#define BACKGROUND 0x20

/* As draw.c turns colours; those of the terrain turn as their own zone says. */
static void turn(const Look *look, u8 zone, u8 line, u8 *grays)
{
    for (int i = 0; i < CYCLES; i++) {
        const Cycle *cycle = &zone_art[zone].cycles[i];
        if (cycle->count && cycle->first >> 4 == line)
            for (int k = 0; k < cycle->count; k++)
                grays[cycle->first + (G.frame / cycle->period + k) % cycle->count] = look->shades[cycle->first + k];
    }
}

void look_shades(const Look *look, u8 grays[SHADES])
{
    memcpy(grays, look->shades, SHADES);
    turn(look, look->block_zone, TERRAIN >> 4, grays);
    turn(look, look->background_zone, BACKGROUND >> 4, grays);
}

static u8 is_hero(const Sprite *sprite)
{
    u16 tile = sprite->attr & 0x7FF;
    return tile >= (pictures[P_IDLE_1].pieces[0].attr & 0x7FF) && tile < (pictures[P_RING_1].pieces[0].attr & 0x7FF);
}

Area look_hero(const Look *look)
{
    Area area = {SCREEN_WIDTH, 0, SCREEN_HEIGHT, 0};
    s16 x = (s16)G.x - (s16)G.screen_x, y = G.y - (s16)G.screen_y, height = look->hero_height;
    int begin = DRAWN.hud_sprites, end = begin;

    for (; end < DRAWN.sprite_count && is_hero(&DRAWN.sprites[end]); end++) {
        Sprite *sprite = &DRAWN.sprites[end];
        s16 left = sprite->x - 128, top = sprite->y - 128;
        s16 right = left + ((sprite->size >> 2 & 3) + 1) * 8, bottom = top + ((sprite->size & 3) + 1) * 8;
        sprite->attr = (sprite->attr & ~(3 << 13)) | HERO_LINE << 13;
        area.left = left < area.left ? left : area.left;
        area.right = right > area.right ? right : area.right;
        area.top = top < area.top ? top : area.top;
        area.bottom = bottom > area.bottom ? bottom : area.bottom;
    }
    if (look->hero_shape == OWN_SHAPE || begin == end)
        return area;
    memmove(DRAWN.sprites + begin, DRAWN.sprites + end, (DRAWN.sprite_count - end) * sizeof *DRAWN.sprites);
    DRAWN.sprite_count -= end - begin;
    if (G.rolling || G.ducking || G.charging)
        height = height * 5 / 8;
    return (Area){x - look->hero_width / 2, x + look->hero_width / 2, y - height, y};
}

/* x and y from the middle, in halves of the width and height, as fractions of 256. */
static u8 is_inside(u8 shape, s32 x, s32 y)
{
    s32 across = x < 0 ? -x : x, along = y < 0 ? -y : y;
    switch (shape) {
    case EGG_SHAPE: return across * across + along * along <= 256 * 256;
    case RHOMB_SHAPE: return across + along <= 280;
    case FIGURE_SHAPE: return y < -40 ? across * across + (y + 140) * (y + 140) * 3 <= 190 * 190 : across <= 120 - (y > 130) * 20;
    default: return 1;
    }
}

void look_shape(const Look *look, Area area, u8 frame[SCREEN_HEIGHT][VDP_ROW], int first, int end)
{
    s32 width = area.right - area.left, height = area.bottom - area.top;

    if (look->hero_shape == OWN_SHAPE)
        return;
    for (s32 y = area.top < first ? first : area.top; y < area.bottom && y < end; y++)
        for (s32 x = area.left < 0 ? 0 : area.left; x < area.right && x < SCREEN_WIDTH; x++) {
            s32 across = (2 * (x - area.left) + 1 - width) * 256 / width;
            s32 along = (2 * (y - area.top) + 1 - height) * 256 / height;
            s32 by_x = 1024 / width, by_y = 1024 / height;     /* two pixels */
            u8 *pixel = &frame[y][VDP_MARGIN + x], shade = along < -60 ? HERO_HEAD : HERO_BODY;
            if (!is_inside(look->hero_shape, across, along) || (*pixel & (VDP_SPRITE | VDP_IN_FRONT)) == VDP_IN_FRONT)
                continue;
            if (across * G.facing > 60 && across * G.facing < 190 && along > -190 && along < -80)
                shade = HERO_EYE;
            if (across - by_x < -256 || across + by_x > 256 || along - by_y < -256 || along + by_y > 256 ||
                !is_inside(look->hero_shape, across - by_x, along) || !is_inside(look->hero_shape, across + by_x, along) ||
                !is_inside(look->hero_shape, across, along - by_y) || !is_inside(look->hero_shape, across, along + by_y))
                shade = HERO_OUTLINE;
            *pixel = HERO_MARK | shade;
        }
}

WIDE static void add_texture(const u8 *restrict pixels, const u8 *restrict terrain, const u8 *restrict background,
                             u8 *restrict line)
{
    for (int x = 0; x < SCREEN_WIDTH; x += TEXTURE)
        for (int i = 0; i < TEXTURE; i++) {
            u8 kind = pixels[x + i] & KIND, on_terrain = terrain[i], behind = background[i];    /* read in any case: */
            u8 added = (kind == TERRAIN ? on_terrain : 0) | (kind == BACKGROUND ? behind : 0);  /* no branches */
            line[x + i] += added;
        }
}

void look_line(const Look *look, Area hero, int y, const u8 pixels[SCREEN_WIDTH], u8 line[SCREEN_WIDTH])
{
    u16 by_x = -DRAWN.scroll[y] & (TEXTURE - 1), by_y = (y + DRAWN.lift[1]) & (TEXTURE - 1);

    add_texture(pixels, look->textures[0][(y + G.screen_y) & (TEXTURE - 1)] + (G.screen_x & (TEXTURE - 1)),
                look->textures[1][by_y] + by_x, line);
    if (y >= hero.top && y < hero.bottom)
        for (int x = hero.left < 0 ? 0 : hero.left; x < hero.right && x < SCREEN_WIDTH; x++)
            if ((pixels[x] & KIND) == HERO_MARK)
                line[x] = look->hero[pixels[x] & (HERO_SHADES - 1)];
}

/* Letters of some of three strokes down and three across, a gap between them. */
static u8 is_ink(const Box *box, s32 x, s32 y)
{
    s32 wide = box->wide, high = box->high, column, row;
    u32 letter;
    if (x < 0 || y < 0 || x >= box->width || y >= box->height)
        return 0;
    column = x / (wide + 1);
    row = y / (high + 1);
    x %= wide + 1;
    y %= high + 1;
    letter = (u32)(column * 57 + row * 131 + box->writing * 7 + 1) * 2654435761u;
    if (x == wide || y == high || letter >> 29 == 0)
        return 0;
    return (letter >> 8 & 15) == 0 || ((letter >> 12 & 3) && x * 4 < wide) || ((letter >> 14 & 3) && (x + 1) * 4 > wide * 3) ||
           ((letter >> 16 & 1) && y * 5 < high) || ((letter >> 17 & 1) && y == high / 2) || ((letter >> 18 & 1) && (y + 1) * 5 > high * 4);
}

static void draw_box(const Box *box, s32 timestep, s32 height, s32 width, u8 *plane)
{
    s32 gone = timestep > box->leaves ? timestep - box->leaves : 0;
    s32 left = (box->x + box->vx * gone) >> 4, top = (box->y + box->vy * gone) >> 4;

    if (timestep >= box->ends)
        return;
    for (s32 y = top < 0 ? 0 : top; y < top + box->height && y < height; y++)
        for (s32 x = left < 0 ? 0 : left; x < left + box->width && x < width; x++) {
            u8 *pixel = plane + y * width + x;
            if (box->wide && is_ink(box, x - left, y - top))
                *pixel = box->ink;
            else if (!box->is_clear || is_ink(box, x - left - 1, y - top - 1))
                *pixel = box->shade;
        }
}

/* Evenly spread, other numbers in every timestep. */
WIDE static void add_noise(u8 *plane, s32 count, s16 levels, u16 key)
{
    for (s32 i = 0; i < count; i++) {
        u16 number = (u16)((u16)i * 0x9E37 + key);
        s16 level;
        number ^= number >> 7;
        number *= 0x2C1B;
        number ^= number >> 9;
        number *= 0x5A35;
        level = plane[i] + (s16)((s16)((number >> 8) - 128) * levels >> 7);
        level = level < 0 ? 0 : level;
        plane[i] = level > 255 ? 255 : level;
    }
}

void look_overlay(const Look *look, s32 timestep, s32 height, s32 width, u8 *plane)
{
    for (int i = 0; i < look->box_count; i++)
        draw_box(&look->boxes[i], timestep, height, width, plane);
    if (look->noise)
        add_noise(plane, height * width, look->noise, (u16)((u32)timestep * 40503 + look->hero[HERO_BODY] * 7));
}
