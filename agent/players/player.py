"""Who can hold the controls: one interface."""

from typing import Protocol

from agent.players.moment import Moment
from agent.rules import Buttons


class Player(Protocol):
    """Somebody who can hold the controls."""

    @property
    def name(self) -> str:
        """The word for this player in episodes.csv."""

    def begin(self, moment: Moment) -> None:
        """Takes the controls over at this moment; `act` for the same moment follows."""

    def act(self, moment: Moment) -> Buttons:
        """Chooses what to hold for one timestep, int8 [12]."""
