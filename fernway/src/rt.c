/* What gcc calls for by itself (__mulsi3 is in boot.s); Debian's libgcc is for the 68020. */
#include "types.h"

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
