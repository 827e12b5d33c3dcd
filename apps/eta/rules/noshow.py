"""The odds that a booked person does not come: how long ago they booked, and how often they came before.

Pooled rates and a person's own past, nothing else about them: single people's scores hardly help and are unfair
(`eta.md` 5.3).
"""

from datetime import timedelta

BY_LEAD = ((0, 0.05), (1, 0.21), (7, 0.25), (10_000, 0.32))
"""Days between booking and appointment, up to and including; share who do not come."""

OWN_PAST = 4.0
"""Bookings that the pooled rate counts as, against a person's own."""


def no_show_odds(lead: timedelta, kept: int = 0, missed: int = 0) -> float:
    """The odds for a booking made so long before, by somebody who kept and missed so many before."""
    usual = next(share for days, share in BY_LEAD if lead.days <= days)
    return (missed + OWN_PAST * usual) / (kept + missed + OWN_PAST)


def extra_places(odds: list[float], *, beyond: float = 0.5) -> int:
    """How many more might be booked so that hardly more come than there are places: the number expected not to come,
    less `beyond` standard deviations. A suggestion; a person decides."""
    if not odds:
        return 0
    expected = sum(odds)
    spread = sum(share * (1 - share) for share in odds) ** 0.5
    return max(int(expected - beyond * spread), 0)
