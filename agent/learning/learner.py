"""The Q-network as it goes on learning in a run: it values actions, and learns from those that it chose."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from agent.control.stall import StallConfig, StallDetector
from agent.learning.ppo import CUT, GOES_ON, OVER, PPO, PPOConfig
from agent.level.knowledge import Arrays, Keeper, checked
from agent.network.heads import HEAD_NAMES, Floats, Heads
from agent.rules import EPISODE_TIMESTEPS
from agent.vision import Observation


class Learning(Keeper, Protocol):
    """Whoever learns from the run as it is played."""

    def begin_episode(self) -> None:
        """Begins another episode."""

    def record(self, episode_return: float) -> None:
        """Takes note of the episode's return after a timestep, contest units, whoever played it."""

    def end_episode(self, *, terminated: bool) -> None:
        """Takes note of an episode's end; `terminated`: the game ended it."""


class NoLearning:
    """Learns nothing."""

    def begin_episode(self) -> None:
        """Does nothing."""

    def record(self, episode_return: float) -> None:
        """Does nothing."""

    def end_episode(self, *, terminated: bool) -> None:
        """Does nothing."""

    def arrays(self) -> Arrays:
        """Knows nothing."""
        return {}

    def accept(self, arrays: Arrays) -> Callable[[], None]:  # noqa: ARG002 - the interface's
        """Takes nothing over."""
        return lambda: None


class Network(Protocol):
    """What does not learn: `agent.network.policy.Policy`, or something that answers as it does."""

    def features(self, obs: Observation) -> Floats:
        """Computes what the heads see of an observation, float32 [F]."""

    def heads(self) -> Heads:
        """Returns the heads as they were trained."""


class Learner:
    """Heads that learn from the timesteps at which they chose, whoever plays in between.

    timestep:   t             t + 1         t + 2              t + 3
    chose       a[t]          a[t+1]        somebody else      a[t+3]
    brought        r[t]          r[t+1]                            r[t+3]
    follows     GOES_ON       CUT                              OVER, if the episode ends here
    """

    STALL = StallConfig(patience=300)
    """A network that stands still has nothing to learn from what it does there; its episode counts as over."""

    def __init__(self, network: Network, config: PPOConfig, rng: np.random.Generator) -> None:
        """Knows what training taught.

        Args:
            network: Gives features, and the heads to begin with.
            config: How they learn.
            rng: Shuffles what is learned from.
        """
        self._network = network
        self._config = config
        self._heads = network.heads()
        self._ppo = PPO(self._heads, config, rng)
        room = config.timesteps + EPISODE_TIMESTEPS
        self._features = np.zeros((room, self._heads.parameters[0].shape[1]), np.float32)
        self._action = np.zeros(room, np.intp)
        self._reward = np.zeros(room, np.float32)
        self._follows = np.zeros(room, np.uint8)
        self._count = 0  # timesteps written down
        self._seen: Floats = self._features[0]
        self._stall = StallDetector(self.STALL)
        self._return = 0.0  # of the episode
        self._chose = -1  # the action that the next reward is for; below 0: it was somebody else's

    def q_values(self, obs: Observation) -> Floats:
        """Computes the Q-values float32 [A] of one observation uint8 [C, H, W]."""
        self._seen = self._network.features(obs)
        q_values: Floats = self._heads.q_values(self._seen[None])[0]
        return q_values

    def note_choice(self, action: int) -> None:
        """Takes note of what is played by the Q-values that were asked for last."""
        self._chose = action

    def begin_episode(self) -> None:
        """Begins another episode, of which nobody has chosen anything yet."""
        self._return, self._chose = 0.0, -1
        self._stall.restart(0.0)

    def record(self, episode_return: float) -> None:
        """Takes note of the episode's return after a timestep, contest units, whoever played it."""
        reward, self._return = episode_return - self._return, episode_return
        has_stalled = self._stall.update(episode_return)
        if self._chose < 0 or self._count == len(self._action):
            self._close(CUT)
        elif has_stalled:
            self._close(OVER)
        else:
            at = self._count
            self._features[at], self._action[at] = self._seen, self._chose
            self._reward[at], self._follows[at] = reward, GOES_ON
            self._count += 1
        self._chose = -1

    def end_episode(self, *, terminated: bool) -> None:
        """Takes note of an episode's end, and learns where there is enough to learn from.

        Args:
            terminated: Did the game end it?
        """
        self._close(OVER if terminated else CUT)
        if self._count < self._config.timesteps:
            return
        if self._config.learning_rate > 0:
            played = slice(0, self._count)
            self._ppo.update(self._features[played], self._action[played], self._reward[played], self._follows[played])
        self._count = 0

    def _close(self, follows: int) -> None:
        if self._count and self._follows[self._count - 1] == GOES_ON:
            self._follows[self._count - 1] = follows

    def arrays(self) -> Arrays:
        """Returns what has been learned, as arrays by name."""
        return dict(zip(HEAD_NAMES, self._heads.parameters, strict=True))

    def accept(self, arrays: Arrays) -> Callable[[], None]:
        """Checks what `arrays` returned, and returns what takes it over when it is called.

        Raises:
            KnowledgeError: If the arrays are not what `arrays` returns.
        """
        if not arrays:  # an agent that learns nothing wrote them
            return lambda: None
        mine = self._heads.parameters
        learned = [checked(arrays, name, np.float32, *own.shape) for name, own in zip(HEAD_NAMES, mine, strict=True)]

        def take_over() -> None:
            for own, other in zip(mine, learned, strict=True):
                own[:] = other

        return take_over
