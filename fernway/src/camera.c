/* The camera: ahead of a moving player, so that what comes can be seen in time; calm up and down. */
#include "physics.h"

#define LEAD_MAX 72             /* pixels ahead at top speed */
#define LEAD_STEP 2             /* pixels a frame */
#define MIDDLE 136              /* screen line the feet rest at */
#define SLACK 32                /* pixels up or down in the air before the camera follows */
#define FALL_FREE FIX(7)        /* a fall no faster than a jump's end shows nothing new below; one that is faster looks ahead */
#define FALL_LEAD_MAX 64
#define FASTEST 16              /* pixels a frame */
#define LOOK_AFTER 60           /* frames UP or DOWN is held before the camera looks there */
#define LOOK_MAX 64

static s16 clamp(s16 v, s16 low, s16 high)
{
    return v < low ? low : v > high ? high : v;
}

static void place(s16 x, s16 y)
{
    G.screen_x = clamp(x, 0, (s16)(G.level.cols << 4) - SCREEN_WIDTH);
    G.screen_y = clamp(y, 0, LEVEL_ROWS * 16 - SCREEN_HEIGHT);
}

void camera_reset(void)
{
    G.lead = LEAD_MAX / 2;
    G.look = G.looking = 0;
    place((s16)G.x - SCREEN_WIDTH / 2 + G.lead, G.y - MIDDLE);
}

void camera_frame(void)
{
    s16 vx = PIXEL((G.grounded ? G.speed : G.vx) << 3);   /* 1/8 pixels a frame */
    s16 lead = clamp(vx + (vx >> 1), -LEAD_MAX, LEAD_MAX), x = (s16)G.screen_x, y = (s16)G.screen_y, off;

    if (vx == 0)
        lead = G.facing * (LEAD_MAX / 2);
    G.lead += clamp(lead - G.lead, -LEAD_STEP, LEAD_STEP);
    if (G.dead)
        return;
    x += clamp((s16)G.x - SCREEN_WIDTH / 2 + G.lead - x, -FASTEST, FASTEST);

    if (G.grounded && !G.speed && G.pad & (PAD_UP | PAD_DOWN) && !G.charging) {
        if (G.looking < LOOK_AFTER)
            G.looking++;
        else
            G.look += G.pad & PAD_UP ? (G.look > -LOOK_MAX ? -2 : 0) : (G.look < LOOK_MAX ? 2 : 0);
    } else {
        G.looking = 0;
        G.look += G.look > 0 ? -2 : G.look < 0 ? 2 : 0;
    }
    off = G.y - MIDDLE + G.look - y;
    if (!G.grounded && G.vy > FALL_FREE)
        off += clamp(PIXEL((G.vy - FALL_FREE) << 4), 0, FALL_LEAD_MAX);
    if (G.grounded) {
        s16 fastest = G.speed > FIX(6) || G.speed < -FIX(6) || G.vy > FIX(5) || G.vy < -FIX(5) ? FASTEST : 6;
        y += clamp(off, -fastest, fastest);
    } else if (off > SLACK) {
        y += clamp(off - SLACK, 0, FASTEST);
    } else if (off < -SLACK) {
        y += clamp(off + SLACK, -FASTEST, 0);
    }
    place(x, y);
}
