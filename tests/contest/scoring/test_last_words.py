"""Why a process failed, out of what real programs and libraries write when they do."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from contest.scoring.last_words import LENGTH_MOST, last_words, lines

AGENT = (
    "from dataclasses import dataclass\nimport tyro\n@dataclass\nclass A:\n    mode: int = 1\n    epsilon: float = 0\n"
)

WIDE = "import os; os.environ['COLUMNS'] = '60'\n"


def reason(path: Path) -> str:
    words = last_words(path)
    assert words.endswith(f" ({path})")
    return words.removesuffix(f" ({path})")


def failing(folder: Path, code: str, *arguments: str) -> str:
    """The reason of a program's failure."""
    (folder / "program.py").write_text(code)
    with (folder / "stderr.txt").open("wb") as file:
        done = subprocess.run([sys.executable, folder / "program.py", *arguments], stderr=file, check=False)
    assert done.returncode != 0
    return reason(folder / "stderr.txt")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ValueError('no weights')", "ValueError: no weights"),
        ("import sys; sys.exit('agent: the server is gone')", "agent: the server is gone"),
        ("from rich.traceback import install\ninstall()\nraise ValueError('[red] eyes')", "ValueError: [red] eyes"),
        (
            "from rich.traceback import install\ninstall(show_locals=True)\nx = 1\n1 / 0",
            "ZeroDivisionError: division by zero",
        ),
        ("try:\n    1 / 0\nexcept Exception as e:\n    raise OSError('after') from e", "OSError: after"),
        ("raise RuntimeError('Error(s) in loading:\\n\\tMissing key')", "RuntimeError: Error(s) in loading:"),
        ("raise ExceptionGroup('two', [ValueError(1)])", "ExceptionGroup: two (1 sub-exception)"),
        ("import faulthandler, os\nfaulthandler.enable()\nos.abort()", "Fatal Python error: Aborted"),
        (
            "import sys\nclass A:\n    def __del__(self): raise OSError('late')\na = A()\nraise ValueError('first')",
            "ValueError: first",
        ),
        ("def f(:\n    pass", "SyntaxError: invalid syntax"),
        (
            "import sys; sys.stderr.write('\\x1b[1;31mbad\\x1b[0m \\x1b]0;title\\x07luck\\n\\n'); sys.exit(1)",
            "bad luck",
        ),
        ("import sys; sys.stderr.write('10 %\\r20 %\\rout of memory'); sys.exit(1)", "out of memory"),
        ("import sys; sys.stderr.write('nul\\0l \\x08and \\x1b7 void'); sys.exit(1)", "nul l  and  void"),
        ("raise SystemExit(1)", "no word on stderr"),
        (
            "import sys; sys.exit(\"docker: Error response from daemon: no such image.\\nSee 'docker run --help'.\\n\")",
            "docker: Error response from daemon: no such image.",
        ),
        ("import sys; sys.exit(\"Try 'tool --help' for more.\")", "no word on stderr"),
    ],
)
def test_reason(tmp_path: Path, code: str, words: str) -> None:
    assert failing(tmp_path, code) == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nonsense"], "Unrecognized options: --nonsense"),
        (["--epsilon", "high"], "Error parsing --epsilon: could not convert string to float: 'high'"),
    ],
)
@pytest.mark.parametrize("head", ["", WIDE, "import os; os.environ['FORCE_COLOR'] = '1'\n"])
def test_reason_in_a_box(tmp_path: Path, head: str, arguments: list[str], words: str) -> None:
    assert failing(tmp_path, f"{head}{AGENT}tyro.cli(A)", *arguments) == words


def test_a_box_further_up_is_not_the_reason(tmp_path: Path) -> None:
    code = "import sys\nfrom rich.console import Console\nfrom rich.panel import Panel\nc = Console(file=sys.stderr)\n"
    assert failing(tmp_path, f"{code}c.print(Panel('an agent'))\nsys.exit('bad luck')") == "bad luck"
    assert (
        failing(tmp_path, f"{code}c.print(Panel('an agent'))\nc.print(Panel('bad\\nluck'))\nsys.exit(1)") == "bad luck"
    )


def test_much_output_is_not_read_in(tmp_path: Path) -> None:
    """The exception at either end of 400 MB (of a file with a hole, which needs no disk)."""
    path = tmp_path / "stderr.txt"
    for head, tail in (("", "ValueError: at the end\n"), ("Traceback (most recent call last):\nOSError: first\n", "")):
        with path.open("wb") as file:
            file.write(head.encode())
            file.truncate(400_000_000)
            file.seek(0, 2)
            file.write(b"\n" + tail.encode())
        tracemalloc.start()
        assert reason(path) == (tail or "OSError: first").strip()
        assert tracemalloc.get_traced_memory()[1] < 40e6
        tracemalloc.stop()


def test_output_of_any_bytes(tmp_path: Path) -> None:
    path = tmp_path / "stderr.txt"
    assert reason(path) == "no word on stderr", "there is no file"
    path.write_bytes(bytes(range(256)) * 10 + b"\xff\n")
    assert list(lines(path))
    assert "\x1b" not in reason(path)
    path.write_bytes(b"\x1b]" * 300_000 + b"x" * 100_000)
    assert len(reason(path)) <= LENGTH_MOST
    path.write_text("┌")
    assert reason(path) == "┌", "what is no box is a line"
