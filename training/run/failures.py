"""Where episodes fail: failures per entry, by the kind of section."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fernway.sections import sections
from training.run.episodes import Episode
from training.run.figures import figure

COLUMN = 16
"""Pixels of a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How often episodes that came to a kind of section got no further."""

    kind: str
    """Such as "abyss"."""
    entries: int
    """How often an episode came to such a section."""
    failures: int
    """How often an episode failed there."""

    @property
    def share(self) -> float:
        """Failures per entry."""
        return self.failures / self.entries


def failures(episodes: Iterable[Episode]) -> list[Failures]:
    """Counts, most failures per entry first; kinds that no episode came to are left out.

    An episode enters a section when it comes to its first column. One that was given up fails in the section that it
    got as far as; any other that did not reach the level's end, where it ended.
    """
    entries: dict[str, int] = {}
    failed: dict[str, int] = {}
    for episode in episodes:
        columns = episode.places[:, 0] // COLUMN
        farthest = int(columns.max())
        end = farthest if episode.ending.is_stalled else int(columns[-1])
        for kind, first, behind in sections(episode.level):
            if farthest < first:
                break
            entries[kind] = entries.get(kind, 0) + 1
            if not episode.ending.is_finished and first <= end < behind:
                failed[kind] = failed.get(kind, 0) + 1
    found = [Failures(kind=kind, entries=count, failures=failed.get(kind, 0)) for kind, count in entries.items()]
    return sorted(found, key=lambda one: (-one.share, one.kind))


def draw(found: Mapping[str, Sequence[Failures]]) -> Any:
    """Draws failures per entry as bars, with the number of entries.

    Args:
        found: By the name of what played.

    Returns:
        A figure of matplotlib.
    """
    kinds = sorted(
        {one.kind for part in found.values() for one in part},
        key=lambda kind: max((one.share, one.entries) for part in found.values() for one in part if one.kind == kind),
    )
    chart, axes = figure(
        1,
        1,
        "failures per entry, by kind of section; in brackets: entries",
        size=(8.0, 1.2 + 0.32 * len(kinds) * len(found)),
    )
    axis = axes[0, 0]
    height = 0.8 / len(found)
    for number, (name, part) in enumerate(found.items()):
        share = {one.kind: one for one in part}
        at = [place + 0.4 - height * (number + 0.5) for place, kind in enumerate(kinds) if kind in share]
        bars = axis.barh(at, [share[kind].share for kind in kinds if kind in share], height * 0.9, label=name)
        axis.bar_label(
            bars,
            [f"{share[kind].share:.2f} ({share[kind].entries})" for kind in kinds if kind in share],
            padding=3,
            fontsize=8,
        )
    axis.set_yticks(range(len(kinds)), kinds)
    axis.set_xlim(0, 1.15 * max(max(one.share for part in found.values() for one in part), 0.1))
    axis.set_ylim(-0.6, len(kinds) - 0.4)
    axis.grid(axis="x", alpha=0.3)
    if len(found) > 1:
        axis.legend(fontsize=8, loc="lower right")
    return chart
