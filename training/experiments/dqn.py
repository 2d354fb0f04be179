"""`python -m training dqn`: the origin's deep Q-network on one level of Fernway's twin: observe, train, anneal.

The origin's network got nowhere. What this one has beyond it: a target network, scaled rewards, four frames a timestep,
several lanes, gray screens in place of edges, stacks that end with the episode, and an end for episodes that stall.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from agent.ranges import require
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import by_name
from training.experiments.deep_q import BATCH_SIZE, DeepQ, LossName, ReplayBuffer
from training.network import weights as networks
from training.network.model import NetworkConfig, QNetwork
from training.play.lanes import Ending
from training.play.twin import TwinLanes
from training.ranges import require_least
from training.run import figures
from training.run.curve import Table, mean
from training.run.schedules import linear
from training.run.signals import Stopped, noted

WEIGHTS, CURVE, PICTURE = "dqn.safetensors", "curve.csv", "dqn.png"
"""Files of a run, in its folder."""

REWARD_SCALE = np.float32(0.01)
"""Scaled reward units for one contest unit."""

RECENT = 50
"""Latest episodes whose mean return a row gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DQNConfig:
    """Trains a deep Q-network on one level, with experience replay.

    It begins anew each time. `python -m training qtable --dqn DIR/dqn.safetensors` holds it against the others.
    """

    out: Path = Path("results/dqn")
    """Folder of the weights, of curve.csv and dqn.png."""

    state: str = "FernHollow.Act1"
    """A level of Fernway."""

    timesteps: int = 100_000
    """Timesteps to play, over all lanes."""

    observe: int = 5_000
    """The first of these: random actions alone, and nothing is learned."""

    explore: int = 50_000
    """Timesteps after that over which the share of random actions falls from 1 to --epsilon."""

    epsilon: float = 0.05
    """Share of random actions from then on."""

    memory: int = 50_000
    """Frames that the replay buffer keeps, 5 KB each; their memory is taken at once."""

    lanes: int = 8
    """Games that are played side by side."""

    update_period: int = 4
    """Timesteps between two updates."""

    loss: LossName = "huber"
    """huber, mse, or msle: mean squared difference of sign(x) log(1 + |x|)."""

    learning_rate: float = 1e-4
    """Step size of Adam. Source: the origin's."""

    gamma: float = 0.99
    """Discount a timestep. Source: the origin's."""

    stall_timesteps: int = 200
    """An episode ends after so many timesteps without a new best return; 0: never."""

    log_period: int = 2_000
    """Timesteps between two rows of the curve, after each of which the weights and the picture are written."""

    seed: int = 0
    """Of everything random."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    """What the network looks at."""

    network: NetworkConfig = field(
        default_factory=lambda: NetworkConfig(torso="conv", channels=(32, 64, 64), hidden=512)
    )
    """The network's sizes. Source: Mnih et al. 2015, and the origin's."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require_least(self, 1, "timesteps", "lanes", "update_period", "log_period")
        require_least(self, 0, "observe", "explore", "stall_timesteps", "seed")
        require(0 <= self.epsilon <= 1, "--epsilon within 0..1", self.epsilon)
        require(0 < self.gamma < 1, "--gamma within (0, 1)", self.gamma)
        require(self.learning_rate > 0, "--learning-rate above 0", self.learning_rate)

    def epsilon_at(self, timestep: int) -> float:
        """Returns the share of random actions: 1 while the run observes, then falling along a line to its setting."""
        return linear(1.0, self.epsilon, max(timestep - self.observe, 0), self.explore)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the curve: means since the row before; NaN where there is nothing to average."""

    timesteps: int
    epsilon: float
    loss: float
    q_mean: float
    """Of the actions learned from, scaled reward units."""
    return_mean: float
    """Of the latest episodes, contest units."""
    best_mean: float
    """The highest return that each of them had on the way, on average: how far they got."""


class Record:
    """Collects what happens in a run, and writes its curve and its picture."""

    def __init__(self, out: Path) -> None:
        """Begins an empty curve."""
        self._out = out
        out.mkdir(parents=True, exist_ok=True)
        (out / CURVE).unlink(missing_ok=True)
        self._curve = Table(out / CURVE, Row, 0)
        self.endings: list[tuple[int, Ending]] = []
        """When each episode ended, timesteps, and how."""
        self.actions = np.zeros((2, len(ACTION_TABLE)), np.int64)
        """How often each action was played between the last two rows, [0] at random, [1] as the greedy one."""
        self.learned: list[tuple[float, float]] = []
        """Loss and mean Q-value of each update since the last row."""
        self._played = np.zeros_like(self.actions)

    @property
    def logged(self) -> int:
        """Timesteps up to the last row."""
        return self._curve.rows[-1].timesteps if self._curve.rows else 0

    def add_actions(self, action: NDArray[np.int64], is_greedy: NDArray[np.bool_]) -> None:
        """Counts the actions played, int64 [N], and which of them were the greedy ones, bool [N]."""
        np.add.at(self._played, (is_greedy.astype(np.int64), action), 1)

    def add_row(self, timesteps: int, epsilon: float) -> Row:
        """Writes a row, and draws the picture of everything up to it."""
        latest = [ending for _, ending in self.endings[-RECENT:]]
        row = Row(
            timesteps=timesteps,
            epsilon=epsilon,
            loss=mean(loss for loss, _ in self.learned),
            q_mean=mean(q for _, q in self.learned),
            return_mean=mean(ending.episode_return for ending in latest),
            best_mean=mean(ending.best_return for ending in latest),
        )
        self._curve.add(row)
        self.actions, self._played = self._played, np.zeros_like(self._played)
        self.learned = []
        figures.save(self._out / PICTURE, self.draw())
        return row

    def draw(self) -> Any:
        """Draws the loss, the actions random against greedy, and how far each episode got, as a figure of matplotlib."""
        figure, axes = figures.figure(1, 3, "deep Q-network")
        loss, actions, reached = axes[0]
        rows = self._curve.rows
        loss.plot([row.timesteps for row in rows], [row.loss for row in rows], marker=".")
        loss.set(title="loss", xlabel="timesteps", ylim=(0, None))
        for kind, counts, shift in zip(("random", "greedy"), self.actions, (-0.2, 0.2), strict=True):
            label = f"{kind}: {counts.sum():,}"
            actions.bar(np.arange(len(counts)) + shift, counts / max(counts.sum(), 1), 0.4, label=label)
        figures.name_actions(actions)
        actions.set_title("share of the actions lately")
        actions.margins(y=0.3)  # room for the legend
        actions.legend(fontsize=8)
        best = [ending.best_return for _, ending in self.endings]
        reached.plot([timestep for timestep, _ in self.endings], best, ".", markersize=3)
        reached.set(title="how far each episode got: its best return", xlabel="timesteps")
        return figure


def learn(config: DQNConfig, tell: Callable[[int, Row | None], object] = lambda *_: None) -> Record:
    """Trains; writes weights, curve and picture on the way.

    Args:
        config: The run's.
        tell: Called after each timestep of all lanes: timesteps by now, and the row that they completed, if any.

    Raises:
        ValueError: If there is no such level, or the memory is too small or too large.
        NotFiniteError: If a gradient is not finite; what was written last is whole.
        OSError: If the folder cannot be written.
        Stopped: If a signal ended it; everything is written.
    """
    torch.set_num_threads(1)  # two threads are slower than one on networks of this size (measured)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    level = by_name(config.state).level
    replay = ReplayBuffer(config.memory // config.lanes, config.lanes, config.vision.obs_shape, rng)
    learner = DeepQ(
        QNetwork(config.vision, config.network, len(ACTION_TABLE)),
        loss=config.loss,
        learning_rate=config.learning_rate,
    )
    lanes = TwinLanes(config.lanes, config.vision, config.stall_timesteps, (config.seed,), draw=lambda _: level)
    record, timesteps = Record(config.out), 0
    try:
        with noted() as signals:
            while timesteps < config.timesteps and not signals:
                frame = lanes.obs[:, -1].copy()
                action, is_greedy = learner.act(lanes.obs, config.epsilon_at(timesteps), rng)
                reward, ended, endings = lanes.step(action)
                replay.add(frame, action, reward * REWARD_SCALE, np.where(ended, 0, config.gamma))
                record.add_actions(action, is_greedy)
                before, timesteps = timesteps, timesteps + config.lanes
                record.endings += [(timesteps, ending) for ending in endings]
                if timesteps > config.observe and len(replay):
                    due = timesteps // config.update_period - before // config.update_period
                    record.learned += [learner.update(replay.sample(BATCH_SIZE)) for _ in range(due)]
                is_due = timesteps // config.log_period > before // config.log_period
                tell(timesteps, _log(config, learner, record, timesteps) if is_due else None)
            if timesteps > record.logged:
                _log(config, learner, record, timesteps)
    finally:
        lanes.close()
    if signals:
        raise Stopped(signals[0], f"what it learned is in {config.out}")
    return record


def _log(config: DQNConfig, learner: DeepQ, record: Record, timesteps: int) -> Row:
    """Writes a row of the curve, the picture and the weights."""
    row = record.add_row(timesteps, config.epsilon_at(timesteps))
    about = {"command": "python -m training dqn", "settings": repr(config), "curve": asdict(row)}
    networks.save(config.out / WEIGHTS, learner.online_network, config.vision, config.network, about)
    return row


def dqn(config: DQNConfig) -> None:
    """Trains as `learn` does, and shows how far it is.

    Raises:
        ValueError: If matplotlib is not installed, and as `learn` does; so the others.
    """
    figures.require_matplotlib()
    console = Console(stderr=True)
    size = ReplayBuffer.memory_bytes(config.memory // config.lanes, config.lanes, config.vision.obs_shape)
    console.print(f"the replay buffer takes {size / 1e6:.0f} MB")
    with Progress(console=console) as progress:
        bar = progress.add_task("timesteps", total=config.timesteps)

        def tell(timesteps: int, row: Row | None) -> None:
            if row is not None:
                progress.update(bar, description=f"return {row.return_mean:,.0f}  epsilon {row.epsilon:.2f}")
            progress.update(bar, completed=min(timesteps, config.timesteps))

        learn(config, tell)
