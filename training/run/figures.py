"""Figures of matplotlib without a window."""

from pathlib import Path
from typing import Any


def require_matplotlib(otherwise: str = "use --no-plots") -> None:
    """Makes sure that pictures can be drawn; `otherwise`: the way to do without them.

    Raises:
        ValueError: If matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ValueError(f"matplotlib is not installed: pip install 'qjerk[training]', or {otherwise}") from error


def save(path: Path, made: Any) -> None:
    """Writes a figure as PNG; the file appears whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    temporary = path.with_name(path.name + ".part")
    made.savefig(temporary, dpi=90, format="png")
    temporary.replace(path)


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
