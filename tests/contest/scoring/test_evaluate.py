"""Evaluation end to end: real servers, real agents of all sorts, real signals."""

import csv
import io
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import pytest
import toy_game
from rich.console import Console

from contest.remote.environment import make
from contest.remote.monitor import Record
from contest.scoring.bootstrap import Estimate
from contest.scoring.claim import ClaimError
from contest.scoring.compare import compare
from contest.scoring.display import Display
from contest.scoring.evaluate import Report, evaluate
from contest.scoring.evaluation import Evaluation, EvaluationError
from contest.scoring.pairs import read_pairs
from contest.scoring.results import read_result
from contest.scoring.scores import Failure, PairScore, Scores

BUDGET = 35
"""Timesteps of a run: three whole episodes of ten and a reset each, and two timesteps of a fourth."""


@pytest.fixture
def evaluation(tmp_path: Path, toy: None) -> Evaluation:
    """Two levels and two seeds of the toy game, in a folder too deep for a socket's path, played by holding RIGHT."""
    (tmp_path / "levels.csv").write_text("game,state\nToy-Native,short\nToy-Native,long\n")
    (tmp_path / "player.py").write_text(toy_game.AGENT)
    deep = tmp_path / "a folder" / ("of a long name" * 6) / "results"
    assert len(str(deep)) > 107
    return Evaluation(
        levels=tmp_path / "levels.csv",
        commands=(playing(tmp_path, "on"),),
        timesteps=BUDGET,
        seeds=2,
        jobs=2,
        results=deep,
    )


def playing(folder: Path, what: str) -> str:
    return f"{{python}} '{folder / 'player.py'}' {what} {{seed}}"


def run(evaluation: Evaluation) -> tuple[Scores, list[Report]]:
    reports: list[Report] = []
    (scores,) = evaluate(evaluation, reports.append, lambda done, pairs: None)
    return scores, [report for report in reports if report.finished]


def expected_returns(state: str, seed: int) -> list[float]:
    """Returns of the episodes of a run on the toy game, worked out without server and agent."""
    env = make("Toy-Native", state, seed=seed)
    returns, left = [], BUDGET
    while left > 0:
        env.reset()
        left -= 1
        returns.append(0.0)
        over = False
        while left > 0 and not over:
            _, reward, terminated, truncated, _ = env.step([1] * 12)
            returns[-1] += float(reward)
            over = terminated or truncated
            left -= 1
    return returns


