"""Who sees those who are already here when their doctor is called away (requirements SCH-9)."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

V = TypeVar("V", bound=Hashable)
D = TypeVar("D", bound=Hashable)


def spread(visits: Iterable[V], load: Mapping[D, int]) -> dict[V, D | None]:
    """Give everybody, in the order of the queue, the doctor for whom the fewest wait by then, the first of equal
    ones; None, whoever is free, where nobody sees people. `load` is how many wait for each doctor who does."""
    waiting = dict(load)
    found: dict[V, D | None] = {}
    for visit in visits:
        doctor = min(waiting, key=lambda one: waiting[one], default=None)
        if doctor is not None:
            waiting[doctor] += 1
        found[visit] = doctor
    return found
