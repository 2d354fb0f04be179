"""README and the pages under docs/: what they name is there, and README's recipes run as they are pasted."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import draw_results
import pytest
import tyro
from display import PATIENCE_S, Display, wait_for

from contest.cli import Command as ContestCommand
from contest.demo import FILMED
from fernway.cli import Command as FernwayCommand

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "fernway/README.md", "weights/README.md")
    ),
    *sorted((ROOT / "docs").glob("*.md")),
]
LINES_MOST = 120
PICTURE_MOST = 3_000_000
"""Bytes of the moving picture: who reads the page waits for it."""

ROOMS = ("agent", "common", "contest", "docs", "fernway", "notebooks", "tests", "training", "weights")
FOLDERS = dict.fromkeys((ROOT / "fernway" / "README.md", ROOT / "docs" / "fernway.md"), ROOT / "fernway")
"""Pages that name files as they lie in a folder of their own."""

RECIPES = {
    title: (language, code)
    for title, language, code in re.findall(r"^### ([^\n]+)\n```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
}
GYMNASIUM, PLAY, SCORE, TRAIN, SUBMIT = RECIPES


def fenced(text: str) -> str:
    """What a page shows as code of its own, lines that go on over several as one."""
    return "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)).replace("\\\n", " ")


def spans(text: str) -> list[str]:
    """What stands between backquotes inside a page's lines."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def commands(text: str, program: str) -> list[str]:
    """A page's command lines of a program, without what the shell adds to them."""
    lines = [*fenced(text).splitlines(), *spans(text)]
    found = [re.sub(r"( [#&>|]|\s+#).*", "", line) for line in lines if re.match(rf"{re.escape(program)}\b", line)]
    return [line for line in found if "..." not in line]


def is_readable(command: object, words: list[str]) -> bool:
    """Says whether a command line takes these words."""
    config = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitSubcommandPrefixes)
    try:
        tyro.cli(command, args=words, config=config, console_outputs=False)  # type: ignore[call-overload]
    except SystemExit as end:
        return not end.code
    return True


def slug(heading: str) -> str:
    """A heading's anchor, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    words = {word for line in (*spans(text), *fenced(text).splitlines()) for word in re.split(r"[\s'\"=()]+", line)}
    ours = [word for word in words if re.fullmatch(rf"({'|'.join(ROOMS)})/[\w./*-]*", word)]
    for name in ours:
        assert any(ROOT.glob(name)), name
    if page in FOLDERS:
        made = re.findall(r"> (\S+)", text)
        for name in words - {*ours, *made}:
            if re.fullmatch(r"[\w/*-]+\.(py|c|csv|json|lua|s|md)", name) and not name.isupper():
                assert any(FOLDERS[page].glob(name)) or any(FOLDERS[page].glob(f"*/{name}")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_can_be_read(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known: dict[str, object] = {"contest": ContestCommand, "fernway": FernwayCommand}
    for program, command in known.items():
        for line in commands(text, f"python -m {program}"):
            words = shlex.split(line)[3:]
            if len(words) <= 1 or "[" in line:  # a synopsis
                words = [*words[:1], "--help"]
            assert is_readable(command, words), line


def test_trainings_commands_are_there() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    named = {
        line.split()[3]
        for page in PAGES
        for line in commands(page.read_text(encoding="utf-8"), "python -m training")
        if len(line.split()) > 3
    }
    assert named
    for name in named:
        assert re.search(rf"^  {name} ", done.stdout, re.MULTILINE), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_chores_are_build_shs(page: Path) -> None:
    words = (ROOT / "build.sh").read_text(encoding="utf-8")
    for line in commands(page.read_text(encoding="utf-8"), "./build.sh"):
        if len(line.split()) > 1:
            assert re.search(rf"^  {line.split()[1]}\b", words, re.MULTILINE), line


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= LINES_MOST


def test_the_film_is_of_a_validation_level_and_small() -> None:
    (name,) = re.findall(r"\((docs/images/\S+\.webp)\)", README)
    content = (ROOT / name).read_bytes()
    assert len(content) < PICTURE_MOST
    assert (content[:4], content[8:12]) == (b"RIFF", b"WEBP")
    assert content.count(b"ANMF") > 100, "it moves"
    assert FILMED[1] in README
    assert ",".join(FILMED) in (ROOT / "fernway" / "validation.csv").read_text(encoding="utf-8")


def test_figure_and_tables_are_those_of_the_results() -> None:
    rows = draw_results.read(draw_results.RESULTS.read_text(encoding="utf-8"))
    assert draw_results.FIGURE.read_text(encoding="utf-8") == draw_results.figure(rows)
    for page, drawn in ((draw_results.README, draw_results.short_table), (draw_results.PAGE, draw_results.table)):
        found = draw_results.TABLE.search(page.read_text(encoding="utf-8"))
        assert found
        assert found[2] == drawn(rows)


def test_new_runs_take_the_place_of_old_figures() -> None:
    runs = {
        f"{part}/{level}/1000/{seed}/{network}": 10.0 * seed
        for part, network in (("jerk", "-"), ("+ x", "12ab"), ("+ y", "12ab"))
        for level in "AB"
        for seed in (1, 3)
    }
    (jerk, ours) = draw_results.rows_of(runs, "+ y", "abc", "2026-01-01")
    assert (jerk.agent, ours.agent) == ("JERK", "ours")
    assert (ours.timesteps, ours.seeds, ours.mean, ours.worst, ours.commit) == (1000, 2, 20.0, 20.0, "abc")
    assert ours.low is not None
    assert 10 <= ours.low < 20
    assert draw_results.read(draw_results.written([jerk]))[0].mean == 20


def test_runs_of_two_networks_are_not_one_agents() -> None:
    runs = dict.fromkeys(("+ y/A/1000/0/12ab", "network/A/1000/0/34cd"), 1.0)
    with pytest.raises(SystemExit, match="wanted runs of one network, got 12ab, 34cd"):
        draw_results.rows_of(runs, "+ y", "abc", "2026-01-01")


# ---- the recipes


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone holds, and the library that its installation builds."""
    folder = tmp_path_factory.mktemp("fresh") / "qjerk"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    built = [str(path.relative_to(ROOT)) for path in (ROOT / "fernway").glob("_native*.so")]
    for name in filter(None, (*names, *built)):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)
    return folder


