"""Native Fernway games as a training ground: a fresh level every episode, and a step back after a death."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from agent.actions import action_buttons
from agent.config import SCREEN_SHAPE
from fernway.levels import ACTS, UNSEEN_ZONES, VALIDATION_ACTS, Level, first_seed
from fernway.native import STATE_SIZE, Game
from fernway.vector import FernwayVectorEnv, fresh_level
from training.arena import Stepped

SAVE_PERIOD = 8
"""Timesteps between two states kept for going back."""

REWIND_SAVES = (3, 8)
"""After a death a lane goes back by so many kept states: 24 to 64 timesteps."""

Draw = Callable[[np.random.Generator, int], Level]
"""Draws the level of a lane's next episode."""


def any_fresh_level(rng: np.random.Generator, lane: int) -> Level:  # noqa: ARG001 - the interface's
    """Draws any level of the zones to train on; never a committed one."""
    return fresh_level(rng)


def held_out_levels() -> list[Level]:
    """Returns levels of the validation's zones and acts; their seeds are those tried first for the committed ones."""
    acts = [*VALIDATION_ACTS.items(), *((zone, act) for zone in UNSEEN_ZONES for act in range(1, ACTS[zone] + 1))]
    return [Level(zone, act, first_seed(zone, act)) for zone, act in acts]


@dataclass(slots=True)
class _Lane:
    env: FernwayVectorEnv  # of one game, so that each lane can rest or go back by itself
    scratch: Game = field(default_factory=Game)  # one a lane: a state of another level takes long to set
    is_over: bool = True
    is_retired: bool = False
    has_died: bool = False
    is_rewound: bool = False
    rewinds: int = 0
    timesteps: int = 0
    saves: list[bytes] = field(default_factory=list)


class Twin:
    """An arena of native games.

    Args:
        lanes: How many.
        draw: Draws the level of a lane's next episode.
        rewinds: How often on one level a lane goes back a little after a death, instead of on to another level.
    """

    def __init__(self, lanes: int, draw: Draw = any_fresh_level, rewinds: int = 0) -> None:
        """Makes the games."""
        self.lanes = lanes
        self._lanes = [self._make(lane, draw) for lane in range(lanes)]
        self._buttons = action_buttons()
        self._rewinds = rewinds
        self._rng = np.random.default_rng(0)

    @staticmethod
    def _make(number: int, draw: Draw) -> _Lane:
        return _Lane(FernwayVectorEnv(1, lambda rng: draw(rng, number), copy=False))

    def reset(self, seed: Sequence[int]) -> NDArray[np.uint8]:
        """Begins an episode in every lane; screens uint8 [L, H, W, 3]."""
        self._rng = np.random.default_rng(seed)
        screens = []
        for number, lane in enumerate(self._lanes):
            screens.append(lane.env.reset(seed=[*seed, number])[0].copy())
            self._begun(lane)
        return np.concatenate(screens)

    @staticmethod
    def _begun(lane: _Lane) -> None:
        lane.saves.clear()
        lane.rewinds = lane.timesteps = 0
        lane.is_over = lane.has_died = lane.is_rewound = False

    def cut(self, mask: NDArray[np.bool_]) -> None:
        """Ends the episodes of these lanes, bool [L]."""
        for number in np.flatnonzero(mask):
            self._lanes[number].is_over = True

    def step(self, action: NDArray[np.int64]) -> Stepped:
        """Plays one timestep in every lane; see `Arena`."""
        screens = np.zeros((self.lanes, *SCREEN_SHAPE), np.uint8)
        reward = np.zeros(self.lanes)
        terminated, truncated = np.zeros(self.lanes, np.bool_), np.zeros(self.lanes, np.bool_)
        for number, lane in enumerate(self._lanes):
            if lane.is_retired:
                continue
            if lane.is_over:
                screens[number] = self._next_episode(lane)
                continue
            seen, rewards, terminated[number : number + 1], truncated[number : number + 1], _ = lane.env.step(
                self._buttons[action[number]][None]
            )
            screens[number], reward[number] = seen[0], rewards[0]
            lane.timesteps += 1
            lane.is_over = bool(terminated[number] or truncated[number])
            lane.has_died = bool(terminated[number]) and not self.has_finished(number)
            if self._rewinds and not lane.is_over and lane.timesteps % SAVE_PERIOD == 0:
                lane.saves.append(lane.env.get_state(0))
        return screens, reward, terminated, truncated

    def _next_episode(self, lane: _Lane) -> NDArray[np.uint8]:
        """Goes back a little, or on to another level; returns the screen uint8 [H, W, 3]."""
        if not lane.has_died or not lane.saves or lane.rewinds >= self._rewinds:
            screen: NDArray[np.uint8] = lane.env.reset()[0][0]
            self._begun(lane)
            return screen
        back = min(int(self._rng.integers(*REWIND_SAVES, endpoint=True)), len(lane.saves))
        del lane.saves[len(lane.saves) - back + 1 :]
        lane.env.set_state(0, lane.saves[-1])
        lane.rewinds += 1
        lane.is_over, lane.has_died, lane.is_rewound = False, False, True
        # A state brings no screen with it: a timestep without buttons does.
        return np.asarray(lane.env.step(np.zeros((1, self._buttons.shape[1]), np.int8))[0][0])

    def retire(self, lane: int) -> None:
        """Lets a lane do nothing from now on, which saves time."""
        self._lanes[lane].is_retired = True

    def has_finished(self, lane: int) -> bool:
        """Whether the lane's player has reached the end of its level."""
        return bool(self.game(lane).level_end)

    def game(self, lane: int) -> Game:
        """Returns a copy of a lane's game, which the next call overwrites."""
        found = self._lanes[lane]
        found.scratch.set_state(found.env.get_state(0)[-STATE_SIZE:])  # the game comes last in a state
        return found.scratch

    def begins_anew(self, lane: int) -> bool:
        """Whether the lane's next step begins an episode or goes back."""
        return self._lanes[lane].is_over

    def level(self, lane: int) -> Level:
        """Returns a lane's level."""
        return self._lanes[lane].env.levels[0]

    def is_rewound(self) -> NDArray[np.bool_]:
        """Returns which lanes play again what killed them, bool [L]."""
        return np.array([lane.is_rewound for lane in self._lanes])

    def level_name(self, lane: int) -> str:
        """Names the level that the lane is on."""
        level = self.level(lane)
        return f"{level.name}/{level.seed}"

    def close(self) -> None:
        """Frees the games."""
        for lane in self._lanes:
            lane.env.close()
