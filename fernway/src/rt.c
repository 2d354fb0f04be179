/* What gcc calls for and Debian's libgcc only has for the 68020. */
#include "types.h"

u32 __mulsi3(u32 a, u32 b)
{
    u16 a_low = a, a_high = a >> 16, b_low = b, b_high = b >> 16;
    return (u32)a_low * b_low + (((u32)a_low * b_high + (u32)a_high * b_low) << 16);
}

void *memcpy(void *to, const void *from, unsigned long count)
{
    u8 *t = to;
    const u8 *f = from;
    while (count--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int value, unsigned long count)
{
    u8 *t = to;
    while (count--)
        *t++ = value;
    return to;
}
