"""Refuses what does not fit into memory before hours are lost."""

from pathlib import Path

MEMINFO = Path("/proc/meminfo")

MEMORY_SHARE = 0.8
"""Share of the free memory that replay may take at most; the rest is for networks and environments."""


class MemoryTooSmallError(ValueError):
    """The asked replay does not fit into memory; the message says what would."""


def require_memory(wanted: int, free: int | None = None) -> None:
    """Refuses a replay that does not fit.

    Args:
        wanted: Bytes it takes when full.
        free: Bytes that are free; asks the system if None.

    Raises:
        MemoryTooSmallError: If it takes more than its share of what is free.
    """
    free = _free_memory() if free is None else free
    if wanted > MEMORY_SHARE * free:
        raise MemoryTooSmallError(
            f"replay wants {wanted / 2**20:.0f} MiB, {free / 2**20:.0f} MiB of memory are free, of which it may take "
            f"{MEMORY_SHARE:.0%}: ask for a capacity that is {wanted / (MEMORY_SHARE * max(free, 1)):.1f} times smaller"
        )


def _free_memory() -> int:
    for line in MEMINFO.read_text(encoding="utf-8").splitlines():
        if line.startswith("MemAvailable:"):
            kibibytes: int = int(line.split()[1])
            return 1024 * kibibytes
    raise MemoryTooSmallError(f"{MEMINFO} does not say how much memory is free")
