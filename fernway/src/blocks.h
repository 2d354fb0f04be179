/* The 16x16-pixel blocks a level's terrain is made of. Generator, physics, drawing and art all speak these ids. */
#ifndef FERNWAY_BLOCKS_H
#define FERNWAY_BLOCKS_H

#include "types.h"

enum Block {
    B_EMPTY = 0,
    /* Full solid blocks; they differ in looks only. */
    B_FILL,                     /* interior */
    B_FILL_ALT,                 /* interior with a detail (stone, root, rivet), sprinkled by the generator */
    B_TOP,                      /* surface on the upper edge */
    B_TOP_ALT,
    B_LEFT,                     /* exposed face on the left edge */
    B_RIGHT,
    B_TOP_LEFT,                 /* corner: surface above, exposed face on the left */
    B_TOP_RIGHT,
    B_BOTTOM,                   /* exposed lower edge (ceiling) */
    B_UNDER_SLOPE,              /* solid block right below a slope: surface shading runs on into it */
    /* Slopes; the name says how the ground runs from left to right, the digits its angle in degrees.
       Ground height in pixels above the block's lower edge, at pixel column i = 0..15: */
    B_UP_45,                    /* i + 1 */
    B_UP_27_A, B_UP_27_B,       /* i/2 + 1, then i/2 + 9 */
    B_UP_14_A, B_UP_14_B, B_UP_14_C, B_UP_14_D, /* i/4 + 1, + 5, + 9, + 13 */
    B_DOWN_45,                  /* 16 - i */
    B_DOWN_27_A, B_DOWN_27_B,   /* 16 - i/2, then 8 - i/2 */
    B_DOWN_14_A, B_DOWN_14_B, B_DOWN_14_C, B_DOWN_14_D, /* 16 - i/4, 12 - .., 8 - .., 4 - i/4 */
    /* One-way platforms: solid from above only, height 16. */
    B_LEDGE, B_LEDGE_LEFT, B_LEDGE_RIGHT,
    /* Hurts whoever lands on it or (from the side) runs into it; solid otherwise. */
    B_SPIKES,
    /* Solid until a rolling or spin-dashing player hits it at 4 or more pixels a frame: then it becomes B_EMPTY. */
    B_BREAKABLE,
    /* Looks only, nothing to collide with: plants, lamps, signs; stand on the block below. */
    B_DECOR_1, B_DECOR_2, B_DECOR_3, B_DECOR_4,
    B_DECOR_TALL_TOP, B_DECOR_TALL_BOTTOM,      /* one decoration, two blocks high */
    /* Looks only: the surface of a pit's bottom (water, lava, fog), and what is below it. Falling in is deadly anyway. */
    B_ABYSS_TOP, B_ABYSS,
    B_COUNT
};

#endif
