"""Puts the page's folder together: `python3 -m fernway.webtool WEIGHTS OUT`, as the Makefile calls it. Needs Python alone."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

from fernway import FOLDER, levels

SOURCES = FOLDER / "web"
"""What is copied as it is."""

RUNTIME = SOURCES / "node_modules" / "onnxruntime-web" / "dist"
RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""ONNX Runtime for one thread of any browser: the others of its builds want a graphics card or several threads."""

COPIED = (".css", ".html", ".js", ".svg", ".txt")


def level_table() -> dict[str, object]:
    """What the page offers: zones by name, those that the network has never seen, and the levels that come with the game."""
    return {
        "zones": levels.ZONES,
        "unseen": levels.UNSEEN_ZONES,
        "levels": [
            {"zone": one.level.zone, "act": one.level.act, "seed": one.level.seed, "validation": one.validation}
            for one in levels.committed().values()
        ],
    }


def put_together(weights: Path, out: Path) -> None:
    """Copies everything but the game itself.

    Args:
        weights: Of the network, without an ending: `.onnx` is its graph and `.json` the card that tells of it.
        out: The page's folder.

    Raises:
        SystemExit: If the graph is not the one that the card speaks of.
    """
    graph, card = weights.with_suffix(".onnx").read_bytes(), weights.with_suffix(".json").read_text(encoding="utf-8")
    wanted, got = json.loads(card)["graph_sha256"], hashlib.sha256(graph).hexdigest()
    if got != wanted:
        sys.exit(f"{weights}.onnx is not the graph that its card speaks of: wanted sha256 {wanted}, got {got}")
    for path in SOURCES.iterdir():
        if path.suffix in COPIED:
            shutil.copy(path, out / path.name)
    (out / "ort").mkdir(exist_ok=True)
    for name in RUNTIME_FILES:
        shutil.copy(RUNTIME / name, out / "ort" / name)
    (out / "network.onnx").write_bytes(graph)
    (out / "network.json").write_text(card, encoding="utf-8")
    (out / "levels.json").write_text(json.dumps(level_table()), encoding="utf-8")


if __name__ == "__main__":
    put_together(Path(sys.argv[1]), Path(sys.argv[2]))
