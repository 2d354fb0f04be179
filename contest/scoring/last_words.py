"""Tells why a process failed from what it wrote on stderr: an exception, the text of a box, or the last line.

Needs nothing but Python. `python -m contest.scoring.last_words FILE` prints the reason.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PART_BYTES = 1 << 20
"""Bytes that are read at either end of a process's output, of which there may be gigabytes."""

LENGTH_MOST = 200
"""Characters of a reason."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, the cursor
    r"|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?"  # OSC and its like: titles, links
    r"|\x1b[ -/]*[0-~]"
)
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)")
_IGNORED = re.compile(r"Exception ignored in")
_FATAL = re.compile(r"Fatal Python error: ")
_MARGIN = re.compile(r"(?:\s*[|+]\s)+")  # Python draws an exception group's members beside such lines
_TOP, _SIDE, _BOTTOM = "╭┌┏╔", "│┃║", "╰└┗╚"  # of boxes as rich, tyro, typer and click-rich draw them
_HINT = re.compile(r"(?:See|Try|Run|For) .*--help\b")  # the last line of docker's and of GNU's programs
_RULE = re.compile(r"[─━═\s]*")


def lines(path: Path) -> Iterator[str]:
    """The lines of a process's output that have something in them, without terminals' escape sequences.

    Of a long file, those of the first and the last megabyte. A file that is not there has none.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            parts = [file.read(min(size, PART_BYTES))]
            if size > PART_BYTES:
                file.seek(max(PART_BYTES, size - PART_BYTES))
                parts.append(file.read(PART_BYTES))
    except OSError:
        return
    for part in parts:
        yield from lines_of(part.decode(errors="replace"))


def lines_of(text: str) -> Iterator[str]:
    """The lines that have something in them, without terminals' escape sequences."""
    for line in _ESCAPES.sub("", text).splitlines():
        shown = "".join(one if one.isprintable() else " " for one in line).rstrip()
        if shown:
            yield shown


def reason(said: Iterable[str]) -> str:
    """Why a process failed, in one line, out of the lines that it wrote.

    The message of the last exception; without one, what the last box says first; without one, the last line that is no
    hint at `--help`.
    """
    found = list(said)
    words = _exception(found) or _box(found) or next((line for line in reversed(found) if not _HINT.match(line)), "")
    return words.strip() or "no word on stderr"


def last_words(path: Path) -> str:
    """Why a process failed, at most LENGTH_MOST characters of it, and where the rest is."""
    return f"{reason(lines(path))[:LENGTH_MOST]} ({path})"


def _exception(found: list[str]) -> str:
    """The last exception's line, or nothing; one that Python only mentions as it leaves does not count."""
    for number in range(len(found) - 1, -1, -1):
        if _FATAL.match(found[number]):
            return found[number]
        if not _TRACEBACK.search(found[number]) or (number and _IGNORED.match(found[number - 1])):
            continue
        for line in found[number + 1 :]:
            bare = _MARGIN.sub("", line, count=1) if _MARGIN.match(line) else line
            if not bare[:1].isspace() and bare[:1] not in {*_SIDE, *_BOTTOM, ""}:
                return bare
    return ""


def _box(found: list[str]) -> str:
    """What the box at the end says first, up to a rule or the box's end; nothing where there is no box."""
    words: list[str] = []
    is_inside = False
    for line in found:
        bare = line.strip()
        if bare[:1] in set(_TOP):
            words, is_inside = [], True
        elif bare[:1] in set(_BOTTOM):
            is_inside = False
        elif bare[:1] not in set(_SIDE):
            words, is_inside = [], False  # what came before was not the end
        elif is_inside and (inside := bare.strip(_SIDE + " ")) and not _RULE.fullmatch(inside):
            words.append(inside)
        else:
            is_inside = is_inside and not words
    return " ".join(words)


if __name__ == "__main__":
    sys.stdout.write(f"{reason(lines(Path(sys.argv[1])))}\n")
