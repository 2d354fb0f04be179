/* The player: running, jumping, rolling, dashing, and what the terrain does about it. */
#include "physics.h"

#define COS_14 248              /* 1/256 */
#define COS_27 229
#define COS_45 181
#define SIN_14 62
#define SIN_27 114
#define SIN_45 181
#define SLOPE(factor) {0, FIX(factor * SIN_14 / 256), FIX(factor * SIN_27 / 256), FIX(factor * SIN_45 / 256)}

static const u16 cosine[4] = {256, COS_14, COS_27, COS_45}, sine_up[4] = {0, SIN_14, SIN_27, SIN_45};
static const s32 slope_run[4] = SLOPE(SLOPE_RUN);
static const s32 slope_roll_up[4] = SLOPE(SLOPE_ROLL_UP);
static const s32 slope_roll_down[4] = SLOPE(SLOPE_ROLL_DOWN);

static inline s32 magnitude(s32 v)
{
    return v < 0 ? -v : v;
}

/* value * part / 256 in two 16-bit multiplications */
static s32 scale(s32 value, u16 part)
{
    return ((s32)(s16)(value >> 16) * (s16)part * 256) + (((u32)(u16)value * part) >> 8);
}

static inline u8 steepness(void)
{
    return G.angle < 0 ? -G.angle : G.angle;
}

static s32 along_x(s32 speed)
{
    return G.angle ? scale(speed, cosine[steepness()]) : speed;
}

static s32 along_y(s32 speed)
{
    s32 v;
    if (!G.angle)
        return 0;
    v = scale(speed, sine_up[steepness()]);
    return G.angle > 0 ? -v : v;
}

void player_reset(void)
{
    G.px = (s32)G.level.start_x << 16;
    G.py = (s32)G.level.start_y << 16;
    G.x = G.level.start_x;
    G.y = G.level.start_y;
    G.vx = G.vy = G.speed = G.charge = 0;
    G.angle = 0;
    G.facing = 1;
    G.grounded = 1;
    G.rolling = G.jumping = G.ducking = G.charging = G.hurt = G.sprung = G.skidding = G.pushing = 0;
    G.control_lock = G.invulnerable = G.riding = G.timer = G.idle = G.dead = 0;
    G.stride = 0;
    G.balancing = 0;
}

void player_airborne(void)
{
    G.grounded = G.riding = G.ducking = G.charging = G.skidding = G.pushing = 0;
    G.angle = 0;
}

void player_die(void)
{
    if (G.dead || G.level_end)
        return;
    player_airborne();
    G.dead = 1;
    G.rolling = G.jumping = G.hurt = 0;
    G.timer = DEATH_FRAMES;
    G.vx = 0;
    G.vy = -DEATH_JUMP;
    G.lives--;
}

void player_hurt(s16 from_x)
{
    if (G.invulnerable || G.hurt || G.dead || G.level_end)
        return;
    if (!G.rings) {
        player_die();
        return;
    }
    scatter_rings(G.rings);
    G.rings = 0;
    player_airborne();
    G.rolling = G.jumping = G.sprung = 0;
    G.hurt = 1;
    G.vx = (s16)G.x < from_x ? -HURT_X : HURT_X;
    G.vy = -HURT_Y;
}

/* Is there room for a standing body? */
static u8 headroom(void)
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
    s32 fall = floor.angle ? scale(G.vy, sine_up[floor.angle < 0 ? -floor.angle : floor.angle]) : 0;

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

static void keep_inside(void)
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
    if (off < -24 - FOOT || off > 24 + FOOT)
        player_airborne();
    else
        G.py = platform->y;
}

static void move_on_ground(void)
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

static void move_in_air(void)
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

static void jump(void)
{
    s32 vx = along_x(G.speed), vy = along_y(G.speed);
    u8 steep = steepness();

    vy -= scale(JUMP, cosine[steep]);
    if (steep)
        vx += G.angle > 0 ? -scale(JUMP, sine_up[steep]) : scale(JUMP, sine_up[steep]);
    player_airborne();
    G.vx = vx;
    G.vy = vy;
    G.jumping = G.rolling = 1;
    G.sprung = 0;
}

/* LEFT or RIGHT on foot. way: -1 or 1. */
static void run(s8 way)
{
    s32 speed = way > 0 ? G.speed : -G.speed;   /* as if it were to the right */

    if (speed < 0) {
        if (speed <= -SKID_SPEED)
            G.skidding = 16;
        speed += DECELERATION;
        if (speed >= 0)
            speed = DECELERATION;
    } else {
        G.facing = way;
        G.skidding = 0;
        if (speed < TOP_SPEED) {
            speed += ACCELERATION;
            if (speed > TOP_SPEED)
                speed = TOP_SPEED;
        }
    }
    G.speed = way > 0 ? speed : -speed;
}

static void slow_down(s32 by)
{
    if (magnitude(G.speed) <= by)
        G.speed = 0;
    else
        G.speed += G.speed > 0 ? -by : by;
}

static void slope_pull(void)
{
    u8 steep = steepness(), uphill;
    const s32 *pull = slope_run;

    if (!steep || G.charging || (!G.speed && steep < 3))
        return;
    uphill = (G.speed > 0) == (G.angle > 0);
    if (G.rolling)
        pull = uphill ? slope_roll_up : slope_roll_down;
    G.speed += G.angle > 0 ? -pull[steep] : pull[steep];
}