def left(folder: Path) -> list[str]:
    """Commands of the processes that run in a folder or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.fixture
def one_level(evaluation: Evaluation) -> Evaluation:
    """The short level alone."""
    evaluation.levels.write_text("game,state\nToy-Native,short\n")
    return evaluation


@pytest.mark.slow
@pytest.mark.parametrize("wallclock_s", [None, 300.5])
def test_our_agent_is_told_its_seed_and_the_limits_of_its_run(
    one_level: Evaluation, monkeypatch: pytest.MonkeyPatch, wallclock_s: float | None
) -> None:
    monkeypatch.setenv("QJERK_WALLCLOCK", "of somebody else's run")
    told = "{python} -c 'import os; print(os.environ)' && "
    shell = f'sh -c "{told}{{python}} -m agent --mode jerk"'
    scores, _ = run(replace(one_level, commands=(shell,), seeds=1, wallclock_s=wallclock_s))
    assert not scores.missing
    (said,) = one_level.results.glob("*/agent-stdout.txt")
    text = said.read_text()
    assert "'QJERK_SEED': '0'" in text
    assert f"'QJERK_TIMESTEPS': '{BUDGET}'" in text
    assert ("'QJERK_WALLCLOCK': '300.5'" in text) == (wallclock_s is not None)
    assert ("QJERK_WALLCLOCK" in text) == (wallclock_s is not None)
    assert f"timestep {BUDGET} of {BUDGET}: " in text, "its schedules are the run's"


@pytest.mark.slow
def test_scores_levels_by_seeds_and_goes_on_with_what_is_missing(evaluation: Evaluation) -> None:
    scores, reports = run(evaluation)
    assert not scores.missing
    assert len(reports) == 4
    for pair in scores.levels:
        returns = expected_returns(pair.state, pair.seed)
        counted = returns[:-1] if len(returns) > 1 else returns  # the unfinished last one only if it is the only one
        assert (pair.score, pair.best, pair.episodes) == (fmean(counted), max(counted), len(counted))
        assert (pair.timesteps, pair.end) == (BUDGET, "timesteps used up")
        assert pair.timesteps_per_s > 0
    assert {(pair.state, pair.seed, pair.episodes) for pair in scores.levels} == {
        ("short", 0, 3), ("short", 1, 3), ("long", 0, 1), ("long", 1, 1)
    }  # fmt: skip
    content = json.loads((evaluation.results / "scores.json").read_text(encoding="utf-8"))
    assert content["agent"] == evaluation.commands[0]
    assert content["timesteps"] == BUDGET
    assert content["score"] == pytest.approx(fmean(pair.score for pair in scores.levels))
    by_level = [sorted(pair.score for pair in scores.levels if pair.state == state) for state in ("short", "long")]
    ends = [fmean(level) for level in zip(*by_level, strict=True)]  # of two runs each, drawn twice
    assert content["ci95"] == pytest.approx(ends), "all four draws of the lowest, or of the highest, are likely enough"
    keys = ["game", "state", "seed", "score", "episodes", "best", "timesteps", "timesteps_per_s", "end", "remark"]
    assert [list(level) for level in content["levels"]] == [keys] * 4
    with (evaluation.results / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [[row[key] for key in keys] for row in rows] == [
        [str(row[key]) for key in keys] for row in content["levels"]
    ]
    folder = evaluation.results / "Toy-Native-v0-short-seed1"
    assert (folder / "agent-stdout.txt").read_text() == "playing on seed 1\n"
    assert (folder / "monitor.csv").read_text().splitlines()[0] == "r,l,t"
    assert len((folder / "monitor.csv").read_text().splitlines()) == 4
    assert not list((folder / "agent" / "tmp" / "sock").iterdir())

    shutil.rmtree(evaluation.results / "Toy-Native-v0-long-seed0")
    kept = (folder / "pair.json").stat().st_mtime_ns
    after, reports = run(evaluation)
    assert [(report.finished.state, report.finished.trial.seed) for report in reports if report.finished] == [
        ("long", 0)
    ]
    assert (folder / "pair.json").stat().st_mtime_ns == kept
    assert [pair.score for pair in after.levels] == [pair.score for pair in scores.levels]
    assert not run(evaluation)[1]
    for other in (replace(evaluation, timesteps=36), replace(evaluation, commands=(evaluation.commands[0] + " x",))):
        with pytest.raises(EvaluationError, match="was made with"):
            run(other)
    (folder / "pair.json").write_text("{")
    with pytest.raises(EvaluationError, match="cannot be read"):
        run(evaluation)
    _, reports = run(replace(evaluation, again=True))
    assert len(reports) == 1, "the one that cannot be read, and no other"


@pytest.mark.slow
def test_a_failing_agent_does_not_lose_the_others(one_level: Evaluation, tmp_path: Path) -> None:
    evaluation = replace(one_level, commands=(playing(tmp_path, "crash-on-1"),))
    scores, reports = run(evaluation)
    assert [pair.seed for pair in scores.levels] == [0]
    assert [failure.seed for failure in scores.missing] == [1]
    assert "exit status 1 after 15 timesteps: the agent has crashed" in scores.missing[0].reason
    assert sorted(report.failed for report in reports) == [False, True]
    assert scores.score == scores.levels[0].score
    content = json.loads((evaluation.results / "scores.json").read_text())
    assert content["ci95"] is None
    assert len(content["levels"]) == len(content["missing"]) == 1
    (tmp_path / "player.py").write_text(toy_game.AGENT.replace("crash-on-1", "never"))  # the agent is put right
    with pytest.raises(
        EvaluationError, match=r"not as it was when .*-seed0/pair.json was made: \S*/player.py; --again"
    ):
        run(evaluation)
    again, reports = run(replace(evaluation, again=True))
    assert not again.missing
    assert len(reports) == 2, "the run that succeeded was another agent's"


@pytest.mark.slow
def test_ends_a_hanging_agent_and_its_children(
    one_level: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clock() -> float:
        """Time flies once the agent has a grandchild."""
        is_there = sum("SIG_IGN" in words for words in left(one_level.results)) == 2
        return time.monotonic() + 1000 * is_there

    monkeypatch.setattr("contest.scoring.trial.time", SimpleNamespace(monotonic=clock))
    scores, _ = run(replace(one_level, commands=(playing(tmp_path, "idle"),), seeds=1))
    assert [failure.reason for failure in scores.missing] == ["no timestep for 600 s, 0 until then"]
    assert not left(one_level.results)


@pytest.mark.slow
def test_agents_that_leave_oddly(one_level: Evaluation, tmp_path: Path) -> None:
    one = replace(one_level, seeds=1)
    scores, reports = run(replace(one, commands=(playing(tmp_path, "odd"),), results=tmp_path / "odd"))
    assert len(scores.levels) == 1, "the run was whole, so it counts"
    assert "the agent left with exit status 3" in reports[0].text
    scores, _ = run(replace(one, commands=(playing(tmp_path, "quit"),), results=tmp_path / "quit"))
    assert [(pair.timesteps, pair.end) for pair in scores.levels] == [(15, "client gone without a close")]
    scores, _ = run(replace(one, commands=("sh -c 'echo no luck >&2'",), results=tmp_path / "none"))
    assert "left without playing: no luck" in scores.missing[0].reason


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL])
def test_a_signal_keeps_what_is_done(one_level: Evaluation, tmp_path: Path, number: signal.Signals) -> None:
    """And nothing of what ran, though an agent's grandchild is deaf to SIGTERM."""
    command = [sys.executable, "-m", "contest", "evaluate", "--levels", str(one_level.levels), "--agent"]
    command += [playing(tmp_path, "idle-on-1"), "--timesteps", str(BUDGET), "--seeds", "2"]
    command += ["--results", str(one_level.results)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        eventually(
            lambda: sum("SIG_IGN" in words for words in left(one_level.results)) == 2
        )  # as its parent's argument
        assert any("contest serve" in words for words in left(one_level.results))
    finally:
        process.send_signal(number)
        _, errors = process.communicate(timeout=300)
    if number in (signal.SIGINT, signal.SIGTERM):
        assert process.returncode == 130
        assert "interrupted; what is done is in" in errors.splitlines()[-1]
        assert not list(one_level.results.glob("*/agent/tmp/sock/*")), "the servers have cleared up after themselves"
    else:
        assert process.returncode == -number
        eventually(lambda: not left(one_level.results))
    assert "Traceback" not in errors
    content = json.loads((one_level.results / "scores.json").read_text(encoding="utf-8"))
    assert [level["seed"] for level in content["levels"]] == [0]
    assert not left(one_level.results)


def eventually(condition: Callable[[], bool], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.2)  # looking is not free: it goes through all processes


@pytest.mark.slow
def test_an_agents_files_do_not_take_the_servers_place(one_level: Evaluation, tmp_path: Path) -> None:
    honest, _ = run(replace(one_level, seeds=1, results=tmp_path / "honest"))
    scores, _ = run(replace(one_level, seeds=1, commands=(playing(tmp_path, "tamper"),)))
    assert not scores.missing
    assert [(pair.score, pair.best) for pair in scores.levels] == [(pair.score, pair.best) for pair in honest.levels]
    folder = one_level.results / "Toy-Native-v0-short-seed0"
    for name in ("episodes.json", "monitor.csv", "log.csv", "pair.json"):
        assert "[9999.0" not in (folder / name).read_text(), name
        assert "[9999.0" in (folder / "agent" / name).read_text(), "it did write there"
    (found,) = read_result(one_level.results).runs
    assert found.record is not None
    assert max(value for value, _ in found.record.episodes) == scores.levels[0].best


@pytest.mark.slow
def test_a_score_without_the_network_says_so(one_level: Evaluation, tmp_path: Path) -> None:
    blind = replace(one_level, seeds=1, commands=(playing(tmp_path, "blind"),))
    scores, reports = run(blind)
    remark = "playing without the Q-network, by the heuristic alone: there are no weights"
    assert [pair.remark for pair in scores.levels] == [remark]
    assert reports[0].text.endswith(remark)
    assert remark in printed(scores)
    assert run(blind)[0] == scores, "and goes on saying it when it is taken again"


def test_display(evaluation: Evaluation) -> None:
    """Lines of finished runs everywhere; on a terminal, bars that add up too."""
    pairs = list(read_pairs(evaluation))
    for pair, timesteps in zip(pairs[1:3], (7, 8), strict=True):
        pair.trial.folder.mkdir(parents=True)
        Record(timesteps=timesteps).save(pair.trial.folder / "episodes.json")

    def amounts(display: Display) -> dict[str, tuple[float, float | None]]:
        return {task.description: (task.completed, task.total) for task in display._progress.tasks}

    for terminal in (False, True):
        console = Console(file=io.StringIO(), width=120, force_terminal=terminal)
        with console.capture() as capture, Display(console, evaluation.timesteps) as display:
            display.begin(1, 4)
            display.tell(Report(running=tuple(pairs[1:3])))
            assert amounts(display)["timesteps"] == (BUDGET + 7 + 8, 4 * BUDGET)
            assert amounts(display)["Toy-Native long seed 0"] == (7, BUDGET)
            display.tell(Report(finished=pairs[1], text="1.0 [of] it", running=tuple(pairs[2:3])))
            assert amounts(display)["timesteps"] == (2 * BUDGET + 8, 4 * BUDGET)
            display.tell(Report(finished=pairs[2], text="bad luck", failed=True))
        lines = capture.get()
        assert "1 of 4 runs is there already" in lines
        assert "[2/4] Toy-Native long seed 0: 1.0 [of] it" in lines
        assert "[3/4] Toy-Native short seed 1: failed: bad luck" in lines
        assert ("━" in lines) is terminal


def test_one_evaluation_at_a_time(evaluation: Evaluation) -> None:
    def again(done: int, pairs: int) -> None:
        with pytest.raises(ClaimError, match="another evaluation writes to"):
            evaluate(evaluation, lambda report: None, lambda done, pairs: None)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(evaluation, lambda report: None, again)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ("", "no level in it"),
        ("game,state\n", "no level in it"),
        ("Toy-Native,short\nx,y\n", "line 1: wanted the columns game,state, got 'Toy-Native,short'"),
        ("game,state\nToy-Native,short\nToy-Nativ,short\n", "line 3: no game 'Toy-Nativ'; nearest: Toy-Native-v0"),
        ("game,state\nToy-Native,shirt\n", "line 2: .* nearest: short"),
        ("game,state\nToy-Native,short\nToy-Native-v0,short\n", "line 3: .* twice"),
        ("game,state\nToy-Native,\xff\n", "levels.csv"),
    ],
)
def test_refuses_a_bad_list_of_levels(evaluation: Evaluation, levels: str, message: str) -> None:
    evaluation.levels.write_bytes(levels.encode("latin-1"))
    with pytest.raises(EvaluationError, match=message):
        list(read_pairs(evaluation))
    assert not evaluation.results.exists()


