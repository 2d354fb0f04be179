"""Ways to learn by reward, held against each other: the same start, the same timesteps, the same levels to be scored on.

    python tests/bench/bench_learners.py RESULTS.jsonl [--weights FILE] [--timesteps N] [--seeds N] [--ways NAME ...]
        [--picture FILE.png]

Each way differs from `ppo`, the way of `training train`, in one thing. Each is trained once a seed and then scored on
fresh levels, the same for all ways of a seed. RESULTS.jsonl keeps what is done: the same command goes on with the rest.
Printed are each way's mean return on levels of the training zones and of the others, the difference from `ppo`, paired by
level, with a 95 % bootstrap interval over seeds and levels, its failures per abyss, and on how many of the contest's start
screens it goes right.
The picture shows how far episodes got while it learned.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fernway.levels import Level
from fernway.looks import Looks
from fernway.vector import fresh_level
from training.learning import ppo
from training.learning.ppo import Learner, PPOConfig
from training.learning.rollout import Rollout, generalised_advantages
from training.network import weights as networks
from training.network.model import QNetwork
from training.play.twin import TwinLanes
from training.run.config import TrainConfig
from training.run.episodes import Episode, Recorder
from training.run.failures import failures
from training.run.score import held_out, play
from training.run.trainer import Trainer
from training.run.transfer import level_observations, rightward_share
from training.run.values import values_of

WEIGHTS = Path(__file__).parents[2] / "weights" / "qjerk.safetensors"
LANES, ROLLOUT = 32, 128
HELD_OUT = 60, 40
"""Fresh levels of the training zones and of the others that each network is scored on, twice each."""
SMOOTHED = 200
"""Episodes that a point of the picture is the mean of, at most."""
RESAMPLES = 2000

PPO = PPOConfig(
    learning_rate=2.5e-4,
    learning_rate_end=1e-4,
    epochs=1,
    batch_size=512,
    entropy_weight=0.005,
    warm_up_timesteps=49_152,
)
LOOKS = Looks(own=0.75)


class QLearner(Learner):
    """PQN in the place of PPO: Q itself goes towards its lambda-returns, in batches of what was just played.

    The network's value is the soft maximum of its Q-values, and stands where PQN has the maximum. Source: Gallici et al.
    2024, "Simplifying deep temporal difference learning"; Peng and Williams 1996, "Incremental multi-step Q-learning".
    """

    def _step(self, batches: "ppo._Batches", chosen: Tensor, *, only_value: bool) -> Tensor:
        del only_value
        obs, action, target = batches.obs[chosen], batches.action[chosen], batches.target[chosen]
        with self._autocast():
            q = self.network(obs)
        error = q.gather(1, action[:, None])[:, 0] - target
        loss = error.square().mean() / max(self._return_variance, 1e-8)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_norm)
        self._optimiser.step()
        zero = torch.zeros(())
        return torch.stack([zero, loss.detach(), zero, zero, zero, norm.detach()])


class Replay:
    """Draws levels: fresh ones, and as often those played before, the most surprising ones first.

    Source: Jiang et al. 2021, "Prioritized level replay": the score is the mean size of the advantages, drawn by rank.
    """

    def __init__(self, capacity: int = 512, replayed: float = 0.5, temperature: float = 0.3) -> None:
        self._capacity, self._replayed, self._temperature = capacity, replayed, temperature
        self._scores: dict[Level, float] = {}

    def draw(self, rng: np.random.Generator) -> Level:
        """Draws a level."""
        if len(self._scores) < self._capacity // 4 or rng.random() > self._replayed:
            return fresh_level(rng)
        ranked = sorted(self._scores, key=self._scores.__getitem__, reverse=True)
        weights = (1.0 / np.arange(1, len(ranked) + 1)) ** (1 / self._temperature)
        return ranked[int(rng.choice(len(ranked), p=weights / weights.sum()))]

    def see(self, rollout: Rollout, levels: list[Level], trace: float) -> None:
        """Scores the levels that the lanes are on now by what they have played of them."""
        advantage = generalised_advantages(
            rollout.reward, rollout.value, rollout.last_value, rollout.discount, trace
        ).abs()
        for lane, level in enumerate(levels):
            ends = torch.nonzero(rollout.discount[:, lane] == 0).flatten()
            since = int(ends[-1]) + 1 if len(ends) else 0
            if since < len(advantage):
                self._scores[level] = float(advantage[since:, lane].mean())
        for level in sorted(self._scores, key=self._scores.__getitem__)[: len(self._scores) - self._capacity]:
            del self._scores[level]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Way:
    """What is different."""

    learner: Callable[..., Learner] = Learner
    looks: Looks = LOOKS
    is_replayed: bool = False


WAYS = {
    "ppo": Way(),
    "pqn": Way(learner=QLearner),
    "its own look": Way(looks=Looks(own=1.0)),
    "level replay": Way(is_replayed=True),
}


@dataclasses.dataclass(kw_only=True)
class Row:
    """What one training came to."""

    way: str
    seed: int
    timesteps: int
    seen: list[float]
    """Mean returns on the levels of the training zones."""
    unseen: list[float]
    """The same on the other zones' levels."""
    abysses: tuple[int, int]
    """Abysses that an episode came to, and those that it got no further in."""
    rightward: float
    """Share of the contest's start screens on which it goes right."""
    curve: list[tuple[int, float]]
    """Timesteps, and the mean best return of the latest episodes."""


