"""The turn of somebody who is not there yet: a law that leaps at their appointment."""

from collections.abc import Callable
from math import erfc, sqrt

from apps.eta.rules.laws import Laws
from apps.eta.rules.shapes import ROOT_2, Cumulants, Quantiles, quantile, quantiles

SHARES = ((0.1, -1.2815516), (0.5, 0.0), (0.8, 0.8416212), (0.9, 1.2815516))
STEPS = 8
"""Of the time until the appointment in which the doctor may be free; between them the law counts as straight."""


def leaping(free: Cumulants, slot: float, never: float, laws: Laws) -> Quantiles:
    """The moments, in minutes from now, before which 10, 50, 80 and 90 % of turns come.

    They are called once the doctor is `free`, but not before they came or their time is there: before `slot` the odds
    of both multiply, at it they leap to those of the doctor alone. `never` are the odds that they do not come.
    """
    mean, var, skew = free
    spread = sqrt(var)
    if slot <= 0.0 or mean - 2.5 * spread > slot:
        return quantiles(mean, var, skew)
    bent = max(min(skew / (var * spread), 1.0), 0.0) / 6
    still = laws.later_than(-slot)
    coming = (1 - never) / still if still else 0.0

    def free_by(x: float) -> float:
        z = (x - mean) / spread
        if z < 3.0:
            z -= bent * (z * z - 1.0)
        return 0.5 * erfc(-z / ROOT_2) if z > -8.0 else 0.0

    def both_by(x: float) -> float:
        return free_by(x) * coming * (still - laws.later_than(x - slot))

    at_slot, before = free_by(slot), both_by(slot)
    found, table = [], _Table(both_by, max(mean - 3 * spread, 0.0), slot)
    for share, z in SHARES:
        if at_slot < share:
            found.append(max(quantile(z, mean, var, skew), slot))
        elif before <= share:
            found.append(slot)
        else:
            found.append(table.moment(share))
    p10, p50, p80, p90 = found
    return p10, p50, p80, p90


class _Table:
    """The share that came by each of a few moments, looked up from the first on: shares are asked in rising order."""

    def __init__(self, by: Callable[[float], float], start: float, end: float) -> None:
        self.by, self.start, self.width = by, start, (end - start) / STEPS
        self.step, self.had, self.then = -1, 0.0, 0.0

    def moment(self, share: float) -> float:
        """When so many came, in a straight line between two moments of the table."""
        while self.then < share and self.step < STEPS:
            self.step += 1
            self.had, self.then = self.then, self.by(self.start + self.width * self.step)
        at = self.start + self.width * self.step
        if not self.step or self.then < share or self.then <= self.had:
            return at
        return at - self.width * (self.then - share) / (self.then - self.had)
