"""Maps for the reports of other packages: see the entry points `qjerk.maps` in pyproject.toml."""

from pathlib import Path

from fernway import levels
from fernway.picture import RGB, draw_level, top
from fernway.states import level_of, read_state


def level_map(state: str | None) -> tuple[RGB, tuple[int, int]]:
    """Draws the level that episodes start in.

    Args:
        state: A committed level's name, the path of a `.state` file, or None for the first level.

    Returns:
        The picture, uint8 [H, W, 3], and the place in the level, x and y as in data.json, of its upper left corner.

    Raises:
        FernwayError: If there is no such level.
    """
    if state is not None and state.endswith(".state"):
        level = level_of(read_state(Path(state)))
    else:
        level = levels.by_name(state or next(iter(levels.committed()))).level
    row = top(level)
    return draw_level(level)[row:], (0, row)
