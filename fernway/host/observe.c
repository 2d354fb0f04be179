/* Equal to OpenCV's RGB2GRAY and INTER_AREA to the bit: the same fixed point for a colour, the same weights added up in
   the same order in single precision, halves rounded to even. */
#include <string.h>

#include "observe.h"

#define QUARTERS (SCREEN_WIDTH / 4)

/* Source: OpenCV, modules/imgproc/src/resize.cpp, computeResizeAreaTab. */
s32 area_taps(s32 source, s32 target, Tap *taps)
{
    const double nothing = 1e-3, scale = (double)source / target;   /* a smaller part of a line is left out */
    Tap *tap = taps;

    for (s32 to = 0; to < target; to++) {
        double begin = to * scale, end = (to + 1) * scale;
        double size = scale < source - begin ? scale : source - begin;
        s32 last = (s32)end < source - 1 ? (s32)end : source - 1;
        s32 first = (s32)begin + (begin > (s32)begin);
        if (first > last)
            first = last;
        if (first - begin > nothing)
            *tap++ = (Tap){to, first - 1, (float)((first - begin) / size)};
        for (s32 line = first; line < last; line++)
            *tap++ = (Tap){to, line, (float)(1 / size)};
        if (end - last > nothing) {
            double part = end - last < 1 ? end - last : 1;
            *tap++ = (Tap){to, last, (float)((part < size ? part : size) / size)};
        }
    }
    return (s32)(tap - taps);
}

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

/* Sums of four neighbours, two of them in each half of a word. */
WIDE static void shrink_to_quarters(const u8 *restrict line, float *restrict row)
{
    for (int x = 0; x < QUARTERS; x++) {
        u32 four, pairs;
        memcpy(&four, line + x * 4, 4);
        pairs = (four & 0xFF00FF) + (four >> 8 & 0xFF00FF);
        row[x] = (float)(s32)((pairs + (pairs >> 16)) & 0xFFFF) * 0.25f;
    }
}

static void shrink_line(const u8 *line, const Observer *observer, float *row)
{
    if (observer->width == QUARTERS) {
        shrink_to_quarters(line, row);
        return;
    }
    memset(row, 0, observer->width * sizeof *row);
    for (const Tap *tap = observer->cols, *end = tap + observer->col_count; tap < end; tap++)
        row[tap->to] += line[tap->from] * tap->weight;
}

WIDE static void add_line(const float *restrict row, float weight, int width, float *restrict sum)
{
    for (int x = 0; x < width; x++)
        sum[x] += row[x] * weight;
}

WIDE static void finish_line(float *restrict sum, int width, u8 *restrict to)
{
    for (int x = 0; x < width; x++) {
        to[x] = rounded(sum[x]);
        sum[x] = 0;
    }
}

void zone_grays(s32 zone, u8 grays[SHADES])
{
    for (int i = 0; i < SHADES; i++)
        grays[i] = gray_of_colour(zone_colour(zone, i));
}

void observe(Native *native, const Observer *observer, const Look *look, s32 timestep, u8 *plane)
{
    u8 now[STATE_SIZE], frame[SCREEN_HEIGHT][VDP_ROW], grays[SHADES], line[SCREEN_WIDTH];
    float row[SCREEN_WIDTH], sum[SCREEN_WIDTH] = {0};
    int first = observer->first_line, width = observer->width, drawn = -1;
    Area hero = {0};

    native_back(native, now);
    look = look && look->is_on ? look : 0;
    if (look) {
        G.zone = look->background_zone;     /* all that display.c and vdp.c draw of it but for blocks */
        display_reset();
        display_build();
        hero = look_hero(look);
        vdp_pixels(frame, first, observer->end_line, look->block_zone);
        look_shape(look, hero, frame, first, observer->end_line);
        look_shades(look, grays);
    } else {
        display_reset();
        display_build();
        vdp_pixels(frame, first, observer->end_line, G.zone);
        for (int i = 0; i < SHADES; i++)
            grays[i] = gray_of_colour(DRAWN.palette[i]);
    }
    for (const Tap *tap = observer->rows, *end = tap + observer->row_count; tap < end; tap++) {
        if (tap->from != drawn) {
            const u8 *pixels = frame[first + tap->from] + VDP_MARGIN;
            drawn = tap->from;
            shade(pixels, grays, line);
            if (look)
                look_line(look, hero, first + drawn, pixels, line);
            shrink_line(line, observer, row);
        }
        add_line(row, tap->weight, width, sum);
        if (tap + 1 == end || tap[1].to != tap->to)
            finish_line(sum, width, plane + tap->to * width);
    }
    if (look)
        look_overlay(look, timestep, observer->height, width, plane);
    native_forth(native, now);
}
