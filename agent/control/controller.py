"""Who plays now, and which kind of episode comes next."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from agent.config import RunConfig
from agent.control.bandit import Bandit, Kind
from agent.control.stall import StallDetector
from agent.level.knowledge import Keeper
from agent.level.trajectories import Memory, Recorder, Trajectory, Variation
from agent.players.learned import Learned
from agent.players.moment import Moment
from agent.players.player import Player
from agent.players.replayer import Landmark, Replay
from agent.rules import LEAST_RISE, LEVEL_REWARD, Buttons


class NobodyCanPlayError(RuntimeError):
    """The Q-network cannot play, and there is nobody to take over."""


class Controller:
    """Hands the controls to one player each timestep.

    In an episode of kind `policy` the main player plays; when it stalls, the fallback does until it makes new headway.
    One of kind `replay` starts with the best trajectory; where that runs out or is lost, play goes on, until the replay
    is found again.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        main: Player,
        after_replay: Player,
        rng: np.random.Generator,
        say: Callable[[str], None],
        fallback: Player | None = None,
        memory: Memory | None = None,
        landmark: Landmark | None = None,
        bandit: Bandit | None = None,
    ) -> None:
        """Wires the players.

        Args:
            config: Settings of the detectors, of retained knowledge and of the choice of episodes.
            main: Who plays as long as it gets anywhere.
            after_replay: Who plays on where a replay ended.
            rng: Decides between replaying and playing afresh.
            say: Tells the user something, one line.
            fallback: Who takes over on a stall; None leaves the main player to itself.
            memory: Retained knowledge; None for an agent that remembers nothing.
            landmark: Makes a landmark of the present screen; None for an agent that does not know screens.
            bandit: Chooses the kind of each episode; None leaves the choice to the memory's probability.
        """
        self._config = config
        self._main = main
        self._fallback = fallback
        self._after_replay = after_replay
        self._memory = memory
        self._landmark = landmark
        self._bandit = bandit
        self._learned = main if isinstance(main, Learned) else None
        self._rng = rng
        self._say = say
        self._stall = StallDetector(config.stall)
        self._recorder: Recorder | None = None
        self._kind = Kind.POLICY
        self._replay: Replay | None = None
        self._current: Player | None = None
        self.timesteps_by_player: Counter[str] = Counter()
        """Timesteps each player had the controls in this episode."""

    @property
    def keepers(self) -> dict[str, Keeper]:
        """Who knows something that the next run on this level can use."""
        return {} if self._memory is None else {"memory": self._memory}

    def begin_episode(self, share_used: float) -> None:
        """Chooses which kind of episode comes next.

        Args:
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        self._stall.restart(0.0)
        self._recorder = self._memory.recorder() if self._memory is not None else None
        self._current = None
        self._replay = None
        self.timesteps_by_player = Counter()
        best = self._memory.best() if self._memory else None
        self._kind = self._next_kind(share_used, can_replay=best is not None)
        if self._kind == Kind.REPLAY and best is not None:
            variation = self._draw_variation(best, share_used)
            self._replay = Replay(best, self._config.memory, self._landmark, variation)

    def _next_kind(self, share_used: float, *, can_replay: bool) -> Kind:
        if self._bandit is not None:
            return self._bandit.choose([Kind.POLICY, *([Kind.REPLAY] if can_replay else [])], share_used)
        if self._memory and can_replay and self._rng.random() < self._memory.exploit_probability(share_used):
            return Kind.REPLAY
        return Kind.POLICY

    def act(self, moment: Moment) -> Buttons:
        """Lets whoever has the controls choose what to hold, int8 [12].

        Raises:
            NobodyCanPlayError: If the Q-values are not finite and there is no fallback.
        """
        if self._landmark is not None and self._recorder is not None and self._recorder.wants_landmark:
            self._recorder.pass_by(self._landmark(moment))
        player = self._choose(moment)
        if player is not self._current:
            player.begin(moment)
            self._current = player
        held = player.act(moment)
        if self._learned is not None and not self._learned.is_sound:
            self.retire_learned("its Q-values are not finite")
            return self.act(moment)
        self.timesteps_by_player[player.name] += 1
        return held

    def _draw_variation(self, best: Trajectory, share_used: float) -> Variation | None:
        """Draws whether a replay plays a stretch in another way, and how."""
        if self._memory is None or self._landmark is None:
            return None
        if self._rng.random() >= self._config.memory.vary_share * (1 - share_used):
            return None
        return self._memory.vary(best, self._rng)

    def _choose(self, moment: Moment) -> Player:
        if self._replay is None:
            return self._relieve(self._main, moment)
        if self._replay.is_on(moment):
            return self._replay
        if self._current is self._replay:
            self._stall.restart(moment.episode_return)
            return self._after_replay
        return self._relieve(self._after_replay, moment)

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
        if self._recorder is not None:
            self._recorder.add(held, episode_return)

    def end_episode(self, moment: Moment, *, terminated: bool) -> None:
        """Remembers what the episode paid, and its trajectory if it got farther than the one it replayed.

        Args:
            moment: The last one, after the last timestep.
            terminated: Did the game end the episode?
        """
        if self._bandit is not None:
            self._bandit.pay(self._kind, moment.episode_return)
        if self._memory is None or self._recorder is None:
            return
        found = self._recorder.best()
        if self._replay is not None:
            replayed = self._replay.trajectory
            if not self._replay.is_varied:
                replayed.pay(moment.episode_return)
                if terminated and moment.episode_return < LEVEL_REWARD:
                    self._memory.note_end(moment.episode_return)
            # One that was varied and got as far is to show whether it does so more often.
            rise = -self._config.memory.same_return if self._replay.is_varied else LEAST_RISE
            if found and found.mean <= replayed.returns[-1] + rise:
                found = None
        if found:
            shorter = found.without_detours(self._config.memory)
            if len(shorter) < self._config.memory.detour_share * len(found):
                self._memory.add(shorter)  # of two that paid the same the first is played first
            self._memory.add(found)

    @property
    def is_learned_playing(self) -> bool:
        """Did the Q-network choose what is held now?"""
        return self._learned is not None and self._current is self._learned

    def retire_learned(self, reason: str) -> None:
        """Takes the Q-network out of play for the rest of the run, and says so.

        Raises:
            NobodyCanPlayError: If there is nobody to take over.
        """
        if self._fallback is None:
            raise NobodyCanPlayError(f"the Q-network cannot play: {reason}")
        self._say(f"the Q-network is out of play: {reason}; the heuristic plays on")
        if self._after_replay is self._main:
            self._after_replay = self._fallback
        self._main = self._fallback
        self._learned = None
