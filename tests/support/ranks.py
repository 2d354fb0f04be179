"""`torchrun ... ranks.py train ...`: as `-m training train`, but every process leaves its own state at the end."""

import sys
from pathlib import Path

import torch.distributed as dist

from training.cli import main
from training.play.lanes import Lanes
from training.run import checkpoint, train


class Run(train._Run):
    def play(self, lanes: Lanes) -> None:
        super().play(lanes)
        rank = dist.get_rank()
        checkpoint.save(Path(self._config.out) / f"rank{rank}.safetensors", self._trainer.state())


if __name__ == "__main__":
    train._Run = Run  # type: ignore[misc]
    sys.exit(main(sys.argv[1:]))
