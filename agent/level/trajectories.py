"""Retained knowledge: what has been tried on this level and what it paid."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.level.detours import without_detours
from agent.level.knowledge import Arrays, KnowledgeError, checked
from agent.ranges import require
from agent.rules import BUTTONS, EPISODE_TIMESTEPS, LEAST_RISE, Buttons, pack


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryConfig:
    """Retained knowledge. Source of the rule: openai/retro-baselines, agents/jerk_agent.py."""

    trajectories: int = 64
    """Trajectories kept at most; the one with the lowest mean return goes first."""

    exploit_bias: float = 0.25
    """Probability of replaying at the start of the run; rises to 1 + exploit_bias with the share of timesteps used."""

    exploit_best: float = 0.0
    """Probability added to it for each contest unit that the best trajectory has paid on average."""

    replay_slack: float = 150.0
    """Reward a replay may fall behind what the trajectory had earned by then before it counts as lost."""

    vary_share: float = 0.5
    """Share of the replays, at the start of the run, that vary the trajectory where replays tend to end: how it goes on
    there is often what cannot be survived, or only by luck. It falls to 0 with the share of timesteps used."""

    vary_before: int = 64
    """Timesteps before such an end at which a variation begins at the earliest; a fall alone takes 15."""

    vary_timesteps: int = 32
    """Length of a variation at most, timesteps."""

    vary_shift: int = 4
    """Timesteps by which a variation does things earlier or later, at most."""

    same_return: float = 20.0
    """Return by which a varied replay may fall short of the trajectory and still have got as far, contest units."""

    detour_share: float = 0.5
    """A trajectory of which less than this is left without its detours is tried without them, too: nobody can play
    minutes of coming and going again."""

    ends: int = 64
    """Ends of replays remembered: what tends to end them now."""

    landmark_period: int = 4
    """Timesteps of an episode between two screens kept as landmarks, where the agent knows screens."""

    pace_speed: float = 4.0
    """Reward of a timestep within which a replay is as fast as the trajectory and keeps its pace; 0 counts blindly."""

    late_cost: float = 8.0
    """Contest units off the trajectory's place that a timestep off its time weighs as much as: what moves by itself goes
    about so far in it (2 pixels a frame)."""

    rejoin_wait: int = 8
    """Timesteps that somebody else plays before a lost replay looks for a landmark to go on from."""

    rejoin_distance: float = 9.0
    """Return within which a landmark is as far along, contest units (about 8 pixels)."""

    rejoin_speed: float = 8.0
    """Reward of the last timestep within which it was passed as fast, contest units (2 pixels a frame)."""

    rejoin_difference: float = 4.0
    """Mean difference of two screens' profiles, gray levels, within which they show the same place."""

    rejoin_tries: int = 3
    """How often an episode goes on from the same landmark: what went wrong thrice there is wrong."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require(self.trajectories > 0, "trajectories above 0", self.trajectories)
        require(0 <= self.exploit_bias <= 1, "exploit_bias within 0..1", self.exploit_bias)
        for name in ("vary_share", "detour_share"):
            require(0 <= getattr(self, name) <= 1, f"{name} within 0..1", getattr(self, name))
        for name in ("vary_before", "vary_timesteps", "vary_shift", "ends"):
            require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        require(self.exploit_best >= 0, "exploit_best of at least 0", self.exploit_best)
        for name in (
            "replay_slack",
            "same_return",
            "rejoin_wait",
            "rejoin_distance",
            "rejoin_speed",
            "rejoin_difference",
            "pace_speed",
            "late_cost",
        ):
            require(getattr(self, name) >= 0, f"{name} of at least 0", getattr(self, name))
        require(
            self.landmark_period > 0 and self.rejoin_tries >= 0, "landmark_period above 0, tries of at least 0", self
        )


JERK_MEMORY = MemoryConfig(pace_speed=0.0)
"""JERK plays a trajectory again blindly."""


IMPROVED_JERK_MEMORY = MemoryConfig(pace_speed=0.0, exploit_bias=0.12, exploit_best=1 / 10_000)
"""A contestant's rules, which took JERK to 3,817 on the leaderboard's levels and among the top 30; besides, play goes
on after a replay. Source: the contest's write-ups by participants."""


