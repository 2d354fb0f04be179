"""The rooms' import rules: agent knows none of the others, contest the wire's face alone, fernway and common nobody.

`common` holds the little that the three around the agent share, such as the one reader of lists of levels. It needs
nothing but Python, and the submission image does without it.
"""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"agent", "common", "contest", "training", "fernway"}
ALLOWED = {
    "agent": set(),
    "common": set(),
    "contest": {"common", "agent.rules", "agent.wire"},
    "fernway": set(),
    "training": {"agent", "common", "contest", "fernway"},
}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `common` goes by the name of `fernway.common`, too; its modules import one another from where they are.
            inside = "common." if node.level == 1 and file.parent.name == "common" else ""
            assert node.level == 0 or inside, f"{file}: imports are absolute here"
            names.add(inside + (node.module or ""))
    return names


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_rooms_import_only_what_they_may(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        for name in imported(file):
            top = name.split(".")[0]
            if top in ROOMS - {room}:
                allowed = ALLOWED[room]
                assert top in allowed or name in allowed, f"{file.relative_to(ROOT)} imports {name}"


def test_the_agent_does_without_what_training_needs() -> None:
    for file in (ROOT / "agent").rglob("*.py"):
        tops = {name.split(".")[0] for name in imported(file)}
        assert not tops & {"torch", "onnx", "safetensors"}, file


def test_nobody_imports_the_agents_command_line() -> None:
    for file in (*(file for room in ROOMS for file in (ROOT / room).rglob("*.py")), *(ROOT / "tests").rglob("*.py")):
        assert "agent.__main__" not in imported(file), file


def test_common_needs_nothing_but_python() -> None:
    for file in (ROOT / "common").rglob("*.py"):
        tops = {name.split(".")[0] for name in imported(file)}
        assert tops <= sys.stdlib_module_names | {"common"}, file


def test_fernway_has_common_as_a_part_of_its_own() -> None:
    """As a distribution of its own it brings that along, by a name that is nobody else's."""
    assert (ROOT / "fernway/common").resolve() == ROOT / "common"
