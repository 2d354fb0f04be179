"""Another look for every episode, so that a network learns the shape of a level and not its paint.

A look changes how a level is drawn, never how it plays: shades of the palette, tiles of other zones, textures, other
heroes, noise, and things laid over the screen. It is a function of the settings, the level's zone and one number.
"""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fernway import FernwayError
from fernway.levels import UNSEEN_ZONES, ZONES
from fernway.observation import Observation
from fernway.overlays import BOX, BOXES, draw_boxes
from fernway.paint import BACKGROUND, CREATURES, HERO, TERRAIN, background_shades, surface_shades, zone_shades
from fernway.textures import TEXTURE, draw_texture

LOOK = np.dtype(
    [
        *((name, "u1") for name in ("is_on", "block_zone", "background_zone", "noise")),
        *((name, "u1") for name in ("hero_shape", "hero_width", "hero_height", "box_count")),
        ("shades", "u1", (4, 16)),
        ("hero", "u1", 16),
        ("boxes", BOX, BOXES),
        ("textures", "u1", (2, TEXTURE, 2 * TEXTURE)),
    ]
)
"""`Look` of host/look.h."""

OWN_SHAPE = 0
SHAPES = 5
"""The hero's own shape and the others, `HeroShape` of host/look.h."""

_NUMBERS = 2**63
_TRIES = 12

Shades = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How far looks go from the game's own. Probabilities are of an episode; shades are gray levels of 0 .. 255."""

    zones: tuple[int, ...] = tuple(zone for zone in range(len(ZONES)) if zone not in UNSEEN_ZONES)
    """Zones whose tiles are lent out: by default those of training, so that the others stay unseen."""

    own: float = 0.1
    """Probability of the game's own look, the one that scores are made with."""

    other_blocks: float = 0.5
    """Probability of terrain of any zone."""

    other_background: float = 0.5
    """Probability of a background of any zone, and of how it scrolls."""

    flat_background: float = 0.15
    """Probability of a background of one shade, black half the time."""

    inverted: float = 0.15
    """Probability that dark and bright are exchanged, for the terrain and the background each."""

    jitter: float = 16.0
    """Standard deviation of what is added to each colour's shade."""

    contrast: float = 0.4
    """Standard deviation of the logarithm of what each line of the palette's contrast is multiplied by; its mean is three
    quarters of it, since real games have more contrast than Fernway."""

    brightness: float = 24.0
    """Standard deviation of what is added to each line of the palette, half of it darker in the mean."""

    gamma: float = 0.25
    """Standard deviation of the logarithm of the exponent of all shades."""

    terrain_texture: float = 0.8
    """Probability of a texture on the terrain, that scrolls with it: real games have more detail than Fernway."""

    terrain_strength: float = 72.0
    """The strongest one's gray levels to either side."""

    background_texture: float = 0.6
    """Probability of a texture on the background."""

    background_strength: float = 56.0
    """The strongest one's gray levels to either side."""

    other_hero: float = 0.25
    """Probability of a hero of another shape, 12 to 36 pixels wide and 20 to 48 high."""

    other_shades: float = 0.5
    """Probability that a hero of his own shape has other shades."""

    noise: float = 0.25
    """Probability of noise, other in every timestep."""

    noise_strength: float = 10.0
    """The strongest noise's gray levels to either side."""

    title_card: float = 0.3
    """Probability of a title card, which moves out 1 to 5 seconds after the start."""

    counters: float = 0.35
    """Probability of small boxes with writing at the observation's edges."""

    least_contrast: float = 30.0
    """By so many gray levels the mean surface to stand on differs from the background's upper and lower half in the
    mean, up to twice as many under textures; where there is no room for it the look is drawn anew."""

    def __post_init__(self) -> None:
        """Checks the ranges.

        Raises:
            FernwayError: If a number is out of range.
        """
        if not self.zones or not all(0 <= zone < len(ZONES) for zone in self.zones):
            raise FernwayError(f"want --looks.zones of 0 .. {len(ZONES) - 1}, got {self.zones}")
        for field in dataclasses.fields(self):
            number, default = getattr(self, field.name), field.default
            most = (
                1.0 if isinstance(default, float) and default < 1 and field.name not in ("contrast", "gamma") else 100.0
            )
            if field.name != "zones" and not 0 <= number <= most:
                flag = f"--looks.{field.name.replace('_', '-')}"
                raise FernwayError(f"want {flag} within 0 .. {most:g}, got {number}")


