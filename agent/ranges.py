"""Ranges of settings: stated at the field, checked when the settings are made.

@dataclass(frozen=True, slots=True, kw_only=True)
class BanditConfig(Checked):
window: Annotated[int, at_least(1)] = 8
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_type_hints


@dataclass(frozen=True, slots=True)
class Range:
    """Where a number has to lie; nan lies nowhere."""

    wanted: str
    """In words that follow the setting's name."""

    holds: Callable[[float], bool]
    """Does a number lie there?"""


def at_least(least: float) -> Range:
    """Allows `least` and everything above it."""
    return Range(f"of at least {least:g}", lambda value: value >= least)


def above(limit: float) -> Range:
    """Allows everything above `limit`."""
    return Range(f"above {limit:g}", lambda value: value > limit)


def within(low: float, high: float) -> Range:
    """Allows everything from `low` to `high`."""
    return Range(f"within {low:g}..{high:g}", lambda value: low <= value <= high)


def require(condition: bool, wanted: str, came: object) -> None:
    """Refuses a setting.

    Raises:
        ValueError: If the condition does not hold.
    """
    if not condition:
        raise ValueError(f"wanted {wanted}, got {came}")


def check(settings: object) -> None:
    """Refuses settings of which one is out of the range that its annotation states.

    Raises:
        ValueError: If one is; the message names it.
    """
    for name, hint in get_type_hints(type(settings), include_extras=True).items():
        for range_ in (extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Range)):
            value = getattr(settings, name)
            require(range_.holds(value), f"{name} {range_.wanted}", value)


class Checked:
    """Settings that are checked when they are made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Checks the ranges."""
        check(self)
