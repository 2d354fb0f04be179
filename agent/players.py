"""Who can hold the controls: one interface, `act(moment)`; learned, JERK, replay, random, idle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agent.actions import Buttons, action_buttons, buttons, unpack
from agent.config import JerkConfig, MemoryConfig
from agent.memory import Trajectory, Variation
from agent.vision import FrameStack, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a player sees before it acts."""

    stack: FrameStack
    """The screens so far; made into an observation only for players that look."""

    timestep: int
    """Timesteps played in this episode."""

    episode_return: float
    """Undiscounted sum of this episode's rewards so far, contest units."""

    reward: float
    """Of the last timestep, contest units; 0 at the start."""


class Player(Protocol):
    """Somebody who can hold the controls."""

    @property
    def name(self) -> str:
        """The word for this player in episodes.csv."""

    def begin(self, moment: Moment) -> None:
        """Takes the controls over at this moment; `act` for the same moment follows."""

    def act(self, moment: Moment) -> Buttons:
        """Chooses what to hold for one timestep, int8 [12]."""


Landmark = Callable[[Moment], NDArray[np.uint8]]
"""Makes a landmark of the present screen, uint8 [P]."""


class QFunction(Protocol):
    """Whatever values actions."""

    def q_values(self, obs: Observation) -> NDArray[np.float32]:
        """Computes the Q-values float32 [A] of one observation uint8 [C, H, W]."""


class Learned:
    """Greedy on the Q-network, with light epsilon exploration; chance decides between actions of nearly equal value.

    So it does not stand for ever before something that two actions, taken in turn, do not get past.
    """

    name = "learned"

    def __init__(
        self, q_function: QFunction, epsilon: float, rng: np.random.Generator, *, temperature: float = 0.0
    ) -> None:
        """Makes the player.

        Args:
            q_function: Values the actions.
            epsilon: Probability of a random action instead.
            rng: Decides by chance.
            temperature: Otherwise the action is drawn from softmax(Q / temperature); 0: always the best one.
        """
        self._q_function = q_function
        self._epsilon = epsilon
        self._temperature = temperature
        self._rng = rng
        self._table: list[Buttons] = list(action_buttons())
        self.is_sound = True
        """False once a Q-value was not finite: from then on nothing this player says can be trusted."""

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:
        """Chooses the action of the highest Q-value or nearly so, or a random one."""
        if self._epsilon > 0 and self._rng.random() < self._epsilon:
            return self._draw()
        q_values = self._q_function.q_values(moment.stack.observation())
        if not np.isfinite(q_values).all():
            self.is_sound = False
            return buttons()
        # Gumbel noise makes of the maximum a draw from the softmax.
        noise = self._temperature * self._rng.gumbel(size=len(q_values))
        return self._table[int((q_values + noise).argmax())]

    def _draw(self) -> Buttons:
        return self._table[int(self._rng.integers(len(self._table)))]


class Jerk:
    """Moves right, jumping now and then; when that earned nothing, moves left for a while, then right again.

    Source: openai/retro-baselines, agents/jerk_agent.py, `move`.
    """

    name = "jerk"

    def __init__(self, config: JerkConfig, rng: np.random.Generator) -> None:
        """Starts with a move to the right."""
        self._config = config
        self._rng = rng
        self._held = {(left, jump): self._buttons(left, jump) for left in (False, True) for jump in (False, True)}
        self._start_move(is_left=False, episode_return=0.0)

    @staticmethod
    def _buttons(left: bool, jump: bool) -> Buttons:
        return buttons("LEFT" if left else "RIGHT", *(["B"] if jump else []))

    def _start_move(self, *, is_left: bool, episode_return: float) -> None:
        self._is_left = is_left
        self._timesteps_left = self._config.left_timesteps if is_left else self._config.right_timesteps
        self._jump_timesteps_left = 0
        self._return_at_start = episode_return

    def begin(self, moment: Moment) -> None:
        """Starts afresh with a move to the right."""
        self._start_move(is_left=False, episode_return=moment.episode_return)

    def act(self, moment: Moment) -> Buttons:
        """Plays one timestep of the move under way, or starts the next."""
        if self._timesteps_left == 0:
            earned = moment.episode_return - self._return_at_start
            self._start_move(is_left=not self._is_left and earned <= 0, episode_return=moment.episode_return)
        self._timesteps_left -= 1
        if self._jump_timesteps_left > 0:
            self._jump_timesteps_left -= 1
            return self._held[self._is_left, True]
        if self._rng.random() < self._config.jump_probability:
            self._jump_timesteps_left = self._config.jump_timesteps - 1
            return self._held[self._is_left, True]
        return self._held[self._is_left, False]