@dataclass(slots=True, kw_only=True, eq=False)
class Trajectory:
    """What was held at each timestep, up to the episode's best return, and what it paid."""

    actions: NDArray[np.uint16]
    """uint16 [T], packed buttons."""

    returns: NDArray[np.float32]
    """float32 [T], return of the episode after each timestep, contest units."""

    paid: float
    """Sum of what it earned: the best return when it was found, then the return of each replay's episode."""

    plays: int = 1
    """How many returns `paid` adds up."""

    landmarks: NDArray[np.uint8]
    """uint8 [N, P], profiles of the screens before timestep 0 and every `landmark_period`-th after it; P is 0 if who
    played it does not know screens."""

    def __len__(self) -> int:
        """Returns its length in timesteps."""
        return len(self.actions)

    @property
    def mean(self) -> float:
        """Mean of what it paid, contest units."""
        return self.paid / self.plays

    def at_landmarks(self, period: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the return at each landmark and the reward of the timestep before it, float64 [N] each."""
        before = np.concatenate([[0.0], self.returns])
        speeds = np.diff(before, prepend=0.0)
        return before[:-1:period], speeds[:-1:period]

    def without_detours(self, config: MemoryConfig) -> "Trajectory":
        """Drops what lay between where it came by a place twice; a guess, to be played before it is believed.

        An agent that does not know screens gets it as it is.
        """
        if not self.landmarks.shape[1]:
            return self
        period = config.landmark_period
        passed, speeds = self.at_landmarks(period)

        def visited(path: list[int], mark: int) -> int | None:
            known = np.array(path, np.int64)
            is_near = np.abs(passed[known] - passed[mark]) < config.rejoin_distance
            is_near &= np.abs(speeds[known] - speeds[mark]) < config.rejoin_speed
            for at in np.flatnonzero(is_near):
                difference = np.abs(self.landmarks[known[at]].astype(np.float32) - self.landmarks[mark]).mean()
                if difference < config.rejoin_difference:
                    return int(at)
            return None

        path = without_detours(len(self.landmarks), visited)
        kept = np.concatenate([np.arange(mark * period, min((mark + 1) * period, len(self))) for mark in path])
        return Trajectory(
            actions=self.actions[kept],
            returns=self.returns[kept],
            paid=float(self.returns[-1]),
            landmarks=self.landmarks[path],
        )

    def pay(self, episode_return: float) -> None:
        """Takes in what one more replay earned."""
        self.paid += episode_return
        self.plays += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A stretch of a trajectory that one replay plays in another way."""

    start: int
    """Timestep of the trajectory at which it begins."""

    timesteps: int
    """How long."""

    shift: int | None
    """Timesteps by which things are done earlier (above 0) or later; None: somebody else plays."""

    @property
    def stretch(self) -> range:
        """The trajectory's timesteps that are played in another way."""
        return range(self.start, self.start + self.timesteps)


class Recorder:
    """Writes down one episode as it goes."""

    def __init__(self, config: MemoryConfig, patches: int) -> None:
        """Starts empty; `patches` of a landmark, 0 for an agent that does not know screens."""
        self._period = config.landmark_period
        self._patches = patches
        self._actions: list[int] = []
        self._returns: list[float] = []
        self._landmarks: list[NDArray[np.uint8]] = []

    @property
    def wants_landmark(self) -> bool:
        """Is the screen before the next timestep a landmark that is not written down yet?"""
        return self._patches > 0 and len(self._landmarks) * self._period <= len(self._actions) < EPISODE_TIMESTEPS

    def pass_by(self, landmark: NDArray[np.uint8]) -> None:
        """Adds the landmark that is wanted, uint8 [P]."""
        self._landmarks.append(landmark)

    def add(self, held: Buttons, episode_return: float) -> None:
        """Adds one timestep: what was held, and the episode's return after it; bounded by the contest's episodes."""
        if len(self._actions) == EPISODE_TIMESTEPS:
            return
        self._actions.append(pack(held))
        self._returns.append(episode_return)

    def best(self) -> Trajectory | None:
        """Cuts the episode off where its return was highest first; None if no timestep was played."""
        if not self._actions:
            return None
        returns = np.array(self._returns)
        end = int((returns > returns.max() - LEAST_RISE).argmax()) + 1
        landmarks = np.zeros((landmarks_of(end, self._period), self._patches), np.uint8)
        known = self._landmarks[: len(landmarks)]  # one less where an episode began with a timestep nobody chose
        if known:
            landmarks[: len(known)] = known
        return Trajectory(
            actions=np.array(self._actions[:end], np.uint16),
            returns=returns[:end].astype(np.float32),
            paid=float(returns[end - 1]),
            landmarks=landmarks,
        )


def landmarks_of(timesteps: int, period: int) -> int:
    """Returns how many landmarks so many timesteps have."""
    return -(-timesteps // period)


class Memory:
    """The best trajectories of the run; bounded, however long the run is."""

    def __init__(self, config: MemoryConfig, patches: int = 0) -> None:
        """Starts empty.

        Args:
            config: How much to keep, and when to play it again.
            patches: Of a landmark; 0 for an agent that does not know screens.
        """
        self._config = config
        self._patches = patches
        self.trajectories: list[Trajectory] = []
        self._ends = deque[float](maxlen=config.ends)

    def recorder(self) -> Recorder:
        """Returns who writes down the next episode."""
        return Recorder(self._config, self._patches)

    def add(self, trajectory: Trajectory) -> None:
        """Keeps a trajectory, at the cost of the worst one if there are too many."""
        self.trajectories.append(trajectory)
        if len(self.trajectories) > self._config.trajectories:
            self.trajectories.remove(min(self.trajectories, key=lambda kept: kept.mean))

    def best(self) -> Trajectory | None:
        """Returns the trajectory with the highest mean of what it paid, the earliest of equals, if there is one."""
        return max(self.trajectories, key=lambda kept: kept.mean, default=None)

    def note_end(self, episode_return: float) -> None:
        """Hears where the game ended a replay, by the return it had come to."""
        self._ends.append(episode_return)

    def vary(self, trajectory: Trajectory, rng: np.random.Generator) -> Variation:
        """Draws another way to play a trajectory around a place where replays end."""
        config = self._config
        ended = self._ends[int(rng.integers(len(self._ends)))] if self._ends else float("inf")
        at = int(np.searchsorted(np.maximum.accumulate(trajectory.returns), ended))
        shift = int(rng.integers(1, config.vary_shift + 1)) * (1 if rng.random() < 0.5 else -1)
        return Variation(
            start=max(0, at - 1 - int(rng.integers(config.vary_before))),
            # Where the trajectory itself ends there is nothing to come back to.
            timesteps=EPISODE_TIMESTEPS if at >= len(trajectory) else int(rng.integers(1, config.vary_timesteps + 1)),
            shift=shift if at < len(trajectory) and rng.random() < 0.5 else None,
        )

    def exploit_probability(self, share_used: float) -> float:
        """Returns the probability of replaying at the start of an episode.

        Source: openai/retro-baselines, agents/jerk_agent.py: 0.25 + t / 1e6; what the best one paid counts only where
        `exploit_best` says so.

        Args:
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        best = self.best()
        return self._config.exploit_bias + share_used + (self._config.exploit_best * best.mean if best else 0.0)

    def arrays(self) -> Arrays:
        """Returns everything retained, as arrays by name."""
        kept = self.trajectories
        return {
            "lengths": np.array([len(trajectory) for trajectory in kept], np.int64),
            "actions": np.concatenate([np.empty(0, np.uint16), *(trajectory.actions for trajectory in kept)]),
            "returns": np.concatenate([np.empty(0, np.float32), *(trajectory.returns for trajectory in kept)]),
            "paid": np.array([trajectory.paid for trajectory in kept], np.float64),
            "plays": np.array([trajectory.plays for trajectory in kept], np.int64),
            "ends": np.array(self._ends, np.float64),
            "landmarks": np.concatenate(
                [np.empty((0, self._patches), np.uint8), *(trajectory.landmarks for trajectory in kept)]
            ),
        }

    def accept(self, arrays: Arrays) -> Callable[[], None]:
        """Checks what `arrays` returned, and returns what takes it over when it is called.

        Raises:
            KnowledgeError: If the arrays are not what `arrays` returns.
        """
        lengths = checked(arrays, "lengths", np.int64, None)
        total = int(lengths.sum())
        actions = checked(arrays, "actions", np.uint16, total)
        returns = checked(arrays, "returns", np.float32, total)
        paid = checked(arrays, "paid", np.float64, len(lengths))
        plays = checked(arrays, "plays", np.int64, len(lengths))
        replays_ended = checked(arrays, "ends", np.float64, None)
        if not ((lengths > 0) & (lengths <= EPISODE_TIMESTEPS)).all():
            raise KnowledgeError(f"wanted trajectories of 1..{EPISODE_TIMESTEPS} timesteps, got {lengths.tolist()}")
        if not (plays > 0).all():
            raise KnowledgeError(f"wanted trajectories played at least once, got {plays.tolist()}")
        if total and int(actions.max()) >= 1 << len(BUTTONS):
            raise KnowledgeError(f"wanted packed buttons below {1 << len(BUTTONS)}, got {int(actions.max())}")
        marks = [landmarks_of(int(length), self._config.landmark_period) for length in lengths]
        landmarks = np.empty((sum(marks), 0), np.uint8)
        if self._patches:
            landmarks = checked(arrays, "landmarks", np.uint8, sum(marks), self._patches)

        def take_over() -> None:
            ends, last = np.cumsum(lengths), np.cumsum(marks)
            for number, end in enumerate(ends):
                own = slice(int(end - lengths[number]), int(end))
                self.add(
                    Trajectory(
                        actions=actions[own],
                        returns=returns[own],
                        paid=float(paid[number]),
                        plays=int(plays[number]),
                        landmarks=landmarks[last[number] - marks[number] : last[number]],
                    )
                )
            self._ends.extend(replays_ended.tolist())

        return take_over
