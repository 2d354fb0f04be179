"""What of an episode led on: where it came back to a place, what lay between was in vain."""

from collections.abc import Callable


def without_detours(steps: int, visited: Callable[[list[int], int], int | None]) -> list[int]:
    """Finds the steps of an episode that remain when its detours are dropped: stops at a wall, ways there and back.

    Waiting for something that moves is dropped as well: what remains is a guess.

    Args:
        steps: How many there are.
        visited: Told the steps that remain so far and the next one: which of those, by its index, came by the same place
            first? None: none of them.

    Returns:
        The steps that remain, in order.
    """
    path: list[int] = []
    for step in range(steps):
        at = visited(path, step)
        if at is not None:
            del path[at:]
        path.append(step)
    return path
