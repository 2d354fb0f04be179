/* The console's video chip as far as Fernway uses it: from a Display and the level to pixels. */
#ifndef FERNWAY_VDP_H
#define FERNWAY_VDP_H

#include "../src/display.h"

/* Draws the selected game with the selected display, which is already built, as RGB [224][320][3]. */
void vdp_render(u8 *rgb);

#endif
