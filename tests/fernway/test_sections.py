"""What the twin says a level is made of, against the level's blocks and objects."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np

from fernway import check, native
from fernway.levels import Level
from fernway.sections import sections

SOURCES = Path(__file__).parents[2] / "fernway" / "src"
SOME = [Level(zone, act, 1000 * act + zone) for zone in range(8) for act in range(1, 10)]
AROUND = {"start", "way down", "goal"}


def test_sections_are_all_of_a_level_from_left_to_right() -> None:
    for level in SOME:
        found = sections(level)
        assert found[0].first == 0
        assert all(before.end == after.first < after.end for before, after in pairwise(found))
        assert found[-1].end == native.Game(level.zone, level.act, level.seed).level["cols"]
        assert (found[0].kind, found[-1].kind) == ("start", "goal")


def test_all_kinds_of_the_generator_come_and_no_others() -> None:
    declared = set(re.findall(r"void section_(\w+)\(", (SOURCES / "levelgen.h").read_text()))
    found = {section.kind for level in SOME for section in sections(level)}
    assert found == {name.replace("_", " ") for name in declared} | AROUND


def test_a_section_holds_what_its_kind_is_named_after() -> None:
    for level in SOME:
        game = native.Game(level.zone, level.act, level.seed)
        blocks, spawns = game.blocks, game.spawns
        for kind, first, end in sections(level):
            part = blocks[first:end]
            assert (part == check.BREAKABLE).any() == (kind == "breakable"), level
            if kind in ("spikes", "causeway"):
                assert (part == check.SPIKES).any(), level
            bottomless = int((~check.solid(part)[:, -1]).sum())
            assert (bottomless > 0) == (kind in ("gap", "abyss")), (level, kind)
            here = spawns["kind"][(spawns["x"] >= first * 16) & (spawns["x"] < end * 16)]
            if kind == "goal":
                assert check.GOAL in here
            assert np.isin(here, check.PLATFORMS).any() <= (kind == "abyss"), (level, kind)


def test_a_game_in_play_is_left_alone() -> None:
    game = native.Game(2, 3, 77)
    game.hold(1 << native.BUTTONS.index("RIGHT"), 100)
    before = game.get_state(), game.level.tobytes()
    sections(Level(5, 1, 5))
    assert (game.get_state(), game.level.tobytes()) == before
