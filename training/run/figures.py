"""Figures of matplotlib without a window."""

import io
from pathlib import Path
from typing import Any

from agent.rules import ACTION_TABLE
from common.files import write_file


def require_matplotlib(otherwise: str = "use --no-plots") -> None:
    """Makes sure that pictures can be drawn; `otherwise`: the way to do without them.

    Raises:
        ValueError: If matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ValueError(f"matplotlib is not installed: pip install 'qjerk[training]', or {otherwise}") from error


def png(made: Any) -> bytes:
    """Makes a PNG file's content of a figure."""
    content = io.BytesIO()
    made.savefig(content, dpi=90, format="png")
    return content.getvalue()


def save(path: Path, made: Any) -> None:
    """Writes a figure as PNG; the file appears whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    write_file(path, png(made))


def figure(
    rows: int, columns: int, title: str, size: tuple[float, float] | None = None, **layout: Any
) -> tuple[Any, Any]:
    """Makes a figure of matplotlib without a window.

    Args:
        rows: Of panels.
        columns: Of panels.
        title: Above all.
        size: Inches; None: as many panels need.
        layout: As `Figure.subplots` takes it.

    Returns:
        The figure and its axes [rows, columns].
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # no window, no global state
    from matplotlib.figure import Figure

    made = Figure(figsize=size or (max(4.6 * columns, 7.5), 3.0 * rows), layout="constrained")
    FigureCanvasAgg(made)
    made.suptitle(title, fontsize=11)
    return made, made.subplots(rows, columns, squeeze=False, **layout)


def name_actions(axis: Any) -> None:
    """Writes the names of the actions below a panel with a bar for each of the action table."""
    names = ["+".join(action) or "nothing" for action in ACTION_TABLE]
    axis.set_xticks(range(len(names)), names, rotation=40, fontsize=8, ha="right")
