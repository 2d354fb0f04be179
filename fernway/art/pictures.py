"""All pictures of art.h's PictureId, and the palette line that most of them share."""

import functools

from fernway.art import creatures, hero_poses, things
from fernway.art.palette import line
from fernway.art.sprites import Drawing

# See-through, outline, white, grey; dark fur, rust, fur, amber, cream, tan; gold dark, gold, gold light; teal dark,
# teal; red.
COMMON_PALETTE = line("000 102 777 456 311 510 620 741 775 653 520 750 774 034 166 702")


@functools.cache
def drawings() -> dict[str, Drawing]:
    """Draws every picture, by its name in art.h."""
    return hero_poses.drawings() | creatures.drawings() | things.drawings()
