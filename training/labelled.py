"""States that the planner labelled, and what each of several inputs of a network shows of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from agent.actions import ACTION_TABLE
from agent.config import VisionConfig
from agent.vision import Screen, look
from fernway.levels import Level
from training.config import PlannerConfig
from training.oracle import TeacherOracle, label
from training.twin import Draw, Twin, held_out_levels

LABEL_PERIOD = 2
"""Timesteps between two states that are kept: neighbours are alike."""

LEVEL_TIMESTEPS = 320
"""Timesteps on a level before the next one: many levels say more than long ones."""

REWINDS = 4
"""How often on a level the game goes back a little after a death, which shows more of what kills."""

STRETCH = 24
"""Timesteps, on average, that the planner plays at a stretch, or the wanderer."""

WANDERING = 0.4
"""Share of the stretches that the wanderer plays, who gets stuck, falls and comes where no planner would."""

HOLD = 4
"""Timesteps, on average, for which the wanderer holds a random action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """Labelled states of several levels in the order they were visited."""

    planes: dict[VisionConfig, NDArray[np.uint8]]
    """By picture (a vision without its stack): uint8 [screens, P, H, W], every screen once."""

    rows: NDArray[np.int64]
    """int64 [S, stack], which screens a state's stack shows, oldest first; never one of the episode before."""

    lost: NDArray[np.float32]
    """float32 [S, A], frames on the way to the goal that each action loses."""

    values: NDArray[np.float32]
    """float32 [S, A], what the network learns of each action: the labels of `train`."""

    level: NDArray[np.int64]
    """int64 [S], number of the level, from 0 in the order played."""

    def __len__(self) -> int:
        """Counts the states."""
        return len(self.level)

    def observations(self, chosen: NDArray[np.int64], vision: VisionConfig) -> NDArray[np.uint8]:
        """Shows some states int64 [B] as an input does, uint8 [B, C, H, W]."""
        found = self.planes[picture(vision)][self.rows[chosen, -vision.stack :]]  # [B, stack, P, H, W]
        return found.reshape(len(chosen), *vision.obs_shape)


def picture(vision: VisionConfig) -> VisionConfig:
    """Returns what becomes of a single screen: inputs that differ in the stack alone share it."""
    return replace(vision, stack=1)


def pictures_bytes(visions: Sequence[VisionConfig], states: int) -> int:
    """Computes what the screens of so many states take, bytes."""
    return states * LABEL_PERIOD * sum(int(np.prod(one.obs_shape)) for one in {picture(vision) for vision in visions})


def unseen() -> Draw:
    """Returns what draws levels of the held-out zones and acts in turn; seeds that training never draws."""
    levels = (replace(level, seed=level.seed + turn) for turn in count() for level in held_out_levels())

    def draw(rng: np.random.Generator, lane: int) -> Level:  # noqa: ARG001 - the interface's
        return next(levels)

    return draw


def gather(
    draw: Draw,
    states: int,
    visions: Sequence[VisionConfig],
    *,
    seed: int,
    planner: PlannerConfig,
    tell: Callable[[], None] = lambda: None,
) -> States:
    """Plays levels, the planner and a wanderer by turns, and has the planner label what they come to.

    Args:
        draw: Draws the levels.
        states: How many to keep.
        visions: The inputs that will look at them.
        seed: Of the levels' draw, the sticky frames, the planner and the wanderer.
        planner: How labels are made.
        tell: Called after each state kept.
    """
    pictures = {picture(vision): list[NDArray[np.uint8]]() for vision in visions}
    back = np.arange(1 - max(vision.stack for vision in visions), 1)
    rows, lost, values, numbers = [], [], [], []
    for timestep in _visit(draw, seed, planner.doomed):
        newest = len(next(iter(pictures.values())))
        for vision, planes in pictures.items():
            planes.append(look(timestep.screen, vision))
        if timestep.is_first:
            first = newest
        if timestep.lost is not None:
            rows.append(np.maximum(newest + back, first))
            lost.append(timestep.lost)
            values.append(label(timestep.lost, timestep.planned, planner))
            numbers.append(timestep.level)
            tell()
            if len(rows) == states:
                break
    return States(
        planes={vision: np.stack(planes) for vision, planes in pictures.items()},
        rows=np.stack(rows),
        lost=np.stack(lost),
        values=np.stack(values),
        level=np.array(numbers),
    )


@dataclass(frozen=True, slots=True)
class _Timestep:
    screen: Screen
    is_first: bool
    level: int
    lost: NDArray[np.float32] | None  # where the state is to be kept
    planned: int


def _visit(draw: Draw, seed: int, doomed: float) -> Iterator[_Timestep]:
    """Plays for ever; the planner is asked where it plays, and for every state that is to be kept."""
    rng = np.random.default_rng(seed)
    twin = Twin(1, draw, REWINDS)
    try:
        screen = twin.reset([seed])[0]
        oracle = TeacherOracle(twin, doomed=doomed)
        oracle.restart(seed)
        level, number, timesteps = twin.level(0), 0, 0
        is_first, is_wandering, held = True, False, 0
        while True:
            if rng.random() < 1 / STRETCH:
                is_wandering = bool(rng.random() < WANDERING)
            if rng.random() < 1 / HOLD:
                held = int(rng.integers(len(ACTION_TABLE)))
            is_over = twin.begins_anew(0)
            is_kept = timesteps % LABEL_PERIOD == 0 and not is_over
            lost = oracle.lost(0) if not is_over and (is_kept or not is_wandering) else None
            planned = oracle.advice(0)
            yield _Timestep(screen, is_first, number, lost if is_kept else None, planned)
            action = np.array([held if is_wandering or is_over else planned])
            if timesteps >= LEVEL_TIMESTEPS:
                twin.cut(np.array([True]))
            oracle.played(action)
            is_first = twin.begins_anew(0)
            screen = twin.step(action)[0][0]
            timesteps += 1
            if twin.level(0) != level:
                level, number, timesteps = twin.level(0), number + 1, 0
    finally:
        twin.close()
