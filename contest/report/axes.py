"""The frame of a chart as inline SVG: scales, ticks, grid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from contest.report.markup import Html, join, tag

WIDTH = 440
"""Width of a chart in its own units; small, so that its letters stay readable on a phone."""

LEFT, RIGHT, BOTTOM, TOP = 48, 14, 40, 10
"""Margins, same units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The part of a chart that data is drawn in."""

    x_ticks: Sequence[float]
    """Where the numbers of the horizontal axis are; it begins with the first."""

    x_end: float
    """Where that axis ends."""

    y_ticks: Sequence[float]
    """Where the horizontal lines are, the ends of the axis among them."""

    height: float
    """Of the whole chart."""

    def x(self, value: float) -> float:
        """Returns the horizontal place of a value."""
        low, high = self.x_ticks[0], self.x_end
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Returns the vertical place of a value."""
        low, high = self.y_ticks[0], self.y_ticks[-1]
        return self.height - BOTTOM - (value - low) / (high - low) * (self.height - BOTTOM - TOP)

    def frame(self, x_label: str, y_label: str = "") -> Html:
        """The grid with its numbers and the axes' names."""
        floor = self.height - BOTTOM
        parts = []
        for value in self.y_ticks:
            y = self.y(value)
            parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
            parts.append(tag("text", compact(value), x=LEFT - 6, y=y + 4, class_="tick", text_anchor="end"))
        parts += [
            tag("text", compact(value), x=self.x(value), y=floor + 16, class_="tick", text_anchor="middle")
            for value in self.x_ticks
        ]
        parts.append(tag("text", x_label, x=(LEFT + WIDTH - RIGHT) / 2, y=self.height - 6, class_="axis"))
        if y_label:
            middle = (TOP + floor) / 2
            turn = f"rotate(-90 11 {middle:g})"
            parts.append(tag("text", y_label, x=11, y=middle, transform=turn, class_="axis up"))
        return join(parts)


def canvas(height: float, label: str, *parts: str, style: str = "") -> Html:
    """A chart of the usual width.

    Args:
        height: Of the chart.
        label: What it shows, for those who cannot see it.
        parts: What is drawn.
        style: CSS that makes it a file of its own; empty for a chart in a page, which has the CSS.
    """
    box = {"viewBox": f"0 0 {WIDTH} {height:g}", "role": "img", "aria_label": label, "class_": "chart"}
    if not style:
        return tag("svg", *parts, **box)
    ground = tag("rect", width=WIDTH, height=height, class_="page")
    xmlns = "http://www.w3.org/2000/svg"
    return tag("svg", tag("style", Html(style)), ground, *parts, xmlns=xmlns, width=2 * WIDTH, height=2 * height, **box)


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `count` steps apart."""
    if not high > low:
        low, high = (0.0, high) if high > 0 else (low, low + 1.0)
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def compact(value: float) -> str:
    """Writes a number in few characters: 1M, 2.5k, 300."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:.4g}"


def path(points: Sequence[tuple[float, float]]) -> str:
    """Draws a line through points, as the attribute `d`."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