class Replay:
    """Plays a trajectory again, as long as it pays what it paid.

    Sticky frames put it ahead or behind, in place and in time; it keeps pace by leaving timesteps out and playing others
    twice. Where it is lost, somebody else plays until a landmark of the trajectory comes by: a screen that looks the
    same, as far along and as fast. From there it goes on.
    """

    name = "replay"

    def __init__(
        self,
        trajectory: Trajectory,
        config: MemoryConfig,
        landmark: Landmark | None = None,
        variation: Variation | None = None,
    ) -> None:
        """Starts at the beginning.

        Args:
            trajectory: What to play again.
            config: When it is lost, and when it is found again.
            landmark: Makes a landmark of the present screen; None: it counts blindly, and what is lost stays lost.
            variation: A stretch to play in another way, to see whether that is better.
        """
        self.trajectory = trajectory
        self._variation = variation
        self.is_varied = False
        """Has it come to the variation?"""
        self._config = config
        self._landmark = landmark
        self._next = 0  # timestep of the trajectory
        self._late = 0  # timesteps by which it is behind the trajectory's time, since it was found last
        self._lost_for = 0  # timesteps
        self._is_lost = False
        self._wait = config.rejoin_wait
        self._passed, self._speeds = trajectory.at_landmarks(config.landmark_period)
        self._tries = np.zeros(len(self._passed), np.int64)

    def is_on(self, moment: Moment) -> bool:
        """Can it say what to hold now? Ask once a timestep, from the first on, whoever plays."""
        if self._next >= len(self.trajectory):
            return False
        variation = self._variation
        if variation is not None and not self.is_varied and not self._is_lost and self._next >= variation.start:
            self.is_varied = True
            self._is_lost = variation.shift is None
            self._lost_for, self._wait = 0, variation.timesteps
        elif not self._is_lost:
            paid = float(self.trajectory.returns[self._next - 1]) if self._next else moment.episode_return
            self._is_lost = moment.episode_return < paid - self._config.replay_slack
            self._lost_for, self._wait = 0, self._config.rejoin_wait
        elif self._landmark is not None:
            self._lost_for += 1
            if self._lost_for >= self._wait:
                self._is_lost = not self._has_rejoined(moment, self._landmark)
        return not self._is_lost

    def _has_rejoined(self, moment: Moment, landmark: Landmark) -> bool:
        config = self._config
        is_near = np.abs(self._passed - moment.episode_return) < config.rejoin_distance
        is_near &= np.abs(self._speeds - moment.reward) < config.rejoin_speed
        is_near &= self._tries < config.rejoin_tries
        near = np.flatnonzero(is_near)
        if not len(near):
            return False
        seen = landmark(moment).astype(np.float32)
        differences = np.abs(self.trajectory.landmarks[near] - seen).mean(1)
        if differences.min() >= config.rejoin_difference:
            return False
        found = near[differences.argmin()]
        self._tries[found] += 1
        self._next = int(found) * config.landmark_period
        self._late = 0
        return True

    def _keep_pace(self, moment: Moment) -> None:
        """Leaves this timestep out or plays the last one again, where that is nearer to the trajectory.

        Nearer in place, by the return so far, and in time, by which everything goes that moves by itself. Only where the
        same is held before and after, so that no press is lost, and where the replay is about as fast as the trajectory:
        what is stuck is not to wait.
        """
        config, trajectory, at = self._config, self.trajectory, self._next
        if not 2 <= at < len(trajectory) - 1 or trajectory.actions[at] != trajectory.actions[at - 1]:
            return
        returns = trajectory.returns[at - 2 : at + 1]  # before the timestep at - 1, at, at + 1
        if abs(moment.reward - (returns[1] - returns[0])) >= config.pace_speed:
            return
        late = self._late + np.array([1, 0, -1])
        off = (moment.episode_return - returns) ** 2 + (config.late_cost * late) ** 2
        nearest = min((1, 0, 2), key=off.__getitem__)  # on with it, rather than anything else
        self._next += nearest - 1
        self._late = int(late[nearest])

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:
        """Holds what the trajectory held at the timestep where it stands."""
        variation = self._variation
        shift = variation.shift if variation is not None and self._next in variation.stretch else None
        if shift is None and self._landmark is not None:
            self._keep_pace(moment)
        timestep = min(max(self._next + (shift or 0), 0), len(self.trajectory) - 1)
        self._next += 1
        return unpack(int(self.trajectory.actions[timestep]))


class Random:
    """A random action of the table each timestep."""

    name = "random"

    def __init__(self, rng: np.random.Generator) -> None:
        """Draws from `rng`."""
        self._rng = rng
        self._table: list[Buttons] = list(action_buttons())

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:  # noqa: ARG002 - the interface's
        """Draws one action."""
        return self._table[int(self._rng.integers(len(self._table)))]


class Idle:
    """Holds nothing: how the original JERK pads a replay that ran out."""

    name = "idle"

    def begin(self, moment: Moment) -> None:
        """Has nothing to prepare."""

    def act(self, moment: Moment) -> Buttons:  # noqa: ARG002 - the interface's
        """Holds nothing."""
        return buttons()
