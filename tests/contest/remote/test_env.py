"""The contest's environment, on the real emulator with the game whose free ROM ships with stable-retro."""

import csv
import gc
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import stable_retro as retro
from numpy.typing import NDArray

from agent.rules import EPISODE_TIMESTEPS
from contest.remote import games
from contest.remote.environment import ContestGame, make
from contest.remote.monitor import Monitor

GAME = "Airstriker-Genesis"

Buttons = NDArray[np.uint8]


@pytest.fixture
def emulate() -> Iterator[Callable[..., Any]]:
    """Opens environments one after the other: a process can have only one emulator at a time."""
    opened: list[Any] = []

    def close() -> None:
        while opened:
            opened.pop().close()
        gc.collect()

    def open_next(opener: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        close()
        opened.append(opener(*args, **kwargs))
        return opened[-1]

    yield open_next
    close()


def play(env: gym.Env[Any, Any], actions: list[Any], *, seed: int | None = None) -> list[tuple[Any, ...]]:
    """Everything an agent gets to see while it plays the actions, episode after episode."""
    screen, info = env.reset(seed=seed)
    seen: list[tuple[Any, ...]] = [(screen.tobytes(), info)]
    for action in actions:
        screen, reward, terminated, truncated, info = env.step(action)
        seen.append((screen.tobytes(), reward, terminated, truncated, info))
        if terminated or truncated:
            seen.append((env.reset()[0].tobytes(),))
    return seen


def some_buttons(count: int, seed: int) -> list[Buttons]:
    """Buttons at random, START left alone because it would pause the game."""
    buttons = np.random.default_rng(seed).integers(0, 2, (count, 12), dtype=np.uint8)
    buttons[:, 3] = 0
    return list(buttons)


class StraightforwardSkip(gym.Wrapper[Any, Any, Any, Any]):
    """The contest's frame skip as its rules say it, on stable-retro's own environment: env.step, up to four times."""

    def __init__(self, env: Any, seed: int) -> None:
        super().__init__(env)
        self.rng = np.random.default_rng(seed)
        self.before: Any = None
        self.delayed = 0
        self.cut_short = 0

    def reset(self, **kwargs: Any) -> Any:
        self.before = None
        return self.env.reset(**kwargs)

    def step(self, action: Any) -> Any:
        delay = self.before is not None and self.rng.random() <= 0.25
        self.delayed += delay
        plan = [self.before if delay else action, action, action, action]
        self.before = action
        total = 0.0
        for number, frame_action in enumerate(plan):
            screen, reward, terminated, truncated, _ = self.env.step(frame_action)
            total += float(reward)
            if terminated:
                self.cut_short += number < 3
                break
        return screen, total, terminated, truncated, {}


@pytest.mark.parametrize("discrete", [False, True])
def test_skip_is_four_steps_of_the_stock_environment(
    emulate: Callable[..., Any], discrete: bool, late_state: Path
) -> None:
    actions: list[Any] = some_buttons(250, seed=1)
    if discrete:
        actions = list(np.random.default_rng(1).integers(0, 36, 250))
    ours = play(emulate(make, GAME, str(late_state), discrete_actions=discrete, seed=5), actions)
    kind = retro.Actions.DISCRETE if discrete else retro.Actions.FILTERED
    stock = emulate(retro.make, f"{GAME}-v0", str(late_state), use_restricted_actions=kind, render_mode=None)
    reference = StraightforwardSkip(stock, seed=5)
    theirs = play(reference, actions)
    assert ours == theirs
    assert sum(len(seen) > 2 and seen[2] for seen in ours) >= 2, "no episode ended: the ends were not compared"
    assert any(len(seen) > 2 and seen[1] for seen in ours), "nothing was earned: the rewards were not compared"
    assert 40 < reference.delayed < 85, "delays are to come about a quarter of the time"


class FakeRetro:
    """Notes what each frame plays and ends the episode at a given frame."""

    def __init__(self, last_frame: int | None = None) -> None:
        self.frames: list[int] = []
        self.last_frame = last_frame
        self.em = self.data = self
        self.movie = None
        self.initial_state = b"state"
        self.observation_space = gym.spaces.Box(0, 255, (2, 3, 3), np.uint8)
        self.action_space = gym.spaces.MultiBinary(12)
        self.shape: tuple[int, ...] = (2, 3, 3)

    def action_to_array(self, action: Buttons) -> list[Buttons]:
        return [action]

    def set_button_mask(self, mask: Buttons, player: int) -> None:
        self.frames.append(int(mask[0]))

    def reset(self) -> tuple[Any, dict[str, Any]]:
        self.frames.clear()
        return self.get_screen(), {}

    def get_screen(self, apply_rotation: bool = True) -> Any:
        return np.ones(self.shape, np.uint8)

    def current_reward(self) -> float:
        return 10.0 ** min(len(self.frames) - 1, 300)

    def is_done(self) -> bool:
        return len(self.frames) == self.last_frame

    def set_state(self, state: bytes) -> bool:
        return state == self.initial_state

    def nothing(self) -> None:
        pass

    step = update_ram = close = stop_record = nothing


def on_fake(monkeypatch: pytest.MonkeyPatch, fake: FakeRetro, seed: int = 0) -> ContestGame:
    monkeypatch.setattr(retro, "make", lambda *args, **kwargs: fake)
    return ContestGame(games.find(GAME), seed=seed)


def numbered(number: int) -> Buttons:
    return np.full(12, number, np.uint8)


def test_delay_is_one_frame_and_never_right_after_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeRetro()
    env = on_fake(monkeypatch, fake)
    delays = 0
    for _ in range(300):
        env.reset()
        env.step(numbered(1))
        assert fake.frames == [1, 1, 1, 1]
        env.step(numbered(2))
        assert fake.frames[4:] in ([2, 2, 2, 2], [1, 2, 2, 2])
        delays += fake.frames[4] == 1
        before = fake.frames[-1]
        env.step(numbered(3))
        assert fake.frames[8] in (before, 3)
        assert fake.frames[9:] == [3, 3, 3]
    assert 50 < delays < 100  # binomial(300, 1/4): 75, standard deviation 7.5


@pytest.mark.parametrize("last_frame", [1, 2, 3, 4])
def test_end_of_the_episode_ends_the_timestep(monkeypatch: pytest.MonkeyPatch, last_frame: int) -> None:
    fake = FakeRetro(last_frame)
    env = on_fake(monkeypatch, fake)
    env.reset()
    _, reward, terminated, truncated, info = env.step(numbered(1))
    assert (reward, terminated, truncated, info) == (float("1" * last_frame), True, False, {})
    assert len(fake.frames) == last_frame


@pytest.mark.parametrize(("shape", "filled"), [((1, 5, 3), (1, 3)), ((4, 2, 3), (2, 2)), ((2, 3, 3), (2, 3))])
def test_screen_keeps_its_shape_when_the_video_mode_changes(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], filled: tuple[int, int]
) -> None:
    fake = FakeRetro()
    env = on_fake(monkeypatch, fake)
    fake.shape = shape
    for screen in (env.reset()[0], env.step(numbered(0))[0], env.render()):
        assert screen.shape == (2, 3, 3)
        expected = np.zeros((2, 3, 3), np.uint8)
        expected[: filled[0], : filled[1]] = 1
        assert np.array_equal(screen, expected)


