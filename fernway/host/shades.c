/* A table of 64 bytes is one register, or four: far quicker than memory, pixel by pixel. */
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "shades.h"
#include "vdp.h"

static void shade_plainly(const u8 *restrict pixels, const u8 *restrict grays, u8 *restrict line)
{
    for (int x = 0; x < SCREEN_WIDTH; x++)
        line[x] = grays[pixels[x] & VDP_COLOUR];
}

#ifdef __x86_64__
__attribute__((target("avx512f,avx512vbmi"))) static void shade_with_avx512(const u8 *pixels, const u8 *grays, u8 *line)
{
    __m512i table = _mm512_loadu_si512(grays);
    for (int x = 0; x < SCREEN_WIDTH; x += 64)
        _mm512_storeu_si512(line + x, _mm512_permutexvar_epi8(_mm512_loadu_si512(pixels + x), table));
}

/* A register holds 16 entries of the table: each looks up what is in its part and gives 0 for the rest, by a set sign
   bit. */
__attribute__((target("avx2"))) static void shade_with_avx2(const u8 *pixels, const u8 *grays, u8 *line)
{
    __m256i parts[4];
    for (int i = 0; i < 4; i++)
        parts[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(grays + i * 16)));
    for (int x = 0; x < SCREEN_WIDTH; x += 32) {
        __m256i colours = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(pixels + x)), _mm256_set1_epi8(VDP_COLOUR));
        __m256i found = _mm256_setzero_si256();
        for (int i = 0; i < 4; i++) {
            __m256i entry = _mm256_sub_epi8(colours, _mm256_set1_epi8(i * 16));
            entry = _mm256_adds_epu8(entry, _mm256_set1_epi8(0x70));
            found = _mm256_or_si256(found, _mm256_shuffle_epi8(parts[i], entry));
        }
        _mm256_storeu_si256((__m256i *)(line + x), found);
    }
}
#endif

u8 shade_by(enum ShadeWay way, const u8 *pixels, const u8 *grays, u8 *line)
{
    switch (way) {
#ifdef __x86_64__
    case SHADE_AVX512:
        if (!__builtin_cpu_supports("avx512vbmi"))
            return 0;
        shade_with_avx512(pixels, grays, line);
        return 1;
    case SHADE_AVX2:
        if (!__builtin_cpu_supports("avx2"))
            return 0;
        shade_with_avx2(pixels, grays, line);
        return 1;
#endif
    case SHADE_PLAINLY:
        shade_plainly(pixels, grays, line);
        return 1;
    default:
        return 0;
    }
}

void shade(const u8 pixels[SCREEN_WIDTH], const u8 grays[SHADES], u8 line[SCREEN_WIDTH])
{
    enum ShadeWay way = SHADE_WAYS;
    while (!shade_by(--way, pixels, grays, line))
        ;
}