def train(way: Way, weights: Path, timesteps: int, seed: int) -> tuple[QNetwork, list[tuple[int, float]]]:
    """Trains by a way; returns the network and its curve."""
    network, vision, sizes = networks.load(weights)
    config = TrainConfig(
        out=Path("none"),
        timesteps=timesteps,
        lanes=LANES,
        rollout=ROLLOUT,
        seed=seed,
        weights=weights,
        looks=way.looks,
        ppo=PPO,
        vision=vision,
        network=sizes,
    )
    trainer = Trainer(config, network)
    trainer.learner = way.learner(network, PPO, trainer.device, torch.Generator().manual_seed(seed))
    replay = Replay()
    lanes = TwinLanes(
        LANES,
        vision,
        config.stall_timesteps,
        (seed, 0, 0),
        draw=replay.draw if way.is_replayed else fresh_level,
        looks=way.looks,
    )
    curve: list[tuple[int, float]] = []
    best: list[float] = []
    try:
        for iteration in trainer.iterations(lanes):
            best += [ending.best_return for ending in iteration.endings]
            if best:
                curve.append((iteration.timesteps, float(np.mean(best[-SMOOTHED:]))))
            replay.see(trainer._rollout, list(lanes._levels), PPO.trace)
            print(f"\r{iteration.timesteps:,} of {timesteps:,}", end="", file=sys.stderr)
    finally:
        lanes.close()
    return network, curve


def score(network: QNetwork, seed: int) -> dict[str, Any]:
    """Plays twice on each held-out level; returns the mean returns by kind of level, and what became of abysses."""
    vision = networks.load(WEIGHTS)[1]
    episodes: list[Episode] = []
    found: dict[str, Any] = {}
    for kind, levels in held_out(1000 + seed, *HELD_OUT).items():
        recorder = Recorder()
        endings = play(values_of(network), vision, levels * 2, seed=seed, watch=recorder)
        episodes += recorder.episodes(levels * 2, endings)
        returns = np.array([ending.episode_return for ending in endings])
        found[kind] = returns.reshape(2, len(levels)).mean(0).tolist()
    abysses = next(kind for kind in failures(episodes) if kind.kind == "abyss")
    return found | {"abysses": (abysses.entries, abysses.failures)}


def interval(values: NDArray[np.float64]) -> str:
    """Words the mean of [seeds, levels] with its interval."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(values), len(values))
        drawn.append(np.mean([rng.choice(values[row], values.shape[1]) for row in rows]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{values.mean():,.0f} [{low:,.0f}, {high:,.0f}]"


def picture(rows: list[Row], file: Path) -> None:
    """Draws each way's curve, the mean over seeds; thin lines are the seeds."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for number, way in enumerate(dict.fromkeys(row.way for row in rows)):
        curves = [np.array(row.curve) for row in rows if row.way == way]
        for curve in curves:
            axes.plot(curve[:, 0], curve[:, 1], color=f"C{number}", linewidth=0.5)
        at = np.unique(np.concatenate([curve[:, 0] for curve in curves]))
        mean = np.mean([np.interp(at, *curve.T) for curve in curves], 0)
        axes.plot(at, mean, color=f"C{number}", linewidth=2, label=way)
    axes.set(xlabel="timesteps", ylabel=f"best return, mean of the last {SMOOTHED} episodes")
    axes.legend()
    figure.savefig(file, dpi=120)


def main() -> None:
    """Trains what is missing and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="where all begin")
    parser.add_argument("--timesteps", type=int, default=327_680)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--picture", type=Path, help="draws the curves into this file")
    args = parser.parse_args()
    torch.set_num_threads(1)
    done: dict[tuple[str, int], Row] = {}
    if args.results.exists():
        for line in args.results.read_text(encoding="utf-8").splitlines():
            row = Row(**json.loads(line))
            if row.timesteps == args.timesteps:
                done[row.way, row.seed] = row
    for seed in range(args.seeds):
        for way in args.ways:
            if (way, seed) in done:
                continue
            began_at = time.monotonic()
            network, curve = train(WAYS[way], args.weights, args.timesteps, seed)
            right = rightward_share(values_of(network), level_observations(networks.load(args.weights)[1]))
            row = Row(
                way=way, seed=seed, timesteps=args.timesteps, curve=curve, rightward=right, **score(network, seed)
            )
            done[way, seed] = row
            with args.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(dataclasses.asdict(row)) + "\n")
            print(
                f"\r{way}, seed {seed}: {np.mean(row.seen):,.0f}, {np.mean(row.unseen):,.0f}, "
                f"{time.monotonic() - began_at:.0f} s",
                flush=True,
            )
    for way in args.ways:
        rows = [done[way, seed] for seed in range(args.seeds) if (way, seed) in done and ("ppo", seed) in done]
        if not rows:
            continue
        entries, failed = np.sum([row.abysses for row in rows], 0)
        print(
            f"{way}: {failed / entries:.2f} failures an abyss ({entries} of them), "
            f"{np.mean([row.rightward for row in rows]):.0%} of the start screens rightward"
        )
        for kind in ("seen", "unseen"):
            returns = np.array([getattr(row, kind) for row in rows])
            more = returns - np.array([getattr(done["ppo", row.seed], kind) for row in rows])
            print(f"  {kind:7} {interval(returns)}{f'   more than ppo: {interval(more)}' if way != 'ppo' else ''}")
    if args.picture:
        picture(list(done.values()), args.picture)


if __name__ == "__main__":
    main()
