"""How long things take, as plain values: minutes in, minutes out. Until a doctor's own pace is learnt, it is the
configured average with the usual spread (`eta.md` 5.1: before any data)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import NamedTuple

SPREAD = 0.5
"""Of one consultation around its average, as a share of it."""

PACE_SPREAD = 0.1
"""Of a whole session around the average: what does not even out however many are ahead."""

P80, P90 = 0.84, 1.28
"""Standard deviations from the middle within which eight, and nine, of ten cases end."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A length of time that is expected, and the window in which eight of ten fall. Minutes."""

    likely: float
    low: float
    high: float


def turn_after(ahead: float, average: float) -> Expected:
    """How long until somebody's turn who has so many people ahead, each taking so many minutes on average."""
    middle = ahead * average
    spread = sqrt(ahead * (SPREAD * average) ** 2 + (PACE_SPREAD * middle) ** 2)
    return Expected(middle, max(0.0, middle - P90 * spread), middle + P90 * spread)


class Booked(NamedTuple):
    """An appointment: when, and how many minutes it takes; None is as long as usual."""

    at: datetime
    minutes: float | None = None


def waits_of(booked: Sequence[Booked], average: float) -> list[float]:
    """How many minutes each of these appointments, in order of time, waits behind those before it."""
    waits: list[float] = []
    free: datetime | None = None
    for at, minutes in booked:
        begins = at if free is None else max(free, at)
        waits.append((begins - at).total_seconds() / 60)
        free = begins + timedelta(minutes=average if minutes is None else minutes)
    return waits