static void roll_on_ground(u8 pad)
{
    if ((pad & PAD_RIGHT && G.speed < 0) || (pad & PAD_LEFT && G.speed > 0))
        slow_down(ROLL_DECELERATION);
    slow_down(ROLL_FRICTION);
    if (magnitude(G.speed) >= ROLL_START)
        return;
    if (headroom()) {
        G.rolling = 0;
    } else if (pad & (PAD_LEFT | PAD_RIGHT)) {   /* stuck in a low tunnel: crawl out */
        G.facing = pad & PAD_LEFT ? -1 : 1;
        G.speed = G.facing < 0 ? FIX(-1) : FIX(1);
    }
}

/* Ducking and the spin dash. Gives 1 when they hold the player in place. */
static u8 duck(u8 pad, u8 pressed)
{
    if (G.charging) {
        G.speed = 0;
        if (!(pad & PAD_DOWN)) {
            G.charging = G.ducking = 0;
            G.rolling = 1;
            G.speed = DASH_SPEED + (G.charge >> 1);
            if (G.facing < 0)
                G.speed = -G.speed;
            return 0;
        }
        G.charge -= G.charge >> 5;
        if (pressed & PAD_JUMP) {
            G.charge += DASH_CHARGE;
            if (G.charge > DASH_CHARGE_MAX)
                G.charge = DASH_CHARGE_MAX;
        }
        return 1;
    }
    G.ducking = (pad & PAD_DOWN) && !G.rolling && magnitude(G.speed) < ROLL_START;
    if (G.ducking && pressed & PAD_JUMP) {
        G.charging = 1;
        G.charge = 0;
        G.speed = 0;
        return 1;
    }
    return 0;
}

static void control_on_ground(u8 pad, u8 pressed)
{
    if (!duck(pad, pressed)) {
        if (pressed & PAD_JUMP && (!G.rolling || headroom())) {
            jump();
            return;
        }
        if (!G.rolling && pad & PAD_DOWN && magnitude(G.speed) >= ROLL_START) {
            G.rolling = 1;
            G.skidding = 0;
        }
        slope_pull();
        if (steepness() == 3 && !G.rolling && !G.control_lock && magnitude(G.speed) < SLIP_SPEED &&
            (G.speed == 0 || (G.speed > 0) == (G.angle > 0)))
            G.control_lock = SLIP_FRAMES;
        if (G.control_lock) {
            G.control_lock--;
            pad &= ~(PAD_LEFT | PAD_RIGHT);
        }
        if (G.rolling)
            roll_on_ground(pad);
        else if (pad & PAD_LEFT && !G.ducking)
            run(-1);
        else if (pad & PAD_RIGHT && !G.ducking)
            run(1);
        else
            slow_down(FRICTION);
        if (G.speed > SPEED_MAX)
            G.speed = SPEED_MAX;
        else if (G.speed < -SPEED_MAX)
            G.speed = -SPEED_MAX;
    }
    move_on_ground();
}

static void control_in_air(u8 pad)
{
    if (G.control_lock)
        G.control_lock--;
    if (G.jumping && !(pad & PAD_JUMP) && G.vy < -JUMP_CUT)
        G.vy = -JUMP_CUT;
    if (!G.hurt) {
        if (pad & PAD_LEFT) {
            G.facing = -1;
            if (G.vx > -TOP_SPEED) {
                G.vx -= AIR_ACCELERATION;
                if (G.vx < -TOP_SPEED)
                    G.vx = -TOP_SPEED;
            }
        } else if (pad & PAD_RIGHT) {
            G.facing = 1;
            if (G.vx < TOP_SPEED) {
                G.vx += AIR_ACCELERATION;
                if (G.vx > TOP_SPEED)
                    G.vx = TOP_SPEED;
            }
        }
        if (G.vy < 0 && G.vy > -JUMP_CUT)
            G.vx -= G.vx / 32;  /* air drag */
    }
    move_in_air();
    if (G.grounded)
        return;
    G.vy += G.hurt ? HURT_GRAVITY : GRAVITY;
    if (G.vy > FALL_MAX)
        G.vy = FALL_MAX;
    if (G.vy > 0)
        G.sprung = 0;
}

static void remember_idleness(u8 pad)
{
    if (pad || G.speed || !G.grounded)
        G.idle = 0;
    else if (G.idle < 255)
        G.idle++;
    else
        G.idle = 128;           /* so that blinking and breathing go on */
}

/* Behind the heels of who brakes or charges a spin dash. */
static void raise_dust(void)
{
    Object *dust;
    if (!G.grounded || !(G.charging || G.skidding) || G.frame & 7)
        return;
    dust = object_new(K_DUST, (s16)G.x + (G.facing > 0 ? -10 : 10), G.y);
    if (dust)
        dust->facing = G.facing;
}

void player_frame(void)
{
    u8 pad = G.level_end ? 0 : G.pad, pressed = pad & ~G.pad_before;

    if (G.dead) {
        G.py += G.vy;
        G.vy += GRAVITY;
        G.y = PIXEL(G.py);
        return;
    }
    if (G.invulnerable && !G.hurt)
        G.invulnerable--;
    if (G.skidding)
        G.skidding--;
    if (G.grounded)
        control_on_ground(pad, pressed);
    else
        control_in_air(pad);
    keep_inside();
    G.x = PIXEL(G.px);
    G.y = PIXEL(G.py);
    G.stride += (u16)((magnitude(G.grounded ? G.speed : G.vx) >> 12) + (G.grounded ? 0 : 24));
    remember_idleness(pad);
    raise_dust();
    G.balancing = G.grounded && !G.speed && !G.riding && floor_at((s16)G.x, G.y, -1000).y == NO_FLOOR;
    if (G.y > LEVEL_ROWS * 16 + STAND)
        player_die();
}
