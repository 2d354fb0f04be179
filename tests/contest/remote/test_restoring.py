"""Nothing restores an emulator's state in the middle of a scored episode: that would be a second look at the level.

It would not even be right: the reward scripts keep variables of their own, which no state of the emulator holds. After
a life gained in a trial, the next real timestep would count as a life lost.
"""

import ast
from pathlib import Path
from typing import Any

import pytest

from contest.remote import games
from contest.remote.environment import ContestGame

ROOT = Path(__file__).resolve().parents[3]
RESTORING = {"set_state", "restore_state", "unserialize"}
"""Methods that put an emulator, or the twin, into another state."""


def restorers(source: str) -> set[str]:
    """The functions of a module that restore a state or change what an episode starts from, with their classes."""
    found = set()

    def visit(node: ast.AST, name: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                visit(child, f"{name}.{child.name}".lstrip("."))
                continue
            is_call = isinstance(child, ast.Attribute) and child.attr in RESTORING
            is_text = isinstance(child, ast.Constant) and child.value in RESTORING  # getattr
            is_start = (
                isinstance(child, ast.Attribute) and child.attr == "initial_state" and isinstance(child.ctx, ast.Store)
            )
            if is_call or is_text or is_start:
                found.add(name)
            visit(child, name)

    visit(ast.parse(source), "")
    return found


def test_the_rule_finds_what_it_looks_for() -> None:
    source = "class A:\n def a(self):\n  self.em.set_state(x)\n def b(self):\n  f = getattr(em, 'set_state')\n"
    assert restorers(
        source + "def c(env):\n env.initial_state = x\ndef d(env):\n return env.initial_state, env.get_state()"
    ) == {
        "A.a",
        "A.b",
        "c",
    }


def test_agent_and_contest_restore_at_a_reset_alone() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for room in ("agent", "contest")
        for path in sorted((ROOT / room).rglob("*.py"))
        if (names := restorers(path.read_text()))
    }
    # A game's start is tried out when it is loaded; a recording is played again when its score stands.
    assert found == {
        "contest/remote/environment.py": {"ContestGame._check_state"},
        "contest/remote/recording.py": {"replay"},
    }
    source = (ROOT / "contest/remote/environment.py").read_text()
    calls = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute) and node.attr == "_check_state"
    ]
    made = next(
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    assert len(calls) == 1
    assert "self._check_state(level)" in ast.unparse(made)


class _Watched:
    """An emulator that notes whatever restores a state."""

    def __init__(self, emulator: Any) -> None:
        self._emulator = emulator
        self.restored = 0

    def __getattr__(self, name: str) -> Any:
        if name in RESTORING:
            self.restored += 1
        return getattr(self._emulator, name)


def test_an_episode_goes_on_from_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    env = ContestGame(games.find("Airstriker-Genesis"), seed=0)
    watched = _Watched(env._retro.em)
    try:
        monkeypatch.setattr(env._retro, "em", watched)
        env.reset()
        assert watched.restored == 1, "the start"
        for _ in range(100):
            env.step([0] * 12)
        assert watched.restored == 1
        env.reset()
        assert watched.restored == 2
    finally:
        monkeypatch.undo()
        env.close()
