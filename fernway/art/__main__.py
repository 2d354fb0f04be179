"""`python -m fernway.art`: writes fernway/src/art.c, checks it, or draws previews."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import tyro

from fernway.art import emit


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Draws the game's graphics and writes them to fernway/src/art.c."""

    check: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Write nothing; exit 1 when art.c is not what the drawing code gives."""
    preview: Path | None = None
    """Write no C but pictures of every zone and all sprites into this folder."""


def main() -> int:
    """Runs the command line; returns the exit code."""
    options = tyro.cli(Options, prog="python -m fernway.art")
    if options.preview:
        from fernway.art import preview

        for path in preview.write(options.preview):
            print(path)
        return 0
    if options.check:
        if emit.is_current(emit.TARGET):
            return 0
        print(f"{emit.TARGET} is not what fernway/art draws: run python -m fernway.art", file=sys.stderr)
        return 1
    print(f"{emit.TARGET}: {emit.write(emit.TARGET)} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