def draw_look(looks: Looks, observation: Observation, zone: int, number: int) -> NDArray[np.void]:
    """Draws a look.

    Args:
        looks: How far it may go.
        observation: What is looked at.
        zone: The level's.
        number: Which look, from 0.

    Returns:
        A record of dtype `LOOK`, shape [].
    """
    look, rng = np.zeros((), LOOK), np.random.default_rng(number)
    if rng.random() < looks.own:
        return look
    for _ in range(_TRIES):
        blocks, background, others = (
            int(rng.choice(looks.zones)) if rng.random() < chance else zone
            for chance in (looks.other_blocks, looks.other_background, looks.other_background)
        )
        strengths = _strengths(looks, rng)
        shades = np.concatenate(
            [zone_shades(zone)[:1], zone_shades(blocks)[1:2], zone_shades(background)[2:3], zone_shades(others)[3:]]
        )
        shades = _repaint(looks, shades, strengths, rng)
        if _separate(looks, shades, strengths, blocks, background):
            break
    else:
        return look
    look["is_on"], look["block_zone"], look["background_zone"] = 1, blocks, background
    behind = float((background_shades(background) @ shades[BACKGROUND]).mean())
    for line in (HERO, CREATURES):
        shades[line] = _visible(looks, shades[line], behind)
    look["shades"] = shades.round()
    for texture, strength in zip(look["textures"], strengths, strict=True):
        if strength >= 1:
            texture[:, :TEXTURE] = texture[:, TEXTURE:] = draw_texture(rng, strength)
    _draw_hero(looks, look, shades[HERO], behind, rng)
    if rng.random() < looks.noise:
        look["noise"] = rng.integers(1, max(2, round(looks.noise_strength)), endpoint=True)
    boxes = draw_boxes(
        observation, rng, title_card=rng.random() < looks.title_card, counters=rng.random() < looks.counters
    )
    look["box_count"] = len(boxes)
    look["boxes"][: len(boxes)] = boxes
    return look


def _strengths(looks: Looks, rng: np.random.Generator) -> NDArray[np.float64]:
    """Gray levels to either side of the textures of terrain and background, 0 without one: float64 [2]."""
    likely = rng.random(2) < (looks.terrain_texture, looks.background_texture)
    return likely * rng.uniform(0.25, 1.0, 2) * (looks.terrain_strength, looks.background_strength)


def _repaint(looks: Looks, shades: Shades, strengths: NDArray[np.float64], rng: np.random.Generator) -> Shades:
    """Other shades for the four lines [4, 16]; those of terrain and background leave room for the textures."""
    shades = np.where((rng.random(4) < looks.inverted * np.array([0, 1, 1, 0]))[:, None], 255 - shades, shades)
    if rng.random() < looks.flat_background:
        shades[BACKGROUND] = rng.uniform(0, 235) if rng.random() < 0.5 else 0
    mean = shades.mean(1, keepdims=True)
    shades = mean + (shades - mean) * np.exp(rng.normal(looks.contrast * 0.75, looks.contrast, (4, 1)))
    shades += rng.normal(-looks.brightness / 2, looks.brightness, (4, 1)) + rng.normal(0, looks.jitter, (4, 16))
    shades = 255 * (shades.clip(0, 255) / 255) ** np.exp(rng.normal(0, looks.gamma))
    for line, strength in zip((TERRAIN, BACKGROUND), strengths, strict=True):
        shades[line] = strength + shades[line] * (255 - 2 * strength) / 255
    return shades


