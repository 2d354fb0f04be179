"""Mega Drive colours: three bits a channel, 16 colours a line."""

from collections.abc import Sequence

LEVELS = 8
LINE = 16


def word(colour: str) -> int:
    """Turns "RGB", three digits 0..7 (or "#rrggbb", rounded to the nearest level), into a palette word 0000BBB0GGG0RRR0.

    Raises:
        ValueError: If the text is neither.
    """
    if len(colour) == 3 and all(c in "01234567" for c in colour):
        red, green, blue = (int(c) for c in colour)
    elif len(colour) == 7 and colour[0] == "#":
        red, green, blue = (round(int(colour[i : i + 2], 16) * (LEVELS - 1) / 255) for i in (1, 3, 5))
    else:
        raise ValueError(f"colour {colour!r}: want three digits 0..7 or #rrggbb")
    return blue << 9 | green << 5 | red << 1


def line(colours: Sequence[str] | str) -> tuple[int, ...]:
    """Turns up to 16 colours (a sequence, or one text with spaces) into one palette line, filled up with black.

    Raises:
        ValueError: If there are more than 16.
    """
    words = [word(c) for c in (colours.split() if isinstance(colours, str) else colours)]
    if len(words) > LINE:
        raise ValueError(f"{len(words)} colours in a palette line, at most {LINE} fit")
    return tuple(words + [0] * (LINE - len(words)))


def rgb(value: int) -> tuple[int, int, int]:
    """Turns a palette word into 8-bit red, green and blue."""
    return tuple((value >> shift & 7) * 255 // (LEVELS - 1) for shift in (1, 5, 9))  # type: ignore[return-value]
