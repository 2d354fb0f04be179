import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from agent.config import SCREEN_SHAPE
from fernway.levels import Level
from fernway.route import Effort
from training.__main__ import main
from training.demonstration import FRAMES, REWARD, Demonstration, DemonstrationError, load, screens
from training.emulated import EmulatedEpisode
from training.emulator_planner import EmulatorEffort
from training.search import FIRST_SEED, SearchConfig, Task, play, search


def short(out: Path, zone: str, seeds: int) -> SearchConfig:
    return SearchConfig(out=out, zones=(zone,), seeds=seeds, timesteps=30, effort=Effort(samples=1, finalists=1))


@pytest.fixture(scope="module")
def twin() -> Demonstration:
    return play(Task("Fernway-Genesis-v0", "x", Level(0, 1, 5), 0, 60, Effort(), EmulatorEffort()))


def test_a_demonstration_keeps_what_was_played_and_thought(twin: Demonstration, tmp_path: Path) -> None:
    twin.save(tmp_path / "a.npz")
    found = load(tmp_path / "a.npz")
    for field in dataclasses.fields(Demonstration):
        assert np.array_equal(getattr(found, field.name), getattr(twin, field.name)), field.name
    assert len(found.actions) == 60
    assert found.unit == FRAMES
    assert 0.15 < found.stuck.mean() < 0.4
    assert not found.stuck[0], "nothing was held before the first timestep"
    assert found.episode_return > 600
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_its_screens_come_back(twin: Demonstration) -> None:
    shown = list(screens(twin))
    assert len(shown) == 61
    assert shown[0].shape == SCREEN_SHAPE
    assert (shown[0] != shown[30]).mean() > 0.1


def test_screens_of_another_game_or_of_a_changed_one_are_refused(twin: Demonstration) -> None:
    with pytest.raises(DemonstrationError, match="only Fernway's twin"):
        next(screens(dataclasses.replace(twin, level=None)))
    with pytest.raises(DemonstrationError, match="the game has changed"):
        list(screens(dataclasses.replace(twin, rewards=twin.rewards + np.float32(1))))


def test_what_is_no_demonstration_is_refused(twin: Demonstration, tmp_path: Path) -> None:
    twin.save(tmp_path / "a.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    (tmp_path / "text.npz").write_text("hello")
    for name in ("cut.npz", "text.npz", "none.npz"):
        with pytest.raises(DemonstrationError, match="cannot be used"):
            load(tmp_path / name)
    with pytest.raises(DemonstrationError, match="wanted values float32"):
        dataclasses.replace(twin, values=twin.values[:, :3])
    with pytest.raises(DemonstrationError, match="wanted values in frames or reward"):
        dataclasses.replace(twin, unit="miles")
    (tmp_path / "file").write_text("")
    with pytest.raises(DemonstrationError, match="cannot be written"):
        twin.save(tmp_path / "file" / "a.npz")


def test_search_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search(short(tmp_path, "0", 1))
    (first,) = tmp_path.glob("*.npz")
    assert str(FIRST_SEED) in first.name
    stamp = first.stat().st_mtime_ns
    search(short(tmp_path, "0", 2))
    assert first.stat().st_mtime_ns == stamp
    assert len(list(tmp_path.glob("*.npz"))) == 2
    assert "2 levels: mean return" in capsys.readouterr().out
    first.write_bytes(b"broken")
    search(short(tmp_path, "0", 2))
    assert len(load(first).actions) == 30
    assert len((tmp_path / "summary.csv").read_text().splitlines()) == 3


def test_the_same_seed_plays_the_same(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        search(short(tmp_path / folder, "3", 1))
    one, other = (load(next((tmp_path / folder).glob("*.npz"))) for folder in ("a", "b"))
    assert np.array_equal(one.actions, other.actions)
    assert np.array_equal(one.values, other.values)


@pytest.mark.slow
def test_any_retro_game_is_searched_on_save_states(tmp_path: Path) -> None:
    (tmp_path / "levels.csv").write_text("game,state\nAirstriker-Genesis,Level1\n")
    little = EmulatorEffort(horizon=3, continuations=2)
    search(SearchConfig(out=tmp_path / "out", levels=tmp_path / "levels.csv", timesteps=6, emulator=little))
    (found,) = (load(path) for path in (tmp_path / "out").glob("*.npz"))
    assert (found.game, found.state, found.unit) == ("Airstriker-Genesis-v0", "Level1", REWARD)
    assert len(found.actions) == 6


def test_an_emulated_game_comes_back_to_its_snapshot_with_the_same_rewards() -> None:
    episode = EmulatedEpisode("Airstriker-Genesis", "Level1")
    try:
        env, table = episode.env, episode._buttons
        for _ in range(60):
            env.play(table[2], stuck=False)
        root = env.snapshot()
        runs = []
        for _ in range(3):
            env.restore(root)
            runs.append([env.play(table[(t // 8) % 6], stuck=t % 3 == 0) for t in range(120)])
            runs[-1].append((float(env.screen().mean()), False))
        assert runs[0] == runs[1] == runs[2]
        assert sum(paid for paid, _ in runs[0][:-1]) > 0, "something was shot, so that the rewards say something"
    finally:
        episode.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--zones", "99"], "no zone '99'"),
        (["--levels", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["--zones", "0", "--first-seed", "-1"], "seed"),
    ],
)
def test_bad_input_gives_one_clear_line(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", *arguments, "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(says, error)


def test_a_list_without_its_columns_and_a_missing_rom_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "levels.csv"
    path.write_text("level\n1\n")
    with pytest.raises(ValueError, match="columns game,state"):
        search(SearchConfig(out=tmp_path, levels=path))
    path.write_text("game,state\nSonicTheHedgehog-Genesis,GreenHillZone.Act1\n")
    with pytest.raises(ValueError, match="the ROM of SonicTheHedgehog-Genesis-v0 is missing"):
        search(SearchConfig(out=tmp_path, levels=path))


def test_one_of_levels_and_zones_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of --levels and --zones"):
        SearchConfig(out=tmp_path)
