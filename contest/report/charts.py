"""The charts of a report as inline SVG; colours come from the page by class: a0, a1 for agents, p0, p1 for players."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.terminal import plural
from contest.remote.monitor import Position
from contest.report.axes import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Axes, canvas, compact, path, ticks
from contest.report.curves import Curve
from contest.report.maps import LevelMap
from contest.report.markup import Html, join, tag
from contest.scoring.bootstrap import Estimate

COLOURS = 8
"""Colours for agents; further agents get them again, with broken lines."""

CELL = 48
"""Side of a square, pixels of the level: the ends of all episodes in it make one mark."""

FAR = 2.0
"""Factor by which marks are larger on a map that shows the whole level."""

PLAYER_COLOURS = 12
"""Colours for players."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """An agent's line in the chart of scores."""

    name: str
    """Of the agent."""

    mean: Estimate
    """Its score."""

    middle: Estimate
    """Its interquartile mean."""


def colour(agent: int) -> str:
    """An agent's classes: its colour, and its number."""
    return f"a{agent % COLOURS} n{agent}{' again' if agent >= COLOURS else ''}"


def ranking_chart(rows: Sequence[Ranking]) -> Html:
    """Scores with their intervals, one line an agent."""
    numbers = [
        number
        for row in rows
        for one in (row.mean, row.middle)
        for number in (one.value, one.low, one.high)
        if number is not None
    ]
    step = 52
    height = TOP + step * len(rows) + BOTTOM
    x_ticks = ticks(min(0.0, *numbers), max(numbers))
    axes = Axes(x_ticks=x_ticks, x_end=x_ticks[-1], y_ticks=(0, 1), height=height)
    parts = []
    for value in axes.x_ticks:
        x = axes.x(value)
        parts.append(tag("line", x1=x, x2=x, y1=TOP, y2=height - BOTTOM, class_="grid"))
        parts.append(tag("text", compact(value), x=x, y=height - BOTTOM + 16, class_="tick", text_anchor="middle"))
    parts.append(tag("text", "mean return", x=(LEFT + WIDTH - RIGHT) / 2, y=height - 6, class_="axis"))
    for number, row in enumerate(rows):
        y = TOP + step * number + 32
        name = tag("text", short(row.name, 20), x=LEFT, y=y - 14, class_="name")
        figure = tag("text", row.mean.text(",.0f"), x=WIDTH - RIGHT, y=y - 14, class_="value")
        marks = [tag("circle", cx=axes.x(row.mean.value), cy=y, r=6, class_="mark")]
        if row.mean.low is not None and row.mean.high is not None:
            ends = {"x1": axes.x(row.mean.low), "x2": axes.x(row.mean.high)}
            marks.insert(0, tag("line", **ends, y1=y, y2=y, class_="interval"))
        x = axes.x(row.middle.value)
        marks.append(tag("path", d=f"M{x:.1f},{y + 6}l5,8h-10z", class_="middle"))
        title = tag("title", f"{row.name}: mean {row.mean.text()}, interquartile mean {row.middle.text()}")
        parts.append(tag("g", title, name, figure, *marks, class_=colour(number)))
    return canvas(height, "scores with 95 % intervals", *parts)


def curve_chart(
    curves: Mapping[int, Curve], names: Sequence[str], timesteps: int, y_label: str, style: str = ""
) -> Html:
    """Curves over a run with their intervals.

    Args:
        curves: By the agent's number; at least one.
        names: Of the agents.
        timesteps: Of a run.
        y_label: What the curves show.
        style: CSS for a chart that is a file of its own, with a legend; empty for one in a page that has both.
    """
    numbers = [value for curve in curves.values() for value in curve.value.tolist()]
    numbers += [value for curve in curves.values() if curve.band is not None for value in curve.band.ravel().tolist()]
    x_ticks = [value for value in ticks(0, timesteps, 4) if value <= timesteps]
    axes = Axes(x_ticks=x_ticks, x_end=timesteps, y_ticks=ticks(min(0.0, *numbers), max(numbers)), height=270)
    parts = []
    for agent, curve in curves.items():
        xs = [axes.x(value) for value in curve.timesteps.tolist()]
        line = list(zip(xs, map(axes.y, curve.value.tolist()), strict=True))
        title = tag("title", f"{names[agent]}: {curve.value[-1]:,.1f} at the end")
        marks = [tag("path", d=path(line), class_="line"), tag("circle", cx=line[-1][0], cy=line[-1][1], r=3.5)]
        if curve.band is not None:
            low, high = ([axes.y(value) for value in edge.tolist()] for edge in curve.band)
            around = [*zip(xs, high, strict=True), *zip(xs[::-1], low[::-1], strict=True)]
            marks.insert(0, tag("path", d=path(around) + "Z", class_="band"))
        parts.append(tag("g", title, *marks, class_=f"series {colour(agent)}"))
    legend = [_legend(agent, names[agent], 282 + 20 * row) for row, agent in enumerate(curves)] if style else []
    frame = axes.frame("timesteps", y_label)
    label = f"{y_label} against timesteps"
    return canvas(270 + 20 * len(legend) + 4 * bool(legend), label, frame, *parts, *legend, style=style)


def _legend(agent: int, name: str, y: float) -> Html:
    """An agent's line in a legend."""
    mark = tag("rect", x=LEFT, y=y - 9, width=18, height=9, class_="bar")
    return tag("g", mark, tag("text", short(name, 50), x=LEFT + 26, y=y, class_="name"), class_=colour(agent))


