"""The rooms' import rules: agent knows none of the others, contest the wire alone, fernway nobody."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"agent", "contest", "training", "fernway"}
ALLOWED = {
    "agent": set(),
    "contest": {"agent.remote", "agent.connect", "agent.wire", "agent.channels", "agent.description", "agent.config"},
    "fernway": set(),
    "training": {"agent", "contest", "fernway"},
}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute here"
            names.add(node.module or "")
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
