/* The player: what happens to it, and its frame; what the buttons do is in control.c, what the terrain does in move.c. */
#include "player.h"

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
