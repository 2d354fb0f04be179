"""Who plays now, and which kind of episode comes next."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from agent.actions import Buttons
from agent.config import RunConfig
from agent.memory import Memory, Recorder
from agent.players import Learned, Moment, Player, Replay
from agent.stall import StallDetector


class NobodyCanPlayError(RuntimeError):
    """The Q-network cannot play, and there is nobody to take over."""


class Controller:
    """Hands the controls to one player each timestep.

    A new episode replays the best trajectory with the memory's probability, else the main player plays. When a replay
    runs out or goes wrong, play goes on. When the main player stalls, the fallback plays until it makes new headway.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        main: Player,
        fallback: Player | None,
        after_replay: Player,
        memory: Memory | None,
        rng: np.random.Generator,
        say: Callable[[str], None],
    ) -> None:
        """Wires the players.

        Args:
            config: Settings of the detectors and of retained knowledge.
            main: Who plays as long as it gets anywhere.
            fallback: Who takes over on a stall; None leaves the main player to itself.
            after_replay: Who plays on where a replay ended.
            memory: Retained knowledge; None for an agent that remembers nothing.
            rng: Decides between replaying and playing afresh.
            say: Tells the user something, one line.
        """
        self._config = config
        self._main = main
        self._fallback = fallback
        self._after_replay = after_replay
        self.memory = memory
        self._rng = rng
        self._say = say
        self._stall = StallDetector(config.stall)
        self._recorder = Recorder()
        self._replay: Replay | None = None
        self._is_replaying = False
        self._current: Player | None = None
        self.timesteps_by_player: Counter[str] = Counter()
        """Timesteps each player had the controls in this episode."""

    def begin_episode(self, share_used: float) -> None:
        """Chooses which kind of episode comes next.

        Args:
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        self._stall.restart(0.0)
        self._recorder = Recorder()
        self._current = None
        self._replay = None
        self.timesteps_by_player = Counter()
        best = self.memory.best() if self.memory else None
        if self.memory and best and self._rng.random() < self.memory.exploit_probability(share_used):
            self._replay = Replay(best, self._config.memory.replay_slack)
            self._is_replaying = True

    def act(self, moment: Moment) -> Buttons:
        """Lets whoever has the controls choose what to hold, int8 [12].

        Raises:
            NobodyCanPlayError: If the Q-values are not finite and there is no fallback.
        """
        player = self._choose(moment)
        if player is not self._current:
            player.begin(moment)
            self._current = player
        held = player.act(moment)
        if isinstance(player, Learned) and not player.is_sound:
            self.retire_learned("its Q-values are not finite")
            return self.act(moment)
        self.timesteps_by_player[player.name] += 1
        return held

    def _choose(self, moment: Moment) -> Player:
        if self._replay is None:
            return self._relieve(self._main, moment)
        if not self._is_replaying:
            return self._relieve(self._after_replay, moment)
        if not self._replay.is_over(moment):
            return self._replay
        self._is_replaying = False  # for good, even if the return recovers
        self._stall.restart(moment.episode_return)
        return self._after_replay

    def _relieve(self, player: Player, moment: Moment) -> Player:
        """Decides between a player and the fallback."""
        if self._fallback is None or player is self._fallback:
            return player
        if self._current is self._fallback:
            if not self._stall.has_headway(moment.episode_return):
                return self._fallback
            self._stall.restart(moment.episode_return)
            return player
        return self._fallback if self._stall.update(moment.episode_return) else player

    def took(self, held: Buttons, episode_return: float) -> None:
        """Takes note of a timestep that was played: what was held, and the episode's return after it."""
        if self.memory is not None:
            self._recorder.add(held, episode_return)

    def end_episode(self, episode_return: float) -> None:
        """Remembers what the episode paid, and its trajectory if it got farther than the one it replayed."""
        if self.memory is None:
            return
        found = self._recorder.best()
        if self._replay is not None:
            self._replay.trajectory.pay(episode_return)
            if found and found.mean <= self._replay.trajectory.returns[-1]:
                found = None
        if found:
            self.memory.add(found)

    @property
    def is_learned_playing(self) -> bool:
        """Did the Q-network choose what is held now?"""
        return isinstance(self._current, Learned)

    def retire_learned(self, reason: str) -> None:
        """Takes the Q-network out of play for the rest of the run, and says so.

        Raises:
            NobodyCanPlayError: If there is nobody to take over.
        """
        if self._fallback is None:
            raise NobodyCanPlayError(f"the Q-network cannot play: {reason}")
        self._say(f"the Q-network is out of play: {reason}; the heuristic plays on")
        self._after_replay = self._main = self._fallback
