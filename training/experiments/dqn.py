"""`python -m training dqn`: the origin's deep Q-network on one level of Fernway's twin: observe, train, anneal.

The origin's network got nowhere. What this one has beyond it: a target network, scaled rewards, four frames a timestep,
several lanes, gray screens in place of edges, stacks that end with the episode, and an end for episodes that stall.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from agent.network import weights as networks
from agent.network.card import NetworkConfig
from agent.network.model import QNetwork
from agent.ranges import require
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig
from fernway.levels import by_name
from training.experiments.deep_q import BATCH_SIZE, DeepQ, LossName, ReplayBuffer
from training.play.lanes import Ending
from training.play.twin import PracticeConfig, TwinLanes
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


class _Record:
    """Collects what happens in a run, and writes its curve and its picture."""

    def __init__(self, out: Path) -> None:
        """Begins an empty curve."""
        self._out = out
        out.mkdir(parents=True, exist_ok=True)
        (out / CURVE).unlink(missing_ok=True)
        self._curve = Table(out / CURVE, Row, 0)
        self.endings: list[tuple[int, Ending]] = []
        """When each episode ended, timesteps, and how."""
        self._forget()

    def _forget(self) -> None:
        self.learned: list[tuple[float, float]] = []
        """Loss and mean Q-value of each update since the last row."""
        self.actions: list[tuple[NDArray[np.int64], NDArray[np.bool_]]] = []
        """The actions played since then, int64 [N], and which of them were the greedy ones, bool [N]."""

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
        self._draw()
        self._forget()
        return row

    def _draw(self) -> None:
        """Draws the loss, the actions random against greedy, and how far each episode got."""
        figure, axes = figures.figure(1, 3, "deep Q-network")
        loss, actions, reached = axes[0]
        rows = self._curve.rows
        loss.plot([row.timesteps for row in rows], [row.loss for row in rows], marker=".")
        loss.set(title="loss", xlabel="timesteps", ylim=(0, None))
        played, is_greedy = (np.concatenate(parts) for parts in zip(*self.actions, strict=True))
        for kind, chosen, shift in (("random", ~is_greedy, -0.2), ("greedy", is_greedy, 0.2)):
            counts = np.bincount(played[chosen], minlength=len(ACTION_TABLE))
            label = f"{kind}: {counts.sum():,}"
            actions.bar(np.arange(len(counts)) + shift, counts / max(counts.sum(), 1), 0.4, label=label)
        figures.name_actions(actions)
        actions.set_title("share of the actions lately")
        actions.legend(fontsize=8)
        best = [ending.best_return for _, ending in self.endings]
        reached.plot([timestep for timestep, _ in self.endings], best, ".", markersize=3)
        reached.set(title="how far each episode got: its best return", xlabel="timesteps")
        figures.save(self._out / PICTURE, figure)


def dqn(config: DQNConfig) -> None:
    """Trains; writes weights, curve and picture on the way.

    Raises:
        ValueError: If there is no such level, or the memory is too small or too large.
        NotFiniteError: If a gradient is not finite; what was written last is whole.
        OSError: If the folder cannot be written.
        Stopped: If a signal ended it; everything is written.
    """
    figures.require_matplotlib()
    torch.set_num_threads(1)  # two threads are slower than one on networks of this size (measured)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    level, console = by_name(config.state).level, Console(stderr=True)
    length, shape = config.memory // config.lanes, config.vision.obs_shape
    replay = ReplayBuffer(length, config.lanes, shape, rng)
    console.print(f"the replay buffer takes {ReplayBuffer.memory_bytes(length, config.lanes, shape) / 1e6:.0f} MB")
    learner = DeepQ(
        QNetwork(config.vision, config.network, len(ACTION_TABLE)),
        loss=config.loss,
        learning_rate=config.learning_rate,
    )
    practice = PracticeConfig(stall_timesteps=config.stall_timesteps, tries=0)
    lanes = TwinLanes(config.lanes, config.vision, practice, (config.seed,), draw=lambda _: level)
    record, timesteps = _Record(config.out), 0
    try:
        with noted() as signals, Progress(console=console) as progress:
            bar = progress.add_task("timesteps", total=config.timesteps)
            while timesteps < config.timesteps and not signals:
                frame = lanes.obs[:, -1].copy()
                action, is_greedy = learner.act(lanes.obs, config.epsilon_at(timesteps), rng)
                reward, ended, endings = lanes.step(action)
                replay.add(frame, action, reward * REWARD_SCALE, np.where(ended, 0, config.gamma))
                record.actions.append((action, is_greedy))
                before, timesteps = timesteps, timesteps + config.lanes
                record.endings += [(timesteps, ending) for ending in endings]
                if timesteps > config.observe and len(replay):
                    due = timesteps // config.update_period - before // config.update_period
                    record.learned += [learner.update(replay.sample(BATCH_SIZE)) for _ in range(due)]
                if timesteps // config.log_period > before // config.log_period:
                    row = _log(config, learner, record, timesteps)
                    progress.update(bar, description=f"return {row.return_mean:,.0f}  epsilon {row.epsilon:.2f}")
                progress.update(bar, completed=min(timesteps, config.timesteps))
            if record.actions:
                _log(config, learner, record, timesteps)
    finally:
        lanes.close()
    if signals:
        raise Stopped(signals[0], f"what it learned is in {config.out}")


def _log(config: DQNConfig, learner: DeepQ, record: _Record, timesteps: int) -> Row:
    """Writes a row of the curve, the picture and the weights."""
    row = record.add_row(timesteps, config.epsilon_at(timesteps))
    about = {"command": "python -m training dqn", "settings": repr(config), "curve": asdict(row)}
    networks.save(config.out / WEIGHTS, learner.online_network, config.vision, config.network, about)
    return row
