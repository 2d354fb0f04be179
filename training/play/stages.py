"""Games side by side for scored episodes, each on a level of the caller's: on the twin, or on the emulator."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from agent.vision import VisionConfig
from fernway.levels import Level
from fernway.vector import FernwayVectorEnv
from training.play.console import EmulatedLevel, Start
from training.play.emulators import Emulators
from training.play.twin import ACTION_BITS, observation_of

L_contra = TypeVar("L_contra", contravariant=True)
"""A level of the twin, or of the emulator."""


class Stage(Protocol[L_contra]):
    """Several games that scored episodes are played on."""

    obs: NDArray[Any]
    """What is to be acted on next, uint8 [N, C, H, W]; float32 [N, INSIDE] for who sees the inside."""

    @property
    def places(self) -> NDArray[np.int32] | None:
        """Where the players are, x and y of their feet, int32 [N, 2], pixels; None where the game does not tell."""

    def begin(self, lane: int, level: L_contra, seed: int) -> None:
        """Begins an episode; its first observation is in `obs` then."""

    def step(self, action: NDArray[np.int64], lanes: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Plays one timestep in some lanes.

        Args:
            action: int64 [N], indices into the action table.
            lanes: int64 [any], which of them count.

        Returns:
            Rewards float [N] and whether the episode is over, bool [N].
        """

    def close(self) -> None:
        """Frees what it holds."""


class TwinStage:
    """The twin's games."""

    def __init__(self, lanes: int, vision: VisionConfig | None, levels: Sequence[Level], seed: int) -> None:
        """Makes the games; `vision`: None sees the inside; `seed`: of all sticky frames."""
        self._env = FernwayVectorEnv(lanes, levels, copy=False, observation=observation_of(vision))
        self._env.reset(seed=seed)
        self.obs: NDArray[Any] = self._env.observations

    @property
    def places(self) -> NDArray[np.int32]:
        """Where the players are; see `Stage`."""
        return self._env.places

    def begin(self, lane: int, level: Level, seed: int) -> None:  # noqa: ARG002 - the sticky frames run on
        """Begins an episode; see `Stage`."""
        self._env.begin(lane, level)

    def step(self, action: NDArray[np.int64], lanes: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.bool_]]:  # noqa: ARG002
        """Plays a timestep in every lane, as that costs nearly nothing; see `Stage`."""
        _, reward, terminated, truncated, _ = self._env.step(ACTION_BITS[action])
        return reward, terminated | truncated

    def close(self) -> None:
        """Frees the games."""
        self._env.close()


class EmulatorStage:
    """Emulators."""

    places = None

    def __init__(self, lanes: int, vision: VisionConfig, *, any_rom: bool) -> None:
        """Starts the processes."""
        self._emulators = Emulators(lanes, vision, any_rom=any_rom)
        self.obs = self._emulators.obs
        self.step = self._emulators.step
        self.close = self._emulators.close

    def begin(self, lane: int, level: EmulatedLevel, seed: int) -> None:
        """Begins an episode; see `Stage`."""
        self._emulators.begin({lane: Start(level, seed)})
