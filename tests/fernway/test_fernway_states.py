"""Start states and solutions on the real emulator core, and the integration in stable-retro."""

import gzip
import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import stable_retro

import fernway
from contest.remote import games
from fernway import FernwayError, check, levels, native, states
from fernway.levels import Level
from fernway.native import bits_to_buttons
from fernway.search import decode, frames_of, start_level

B, LEFT, RIGHT = (1 << native.BUTTONS.index(name) for name in ("B", "LEFT", "RIGHT"))
CUT_SHORT = Level(1, 2, 2448647553)
"""Its last section is cut short, or it would end beyond its memory."""
VALIDATION = [name for name, one in levels.committed().items() if one.validation]


@pytest.mark.parametrize("name", sorted(levels.committed()))
def test_committed_state_belongs_to_this_rom_and_level(name: str) -> None:
    path = fernway.INTEGRATION / f"{name}.state"
    state = states.read_state(path)  # refuses one of another build
    assert states.level_of(state) == levels.by_name(name).level
    assert not any(state[states.STATE_BYTES :])
    assert path.read_bytes()[4:8] == bytes(4)  # no time stamp in the file


@pytest.mark.parametrize("name", ["TideHarbor.Act2", "StarAtrium.Act1"])
def test_state_is_made_again_byte_for_byte(tmp_path: Path, name: str) -> None:
    level, out = levels.by_name(name).level, tmp_path / "again.state"
    numbers = ("--zone", str(level.zone), "--act", str(level.act), "--seed", str(level.seed))
    command = [sys.executable, "-m", "fernway", "state", *numbers, "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    assert gzip.decompress(out.read_bytes()) == states.read_state(fernway.INTEGRATION / f"{name}.state")


def test_states_do_not_depend_on_what_their_process_played_before() -> None:
    for name in ["StarAtrium.Act1", "FrostSpires.Act7", "GlassDunes.Act2", "StarAtrium.Act1"]:
        assert states.make_state(levels.by_name(name).level) == states.read_state(fernway.INTEGRATION / f"{name}.state")


@pytest.mark.slow
@pytest.mark.parametrize("name", VALIDATION)
def test_stored_solution_solves_on_the_emulator(name: str) -> None:
    one = levels.by_name(name)
    with states.Core() as core:
        core.load(states.read_state(fernway.INTEGRATION / f"{name}.state"))
        assert core.play(frames_of(decode(one.solution)))


def test_rom_and_host_make_the_same_levels_and_first_screens() -> None:
    with states.Core() as core:
        for level in [*check.random_levels(10, seed=20260), CUT_SHORT]:
            core.load(core.start(level))
            game = native.Game()
            start_level(game, level)
            memory = core.memory(native.STATE_SIZE + native.LEVEL.itemsize)
            assert memory[native.STATE_SIZE :] == check.big_endian(game.level), level
            assert np.array_equal(core.screen, game.screen()), level


@pytest.mark.parametrize("name", ["FernHollow.Act1", "StarAtrium.Act3"])
def test_reward_of_a_solved_level(name: str) -> None:
    fernway.register()
    env = stable_retro.make(fernway.GAME, name, scenario="contest", render_mode=None)
    try:
        for _ in range(2):  # a second episode starts from scratch
            screen, _ = env.reset()
            assert screen.shape == (224, 320, 3)
            total, frames, terminated, last = 0.0, 0, False, 0.0
            for buttons in frames_of(decode(levels.by_name(name).solution)).tolist():
                _, last, terminated, _, info = env.step(bits_to_buttons(buttons))
                total += last
                frames += 1
                if terminated:
                    break
            assert terminated
            assert info["level_end"] == 1
            bonus = 1000 * (1 - (frames + 1) / 18_000)  # the frame of the reset counts too
            assert total == pytest.approx(9000 + bonus, abs=0.01)
            assert last > bonus
    finally:
        env.close()


def a_death(level: Level) -> list[int]:
    """Buttons, frame by frame, that lose a life."""
    draw = random.Random(1)
    for _ in range(200):
        game = native.Game()
        start_level(game, level)
        held = [draw.choice((RIGHT, RIGHT, RIGHT | B)) for _ in range(100)]
        buttons = np.repeat(np.array(held, np.uint16), 12)
        if (end := game.frames(buttons)).dead:
            return [int(pressed) for pressed in buttons[: end.frames + 8]]
    raise AssertionError("nothing in this level is deadly")


def test_going_left_is_paid_back_and_a_lost_life_ends_the_episode() -> None:
    fernway.register()
    env = stable_retro.make(fernway.GAME, "TideHarbor.Act2", scenario="contest", render_mode=None)

    def step(buttons: int) -> tuple[float, bool]:
        _, reward, terminated, _, _ = env.step(bits_to_buttons(buttons))
        return float(reward), terminated

    try:
        env.reset()
        there = sum(step(RIGHT)[0] for _ in range(40))
        back = sum(step(LEFT)[0] for _ in range(120))
        assert there > 10
        assert back == pytest.approx(-there, abs=0.01)  # left of the start costs no more
        env.reset()
        ends = [step(buttons)[1] for buttons in a_death(levels.by_name("TideHarbor.Act2").level)]
        assert ends.index(True) >= len(ends) - 12
        assert env.data["lives"] == 2
    finally:
        env.close()


def test_reward_is_a_number_from_power_on() -> None:
    fernway.register()
    env = stable_retro.make(fernway.GAME, stable_retro.State.NONE, scenario="contest", render_mode=None)
    try:
        env.reset()
        seen = []
        for _ in range(200):
            _, reward, terminated, _, info = env.step(np.zeros(12, np.int8))
            seen.append((info["end_x"], reward, terminated))
        assert seen[0][0] == 0  # no level is made yet: no end, no way
        assert seen[-1][0] > 0
        assert {(reward, terminated) for _, reward, terminated in seen} == {(0.0, False)}
    finally:
        env.close()


def play_and_hash(core: states.Core, name: str, frames: int) -> str:
    """Hash of screens and of work RAM along the first part of a solution."""
    digest = hashlib.sha256()
    core.load(states.read_state(fernway.INTEGRATION / f"{name}.state"))
    for number, buttons in enumerate(frames_of(decode(levels.by_name(name).solution))[:frames].tolist()):
        core.step(buttons)
        if number % 8 == 0:
            digest.update(core.screen.tobytes() + core.memory(0x10000))
    return digest.hexdigest()


def hashes(names: list[str], frames: int) -> list[str]:
    """The hashes of several levels, played one after the other on the same console."""
    with states.Core() as core:
        return [play_and_hash(core, name, frames) for name in names]


def hashes_elsewhere(names: list[str], frames: int) -> list[str]:
    """The same in a process of its own."""
    code = f"from {Path(__file__).stem} import hashes; print(*hashes({names!r}, {frames}))"
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_same_screens_and_memory_in_one_process_and_in_another() -> None:
    name = "CopperWorks.Act4"
    here = hashes([name, "TideHarbor.Act1", name], 400)
    assert here[0] == here[2] != here[1]
    assert hashes_elsewhere([name], 400) == here[:1]


@pytest.mark.slow
def test_every_level_is_the_same_in_another_process_whatever_was_played_before() -> None:
    names = list(levels.committed())
    here = hashes(names, 64)
    assert len(set(here)) == len(names)
    assert hashes_elsewhere(names[::-1], 64) == here[::-1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no gzip", "not a readable state"),
        (gzip.compress(b"short"), "not a state of Fernway"),
        (gzip.compress(bytes(1_036_288)), "not a state of Fernway"),
    ],
)
def test_foreign_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "some.state"
    path.write_bytes(content)
    with pytest.raises(FernwayError, match=message):
        states.read_state(path)


