/* The picture of a state: scrolling, colours, sprites. */
#include "display.h"
#include "objects.h"
#include "physics.h"

#define FLIP 0x0800

#ifdef __m68k__
/* Keeps gcc from walking through a structure with a pointer to its odd bytes, which romtool.py could not tell from a
   word at an odd address. */
#define EVEN(pointer) __asm__("" : "+a"(pointer))
#else
#define EVEN(pointer)
#endif

#ifndef __m68k__
_Thread_local Display *display_selected;
#endif

static inline void add_sprite(s16 x, s16 y, u8 size, u16 attr)
{
    Sprite *sprite;
    if (x <= -32 || x >= SCREEN_WIDTH || y <= -32 || y >= SCREEN_HEIGHT || DRAWN.sprite_count == SPRITES)
        return;
    sprite = &DRAWN.sprites[DRAWN.sprite_count++];
    sprite->y = y + 128;
    sprite->size = size;
    sprite->link = DRAWN.sprite_count;
    sprite->attr = attr;
    sprite->x = x + 128;
}

void draw_sprite(s16 x, s16 y, u8 size, u16 attr)
{
    add_sprite(x, y, size, attr);
}

void draw_picture(u8 id, s16 x, s16 y, u8 flip)
{
    const Picture *picture = &pictures[id];
    const Piece *piece = picture->pieces;

    if (flip)
        for (u8 i = picture->count; i; i--, piece++) {
            EVEN(piece);
            add_sprite(x + piece->flip_dx, y + piece->dy, piece->size, piece->attr ^ FLIP);
        }
    else
        for (u8 i = picture->count; i; i--, piece++) {
            EVEN(piece);
            add_sprite(x + piece->dx, y + piece->dy, piece->size, piece->attr);
        }
}

static u8 player_picture(void)
{
    u16 pace = (u16)(G.speed < 0 ? -G.speed >> 16 : G.speed >> 16);
    u8 beat = G.frame >> 3 & 1;

    if (G.dead)
        return P_DEAD;
    if (G.hurt)
        return P_HURT;
    if (G.charging)
        return P_DASH_1 + (G.frame >> 1) % 3;
    if (G.rolling)
        return P_ROLL_1 + (G.stride >> 7 & 3);
    if (G.sprung)
        return P_SPRUNG;
    if (!G.grounded)
        return P_WALK_1 + (G.stride >> 7) % 6;
    if (G.ducking)
        return P_DUCK;
    if (G.skidding)
        return P_SKID;
    if (G.pushing)
        return P_PUSH_1 + beat;
    if (pace >= 5)
        return P_RUN_1 + (G.stride >> 8 & 3);
    if (G.speed)
        return P_WALK_1 + (G.stride >> 7) % 6;
    if (G.balancing)
        return P_BALANCE;
    if (G.looking && G.pad & PAD_UP)
        return P_LOOK_UP;
    return P_IDLE_1 + (G.idle >> 4 & 3);
}

static void draw_object(const Object *o, s16 x, s16 y)
{
    u8 beat = G.frame >> 3 & 1, left = o->facing < 0, thrown = o->timer != 0;

    switch (o->kind) {
    case K_WALKER: draw_picture(P_WALKER_1 + (o->timer ? 0 : beat), x, y, left); break;
    case K_FLYER: draw_picture(P_FLYER_1 + (G.frame >> 2 & 1), x, y, left); break;
    case K_HOPPER: draw_picture(P_HOPPER_1 + o->state, x, y, left); break;
    case K_SPITTER: draw_picture(P_SPITTER_1 + (o->state != 0 || o->timer + 8 >= o->arg), x, y, left); break;
    case K_SPRING_UP: draw_picture(P_SPRING_UP + thrown, x, y, 0); break;
    case K_SPRING_RIGHT_UP: draw_picture(P_SPRING_DIAGONAL + thrown, x, y, 0); break;
    case K_SPRING_LEFT_UP: draw_picture(P_SPRING_DIAGONAL + thrown, x, y, 1); break;
    case K_SPRING_RIGHT: draw_picture(P_SPRING_SIDE + thrown, x, y, 0); break;
    case K_SPRING_LEFT: draw_picture(P_SPRING_SIDE + thrown, x, y, 1); break;
    case K_PLATFORM_ACROSS:
    case K_PLATFORM_UPDOWN: draw_picture(P_PLATFORM, x, y, 0); break;
    case K_PLATFORM_FALLING:    /* trembles before it falls */
        draw_picture(P_PLATFORM_FALLING, x + (o->state && o->state < 30 ? (G.frame & 2) - 1 : 0), y, 0);
        break;
    case K_GOAL: draw_picture(P_GOAL_1 + (G.level_end ? G.frame >> 2 & 3 : 0), x, y, 0); break;
    case K_SHOT: draw_picture(P_SHOT_1 + (G.frame >> 2 & 1), x, y, left); break;
    case K_PUFF: draw_picture(P_PUFF_1 + (o->timer < 6 ? 0 : o->timer < 12 ? 1 : 2), x, y, 0); break;
    case K_SPARKLE: draw_picture(P_SPARKLE_1 + (o->timer >= 6), x, y, 0); break;
    case K_DUST: draw_picture(P_DUST_1 + (o->timer >= 6), x, y, left); break;
    case K_DEBRIS: draw_picture(P_DEBRIS_1 + (o->state & 1), x, y, G.frame & 4); break;
    case K_LOST_RING:
        if (o->timer < 150 || G.frame & 2)
            draw_picture(P_RING_1 + (G.frame >> 2 & 3), x, y, 0);
        break;
    }
}