def test_same_seed_same_run(emulate: Callable[..., Any]) -> None:
    actions = some_buttons(40, seed=2)
    runs = [play(emulate(make, GAME, seed=seed), actions) for seed in (3, 3, 4)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    env = emulate(make, GAME)
    assert [play(env, actions, seed=3) for _ in range(2)] == [runs[0], runs[0]]


def test_spaces_are_the_contests(emulate: Callable[..., Any]) -> None:
    env = emulate(make, GAME)
    assert env.action_space == gym.spaces.MultiBinary(12)
    assert env.observation_space == gym.spaces.Box(0, 255, (224, 320, 3), np.uint8)
    assert isinstance(emulate(make, GAME, discrete_actions=True).action_space, gym.spaces.Discrete)


def test_time_limit_truncates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retro, "make", lambda *args, **kwargs: FakeRetro())
    env = make(GAME)
    env.reset()
    ends = [env.step(numbered(0))[2:4] for _ in range(EPISODE_TIMESTEPS)]
    assert ends[:-1] == [(False, False)] * (EPISODE_TIMESTEPS - 1)
    assert ends[-1] == (False, True)


def test_screens_are_safe_to_keep(emulate: Callable[..., Any]) -> None:
    env = emulate(make, GAME)
    screens = [env.reset()[0]]
    copies = [screens[0].copy()]
    for buttons in some_buttons(30, seed=0):
        screens.append(env.step(buttons)[0])
        copies.append(screens[-1].copy())
    assert all(np.array_equal(screen, copy) for screen, copy in zip(screens, copies, strict=True))


