"""The eight zones, in the order of their numbers."""

import functools

from fernway.art.zone import Zone
from fernway.art.zones import (
    amber_quarry,
    copper_works,
    fern_hollow,
    frost_spires,
    glass_dunes,
    lantern_canopy,
    star_atrium,
    tide_harbor,
)


@functools.cache
def all_zones() -> tuple[Zone, ...]:
    """Draws all zones."""
    modules = (
        fern_hollow, amber_quarry, tide_harbor, frost_spires, lantern_canopy, copper_works, glass_dunes, star_atrium,
    )  # fmt: skip
    return tuple(module.zone() for module in modules)
