"""Makes results folders as `contest evaluate` leaves them, without playing."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contest.remote.monitor import Position, Record
from contest.scoring.pairs import PAIR_FILE
from contest.scoring.scores import Failure, PairScore, Scores
from contest.scoring.trial import RECORD_FILE

Episodes = Sequence[tuple[float, int]]
"""Return and timesteps of each."""


def finish(
    folder: Path,
    runs: Mapping[tuple[str, int], Episodes],
    *,
    game: str = "Toy-Native",
    command: str = "true",
    timesteps: int = 1000,
    missing: Sequence[Failure] = (),
    ends: Sequence[Position | None] = (),
    settings: Mapping[str, Any] | None = None,
    remark: str = "",
) -> Path:
    """Writes an agent's evaluation, the runs by state and seed; returns the folder."""
    scores = []
    for (state, seed), episodes in runs.items():
        record = Record(
            episodes=list(episodes), ends=list(ends), timesteps=timesteps, seconds=1.0, end="timesteps used up"
        )
        score = PairScore.of(record, game=game, state=state, seed=seed, remark=remark)
        scores.append(score)
        pair = folder / f"{state}-{seed}"
        pair.mkdir(parents=True)
        record.save(pair / RECORD_FILE)
        content = {"settings": {"agent": command, **(settings or {})}, "score": dataclasses.asdict(score)}
        (pair / PAIR_FILE).write_text(json.dumps(content))
    folder.mkdir(parents=True, exist_ok=True)
    Scores(agent=command, timesteps=timesteps, levels=tuple(scores), missing=tuple(missing)).save(folder)
    return folder


def players(folder: Path, rows: str) -> None:
    """Writes a run's record of its agent's own."""
    (folder / "agent" / "out").mkdir(parents=True)
    (folder / "agent" / "out" / "episodes.csv").write_text(rows)
