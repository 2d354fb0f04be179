"""The player that learns the level as it goes: at each place, the option of the highest optimistic value."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.config import RunConfig
from agent.level.knowledge import Arrays, KnowledgeError
from agent.level.level_model import LevelModel
from agent.level.places import Places, profile
from agent.players.moment import Moment
from agent.players.player import Player
from agent.rules import Buttons, buttons
from agent.vision import VisionConfig


@dataclass(frozen=True, slots=True)
class Option:
    """Something to do for a few timesteps. Source: Sutton, Precup & Singh 1999."""

    held: tuple[tuple[str, ...], ...]
    """Names of the buttons held at each of its timesteps."""


def _hold(timesteps: int, *names: str) -> Option:
    return Option((names,) * timesteps)


def _spin_dash(direction: str) -> Option:
    return Option((("DOWN",), ("DOWN", "B")) * 3 + ((direction,),) * 8)


OPTIONS = (
    _hold(4, "RIGHT"),
    _hold(4, "RIGHT", "B"),
    _hold(8, "RIGHT", "B"),
    _hold(8, "LEFT"),
    _hold(8, "LEFT", "B"),
    _hold(16, "RIGHT"),
    _hold(8, "RIGHT", "DOWN"),
    _hold(6),
    _spin_dash("RIGHT"),
    _spin_dash("LEFT"),
)
"""Steps, short and long jumps, runs, rolls, waiting, spin dashes; both ways."""

RIGHTWARD = 3
"""The first so many options lead to the right; half of the first choices at a new place fall on them."""

POLICY_TIMESTEPS = 8
"""Length of the option that lets the learned policy play."""


class Explorer:
    """Finds out what pays where, and does it.

    One more option lets the learned policy play, if there is one: the level model learns where that is the best.
    """

    def __init__(
        self, config: RunConfig, vision: VisionConfig, policy: Player | None, rng: np.random.Generator
    ) -> None:
        """Knows nothing of the level yet.

        Args:
            config: Settings of the places and of the level model.
            vision: The crop.
            policy: The learned policy, if there is one.
            rng: Decides at new places and between equals.
        """
        self._config = config.level_model
        self._policy = policy
        self._rng = rng
        self._held: list[list[Buttons]] = [[buttons(*names) for names in option.held] for option in OPTIONS]
        self._vision = vision
        self._places_config = config.places
        self.places = Places(vision, config.places)
        self.model = self._new_model()
        self._option: int | None = None
        self._chosen = 0

    def _new_model(self) -> LevelModel:
        return LevelModel(self._config, self._places_config.places_max, len(OPTIONS) + 1)

    @property
    def name(self) -> str:
        """Who really plays: explorer, or learned where the option under way is the learned policy's."""
        return "learned" if self._option == len(OPTIONS) else "explorer"

    def retire_policy(self) -> None:
        """Takes the learned policy out of play, in the middle of its option too."""
        self._policy = None
        self._option = None

    def begin(self, moment: Moment) -> None:
        """Plans; the first option starts with the next `act`."""
        del moment
        self._option = None
        self.model.plan(len(self.places), self._config.sweeps_at_start)

    def act(self, moment: Moment) -> Buttons:
        """Goes on with the option under way, or takes note of what it led to and starts the next."""
        if self._option is None:
            self._choose_at(moment, self._locate(moment))
        elif self._timestep == self._timesteps:
            self._choose_at(moment, self._conclude(moment, terminated=False))
        timestep = self._timestep
        self._timestep += 1
        if self._option == len(OPTIONS) and self._policy is not None:
            return self._policy.act(moment)
        return self._held[self._option or 0][timestep]

    def watch(self, moment: Moment) -> None:
        """Takes note of what the learned policy leads to where it plays by itself, as of its own option."""
        if self._option is None:
            self._start(moment, self._locate(moment), len(OPTIONS))
        elif self._timestep == self._timesteps:
            self._start(moment, self._conclude(moment, terminated=False), len(OPTIONS))
        self._timestep += 1

    def finish(self, moment: Moment, *, terminated: bool) -> None:
        """Takes note of what the last option led to: somebody else takes over, or the episode ended."""
        if self._option is not None and self._timestep:
            self._conclude(moment, terminated=terminated)
        self._option = None

    def landmark(self, moment: Moment) -> NDArray[np.uint8]:
        """Makes a landmark of the present screen: its profile, uint8 [P]."""
        return profile(moment.stack.screen, self._vision, self._places_config).astype(np.uint8)

    def _locate(self, moment: Moment) -> int:
        return self.places.locate(moment.stack.screen, moment.episode_return, moment.reward)

    def _choose_at(self, moment: Moment, place: int) -> None:
        self._start(moment, place, self._choose(place))
        self._chosen += 1
        if self._chosen % self._config.plan_period == 0:
            self.model.plan(len(self.places), self._config.sweeps)

    def _start(self, moment: Moment, place: int, option: int) -> None:
        self._place = place
        self._return_at_start = moment.episode_return
        self._timestep = 0
        self._option = option
        self._timesteps = POLICY_TIMESTEPS if option == len(OPTIONS) else len(self._held[option])

    def _choose(self, place: int) -> int:
        options = len(OPTIONS) + (self._policy is not None)
        values = self.model.optimistic_values(place)
        if values is not None:
            return int((values[:options] + self._rng.uniform(0, 1e-6, options)).argmax())
        if self._policy is not None:
            return len(OPTIONS)  # the learned policy knows more about a new place than chance does
        return int(self._rng.integers(RIGHTWARD if self._rng.random() < 0.5 else options))

    def _conclude(self, moment: Moment, *, terminated: bool) -> int:
        """Tells the model what the option under way led to; returns the place."""
        place = self._locate(moment)
        self.model.add(
            self._place,
            self._option or 0,
            place,
            reward=moment.episode_return - self._return_at_start,
            timesteps=self._timestep,
            terminated=terminated,
        )
        return place

    def arrays(self) -> Arrays:
        """Returns everything known of the level, as arrays by name."""
        return {**self.places.arrays(), **self.model.arrays()}

    def accept(self, arrays: Arrays) -> Callable[[], None]:
        """Checks what `arrays` returned, and returns what takes it over when it is called.

        Raises:
            KnowledgeError: If the arrays are not what `arrays` returns.
        """
        places, model = Places(self._vision, self._places_config), self._new_model()
        places.restore(arrays)
        model.restore(arrays)
        visited = max(int(arrays["place"].max(initial=-1)), int(arrays["next_place"].max(initial=-1)))
        if visited >= len(places):
            raise KnowledgeError(f"wanted transitions between the {len(places)} places, got place {visited}")

        def take_over() -> None:
            self.places, self.model = places, model

        return take_over
