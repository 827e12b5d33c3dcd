"""What is expected, for other apps. They ask here and nowhere else, whatever it is worked out from."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.eta.rules import P80, P90, Expected, turn_after, waits_of

USUAL_CONSULTATION = 15.0
"""Minutes, where no doctor is named."""


def expected_turn(*, ahead: int, average_minutes: float = USUAL_CONSULTATION) -> Expected:
    """How long until the turn of somebody who waits with so many people ahead."""
    return turn_after(ahead, average_minutes)


def expected_at(*, at: datetime, booked: Sequence[datetime], average_minutes: float) -> Expected:
    """How long somebody with an appointment at a time waits beyond it, among what else is booked that day."""
    before = sorted(time for time in booked if time <= at)
    wait = waits_of([*before, at], average_minutes)[-1]
    return turn_after(wait / average_minutes, average_minutes)


def expected_added(*, at: datetime, booked: Sequence[datetime], average_minutes: float) -> float:
    """How many minutes everybody who comes later waits longer, all together, when one more is booked at a time."""
    there = sorted(booked)
    first_later = sum(1 for time in there if time <= at)
    with_one_more = [*there[:first_later], at, *there[first_later:]]
    now = sum(waits_of(there, average_minutes)[first_later:])
    return sum(waits_of(with_one_more, average_minutes)[first_later + 1 :]) - now


def expected_end(*, booked: Sequence[datetime], average_minutes: float) -> datetime | None:
    """When the last of these appointments is over, late in no more than two of ten cases; None without any."""
    times = sorted(booked)
    if not times:
        return None
    wait = waits_of(times, average_minutes)[-1]
    spread = turn_after(len(times), average_minutes)
    late = (spread.high - spread.likely) * P80 / P90
    return times[-1] + timedelta(minutes=wait + average_minutes + late)
