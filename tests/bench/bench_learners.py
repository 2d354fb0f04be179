"""Ways to learn by reward, held against each other: the same start, the same timesteps, the same levels to be scored on.

    python tests/bench/bench_learners.py RESULTS.jsonl [--weights FILE] [--timesteps N] [--seeds N] [--ways NAME ...]

Each way differs from `ppo`, the way of `training train`, in one thing. Each is trained once a seed and then scored on
fresh levels, the same for all ways of a seed. RESULTS.jsonl keeps what is done: the same command goes on with the rest.
Printed is each way's mean return, and the difference from `ppo`, paired by level, with a 95 % bootstrap interval over seeds
and levels.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agent.network import weights as networks
from agent.network.model import QNetwork
from fernway.levels import Level
from fernway.looks import Looks
from fernway.vector import fresh_level
from training.learning import ppo
from training.learning.ppo import Learner, PPOConfig
from training.learning.rollout import Rollout, generalised_advantages
from training.play.twin import PracticeConfig, TwinLanes
from training.run.config import TrainConfig
from training.run.score import held_out, play
from training.run.trainer import Trainer
from training.run.values import values_of

WEIGHTS = Path(__file__).parents[2] / "weights" / "qjerk.safetensors"
LANES, ROLLOUT = 128, 128
HELD_OUT = 60, 30
"""Fresh levels of the training zones and of the others that each network is scored on, twice each."""
RESAMPLES = 2000

PPO = PPOConfig(
    learning_rate=1.5e-4, learning_rate_end=1.5e-5, epochs=2, batch_size=2048, entropy_weight=0.004, warm_up_timesteps=0
)
PRACTICE = PracticeConfig(stall_timesteps=150, tries=5)
LOOKS = Looks(own=0.75)


class QLearner(Learner):
    """PQN in the place of PPO: Q itself goes towards its lambda-returns, in batches of what was just played.

    The network's value is the soft maximum of its Q-values, and stands where PQN has the maximum. Source: Gallici et al.
    2024, "Simplifying deep temporal difference learning"; Peng and Williams 1996, "Incremental multi-step Q-learning".
    """

    def _step(self, batches: "ppo._Batches", chosen: Tensor, *, only_value: bool) -> Tensor:
        del only_value
        obs, action, _, _, target = (part[chosen] for part in batches)
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
    practice: PracticeConfig = PRACTICE
    looks: Looks = LOOKS
    is_replayed: bool = False
    ppo: PPOConfig = PPO


WAYS = {
    "ppo": Way(),
    "pqn": Way(learner=QLearner),
    "no practice": Way(practice=dataclasses.replace(PRACTICE, tries=0)),
    "its own look": Way(looks=Looks(own=1.0)),
    "level replay": Way(is_replayed=True),
    "one epoch": Way(ppo=dataclasses.replace(PPO, epochs=1)),
}


def train(way: Way, weights: Path, timesteps: int, seed: int) -> QNetwork:
    """Trains by a way."""
    network, vision, sizes = networks.load(weights)
    config = TrainConfig(
        out=Path("none"),
        timesteps=timesteps,
        lanes=LANES,
        rollout=ROLLOUT,
        seed=seed,
        weights=weights,
        practice=way.practice,
        looks=way.looks,
        ppo=way.ppo,
        vision=vision,
        network=sizes,
    )
    trainer = Trainer(config, network)
    trainer.learner = way.learner(network, way.ppo, trainer.device, torch.Generator().manual_seed(seed))
    replay = Replay()
    lanes = TwinLanes(
        LANES,
        vision,
        way.practice,
        (seed, 0, 0),
        draw=replay.draw if way.is_replayed else fresh_level,
        looks=way.looks,
    )
    try:
        for iteration in trainer.iterations(lanes):
            replay.see(trainer._rollout, list(lanes._levels), way.ppo.trace)
            print(f"\r{iteration.timesteps:,} of {timesteps:,}", end="", file=sys.stderr)
    finally:
        lanes.close()
    return network


def score(network: QNetwork, seed: int) -> list[float]:
    """Plays twice on each held-out level; returns the levels' mean returns."""
    levels = [level for group in held_out(1000 + seed, *HELD_OUT).values() for level in group]
    config = networks.load(WEIGHTS)[1]
    returns = [
        [ending.episode_return for ending in play(values_of(network), config, levels, seed=again)] for again in (0, 1)
    ]
    return [float(mean) for mean in np.mean(returns, axis=0)]


def interval(values: NDArray[np.float64]) -> str:
    """Words the mean of [seeds, levels] with its interval."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(values), len(values))
        drawn.append(np.mean([rng.choice(values[row], values.shape[1]) for row in rows]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{values.mean():,.0f} [{low:,.0f}, {high:,.0f}]"


def main() -> None:
    """Trains what is missing and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="where all begin")
    parser.add_argument("--timesteps", type=int, default=393_216)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    done: dict[tuple[str, int], list[float]] = {}
    if args.results.exists():
        for line in args.results.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["timesteps"] == args.timesteps:
                done[row["way"], row["seed"]] = row["returns"]
    for seed in range(args.seeds):
        for way in args.ways:
            if (way, seed) in done:
                continue
            began_at = time.monotonic()
            done[way, seed] = score(train(WAYS[way], args.weights, args.timesteps, seed), seed)
            row = {"way": way, "seed": seed, "timesteps": args.timesteps, "returns": done[way, seed]}
            with args.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(
                f"\r{way}, seed {seed}: {np.mean(done[way, seed]):,.0f}, {time.monotonic() - began_at:.0f} s",
                flush=True,
            )
    for way in args.ways:
        seeds = [seed for seed in range(args.seeds) if (way, seed) in done and ("ppo", seed) in done]
        if seeds:
            returns = np.array([done[way, seed] for seed in seeds])
            more = returns - np.array([done["ppo", seed] for seed in seeds])
            print(f"{way:14} {interval(returns)}   more than ppo: {interval(more) if way != 'ppo' else ''}")


if __name__ == "__main__":
    main()
