"""Evaluates any agents on levels and seeds: in parallel, resumable, and one that fails costs no other its score."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass

from common.terminal import plural
from contest.scoring.claim import claimed
from contest.scoring.evaluation import Agent, Evaluation
from contest.scoring.pairs import Pair, read_pairs
from contest.scoring.scores import Failure, PairScore, Scores
from contest.scoring.trial import Stopped, TrialError

LOOK_S = 0.5
"""Seconds between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far an evaluation is."""

    finished: Pair | None = None
    """The pair that has just finished; None in the reports between."""

    text: str = ""
    """The finished pair's score, or what went wrong."""

    failed: bool = False
    """Whether the finished pair gave no score."""

    running: tuple[Pair, ...] = ()
    """The pairs that run now."""


def evaluate(
    evaluation: Evaluation, tell: Callable[[Report], None], reused: Callable[[int, int], None]
) -> tuple[Scores, ...]:
    """Runs what is missing and scores everything.

    Each agent's scores.json and scores.csv are brought up to date after every run, so a crash or a KeyboardInterrupt,
    which is passed on after the running agents have been ended, loses nothing that is finished.

    Args:
        evaluation: What to do.
        tell: Called several times a second while agents run, and once for each pair that finishes.
        reused: Called once with the number of pairs that are done already and the number of all pairs.

    Returns:
        The scores of each agent, in the order of the evaluation.

    Raises:
        EvaluationError: If it cannot begin.
        ClaimError: If another one writes to the same folder.
    """
    pairs = list(read_pairs(evaluation))
    with ExitStack() as claims:
        for agent in evaluation.agents:
            agent.results.mkdir(parents=True, exist_ok=True)
            claims.enter_context(claimed(agent.results, "evaluation"))
        results: dict[int, PairScore | str] = {
            index: score for index, pair in enumerate(pairs) if (score := pair.done(again=evaluation.again)) is not None
        }
        reused(len(results), len(pairs))
        for agent in evaluation.agents:
            _summary(agent, evaluation.timesteps, pairs, results).save(agent.results)
        todo = {index: pair for index, pair in enumerate(pairs) if index not in results}
        for index, result in _run_all(todo, evaluation.jobs, tell):
            results[index] = result
            agent = pairs[index].agent
            _summary(agent, evaluation.timesteps, pairs, results).save(agent.results)
        return tuple(_summary(agent, evaluation.timesteps, pairs, results) for agent in evaluation.agents)


def _summary(agent: Agent, timesteps: int, pairs: list[Pair], results: dict[int, PairScore | str]) -> Scores:
    """Collects an agent's scores and failures, in the order of the pairs.

    Args:
        agent: Which one.
        timesteps: Budget of each run.
        pairs: All pairs.
        results: The score of each finished pair, by its index, or the reason that it has none.
    """
    there, lost = [], []
    for index, pair in enumerate(pairs):
        if pair.agent != agent:
            continue
        result = results.get(index, "")
        if isinstance(result, PairScore):
            there.append(result)
        else:
            lost.append(Failure(game=pair.game, state=pair.state, seed=pair.trial.seed, reason=result))
    return Scores(agent=agent.command, timesteps=timesteps, levels=tuple(there), missing=tuple(lost))


def _run_all(
    pairs: Mapping[int, Pair], jobs: int, tell: Callable[[Report], None]
) -> Iterator[tuple[int, PairScore | str]]:
    """Runs pairs, some at a time.

    Args:
        pairs: By their index.
        jobs: How many at a time.
        tell: Called with the progress.

    Yields:
        The index of each pair that finishes, and its score or the reason that it has none.
    """
    stop = threading.Event()
    running: set[int] = set()

    def run(index: int) -> PairScore:
        if stop.is_set():
            raise Stopped
        running.add(index)
        try:
            return pairs[index].run(stop)
        finally:
            running.discard(index)

    with ThreadPoolExecutor(jobs) as pool:
        futures: dict[Future[PairScore], int] = {pool.submit(run, index): index for index in pairs}
        pending = set(futures)
        try:
            while pending:
                finished, pending = wait(pending, timeout=LOOK_S, return_when=FIRST_COMPLETED)
                tell(Report(running=tuple(pairs[index] for index in sorted(running.copy()))))
                for future in finished:
                    index = futures[future]
                    result, report = _result(future, pairs[index])
                    tell(report)
                    yield index, result
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _result(future: "Future[PairScore]", pair: Pair) -> tuple[PairScore | str, Report]:
    """Takes the result of a pair that has finished: for the scores, and as a report."""
    try:
        score = future.result()
    except (TrialError, OSError) as error:
        return str(error), Report(finished=pair, text=str(error), failed=True)
    text = f"{score.score:.1f} over {plural(score.episodes, 'episode')}, {score.timesteps_per_s:.0f} timesteps/s"
    return score, Report(finished=pair, text=f"{text}; {score.remark}" if score.remark else text)
