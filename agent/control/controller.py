"""Who plays now, and which kind of episode comes next."""

from collections import Counter
from collections.abc import Callable

from agent.config import RunConfig
from agent.control.choice import Choice, Kind
from agent.control.episodes import Episode, PolicyEpisode, ReplayEpisode
from agent.control.stall import Relay
from agent.level.trajectories import Memory, Recorder
from agent.players.learned import UnfitError
from agent.players.moment import Moment
from agent.players.player import Player
from agent.players.replayer import Replayer
from agent.players.simple import Idle
from agent.rules import Buttons

NOBODY = Idle()
"""Has the controls before the first timestep."""


class Controller:
    """Hands the controls to one player each timestep: the episode's kind says to whom."""

    def __init__(
        self,
        config: RunConfig,
        *,
        policy: Relay,
        after_replay: Relay,
        choice: Choice,
        say: Callable[[str], None],
    ) -> None:
        """Begins a first episode, knowing nothing of the level.

        Args:
            config: Settings of retained knowledge and of replays.
            policy: Plays the episodes that are no replays.
            after_replay: Plays on where a replay ended; the same, as a rule.
            choice: Chooses between playing and replaying.
            say: Tells the user something, one line.
        """
        self._replay = config.replay
        self._policy = policy
        self._after_replay = after_replay
        self._choice = choice
        self._say = say
        self.memory = Memory(config.memory)
        """Retained knowledge."""
        self.begin_episode(0.0)

    def begin_episode(self, share_used: float) -> None:
        """Chooses the kind of the next episode and begins it.

        Args:
            share_used: Share 0..1 of the run's timesteps that is used up.
        """
        self._recorder = Recorder()
        self._current: Player = NOBODY
        self.timesteps_by_player: Counter[str] = Counter()
        """Timesteps each player had the controls in this episode."""
        best = self.memory.best()
        if best is not None and self._choice.choose(best, share_used) is Kind.REPLAY:
            self._episode: Episode = ReplayEpisode(Replayer(best, self._replay), self._after_replay)
        else:
            self._episode = PolicyEpisode(self._policy)

    def act(self, moment: Moment) -> Buttons:
        """Lets whoever has the controls choose what to hold, int8 [12].

        Raises:
            NobodyCanPlayError: If the Q-network must not play any more and there is no fallback.
        """
        player = self._episode.follow(moment)
        try:
            return self._let_play(player, moment)
        except UnfitError as error:
            self._policy.retire_main(str(error))
            self._say(f"the Q-network is out of play: {error}; the heuristic plays on")
            return self._let_play(self._policy.main, moment)

    def _let_play(self, player: Player, moment: Moment) -> Buttons:
        if player is not self._current:
            player.begin(moment)
            self._current = player
        held = player.act(moment)
        self.timesteps_by_player[player.name] += 1
        return held

    def record(self, held: Buttons, episode_return: float) -> None:
        """Takes note of a timestep that was played: what was held, and the episode's return after it."""
        self._recorder.add(held, episode_return)

    def end_episode(self, moment: Moment) -> None:
        """Remembers what the episode paid, and its trajectory if that is worth it.

        Args:
            moment: The last one, after one timestep at least.
        """
        self._choice.pay(self._episode.kind, moment.episode_return)
        least_return = self._episode.end(moment.episode_return)
        found = self._recorder.best()
        if found.mean > least_return:
            self.memory.add(found)