def test_state_of_another_build_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rom = tmp_path / "rom.md"
    rom.write_bytes(fernway.ROM.read_bytes()[:-1] + b"!")
    monkeypatch.setattr(states, "require_rom", lambda: rom)
    with pytest.raises(FernwayError, match=r"made with ROM build [0-9a-f]{8}, this is .*python -m fernway state"):
        states.read_state(fernway.INTEGRATION / "FernHollow.Act1.state")


def test_contest_refuses_a_state_of_another_game() -> None:
    foreign = stable_retro.data.get_file_path("Airstriker-Genesis-v0", "Level1.state")
    command = [sys.executable, "-m", "contest", "demo", "--game", fernway.GAME, "--state", foreign]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert done.stderr == (
        f"contest: {fernway.GAME}: {foreign}: not a state of Fernway: make one with `python -m fernway state`\n"
    )


@pytest.mark.parametrize("game", ["Fernway-Genesis", "Fernway-Native"])
def test_contest_refuses_a_state_of_another_build(tmp_path: Path, game: str) -> None:
    state = bytearray(states.read_state(fernway.INTEGRATION / "FernHollow.Act1.state"))
    path = tmp_path / "old.state"
    states.write_state(path, bytes(state))
    assert games.find(game, str(path)).state == str(path)
    state[states.RAM_AT + 0xFFFC] ^= 1
    states.write_state(path, bytes(state))
    with pytest.raises(games.GameError, match=rf"{game}.*old\.state: made with ROM build .*python -m fernway state"):
        games.find(game, str(path))


def test_missing_rom_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fernway, "ROM", tmp_path / "rom.md")
    with pytest.raises(FernwayError, match=r"rom\.md is missing: .*make -C fernway"):
        fernway.register()


def test_variables_are_those_of_the_engine() -> None:
    listed = json.loads((fernway.INTEGRATION / "data.json").read_text())["info"]
    assert {"x", "y", "screen_x", "lives", "rings", "score", "zone", "act", "level_end", "end_x"} <= set(listed)
    level = Level(3, 2, 99)
    with states.Core() as core:
        core.start(level)
        core.step(0)
        game = native.Game()
        start_level(game, level)
        for name in (
            "x",
            "y",
            "screen_x",
            "screen_y",
            "start_x",
            "end_x",
            "rings",
            "score",
            "lives",
            "zone",
            "act",
            "seed",
        ):
            assert core[name] == getattr(game, name), name


def test_fault_in_a_level_is_found() -> None:
    record = native.Game(0, 1, 1).level.copy()
    record["spawns"][3]["y"] = 47 * 16 + 8
    record["blocks"][10, 20] = 1
    problems = check.level_problems(record)
    assert any("inside terrain" in problem for problem in problems)
    assert any("the start is not flat and free" in problem for problem in problems)


def test_screens_that_differ_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    one = levels.by_name("AmberQuarry.Act1")
    monkeypatch.setattr(native.Game, "screen", lambda _: np.zeros((224, 320, 3), np.uint8))
    report, _ = check.prove(one.level, one.solution)
    assert report.problems == ("the ROM and the twin show different screens after the solution",)