Paste = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def paste(clone: Path) -> Iterator[Paste]:
    """Starts a recipe in the clone as if it was pasted into a shell with the environment active."""
    started: list[subprocess.Popen[str]] = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QJERK"))}
    environment |= {"PYTHONPATH": str(clone), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def start(title: str, **more: str) -> subprocess.Popen[str]:
        language, code = RECIPES[title]
        words = ["python", "-c", code] if language == "python" else ["bash", "-ec", code]
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(
                words, cwd=clone, env=environment | more, stdout=pipe, stderr=pipe, text=True, start_new_session=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_there_are_five_recipes() -> None:
    assert [language for language, _ in RECIPES.values()] == ["python", "sh", "sh", "sh", "sh"]


@pytest.mark.slow
def test_fernway_in_gymnasium(paste: Paste) -> None:
    process = paste(GYMNASIUM)
    assert process.communicate() == ("", "")
    assert process.returncode == 0


@pytest.mark.slow
def test_play(paste: Callable[..., subprocess.Popen[str]], display: Display) -> None:
    process = paste(PLAY, DISPLAY=display.name)
    wait_for(lambda: process.poll() is not None or display.shown().any(), "the game is seen")
    display.press("key", "Escape")
    assert process.wait(PATIENCE_S) == 0, process.communicate()


@pytest.mark.slow
def test_score_any_agent(paste: Paste, clone: Path) -> None:
    process = paste(SCORE)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "mine" in out
    assert "jerk" in out
    assert (clone / "results" / "both.html").stat().st_size > 10_000


@pytest.mark.slow
def test_train_and_play(paste: Paste, clone: Path) -> None:
    process = paste(TRAIN)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "the run is over" in out
    assert (clone / "results" / "mine" / "episodes.csv").read_text(encoding="utf-8").count("\n") > 1


@pytest.mark.docker
@pytest.mark.slow
def test_submit(paste: Paste, image: str) -> None:
    language, code = RECIPES[SUBMIT]
    assert [line.split()[:2] for line in code.splitlines()] == [
        ["./build.sh", word] for word in ("image", "smoke", "push")
    ]
    assert image in code
    assert language == "sh"
    smoke = subprocess.run([ROOT / "build.sh", "smoke"], capture_output=True, text=True, check=False)
    assert smoke.returncode == 0, smoke.stderr
