"""Fernway as Gymnasium makes it, `Fernway-v0`: one game or many, on levels that the caller chooses.

import fernway  # registers it; gymnasium.make("fernway:Fernway-v0") does without
env = gymnasium.make("Fernway-v0", level="FernHollow.Act1", render_mode="rgb_array")
envs = gymnasium.make_vec("Fernway-v0", num_envs=64, split="train", observation=Observation(), threads=2)
"""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict, Unpack

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from fernway import FernwayError
from fernway.levels import SEED_MAX, Level, by_name, committed, zone_number
from fernway.looks import Looks
from fernway.observation import Observation
from fernway.vector import FRESH_SEEDS, Draw, FernwayVectorEnv, Screens, fresh_level

Split = Literal["train", "validation", "fresh"]


class Wanted(TypedDict, total=False):
    """Which levels episodes are played on: a level, a zone, or a split; any fresh level by default."""

    level: str
    """Name of a level that comes with the game, such as `FernHollow.Act1`."""

    zone: int | str
    """Number or name of a zone."""

    act: int
    """Act of that zone, 1 .. 99, by default the first; levels of higher acts hold more dangers."""

    seed: int
    """Seed of a level of that zone and act; without one, each episode draws a fresh level of them."""

    split: Split
    """The 47 training levels, the 11 validation levels, or fresh levels of the training zones without end."""


def wanted_levels(**wanted: Unpack[Wanted]) -> list[Level] | Draw:
    """Finds the levels, or what draws the level of an episode.

    Raises:
        FernwayError: If there is no such level, zone or split, or more than one of them is asked for.
    """
    ways = [name for name in ("level", "zone", "split") if name in wanted]
    if len(ways) > 1:
        raise FernwayError(f"want one of level, zone and split, got {' and '.join(ways)}")
    if "zone" not in wanted and (lost := [name for name in ("act", "seed") if name in wanted]):
        raise FernwayError(f"{lost[0]} needs a zone, too: level, zone and split are the ways to choose levels")
    if unknown := sorted(wanted.keys() - Wanted.__annotations__.keys()):
        raise TypeError(f"no keyword {unknown[0]!r}: levels are chosen by {', '.join(Wanted.__annotations__)}")
    if "level" in wanted:
        return [by_name(wanted["level"]).level]
    if "zone" in wanted:
        zone, act = zone_number(str(wanted["zone"])), wanted.get("act", 1)
        chosen = Level(zone, act, wanted.get("seed", FRESH_SEEDS))
        return [chosen] if "seed" in wanted else lambda rng: Level(zone, act, _fresh_seed(rng))
    match wanted.get("split", "fresh"):
        case "fresh":
            return fresh_level
        case "train" | "validation" as split:
            return [one.level for one in committed().values() if one.validation == (split == "validation")]
        case other:
            raise FernwayError(f"no split {other!r}: train, validation and fresh")


def _fresh_seed(rng: np.random.Generator) -> int:
    return int(rng.integers(FRESH_SEEDS, SEED_MAX, endpoint=True))


def _wanted_observation(observation: Observation | Mapping[str, int] | None) -> Observation | None:
    return Observation(**observation) if isinstance(observation, Mapping) else observation


def _check_render_mode(render_mode: str | None) -> None:
    if render_mode not in (None, "rgb_array"):
        raise FernwayError(f"render mode {render_mode!r}: want 'rgb_array', or None")


class FernwayEnv(gym.Env[Screens, NDArray[np.int8]]):
    """One game under the contest's rules; a step is a timestep of `FernwayVectorEnv`.

    Args:
        render_mode: `rgb_array`, or None.
        observation: What to make of the screens, an `Observation` or its settings (`{}` for the defaults); None hands
            them out as they are, uint8 [224, 320, 3].
        wanted: Which levels.

    Raises:
        FernwayError: If a setting is no good.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 15}  # noqa: RUF012 - as gymnasium declares it

    def __init__(
        self,
        *,
        render_mode: str | None = None,
        observation: Observation | Mapping[str, int] | None = None,
        **wanted: Unpack[Wanted],
    ) -> None:
        """Makes the game; `reset` begins."""
        _check_render_mode(render_mode)
        self.render_mode = render_mode
        self._games = FernwayVectorEnv(1, wanted_levels(**wanted), observation=_wanted_observation(observation))
        self.observation_space = self._games.single_observation_space
        self.action_space = self._games.single_action_space
        self._is_over = True

    @property
    def level(self) -> Level:
        """The level of the episode."""
        return self._games.levels[0]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Screens, dict[str, Any]]:
        """Begins an episode.

        Args:
            seed: Restarts levels and delays; None lets them run on.
            options: Not used.

        Returns:
            The observation, uint8 [224, 320, 3] or [stack, height, width], and an empty dictionary.
        """
        super().reset(seed=seed, options=options)
        self._games.np_random = self.np_random
        observations, _ = self._games.reset()
        self._is_over = False
        return observations[0], {}

    def step(self, action: NDArray[np.int8]) -> tuple[Screens, float, bool, bool, dict[str, Any]]:
        """Plays a timestep.

        Args:
            action: Buttons, bool or 0/1 [12].

        Returns:
            Observation uint8 [224, 320, 3] or [stack, height, width], reward, terminated, truncated and an empty
            dictionary.

        Raises:
            FernwayError: If no episode is going on, or the action has another shape.
        """
        if self._is_over:
            raise FernwayError("no episode is going on: call reset")
        observations, rewards, terminated, truncated, _ = self._games.step(np.asarray(action)[np.newaxis])
        self._is_over = bool(terminated[0] or truncated[0])
        return observations[0], float(rewards[0]), bool(terminated[0]), bool(truncated[0]), {}

    def render(self) -> Any:
        """Returns the present screen, uint8 [224, 320, 3]; None without a render mode."""
        return self._games.render()[0] if self.render_mode else None

    def close(self) -> None:
        """Frees the game."""
        self._games.close()


def make_vec(
    num_envs: int = 1,
    *,
    render_mode: str | None = None,
    observation: Observation | Mapping[str, int] | None = None,
    looks: Looks | None = None,
    threads: int = 1,
    **wanted: Unpack[Wanted],
) -> FernwayVectorEnv:
    """Makes many games in one, for `gymnasium.make_vec`: see `FernwayVectorEnv` and `FernwayEnv`.

    Raises:
        FernwayError: If a setting is no good.
    """
    _check_render_mode(render_mode)
    levels = wanted_levels(**wanted)
    return FernwayVectorEnv(
        num_envs, levels, observation=_wanted_observation(observation), looks=looks, threads=threads
    )
