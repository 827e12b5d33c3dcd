"""Whether a phone is at the hospital, by what it says of itself. Distances in metres; nothing of a place is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

EARTH = 6_371_000.0
"""Metres; the mean radius."""

RADIUS = 200.0
"""Who is within so many metres is at the hospital (requirements QUE-2)."""

WORST_ACCURACY = 1_000.0
"""A phone that knows no better than so many metres where it is says nothing."""

OPENS = timedelta(minutes=60)
"""How long before their time somebody may check in by phone."""


class Verdict(StrEnum):
    """What the distance means."""

    INSIDE = "inside"
    DOUBT = "doubt"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Position:
    """Where something is, in degrees; `accuracy` in metres is how far that may be wrong, with 95 % certainty."""

    latitude: float
    longitude: float
    accuracy: float = 0.0


def distance(one: Position, other: Position) -> float:
    """Metres along the surface between two positions (haversine)."""
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    chord = sin(north / 2) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(chord)))


def verdict(hospital: Position | None, phone: Position | None) -> Verdict:
    """Inside only if the whole of the circle in which the phone may be is within the radius; outside only if none of
    it is; in doubt in between, and without anything to judge by. Who is in doubt is looked at by the desk."""
    if hospital is None or phone is None or phone.accuracy > WORST_ACCURACY:
        return Verdict.DOUBT
    away = distance(hospital, phone)
    if away + phone.accuracy <= RADIUS:
        return Verdict.INSIDE
    return Verdict.OUTSIDE if away - phone.accuracy > RADIUS else Verdict.DOUBT


_BANDS = (50, 100, 200, 500, 2_000)


def band(hospital: Position | None, phone: Position | None) -> str:
    """How far away, as coarsely as it is kept: `0-50`, `200-500`, `over 2000` metres; "unknown" without a position."""
    if hospital is None or phone is None:
        return "unknown"
    away = distance(hospital, phone)
    lower = 0
    for upper in _BANDS:
        if away <= upper:
            return f"{lower}-{upper}"
        lower = upper
    return f"over {lower}"


def is_open(now: datetime, at: datetime) -> bool:
    """Whether somebody with an appointment at this time may check in by phone already."""
    return now >= at - OPENS