@pytest.mark.slow
def test_several_agents_on_the_same_levels_and_seeds(one_level: Evaluation, tmp_path: Path) -> None:
    on, odd, quitting = (playing(tmp_path, what) for what in ("on", "odd", "crash-on-1"))
    evaluation = replace(one_level, commands=(f"on={on}", f"crash={quitting}"))
    reports: list[Report] = []
    first, second = evaluate(evaluation, reports.append, lambda done, pairs: None)
    assert (first.agent, second.agent) == (on, quitting)
    assert (len(first.levels), len(second.levels), len(second.missing)) == (2, 1, 1)
    assert {report.finished.name for report in reports if report.finished} == {
        f"{name} Toy-Native short seed {seed}" for name in ("on", "crash") for seed in (0, 1)
    }
    for name, scores in (("on", first), ("crash", second)):
        assert Scores.load(evaluation.results / name) == scores
    assert first.levels[0].score == second.levels[0].score, "the same seed is the same level"

    further = replace(evaluation, commands=(*evaluation.commands[:1], f"odd={odd}"))
    reports.clear()
    evaluate(further, reports.append, lambda done, pairs: None)
    assert {report.finished.agent.name for report in reports if report.finished} == {"odd"}, "what is there is kept"
    records = [
        Record.load(evaluation.results / name / "Toy-Native-v0-short-seed0" / "episodes.json") for name in ("on", "odd")
    ]
    assert records[0].ends == records[1].ends == [(100, 7)] * 3 + [(10, 7)], "the last one is the unfinished episode's"


