"""The turn of somebody who is not there yet: a law that leaps at their appointment."""

from collections.abc import Callable, Sequence
from math import sqrt

from apps.eta.rules.laws import Laws
from apps.eta.rules.shapes import Length, below, quantile, quantiles

SHARES = ((0.1, -1.2815516), (0.5, 0.0), (0.8, 0.8416212), (0.9, 1.2815516))
STEPS = 8
"""Of the time until the appointment in which the doctor may be free; between them the law counts as straight."""


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
    found, known = [], None
    for share, z in SHARES:
        if at_slot < share:
            found.append(max(quantile(z, free.mean, free.var, free.skew), slot))
        elif before <= share:
            found.append(slot)
        else:
            known = known or _table(both_by, max(free.mean - 3 * spread, 0.0), slot)
            found.append(_moment(known, share))
    return found


def _table(both_by: Callable[[float], float], start: float, end: float) -> list[tuple[float, float]]:
    """The law at a few moments, with the share that came by then."""
    width = (end - start) / STEPS
    return [(at, both_by(at)) for at in (start + width * step for step in range(STEPS + 1))]


def _moment(table: list[tuple[float, float]], share: float) -> float:
    """When so many came, in a straight line between two moments of the table."""
    before, had = table[0]
    for at, by_then in table:
        if by_then >= share:
            return at if by_then <= had else before + (at - before) * (share - had) / (by_then - had)
        before, had = at, by_then
    return before
