/* The game's whole mutable state, and who does what with it. */
#ifndef FERNWAY_GAME_H
#define FERNWAY_GAME_H

#include "level.h"

#define SCREEN_WIDTH 320
#define SCREEN_HEIGHT 224
#define OBJECTS 40
#define BROKEN_MAX 192
#define LIVES_START 3
#define FIX(pixels) ((s32)((pixels) * 65536.0 + ((pixels) < 0 ? -0.5 : 0.5)))   /* 16.16 fixed point */
#define PIXEL(fixed) ((s16)((fixed) >> 16))     /* only ever >> 16: gcc 12 reads odd words for other shifts */

enum Button { PAD_UP = 1, PAD_DOWN = 2, PAD_LEFT = 4, PAD_RIGHT = 8, PAD_B = 16, PAD_C = 32, PAD_A = 64,
              PAD_START = 128, PAD_JUMP = PAD_A | PAD_B | PAD_C };

/* Kinds of objects that no level holds; they come about in play. */
enum { K_SHOT = K_COUNT, K_PUFF, K_SPARKLE, K_DEBRIS, K_LOST_RING, K_DUST };

enum Command { CMD_NONE, CMD_START, CMD_NEXT }; /* poked from outside: a new game; from inside: the next act */

typedef struct {
    s32 x, y, vx, vy;           /* feet, pixels 16.16 */
    s16 home_x, home_y;         /* where the level puts it */
    u16 spawn;                  /* index into level.spawns, NO_SPAWN for what came about in play */
    u8 kind, arg;
    u8 state, timer;            /* their meaning is the kind's own business */
    s8 facing;                  /* 1 right, -1 left */
    u8 reserved;
} Object;                       /* 28 bytes */

#define NO_SPAWN 0xFFFF

/* Sits at 0xFF0000 in the ROM. The screen is a function of this alone. */
struct Game {
    /* For data.json: address 0xFF0000 + the offset on the left, big-endian. */
    u32 magic;                  /* 0x00 'FERN' once the game runs */
    u32 seed;                   /* 0x04 of the level; poked together with zone, act and cmd */
    u32 score;                  /* 0x08 */
    u16 x;                      /* 0x0C player's feet, pixels: 0..cols * 16 */
    s16 y;                      /* 0x0E may be negative, above the level */
    u16 screen_x, screen_y;     /* 0x10, 0x12 upper left corner of what the camera shows */
    u16 start_x, end_x;         /* 0x14, 0x16 where progress is 0 and 1 */
    u16 rings;                  /* 0x18 */
    u16 frame;                  /* 0x1A frames since the level began */
    u8 lives;                   /* 0x1C */
    u8 zone, act;               /* 0x1D, 0x1E */
    u8 cmd;                     /* 0x1F poke CMD_START: level (zone, act, seed) starts afresh; then 0 again */
    u8 level_end;               /* 0x20 1 from the frame on in which x reaches end_x */
    u8 dead;                    /* 0x21 1 while the player falls out of the screen, a life already taken */
    u8 minutes, seconds;        /* 0x22, 0x23 the running clock */
    u8 ticks;                   /* 0x24 frames of the running second */
    u8 pad, pad_before;         /* 0x25, 0x26 enum Button */