static void draw_objects(void)
{
    for (const Object *o = G.objects, *end = o + G.objects_used; o < end; o++) {
        s16 x, y;
        if (o->kind == K_NONE)
            continue;
        x = PIXEL(o->x) - (s16)G.screen_x;
        y = PIXEL(o->y) - (s16)G.screen_y;
        if (x > -40 && x < SCREEN_WIDTH + 40 && y > -40 && y < SCREEN_HEIGHT + 56)
            draw_object(o, x, y);
    }
}

static void draw_rings(void)
{
    u8 id = P_RING_1 + (G.frame >> 3 & 3);
    const Spawn *spawn = &G.level.spawns[G.spawn_first];

    for (u16 i = G.spawn_first; i < G.spawn_last; i++, spawn++) {
        s16 x = (s16)(spawn->x - G.screen_x), y;
        if (x <= -16)
            continue;
        if (x >= SCREEN_WIDTH + 16)
            break;              /* they are sorted */
        y = (s16)(spawn->y - G.screen_y);
        if (spawn->kind == K_RING && y > 0 && y < SCREEN_HEIGHT + 16 && !get_bit(G.gone, i))
            draw_picture(id, x, y, 0);
    }
}

/* Bands of plane B scroll at their own pace. Their lines count from the top of the background's picture, which itself
   rises by up to 31 pixels as the camera goes down. */
static void scroll_planes(const ZoneArt *art)
{
    u32 *line = DRAWN.scroll, a = (u32)(u16)-G.screen_x << 16;
    u16 at = 0, until;
    const Band *band = art->bands;

    DRAWN.lift[0] = G.screen_y & 0xFF;
    DRAWN.lift[1] = (u16)(G.screen_y * 15u) >> 8;
    for (u8 i = 0; i < art->band_count; i++, band++) {
        u16 b = -((u32)G.screen_x * band->parallax / 256) - ((s16)(band->drift * (s16)G.frame) >> 4);
        until = i + 1 < art->band_count ? band[1].from_line : 256;
        until = until < DRAWN.lift[1] ? 0 : until - DRAWN.lift[1];
        if (until > SCREEN_HEIGHT)
            until = SCREEN_HEIGHT;
        if (band->wave) {
            const s8 *wave = wave_offset[band->wave <= WAVE_MAX ? band->wave : WAVE_MAX];
            u8 phase = ((at + DRAWN.lift[1]) << 2) + G.frame;
            for (; at < until; at++, phase += 4)
                *line++ = a | (u16)(b + wave[phase & 127]);
        } else {
            u32 both = a | b;
            for (; at + 8 <= until; at += 8, line += 8)
                line[0] = line[1] = line[2] = line[3] = line[4] = line[5] = line[6] = line[7] = both;
            for (; at < until; at++)
                *line++ = both;
        }
    }
}

static u16 *base_colour(const ZoneArt *art, u8 i)
{
    return (u16 *)(i < 16 ? &common_palette[i] : &art->palette[i - 16]);
}

/* Gives 1 when one of them turned in this frame. */
static u8 cycle_colours(const ZoneArt *art)
{
    u8 turned = 0;
    for (u8 i = 0; i < CYCLES; i++) {
        const Cycle *cycle = &art->cycles[i];
        u16 count = cycle->count, period = cycle->period, turn;
        if (!count)
            continue;
        turn = G.frame / period;        /* 16-bit division: one instruction */
        turned |= (u16)(turn * period) == G.frame;
        turn %= count;
        for (u8 k = 0; k < count; k++) {
            DRAWN.palette[cycle->first + turn] = *base_colour(art, cycle->first + k);
            if (++turn == count)
                turn = 0;
        }
    }
    return turned;
}

void display_reset(void)
{
    for (u8 i = 0; i < 64; i++)
        DRAWN.palette[i] = *base_colour(&zone_art[G.zone], i);
    hud_reset();
}

u8 display_build(void)
{
    const ZoneArt *art = &zone_art[G.zone];
    u8 turned = cycle_colours(art);

    scroll_planes(art);
    hud_build();
    if (!G.invulnerable || !(G.frame & 4))
        draw_picture(player_picture(), (s16)G.x - (s16)G.screen_x, G.y - (s16)G.screen_y, G.facing < 0);
    draw_objects();
    draw_rings();
    DRAWN.sprites[DRAWN.sprite_count - 1].link = 0;
    return turned;
}
