/* The player moves, and what the terrain does about it: walls, floors, ceilings, platforms. */
#include "player.h"

const u16 slope_cosine[4] = {256, COS_14, COS_27, COS_45}, slope_sine[4] = {0, SIN_14, SIN_27, SIN_45};

s32 scale(s32 value, u16 part)
{
    return ((s32)(s16)(value >> 16) * (s16)part * 256) + (((u32)(u16)value * part) >> 8);
}

s32 along_x(s32 speed)
{
    return G.angle ? scale(speed, slope_cosine[steepness()]) : speed;
}

s32 along_y(s32 speed)
{
    s32 v;
    if (!G.angle)
        return 0;
    v = scale(speed, slope_sine[steepness()]);
    return G.angle > 0 ? -v : v;
}

u8 headroom(void)
{
    s16 x = PIXEL(G.px), y = PIXEL(G.py) - STAND;
    return !point_solid(x - FOOT + 2, y) && !point_solid(x + FOOT - 2, y);
}

static inline s16 height(void)
{
    return G.rolling ? BALL : STAND;
}

/* Ran against the wall block at (x, y)? Walls break before a fast ball, spikes hurt. Gives 1 when it holds. */
static u8 wall(s16 x, s16 y)
{
    u8 block;
    if (!point_solid(x, y))
        return 0;
    block = block_at(x, y);
    if (block == B_BREAKABLE && G.rolling && magnitude(G.vx) >= BREAK_SPEED) {
        break_wall(x, y);
        return 0;
    }
    if (block == B_SPIKES)
        player_hurt(x);
    return 1;
}

/* Moves sideways, unless a wall holds: then right up to it, and gives 1. */
static u8 move_sideways(s32 by)
{
    s16 y = PIXEL(G.py), low = y - 11, side;
    s32 before = G.px;

    G.px += by;
    if (!by)
        return 0;
    side = PIXEL(G.px) + (by > 0 ? SIDE : -SIDE);
    if (!wall(side, low)) {
        low = y - height() + 4;
        if (!wall(side, low))
            return 0;
    }
    if (block_height[block_at(side, low)][0] + block_height[block_at(side, low)][15] == 32)
        G.px = (s32)(by > 0 ? (side & ~15) - SIDE - 1 : (side | 15) + SIDE + 1) << 16;
    else
        G.px = before;          /* the blunt end of a slope */
    return 1;
}

/* The higher of the floors under the two feet. */
static Floor floor_under(s16 x, s16 y, s16 ledge_from)
{
    Floor left = floor_at(x - FOOT, y, ledge_from), right = floor_at(x + FOOT, y, ledge_from);
    return left.y < right.y ? left : right.y < left.y ? right : G.facing < 0 ? left : right;
}

/* Spikes hurt only who really stands on them, not who stands beside them with one foot over. */
static void floor_hurts(Floor floor)
{
    Floor middle;
    if (floor.block != B_SPIKES)
        return;
    middle = floor_at(PIXEL(G.px), floor.y, floor.y);
    if (middle.y != floor.y || middle.block == B_SPIKES)
        player_hurt((s16)G.x - G.facing);
}

static void land(Floor floor)
{
    s32 fall = floor.angle ? scale(G.vy, slope_sine[floor.angle < 0 ? -floor.angle : floor.angle]) : 0;

    G.py = (s32)floor.y << 16;
    G.grounded = 1;
    G.angle = floor.angle;
    /* On a slope a fall turns into speed downhill, unless the player was faster sideways. */
    G.speed = magnitude(G.vx) > magnitude(G.vy) || !fall ? G.vx : floor.angle > 0 ? -fall : fall;
    G.vy = 0;
    if (G.hurt) {
        G.hurt = 0;
        G.speed = 0;
        G.invulnerable = INVULNERABLE_FRAMES;
    }
    G.jumping = G.sprung = 0;
    if (headroom())
        G.rolling = 0;
    floor_hurts(floor);
}

/* Velocities are cut into steps of at most 4 pixels, so that nothing is jumped over: 2 to the power of this. */
static u8 step_shift(void)
{
    s32 fastest = magnitude(G.vx), down = magnitude(G.vy);
    if (down > fastest)
        fastest = down;
    return fastest <= FIX(4) ? 0 : fastest <= FIX(8) ? 1 : 2;
}

void keep_inside(void)
{
    s16 x = PIXEL(G.px), right = (s16)(G.level.cols << 4) - SIDE - 2;
    if (x < SIDE + 2)
        x = SIDE + 2;
    else if (x > right)
        x = right;
    else
        return;
    G.px = (s32)x << 16;
    G.vx = G.speed = 0;
}

static void move_on_platform(void)
{
    Object *platform = &G.objects[G.riding - 1];
    s16 off;

    if (move_sideways(G.vx)) {
        if (!G.riding)
            return;             /* thrown back by spikes */
        G.speed = G.vx = 0;
    }
    off = PIXEL(G.px) - PIXEL(platform->x);
    if (off < -PLATFORM_HALF - FOOT || off > PLATFORM_HALF + FOOT)
        player_airborne();
    else
        G.py = platform->y;
}

void move_on_ground(void)
{
    u8 shift, steps;

    G.vx = along_x(G.speed);
    G.vy = along_y(G.speed);
    G.pushing = 0;
    if (G.riding) {
        move_on_platform();
        return;
    }
    shift = step_shift();
    for (steps = 1 << shift; steps; steps--) {
        Floor floor;
        s16 gap;
        G.py += G.vy >> shift;
        if (move_sideways(G.vx >> shift)) {
            if (!G.grounded)
                return;         /* thrown back by spikes */
            G.pushing = (G.pad & (G.speed > 0 ? PAD_RIGHT : PAD_LEFT)) != 0;
            G.speed = G.vx = 0;
            steps = 1;
        }
        floor = floor_under(PIXEL(G.px), PIXEL(G.py), -1000);
        gap = floor.y - PIXEL(G.py);
        if (gap < -14 || gap > 14) {
            s32 vx = G.vx, vy = G.vy;
            player_airborne();
            G.vx = vx;
            G.vy = vy;
            return;
        }
        G.py = (s32)floor.y << 16;
        G.angle = floor.angle;
        floor_hurts(floor);
        if (!G.grounded)
            return;
    }
}

void move_in_air(void)
{
    u8 shift = step_shift(), steps;

    for (steps = 1 << shift; steps; steps--) {
        s16 before = PIXEL(G.py), x, y;
        G.py += G.vy >> shift;
        if (move_sideways(G.vx >> shift) && !G.hurt)
            G.vx = 0;
        if (G.dead)
            return;
        x = PIXEL(G.px);
        y = PIXEL(G.py);
        if (G.vy < 0) {
            s16 head = y - height();
            if (point_solid(x - FOOT + 2, head) || point_solid(x + FOOT - 2, head)) {
                G.py = (s32)((head | 15) + 1 + height()) << 16;
                G.vy = 0;
            }
        } else {
            u8 platform = platform_under(x, before, y);
            Floor floor;
            if (platform) {
                floor.y = PIXEL(G.objects[platform - 1].y);
                floor.angle = 0;
                floor.block = B_EMPTY;
                land(floor);
                G.py = G.objects[platform - 1].y;
                G.riding = platform;
                return;
            }
            floor = floor_under(x, y, before - 2);
            if (y >= floor.y && y - floor.y <= 12) {
                land(floor);
                return;
            }
        }
    }
}

