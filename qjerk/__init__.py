"""The project under one name, and its console scripts.

The rooms import one another as `agent`, `common`, `contest` and `training`, and other distributions on PyPI have such
names, too. So an installation keeps the rooms inside this package, where nobody's `import agent` finds them by mistake
(setup.py puts them there), and a console script puts their folder first on the path. In a checkout they lie beside it.
"""

import os
import runpy
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent

ROOMS = next(folder for folder in (_HERE, _HERE.parent) if (folder / "agent").is_dir())
"""The folder that the rooms are in."""


def agent() -> None:
    """Runs `qjerk-agent`: `python -m agent`."""
    _run("agent")


def contest() -> None:
    """Runs `qjerk-contest`: `python -m contest`."""
    _run("contest")


def train() -> None:
    """Runs `qjerk-train`: `python -m training`."""
    _run("training")


def _run(room: str) -> None:
    """Runs a room's command line here, where it and every Python that it starts find the rooms first."""
    sys.path.insert(0, str(ROOMS))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOMS), os.environ.get("PYTHONPATH"))))
    runpy.run_module(room, run_name="__main__", alter_sys=True)
