"""What one zone looks like."""

import dataclasses

from fernway.art.canvas import Image
from fernway.art.terrain import Terrain


@dataclasses.dataclass(frozen=True, slots=True)
class Band:
    """Lines of the background that scroll together; fields as in art.h."""

    from_line: int
    """First screen line, 0..223."""
    parallax: int
    """Scrolls by camera x * parallax / 256."""
    drift: int = 0
    """And by itself, 1/16 pixel a frame."""
    wave: int = 0
    """Amplitude of a slow per-line sine, pixels."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cycle:
    """Colours that rotate; fields as in art.h."""

    first: int = 0
    """0..63."""
    count: int = 0
    """0: unused."""
    period: int = 0
    """Frames a turn by one."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One zone's art."""

    name: str
    """Upper case A-Z and space, at most 16 characters."""
    ground: tuple[int, ...]
    """Palette line 1: terrain."""
    sky: tuple[int, ...]
    """Palette line 2: background; its colour 0 is the backdrop."""
    life: tuple[int, ...]
    """Palette line 3: enemies and platforms, roles as in creatures.py."""
    terrain: Terrain
    """What the blocks are cut from."""
    background: Image
    """Palette line 2 [256, 512]."""
    bands: tuple[Band, ...]
    """How the background scrolls, from the top down."""
    cycles: tuple[Cycle, ...] = ()
    """Which colours rotate."""
