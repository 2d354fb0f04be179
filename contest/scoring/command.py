"""An agent's command: its words made ready for another folder, and the files that its score depends on."""

import hashlib
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path, PurePath

from contest.scoring.processes import module_path
from contest.scoring.trial import TrialError

SUFFIXES = re.compile(
    r"\.(bin|bk2|ckpt|csv|gz|h5|ini|joblib|json|md|np[yz]|onnx|pickle|pkl|pth?|py|safetensors|sh|so|state|toml|txt|ya?ml|zip)"
)
"""Endings that mark a word without a slash as the name of a file."""

OWN = ("out", "tmp")
"""Folders of the agent's own, as in the contest's containers: one for what it writes, one for the socket. A path below
them is the agent's, unless the caller's folder has such a file."""

PACKAGES = ("agent", "common", "contest", "fernway")
"""The project's own code, which every score depends on: the agent, the judge, the game, and what they share."""

_CODE = re.compile(r"[\s;|&<>$()'\"`*?{}\\\[\]]|://")  # shell code, patterns, addresses: no paths
_INTERPRETER = re.compile(r"(python|pypy)[\d.]*|(ba|da|z|k)?sh")
_GLUED = re.compile(r"-[A-Za-z](?=[^-=])")  # `-Ifolder`


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that can be run in any folder."""

    words: tuple[str, ...]
    """The program's path and its arguments."""

    files: Mapping[str, Path]
    """The files and modules that it names, by the name it gives them. The card of a network's weights is one of them; of
    a folder, only the Python files count."""


def read_command(command: str, seed: int) -> Command:
    """Makes an agent's command ready to be run in another folder.

    `{seed}` stands for the seed and `{python}` for the interpreter this runs on. A word that names an existing file or
    folder, alone, after an equals sign or glued to a flag's letter, is taken from the current folder.

    Raises:
        TrialError: If the command cannot be read, its program does not exist, or a word that looks like a path names
            nothing that does.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise TrialError(f"agent command {command!r}: {error}") from error
    words = [word.replace("{seed}", str(seed)).replace("{python}", sys.executable) for word in words]
    program = _program(words[0]) if words else None
    if program is None:
        raise TrialError(f"agent command {command!r}: no program {words[0] if words else ''!r}")
    placed, files = [program], dict[str, Path]()
    if "/" in words[0] and words[0] != sys.executable:
        files[words[0]] = Path(program)
    code = _code_positions(words)
    for position, word in enumerate(words[1:], start=1):
        if position in code:
            placed.append(word)
            if words[position - 1].endswith("m"):
                files |= _module(word)
            continue
        head, tails = _split(word)
        if head is None:
            raise TrialError(
                f"agent command {command!r}: there is no {tails[0]!r} in {Path.cwd()}, from where paths count; what the "
                f"agent itself writes goes below {OWN[0]}/"
            )
        placed.append(head + ":".join(str(Path(tail).absolute()) if tail else "" for tail in tails))
        for path in map(Path, filter(None, tails)):
            if path.is_file() and str(path) != sys.executable:
                files[str(path)] = path.absolute()
                card = path.with_suffix(".json")
                if path.suffix == ".safetensors" and card.is_file():
                    files[str(card)] = card.absolute()
    return Command(words=tuple(placed), files=files)


def _program(name: str) -> str | None:
    """The path of a program, which must not depend on the current folder."""
    found = shutil.which(name) or (shutil.which(f"./{name}") if _exists(name) else None)
    return None if found is None else str(Path(found).absolute())


def _exists(word: str) -> bool:
    """Whether a word names something that is there."""
    try:
        return bool(word) and Path(word).exists()
    except OSError:  # too long for a path
        return False


def _code_positions(words: list[str]) -> set[int]:
    """Where words are a module's name or code for an interpreter: `python -m agent`, `sh -c '...'`."""
    found: set[int] = set()
    is_interpreted = False
    for position, word in enumerate(words):
        if position in found:
            is_interpreted = False
        elif _INTERPRETER.fullmatch(PurePath(word).name):
            is_interpreted = True
        elif is_interpreted and re.fullmatch(r"-[A-Za-z]*[cm]", word):
            found.add(position + 1)
        elif not word.startswith("-"):
            is_interpreted = is_interpreted and not _exists(word)  # a script: what follows is for it
    return found


def _split(word: str) -> tuple[str | None, list[str]]:
    """Tells a path in a word from what stands before it.

    Returns:
        What stands before, and the paths to take from the current folder: none for a word without one. None and the
        missing path for a word that must have one.
    """
    heads = ["", *(word[: match.end()] for match in re.finditer("=", word))]
    if _GLUED.match(word):
        heads.append(word[:2])
    for head in heads:
        tail = word[len(head) :]
        if PurePath(tail).parts[:1] in [(name,) for name in OWN] and not (_exists(tail) and Path(tail).is_file()):
            return word, []
        if _exists(tail):
            return head, [tail]
        parts = tail.split(":")
        if len(parts) > 1 and any(parts) and all(not part or _exists(part) for part in parts):
            return head, parts
    tail = word[len(heads[1]) :] if len(heads) > 1 and "=" in word else word
    looks_like_path = "/" in tail or SUFFIXES.fullmatch(PurePath(tail).suffix.lower())
    if looks_like_path and ":" not in tail and not _CODE.search(tail):
        return None, [tail]
    return word, []


def _module(name: str) -> dict[str, Path]:
    """The file or folder of a module that is found from the caller's folder; an installed one is not looked for."""
    top = name.partition(".")[0]
    spec = PathFinder.find_spec(top, module_path(Path.cwd()).split(":"))
    if spec is None:
        return {}
    if spec.submodule_search_locations:
        return {top: Path(next(iter(spec.submodule_search_locations)))}
    return {top: Path(spec.origin)} if spec.origin else {}


class Fingerprints:
    """Hashes of files and folders, each read once."""

    def __init__(self) -> None:
        """Knows none yet."""
        self._known: dict[Path, str] = {}

    def of(self, command: Command) -> dict[str, str]:
        """Hashes all that a score depends on besides its settings: the project's code, and the files of the command."""
        project = dict(_project())
        theirs = {name: path for name, path in sorted(command.files.items()) if path not in project.values()}
        return {name: self._hash(path, "*") for name, path in project.items()} | {
            name: self._hash(path, "*.py") for name, path in theirs.items()
        }

    def _hash(self, path: Path, pattern: str) -> str:
        if path not in self._known:
            self._known[path] = _digest(path, pattern)
        return self._known[path]


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Names what differs; empty if nothing does."""
    return ", ".join(name for name in dict.fromkeys((*before, *now)) if before.get(name) != now.get(name))


def _project() -> Iterator[tuple[str, Path]]:
    """The project's packages as installed, and the weights that come with the agent."""
    for name in PACKAGES:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            folder = Path(next(iter(spec.submodule_search_locations)))
            yield f"the package {name}", folder
            if name == "agent" and (weights := folder.parent / "weights").is_dir():
                yield "the bundled weights", weights


def _digest(path: Path, pattern: str) -> str:
    """SHA-256 of a file, or of the names and contents of a folder's files, without what Python writes there itself."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    whole = hashlib.sha256()
    inside = {found.relative_to(path): found for found in path.rglob(pattern) if found.is_file()}
    for name, found in sorted(inside.items()):
        if not any(part == "__pycache__" or part.startswith(".") for part in name.parts):
            whole.update(f"{name.as_posix()}\0{_digest(found, pattern)}\n".encode())
    return whole.hexdigest()
