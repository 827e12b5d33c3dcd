"""The turn of somebody who is not there yet: a law that leaps at their appointment."""

from collections.abc import Callable, Sequence
from math import sqrt

from apps.eta.rules.laws import Laws
from apps.eta.rules.shapes import Length, below, quantile, quantiles

SHARES = ((0.1, -1.2815516), (0.5, 0.0), (0.8, 0.8416212), (0.9, 1.2815516))
HALVINGS = 7
"""Of the time until the appointment, to find a share in it."""


def leaping(free: Length, slot: float, never: float, laws: Laws) -> Sequence[float]:
    """The moments, in minutes from now, before which 10, 50, 80 and 90 % of turns come.

    They are called once the doctor is `free`, but not before they came or their time is there: before `slot` the odds
    of both multiply, at it they leap to those of the doctor alone. `never` are the odds that they do not come.
    """
    spread = sqrt(free.var)
    if slot <= 0 or free.mean - 2.5 * spread > slot:
        return quantiles(free.mean, free.var, free.skew)
    bent = max(min(free.skew / (free.var * spread), 1.0), 0.0) / 6
    still = laws.later_than(-slot)
    coming = (1 - never) / still if still else 0.0

    def free_by(x: float) -> float:
        z = (x - free.mean) / spread
        return below(max(z - bent * (z * z - 1), -8.0) if z < 3 else z)

    def both_by(x: float) -> float:
        return free_by(x) * coming * (still - laws.later_than(x - slot))

    at_slot, before = free_by(slot), both_by(slot)
    found = []
    for share, z in SHARES:
        if at_slot < share:
            found.append(max(quantile(z, free.mean, free.var, free.skew), slot))
        elif before <= share:
            found.append(slot)
        else:
            found.append(_moment(both_by, share, slot))
    return found


def _moment(both_by: Callable[[float], float], share: float, end: float) -> float:
    low, high = 0.0, end
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if both_by(middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
