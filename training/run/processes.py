"""The processes of a run that learn together, which torchrun starts."""

import ctypes
import os
import signal
import socket
import struct
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

SIOCGIFADDR = 0x8915
"""Of <linux/sockios.h>: an interface's address."""


def interface_to(host: str) -> str | None:
    """Returns the name of the network interface by which this machine reaches `host`; None if it cannot be told."""
    try:
        from fcntl import ioctl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))  # chooses a route and sends nothing
            own = probe.getsockname()[0]
            for _, name in socket.if_nameindex():
                try:
                    answer = ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()))
                except OSError:  # this one has no address
                    continue
                if socket.inet_ntoa(answer[20:24]) == own:
                    return name
    except (ImportError, OSError):  # not Linux, or no such host: gloo looks for itself
        pass
    return None


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
    # Left to itself, gloo listens where the host's own name leads, on many machines to 127.0.0.1.
    if interface := interface_to(os.environ["MASTER_ADDR"]):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield dist.get_rank()
    finally:
        dist.destroy_process_group()