def test_agents_names_are_checked(evaluation: Evaluation) -> None:
    assert [agent.name for agent in evaluation.agents] == [""]
    (named,) = replace(evaluation, commands=("jerk=python -m agent --x=1",)).agents
    assert (named.name, named.command) == ("jerk", "python -m agent --x=1")
    assert named.results == evaluation.results / "jerk"
    assert replace(evaluation, commands=("python --x=1",)).agents[0].command == "python --x=1"
    for commands, message in (
        ((), "at least one --agent"),
        (("a=x", "y"), "wanted NAME=COMMAND for each of several agents, got 'y'"),
        (("a=x", "a=y"), "two agents are called a"),
    ):
        with pytest.raises(EvaluationError, match=message):
            replace(evaluation, commands=commands)


def test_settings_are_checked(evaluation: Evaluation) -> None:
    for name in ("timesteps", "seeds", "jobs", "idle_s", "wallclock_s"):
        with pytest.raises(EvaluationError, match=name.removesuffix("_s")):
            replace(evaluation, **dict[str, Any]({name: 0}))
    with pytest.raises(EvaluationError, match="no program 'no-such-agent'"):
        run(replace(evaluation, commands=("no-such-agent --fast",)))
    with pytest.raises(EvaluationError, match="there-is-none"):
        run(replace(evaluation, levels=Path("there-is-none.csv")))


