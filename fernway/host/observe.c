/* Equal to OpenCV's RGB2GRAY and INTER_AREA to the bit: the same fixed point for a colour, the same weights added up in
   the same order in single precision, halves rounded to even. */
#include <string.h>

#include "observe.h"
#include "vdp.h"

#define QUARTERS (SCREEN_WIDTH / 4)

/* Halves to even, for 0..255: what is left in the lowest bits once the sum has no room for a fraction. */
static inline u8 rounded(float value)
{
    const float no_fraction = 12582912;     /* 1.5 * 2^23 */
    u32 bits;
    value += no_fraction;
    memcpy(&bits, &value, 4);
    return bits;
}

/* ITU-R BT.601. */
static u8 gray_of_colour(u16 colour)
{
    u32 rgb = vdp_rgb(colour);
    return ((rgb & 255) * 9798 + (rgb >> 8 & 255) * 19235 + (rgb >> 16) * 3735 + (1 << 14)) >> 15;
}

static void gray_palette(u8 grays[VDP_COLOUR + 1])
{
    for (int i = 0; i <= VDP_COLOUR; i++)
        grays[i] = gray_of_colour(DRAWN.palette[i]);
    grays[0] = grays[VDP_BACKDROP];
}

static void gray_line(const u8 *restrict pixels, const u8 *restrict grays, u8 *restrict line)
{
    for (int x = 0; x < SCREEN_WIDTH; x++)
        line[x] = grays[pixels[x] & VDP_COLOUR];
}

static void shrink_line(const u8 *restrict line, const Observer *observer, float *restrict row)
{
    if (observer->width == QUARTERS) {
        for (int x = 0; x < QUARTERS; x++)
            row[x] = (line[x * 4] + line[x * 4 + 1] + line[x * 4 + 2] + line[x * 4 + 3]) * 0.25f;
        return;
    }
    memset(row, 0, observer->width * sizeof *row);
    for (const Tap *tap = observer->cols, *end = tap + observer->col_count; tap < end; tap++)
        row[tap->to] += line[tap->from] * tap->weight;
}

void observe(Native *native, const Observer *observer, u8 *plane)
{
    u8 now[STATE_SIZE], frame[SCREEN_HEIGHT][VDP_ROW], grays[VDP_COLOUR + 1], line[SCREEN_WIDTH];
    float row[SCREEN_WIDTH], sum[SCREEN_WIDTH] = {0};
    int width = observer->width, drawn = -1;

    native_back(native, now);
    vdp_pixels(frame, observer->first_line, observer->end_line);
    native_forth(native, now);
    gray_palette(grays);
    for (const Tap *tap = observer->rows, *end = tap + observer->row_count; tap < end; tap++) {
        if (tap->from != drawn) {
            drawn = tap->from;
            gray_line(frame[observer->first_line + drawn] + VDP_MARGIN, grays, line);
            shrink_line(line, observer, row);
        }
        for (int x = 0; x < width; x++)
            sum[x] += row[x] * tap->weight;
        if (tap + 1 == end || tap[1].to != tap->to)
            for (int x = 0; x < width; x++) {
                plane[tap->to * width + x] = rounded(sum[x]);
                sum[x] = 0;
            }
    }
}
