"""A sum tree: draws leaves in proportion to their values, in a number of array operations that grows with log(leaves)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class SumTree:
    """A binary tree whose nodes hold the sum of their children; node 1 is the root.

    Nodes are summed afresh from their children, never adjusted by differences, so that no rounding errors pile up.
    """

    def __init__(self, leaves: int) -> None:
        """Starts with all leaves 0.

        Raises:
            ValueError: If there is no leaf.
        """
        if leaves < 1:
            raise ValueError(f"wanted at least 1 leaf, got {leaves}")
        self._depth = (leaves - 1).bit_length()
        self._base = 1 << self._depth
        self._nodes: Values = np.zeros(2 * self._base)
        self._leaves = leaves
        self.count = 0
        """Leaves above 0."""

    @staticmethod
    def bytes_of(leaves: int) -> int:
        """Memory of a tree, bytes."""
        return 16 << (leaves - 1).bit_length()

    @property
    def total(self) -> float:
        """Sum of all leaves."""
        return float(self._nodes[1])

    @property
    def leaves(self) -> Values:
        """All leaves, float64 [leaves], a view."""
        return self._nodes[self._base : self._base + self._leaves]

    def get(self, indices: NDArray[np.int64]) -> Values:
        """Returns the values of leaves."""
        return self.leaves[indices]

    def set(self, indices: NDArray[np.int64], values: NDArray[Any] | float) -> None:
        """Sets leaves; of an index that comes twice the last value stays.

        Raises:
            ValueError: If a value is negative or not finite.
        """
        if not len(indices):
            return
        values = np.broadcast_to(np.asarray(values, np.float64), indices.shape)
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise ValueError("wanted values that are finite and at least 0")
        distinct = np.unique(indices)
        before = np.count_nonzero(self.leaves[distinct])
        self.leaves[indices] = values
        self.count += int(np.count_nonzero(self.leaves[distinct]) - before)
        nodes = (distinct + self._base) >> 1
        for _ in range(self._depth):
            self._nodes[nodes] = self._nodes[2 * nodes] + self._nodes[2 * nodes + 1]
            nodes = nodes >> 1

    def sample(self, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Values]:
        """Draws leaves, one from each of `count` equal shares of the total.

        Returns:
            Indices int64 [count] and their values float64 [count], all above 0.

        Raises:
            ValueError: If all leaves are 0.
        """
        if not self.count:
            raise ValueError("wanted a leaf above 0, all are 0")
        mass = (np.arange(count) + rng.random(count)) * (self.total / count)
        nodes = np.ones(count, np.int64)
        for _ in range(self._depth):
            left, right = self._nodes[2 * nodes], self._nodes[2 * nodes + 1]
            # Rounding may leave a mass beyond all there is on its side: never step into an empty half.
            goes_right = ((mass >= left) & (right > 0)) | (left == 0)
            mass = np.where(goes_right, mass - left, mass)
            nodes = 2 * nodes + goes_right
        return nodes - self._base, self._nodes[nodes]

    def check_valid(self) -> None:
        """Checks the invariants, for tests.

        Raises:
            AssertionError: If one does not hold.
        """
        inner = np.arange(1, self._base)
        assert (self._nodes >= 0).all(), "no node is negative"
        assert (self._nodes[inner] == self._nodes[2 * inner] + self._nodes[2 * inner + 1]).all(), "nodes are sums"
        assert self.count == np.count_nonzero(self.leaves), "the count is right"