def test_files_that_changed_are_noticed_before_anything_is_played(one_level: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "q.safetensors").write_text("weights")
    (tmp_path / "q.json").write_text("card")
    evaluation = replace(one_level, seeds=1, commands=(f"{one_level.commands[0]} {tmp_path}/q.safetensors",))
    (pair,) = read_pairs(evaluation)
    pair.trial.folder.mkdir(parents=True)
    record = Record(episodes=[(1.0, 9)], timesteps=BUDGET)
    score = PairScore.of(record, game=pair.game, state=pair.state, seed=0)
    content = {"settings": pair.settings, "inputs": pair.inputs, "score": asdict(score)}
    path = pair.trial.folder / "pair.json"
    path.write_text(json.dumps(content))
    assert run(evaluation) == (Scores(agent=evaluation.commands[0], timesteps=BUDGET, levels=(score,)), [])
    for name in ("q.safetensors", "q.json"):
        kept = (tmp_path / name).read_text()
        (tmp_path / name).write_text("others")
        with pytest.raises(
            EvaluationError, match=f"not as it was when .*pair.json was made: {tmp_path}/{name}; --again"
        ):
            run(evaluation)
        (tmp_path / name).write_text(kept)
    for inputs, words in (
        ({**pair.inputs, "the package agent": "x"}, "not as it was when .* was made: the package agent; --again"),
        ({}, "does not say with which weights and code it was made: --again"),
        ([], "does not say"),
        (None, "cannot be read"),
    ):
        path.write_text(json.dumps(content | {"inputs": inputs}))
        with pytest.raises(EvaluationError, match=words):
            run(evaluation)
    path.write_text(json.dumps({name: content[name] for name in ("settings", "score")}))
    with pytest.raises(EvaluationError, match="does not say with which"):
        run(evaluation)
    assert path.exists()


