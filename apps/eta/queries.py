"""What is expected, for other apps. They ask here and nowhere else, whatever it is worked out from."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.eta.rules import P80, P90, Booked, Expected, turn_after, waits_of

USUAL_CONSULTATION = 15.0
"""Minutes, where no doctor is named."""


def expected_turn(*, ahead: int, average_minutes: float = USUAL_CONSULTATION) -> Expected:
    """How long until the turn of somebody who waits with so many people ahead."""
    return turn_after(ahead, average_minutes)


def expected_at(*, at: datetime, booked: Sequence[Booked], average_minutes: float) -> Expected:
    """How long somebody with an appointment at a time waits beyond it, among what else is booked that day."""
    before = sorted((one for one in booked if one.at <= at), key=_by_time)
    wait = waits_of([*before, Booked(at)], average_minutes)[-1]
    return turn_after(wait / average_minutes, average_minutes)


def expected_added(*, new: Booked, booked: Sequence[Booked], average_minutes: float) -> float:
    """How many minutes everybody who comes later waits longer, all together, when one more is booked."""
    there = sorted(booked, key=_by_time)
    first_later = sum(1 for one in there if one.at <= new.at)
    with_one_more = [*there[:first_later], new, *there[first_later:]]
    now = sum(waits_of(there, average_minutes)[first_later:])
    return sum(waits_of(with_one_more, average_minutes)[first_later + 1 :]) - now


def expected_end(*, booked: Sequence[Booked], average_minutes: float) -> datetime | None:
    """When the last of these appointments is over, late in no more than two of ten cases; None without any."""
    there = sorted(booked, key=_by_time)
    if not there:
        return None
    last, wait = there[-1], waits_of(there, average_minutes)[-1]
    spread = turn_after(len(there), average_minutes)
    late = (spread.high - spread.likely) * P80 / P90
    takes = average_minutes if last.minutes is None else last.minutes
    return last.at + timedelta(minutes=wait + takes + late)


def _by_time(one: Booked) -> datetime:
    return one.at