    /* The player. */
    u8 grounded;                /* 0x27 */
    s32 px, py;                 /* 0x28, 0x2C feet, 16.16 */
    s32 vx, vy;                 /* 0x30, 0x34 pixels a frame, 16.16 */
    s32 speed;                  /* 0x38 along the ground, 16.16 */
    s32 charge;                 /* 0x3C of the spin dash, 0..8, 16.16 */
    s8 angle;                   /* 0x40 ground under the feet: -3..3 for -45, -27, -14, 0, 14, 27, 45 degrees */
    s8 facing;                  /* 0x41 1 right, -1 left */
    u8 rolling;                 /* 0x42 a ball, on the ground or in the air: breaks walls and enemies */
    u8 jumping;                 /* 0x43 in the air by a jump: releasing the button cuts it */
    u8 ducking, charging;       /* 0x44, 0x45 */
    u8 hurt;                    /* 0x46 thrown back in the air, without control */
    u8 sprung;                  /* 0x47 thrown by a spring */
    u8 skidding, pushing;       /* 0x48, 0x49 */
    u8 control_lock;            /* 0x4A frames in which LEFT and RIGHT do nothing */
    u8 invulnerable;            /* 0x4B frames */
    u8 riding;                  /* 0x4C 1 + index of the platform stood on */
    u8 timer;                   /* 0x4D frames left of death or of a level's end */
    u8 idle;                    /* 0x4E frames without doing anything, at most 255 */
    u8 looking;                 /* 0x4F frames UP or DOWN has been held standing still */
    u16 stride;                 /* 0x50 runs on with the speed: picks the walking picture */
    s16 lead;                   /* 0x52 pixels the camera is ahead of the player */
    s16 look;                   /* 0x54 pixels the camera looks up or down */
    u16 broken_count;           /* 0x56 */
    u32 random;                 /* 0x58 */
    u16 spawn_first, spawn_last; /* 0x5C spawns first..last-1 are near the camera */
    u8 balancing;               /* 0x60 standing with nothing under the middle */
    u8 objects_used;            /* 0x61 1 + highest index of an object in use */
    u8 is_dashless;             /* 0x62 there is no spin dash, as in Sonic 1: a host may set it, the ROM never does */
    u8 reserved;
    u8 gone[LEVEL_SPAWNS / 8];  /* 0x64 collected rings, dead enemies */
    u8 active[LEVEL_SPAWNS / 8]; /* has an object at present */
    u16 broken[BROKEN_MAX];     /* indices into level.blocks of walls broken so far */
    Object objects[OBJECTS];
    Level level;                /* as generated, but for what is broken */
};

#ifdef __m68k__
register struct Game *game_selected __asm__("a5"); /* set in boot.s: shorter and faster than absolute addresses */
#define G (*game_selected)
#else
extern _Thread_local struct Game *game_selected; /* many games live in one process */
#define G (*game_selected)
#endif

#define GAME_OFFSET(field, offset) _Static_assert(__builtin_offsetof(struct Game, field) == (offset), #field)
GAME_OFFSET(seed, 0x04);
GAME_OFFSET(score, 0x08);
GAME_OFFSET(x, 0x0C);
GAME_OFFSET(screen_x, 0x10);
GAME_OFFSET(start_x, 0x14);
GAME_OFFSET(rings, 0x18);
GAME_OFFSET(lives, 0x1C);
GAME_OFFSET(cmd, 0x1F);
GAME_OFFSET(level_end, 0x20);
GAME_OFFSET(grounded, 0x27);
GAME_OFFSET(px, 0x28);
GAME_OFFSET(angle, 0x40);
GAME_OFFSET(stride, 0x50);
GAME_OFFSET(is_dashless, 0x62);
GAME_OFFSET(gone, 0x64);
GAME_OFFSET(objects, 0x64 + 2 * (LEVEL_SPAWNS / 8) + 2 * BROKEN_MAX);
_Static_assert(sizeof(Object) == 28, "the same layout on the 68000 and on the host");

/* game.c */
void game_load(u8 new_game);    /* makes the level (zone, act, seed) and stands the player at its start; leaves cmd */
void game_frame(u8 pad);        /* one frame of logic; draws nothing */
u32 game_random(void);
void add_score(u16 points);

/* player.c: moves the player; what can happen to it */
void player_reset(void);
void player_frame(void);
void player_hurt(s16 from_x);   /* rings or a life go, unless invulnerable */
void player_die(void);
void player_airborne(void);     /* leaves the ground with its present velocity vx, vy */

/* collide.c */
extern const u8 block_height[B_COUNT][16];
u8 block_at(s16 x, s16 y);
u8 point_solid(s16 x, s16 y);   /* inside anything but a ledge? */
typedef struct { s16 y; s8 angle; u8 block; } Floor;
#define NO_FLOOR 0x7FF0
/* The ground near a foot at (x, y): one block up and down. Ledges whose upper edge is above ledge_from do not count. */
Floor floor_at(s16 x, s16 y, s16 ledge_from);
void break_wall(s16 x, s16 y);  /* the whole column of breakable blocks through the pixel (x, y) */
void restore_walls(void);

/* objects.c */
void objects_reset(void);
void objects_near_camera(void); /* those that come near come to life, those far away go to sleep */
void objects_move(void);
Object *object_new(u8 kind, s16 x, s16 y); /* 0 when all slots are taken */
void scatter_rings(u16 count);

/* touch.c */
void objects_touch(void);       /* what happens between them and the player */

/* platforms.c */
u8 platform_under(s16 x, s16 y_before, s16 y); /* 1 + index of the platform whose upper edge the feet crossed, or 0 */

/* camera.c */
void camera_reset(void);
void camera_frame(void);

#endif