def test_state_files_count_from_the_lists_folder(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "states").mkdir()
    for name in ("one", "two"):
        (tmp_path / "states" / f"{name}.state").write_text(name)
    evaluation.levels.write_text("game,state\nToy-Native,states/one.state\nToy-Native,states/two.state\n")
    pairs = list(read_pairs(evaluation))
    assert [pair.trial.state for pair in pairs[:2]] == [str(tmp_path / "states" / f"{n}.state") for n in ("one", "two")]
    assert (
        len({pair.trial.folder for pair in pairs}) == len({str(pair.settings) + pair.state for pair in pairs}) * 2 == 4
    )
    (tmp_path / "states" / "one.state").write_text("three")
    assert {pair.trial.folder for pair in read_pairs(evaluation)} & {pair.trial.folder for pair in pairs[:2]} == {
        pairs[1].trial.folder
    }, "a state made anew is another level"


def pair(state: str, seed: int, score: float) -> PairScore:
    return PairScore(
        game="G", state=state, seed=seed, score=score, episodes=1, best=score, timesteps=9, timesteps_per_s=1.0, end="e"
    )


def printed(scores: Scores) -> str:
    console = Console(width=200, file=io.StringIO())
    with console.capture() as capture:
        console.print(scores.table())
    return capture.get()


def test_means_and_interval(tmp_path: Path) -> None:
    levels = tuple(pair(state, seed, score) for state, seed, score in [("a", 0, 1.0), ("a", 1, 3.0), ("b", 0, 10.0)])
    missing = (Failure(game="G", state="b", seed=1, reason="bad luck"),)
    scores = Scores(agent="x", timesteps=9, levels=levels, missing=missing)
    assert scores.estimate == Estimate(value=(2.0 + 10.0) / 2), "a level has one run, whose spread nobody knows"
    assert "mean WITHOUT the 1 missing" in printed(scores)
    assert "6.0" in printed(scores)
    whole = Scores(agent="x", timesteps=9, levels=(*levels, pair("b", 1, 20.0)))
    assert whole.estimate == Estimate(value=8.5, low=(1.0 + 10.0) / 2, high=(3.0 + 20.0) / 2)
    assert "8.5 [5.5, 11.5]" in printed(whole)
    whole.save(tmp_path)
    content = json.loads((tmp_path / "scores.json").read_text())
    assert (content["score"], content["ci95"]) == (8.5, [5.5, 11.5])
    standing = compare([read_result(tmp_path)]).standings[0]
    assert standing.mean == whole.estimate, "one interval, wherever it is shown"
    Scores(agent="x", timesteps=9, levels=levels[:2]).save(tmp_path)
    content = json.loads((tmp_path / "scores.json").read_text())
    assert (content["score"], content["ci95"]) == (2.0, None), "a single level"
    assert compare([read_result(tmp_path)]).standings[0].mean == Estimate(value=2.0)
    empty = Scores(agent="x", timesteps=9, levels=(), missing=missing)
    assert empty.score is None


def test_unfinished_episode_counts_only_alone(tmp_path: Path) -> None:
    whole = Record(episodes=[(1.5, 10), (2.5, 20)], unfinished=(99.0, 5), timesteps=37, seconds=1.0, end="stopped")
    assert whole.scored() == [(1.5, 10), (2.5, 20)]
    assert Record(unfinished=(99.0, 5)).scored() == [(99.0, 5)]
    assert Record(unfinished=(0.0, 0)).scored() == Record().scored() == []
    whole.save(tmp_path / "record.json")
    assert Record.load(tmp_path / "record.json").scored() == whole.scored()
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
    (tmp_path / "record.json").write_text('{"something": "else"}')
    with pytest.raises(ValueError, match="no record"):
        Record.load(tmp_path / "record.json")
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]