def reach_chart(returns: Sequence[Sequence[float]], names: Sequence[str], goal: float | None) -> Html:
    """How far the episodes got: for each agent the share of its episodes by their return.

    Args:
        returns: Of every episode, by agent.
        names: Of the agents.
        goal: Return for the whole way. The axis is then the share of the way, and the episodes that got to the end have
            a bar of their own. None where rewards are not for progress; the axis is then the return.
    """
    everything = [value for one in returns for value in one]
    bins = 20
    if goal is None:
        edges = ticks(min(0.0, *everything), max(everything))
        low, size, label = edges[0], (edges[-1] - edges[0]) / bins, "return of an episode"
    else:
        edges = [0, 25, 50, 75, 100]
        low, size, label = 0.0, goal / bins, f"per cent of the way (return / {goal:,.0f})"
    step = 76
    height = TOP + step * len(returns) + BOTTOM
    home = bins + 2  # the bar of those that got to the end, a little apart
    room = (WIDTH - LEFT - RIGHT) / (bins if goal is None else home + 1)
    parts = []
    for number, values in enumerate(returns):
        counts = [0] * (home + 1)
        for value in values:
            is_home = goal is not None and value >= goal - 1e-6
            counts[home if is_home else min(max(int((value - low) / size), 0), bins - 1)] += 1
        floor = TOP + step * (number + 1)
        tallest = max(counts)
        bars = []
        for place, count in enumerate(counts):
            if count:
                tall = max(count / tallest * (step - 30), 1.5)
                share = f"{count} of {plural(len(values), 'episode')}"
                what = {"x": LEFT + room * place + 1, "y": floor - tall, "width": room - 2, "height": tall}
                bars.append(tag("rect", tag("title", f"{names[number]}: {share}"), **what, class_="bar"))
        y = floor - step + 22
        name = tag("text", short(names[number], 18), x=LEFT, y=y, class_="name")
        figure = tag(
            "text",
            f"{plural(len(values), 'episode')}, best {max(values):,.0f}",
            x=WIDTH - RIGHT,
            y=y,
            class_="tick value",
        )
        ground = tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor, class_="ground")
        parts.append(tag("g", ground, *bars, name, figure, class_=colour(number)))
    for value in edges:
        x = LEFT + room * bins * (value - edges[0]) / (edges[-1] - edges[0])
        parts.append(tag("text", compact(value), x=x, y=height - BOTTOM + 16, class_="tick", text_anchor="middle"))
    if goal is not None:
        x = LEFT + room * (home + 0.5)
        parts.append(tag("text", "end", x=x, y=height - BOTTOM + 16, class_="tick", text_anchor="middle"))
    parts.append(tag("text", label, x=(LEFT + WIDTH - RIGHT) / 2, y=height - 6, class_="axis"))
    return canvas(height, "how far the episodes got", *parts)


def share_bar(timesteps: Mapping[str, float], players: Sequence[str], label: str) -> Html:
    """Shares of time by player as one bar.

    Args:
        timesteps: By player.
        players: All there are, in the order of their colours.
        label: What the bar is for.
    """
    total = math.fsum(timesteps.values())
    parts, x = [], 0.0
    for number, player in enumerate(players):
        wide = timesteps.get(player, 0.0) / total * WIDTH
        if wide > 0:
            title = tag("title", f"{label}: {player} {wide / WIDTH:.1%}")
            parts.append(tag("rect", title, x=x, y=0, width=wide, height=14, class_=f"p{number % PLAYER_COLOURS}"))
        x += wide
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} 14",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
        class_="share",
    )


def map_charts(level: LevelMap, ends: Sequence[Sequence[Position]], names: Sequence[str], name: str) -> Html:
    """Draws a level with marks where episodes ended, the larger the more of them: as a whole, and to scroll along.

    Args:
        level: The picture.
        ends: Where episodes ended, by agent.
        names: Of the agents.
        name: Of the picture, unique in its page, in which it is only once.
    """
    box = {"viewBox": f"0 0 {level.width} {level.height}", "role": "img"}
    href = f"data:image/webp;base64,{base64.b64encode(level.webp).decode()}"
    picture = tag("image", href=href, width=level.width, height=level.height, id=name)
    size = {"width": round(level.width * level.scale), "height": round(level.height * level.scale)}
    near, far = (
        [
            tag("g", *_marks(level, places, names[agent], factor), class_=f"ends {colour(agent)}")
            for agent, places in enumerate(ends)
        ]
        for factor in (1.0, FAR)
    )
    close = tag("svg", picture, *near, **box, **size, aria_label="the level to move along", class_="map")
    whole = tag("svg", tag("use", href=f"#{name}"), *far, **box, aria_label="the whole level", class_="map overview")
    return join([whole, tag("div", close, class_="scroll", tabindex=0)])


def _marks(level: LevelMap, places: Sequence[Position], name: str, size: float) -> list[Html]:
    """Marks for the ends of an agent's episodes, the largest first, so that none hides another."""
    cells: dict[Position, list[Position]] = {}
    for x, y in places:
        cells.setdefault((x // CELL, y // CELL), []).append((x, y))
    marks = []
    for inside in sorted(cells.values(), key=len, reverse=True):
        share = len(inside) / len(places)
        radius = size * min(6 + 60 * math.sqrt(share), 0.75 * CELL)
        mean_x, mean_y = (math.fsum(axis) / len(inside) for axis in zip(*inside, strict=True))
        cx = min(max(mean_x - level.left, radius), level.width - radius)
        cy = min(max(mean_y - level.top, radius), level.height - radius)  # who falls out of the level ends below it
        title = tag("title", f"{name}: {len(inside)} of {plural(len(places), 'episode')} ended here")
        marks.append(tag("circle", title, cx=cx, cy=cy, r=radius, opacity=min(0.4 + 20 * share, 1.0)))
    return marks


def short(words: str, most: int) -> str:
    """Cuts text to a length."""
    return words if len(words) <= most else words[: most - 1] + "…"
