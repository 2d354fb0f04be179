"""The processes of a run that learn together, which torchrun starts."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist

PATIENCE = timedelta(hours=6)
"""For how long the other processes wait for the first one, which scores."""

PR_SET_PDEATHSIG = 1
"""Of <linux/prctl.h>."""


@contextmanager
def processes() -> Iterator[int]:
    """Joins the processes that torchrun started, if it did; yields the number of this one."""
    if "RANK" not in os.environ:
        torch.set_num_threads(1)  # two threads are slower than one on networks of this size (measured)
        yield 0
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.set_num_threads(1)
    if sys.platform == "linux":  # whatever ends torchrun, this process saves and ends, too
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield dist.get_rank()
    finally:
        dist.destroy_process_group()
