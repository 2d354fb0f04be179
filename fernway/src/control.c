/* What the buttons do: running, jumping, rolling, ducking, the spin dash; and the pull of slopes. */
#include "player.h"

#define SLOPE(factor) {0, FIX(factor * SIN_14 / 256), FIX(factor * SIN_27 / 256), FIX(factor * SIN_45 / 256)}

static const s32 slope_run[4] = SLOPE(SLOPE_RUN);
static const s32 slope_roll_up[4] = SLOPE(SLOPE_ROLL_UP);
static const s32 slope_roll_down[4] = SLOPE(SLOPE_ROLL_DOWN);

static void jump(void)
{
    s32 vx = along_x(G.speed), vy = along_y(G.speed);
    u8 steep = steepness();

    vy -= scale(JUMP, slope_cosine[steep]);
    if (steep)
        vx += G.angle > 0 ? -scale(JUMP, slope_sine[steep]) : scale(JUMP, slope_sine[steep]);
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
    u8 has_ducked;

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
    /* As in Sonic 2 and 3, who ducked already charges: DOWN and a jump button pressed in the same frame jump. */
    has_ducked = G.ducking;
    G.ducking = (pad & PAD_DOWN) && !G.rolling && magnitude(G.speed) < ROLL_START;
    if (has_ducked && G.ducking && pressed & PAD_JUMP && !G.is_dashless) {
        G.charging = 1;
        G.charge = 0;
        G.speed = 0;
        return 1;
    }
    return 0;
}

void control_on_ground(u8 pad, u8 pressed)
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

void control_in_air(u8 pad)
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