def _separate(looks: Looks, shades: Shades, strengths: NDArray[np.float64], blocks: int, background: int) -> bool:
    """Moves terrain and background apart until the least contrast is reached; False when there is no room for it."""
    surface, halves = surface_shades(blocks), background_shades(background)
    least = looks.least_contrast * (1 + strengths.sum() / 100)  # more under textures, which hide edges
    for _ in range(4):
        gaps = surface @ shades[TERRAIN] - halves @ shades[BACKGROUND]  # [2]
        if np.abs(gaps).min() >= least + 1:  # rounding takes up to 1 away
            return True
        sign = 1 if gaps.sum() >= 0 else -1
        missing = least + 2 - float((sign * gaps).min())
        for line, strength, side in zip((TERRAIN, BACKGROUND), strengths, (sign, -sign), strict=True):
            shades[line] = (shades[line] + side * missing * 0.6).clip(strength, 255 - strength)
    return False


def _visible(looks: Looks, shades: Shades, behind: float) -> Shades:
    """Moves the shades of what moves away from the background's until they differ from it in the mean."""
    missing = looks.least_contrast - float(np.abs(shades[1:] - behind).mean())
    away = 1 if behind < 128 else -1
    return (shades + away * max(missing, 0) * 2).clip(0, 255)


def _draw_hero(looks: Looks, look: NDArray[np.void], own: Shades, behind: float, rng: np.random.Generator) -> None:
    hero = own
    if rng.random() < looks.other_hero:
        look["hero_shape"] = rng.integers(OWN_SHAPE + 1, SHAPES)
        look["hero_width"], look["hero_height"] = (
            rng.integers(12, 36, endpoint=True),
            rng.integers(20, 48, endpoint=True),
        )
        away = rng.uniform(40, 120) * (1 if behind < 128 else -1)
        body, head = behind + away, behind + away * rng.uniform(0.5, 1.5)
        outline = body + rng.uniform(40, 120) * (-1 if body > 128 else 1)
        hero = np.array([0, outline, body, head, 255 - head, *own[5:]])
    elif rng.random() < looks.other_shades:
        kind = rng.integers(4)
        if kind == 0:
            hero = 255 - own
        elif kind == 1:
            hero = own[::-1]
        elif kind == 2:
            hero = rng.permutation(own)
        else:
            hero = own + rng.normal(0, 50, 16)
        hero = _visible(looks, hero.clip(0, 255), behind)
    look["hero"] = hero.clip(0, 255).round()


class LaneLooks:
    """The looks of many games, each drawn from a stream of its own."""

    STATE_SIZE = 8
    """Bytes of one's state: the number it was drawn from, 0 for the game's own look."""

    def __init__(self, looks: Looks, observation: Observation, lanes: int) -> None:
        """Begins with the game's own looks and unforeseeable streams."""
        self._draw = functools.lru_cache(maxsize=2 * lanes)(functools.partial(draw_look, looks, observation))
        self.records = np.zeros(lanes, LOOK)
        """[lanes], what C reads."""
        self._numbers = [0] * lanes
        self.seed(None)

    def seed(self, seed: int | Sequence[int] | None) -> None:
        """Starts the streams anew."""
        streams = np.random.SeedSequence(seed).spawn(len(self.records))
        self._rngs = [np.random.default_rng(stream) for stream in streams]

    def begin(self, lane: int, zone: int) -> None:
        """Draws the look of a game's next episode, on a level of that zone."""
        self._wear(lane, zone, int(self._rngs[lane].integers(1, _NUMBERS)))

    def get_state(self, lane: int) -> bytes:
        """Saves which look a game has; `STATE_SIZE` bytes."""
        return self._numbers[lane].to_bytes(self.STATE_SIZE, "little")

    def set_state(self, lane: int, zone: int, state: bytes) -> None:
        """Gives a game the look of a state; the zone must be the level's again."""
        self._wear(lane, zone, int.from_bytes(state, "little"))

    def _wear(self, lane: int, zone: int, number: int) -> None:
        self._numbers[lane] = number
        self.records[lane] = self._draw(zone, number) if number else np.zeros((), LOOK)
