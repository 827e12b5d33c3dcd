"""When each turn comes, in the order of calling: what is worked out at every event for hundreds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from apps.eta.rules.shapes import Quantiles
from apps.eta.rules.today import Person


class Turn(NamedTuple):
    """In how many minutes somebody's turn comes, before calibration."""

    id: object
    ahead: int
    here: bool
    p10: float
    p50: float
    p80: float
    p90: float


@dataclass(frozen=True, slots=True)
class Turns:
    """Everybody's turn in the order of calling, in two columns: whoever asks for one gets it as a `Turn`."""

    people: list[Person]
    quantiles: list[Quantiles]

    def __len__(self) -> int:
        return len(self.people)

    def __getitem__(self, ahead: int) -> Turn:
        person = self.people[ahead]
        return Turn(person.id, ahead % len(self.people), person.here, *self.quantiles[ahead])

    def __iter__(self) -> Iterator[Turn]:
        return map(self.__getitem__, range(len(self.people)))
