"""The notebook: it runs from top to bottom, the committed one was run so, and its two files say the same."""

import re
from pathlib import Path
from typing import Any

import pytest

from agent.assembly import WEIGHTS
from agent.network.card import Card

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "discovering-q-learning.ipynb"
SCRIPT = NOTEBOOK.with_suffix(".py")
REMAKE = f"jupytext --update --to ipynb notebooks/{SCRIPT.name} && jupyter execute --inplace notebooks/{NOTEBOOK.name}"
"""What makes the notebook anew."""

BYTES_MOST = 3_000_000
"""Of the committed notebook: more takes long to show on a code host."""

SMALL = """
LOOKED = 200
TABLE_TIMESTEPS = 300
DQN_TIMESTEPS = 480
UNSEEN_LEVELS = 2
EPISODE_TIMESTEPS = 600
"""
"""Sizes that a test can wait for; all else is the notebook's own."""


def committed() -> Any:
    nbformat = pytest.importorskip("nbformat")
    return nbformat.read(NOTEBOOK, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_both_files_say_the_same() -> None:
    jupytext = pytest.importorskip("jupytext")
    from jupytext.compare import compare_notebooks

    assert jupytext.formats.long_form_multiple_formats(committed().metadata.jupytext.formats) == [
        {"extension": ".ipynb"},
        {"extension": ".py", "format_name": "percent"},
    ]
    compare_notebooks(committed(), jupytext.read(SCRIPT), fmt="py:percent", raise_on_first_difference=True)


def test_the_committed_one_was_run_from_top_to_bottom() -> None:
    cells = code(committed())
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), f"make it anew: {REMAKE}"
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}, "no errors, no prints"
    assert sum("image/png" in output.data for output in outputs) >= 12


def test_its_numbers_are_those_of_the_bundled_weights() -> None:
    assert f"Weights `{Card.read(WEIGHTS).sha256[:12]}`" in NOTEBOOK.read_text(encoding="utf-8"), (
        f"other weights: make it anew: {REMAKE}"
    )


def test_it_suits_a_code_host() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < BYTES_MOST
    assert not re.findall(r"/(?:home|root|tmp|usr|work)/", text), "no paths of the machine that ran it"
    links = re.findall(r"\]\((\.\./[^)]+)\)", SCRIPT.read_text(encoding="utf-8"))
    assert links
    assert all((NOTEBOOK.parent / link).exists() for link in links)


@pytest.mark.slow
def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jupytext, nbformat = pytest.importorskip("jupytext"), pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))  # nothing of the user's own
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = jupytext.read(SCRIPT)
    at = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", ()))
    names = set(re.findall(r"^(\w+) =", SMALL, re.MULTILINE))
    assert names <= set(re.findall(r"^(\w+) =", notebook.cells[at].source, re.MULTILINE))
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(SMALL))
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    )
    client.execute()  # raises what a cell raises
    kinds = {output.output_type for cell in code(notebook) for output in cell.outputs}
    assert kinds == {"display_data", "execute_result"}, "no warnings, no prints"