def test_starts_from_a_state_file(emulate: Callable[..., Any], late_state: Path, tmp_path: Path) -> None:
    from_name, _ = emulate(make, GAME, "Level1").reset()
    env = emulate(make, GAME, str(late_state), bk2dir=tmp_path / "bk2")
    from_file, _ = env.reset()
    assert not np.array_equal(from_name, from_file)
    env.close()
    assert [file.name for file in (tmp_path / "bk2").iterdir()] == [f"{GAME}-v0-late one-000000.bk2"]
    assert np.array_equal(emulate(retro.make, f"{GAME}-v0", str(late_state), render_mode=None).reset()[0], from_file)


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"short"), gzip.compress(bytes(99))[:-9]])
def test_refuses_a_broken_state_file(emulate: Callable[..., Any], tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.state"
    path.write_bytes(content)
    with pytest.raises(games.GameError, match=r"broken\.state"):
        emulate(make, GAME, str(path))
    emulate(make, GAME).reset()  # and leaves the emulator free


def test_monitor_files_are_the_contests_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against csv.DictWriter on a file opened for text, which is all that the original's monitor is."""
    clock = [1000.0]
    monkeypatch.setattr("contest.remote.monitor.time.time", lambda: clock[0])
    env = Monitor(on_fake(monkeypatch, FakeRetro(last_frame=10)), tmp_path / "deep" / "er")
    with (tmp_path / "monitor.csv").open("w") as monitor, (tmp_path / "log.csv").open("w") as log:
        monitor_csv, log_csv = csv.DictWriter(monitor, ["r", "l", "t"]), csv.DictWriter(log, ["l", "t"])
        monitor_csv.writeheader()
        log_csv.writeheader()
        env.reset()
        total, length = 0, 0
        for timestep in range(1, 2501):
            clock[0] += 0.1 * timestep
            _, reward, terminated, _, _ = env.step(numbered(0))
            total, length = total + reward, length + 1
            if timestep % 1000 == 0:
                log_csv.writerow({"l": timestep, "t": clock[0] - 1000.0})
            if terminated or timestep % 7 == 0:
                env.reset()
                monitor_csv.writerow({"r": total, "l": length, "t": clock[0] - 1000.0})
                total, length = 0, 0
        env.reset()
        monitor_csv.writerow({"r": total, "l": length, "t": clock[0] - 1000.0})
    for name in ("monitor.csv", "log.csv"):
        assert (tmp_path / "deep" / "er" / name).read_bytes() == (tmp_path / name).read_bytes()
    assert (tmp_path / "log.csv").read_bytes().count(b"\r\n") == 3
    env.close()


def test_monitor_writes_an_episode_at_the_next_reset_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env = Monitor(on_fake(monkeypatch, FakeRetro(4)), tmp_path)
    file = tmp_path / "monitor.csv"
    assert file.read_bytes() == b"r,l,t\r\n"
    env.reset()
    env.step(numbered(1))
    assert file.read_bytes() == b"r,l,t\r\n"
    env.reset()
    assert file.read_bytes().startswith(b"r,l,t\r\n1111.0,1,")
    env.reset()
    assert b"\r\n0,0," in file.read_bytes()  # an int, as the original has it
    env.close()


def test_finds_games_with_and_without_version() -> None:
    assert games.find(GAME).game == games.find(f"{GAME}-v0").game == f"{GAME}-v0"
    assert games.find(GAME, "Level1").state == games.find(GAME, "Level1.state").state == "Level1"
    assert f"{GAME}-v0" in games.games()
    assert games.states(GAME) == ["Level1"]


@pytest.mark.parametrize(
    ("game", "state", "message"),
    [
        ("Airstiker-Genesis", None, "no game 'Airstiker-Genesis'; nearest: Airstriker-Genesis-v0"),
        ("SonicTheHedgehog", None, "nearest: SonicTheHedgehog-Genesis-v0"),
        (GAME, "Level2", "has no state 'Level2'; nearest: Level1"),
        (GAME, "/no/such.state", "has no state or file '/no/such.state'"),
        ("SonicTheHedgehog-Genesis", "GreenHillZone.Act9", "nearest: GreenHillZone.Act"),
        ("SonicTheHedgehog-Genesis", "GreenHillZone.Act1", r"python -m contest roms DIR"),
        ("", None, "no game ''"),
        ("../stable/Airstriker-Genesis-v0x", None, "no game"),
    ],
)
def test_says_what_is_wrong_with_a_level(game: str, state: str | None, message: str) -> None:
    if "contest roms" in message:
        directory = Path(retro.data.path()) / "stable" / "SonicTheHedgehog-Genesis-v0"
        if (directory / "rom.md").exists():
            pytest.skip("somebody imported this ROM")
    with pytest.raises(games.GameError, match=message) as error:
        games.find(game, state)
    assert "\n" not in str(error.value)


def test_contest_scenario_where_there_is_one() -> None:
    assert not games.find(GAME).has_contest_scenario
    stable = retro.data.Integrations.STABLE
    assert games.Level(game="SonicTheHedgehog-Genesis-v0", state=None, integration=stable).has_contest_scenario
