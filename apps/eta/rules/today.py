"""One doctor's queue as it stands. Times are minutes from the planned start of the session."""

from dataclasses import dataclass, field
from enum import StrEnum

from apps.eta.rules.laws import Session


class Doctor(StrEnum):
    """What the doctor is doing."""

    EXPECTED = "expected"
    FREE = "free"
    INSIDE = "inside"
    AWAY = "away"
    WARD = "ward"
    BREAK = "break"
    GONE = "gone"


@dataclass(slots=True)
class Person:
    """Somebody whose turn is to come."""

    id: object
    kind: str
    key: float
    """The smallest is called first."""
    slot: float | None = None
    """Their appointment; None for who comes without."""
    odds: float = 0.0
    """That they will not be there: no-show odds of a booked person, or that a walk-in has left when called."""
    here: bool = False
    missed_at: float | None = None
    """When they were called in their absence."""


@dataclass(slots=True)
class Today:
    """Everything about one queue that a prediction rests on."""

    session: Session
    doctor: Doctor = Doctor.EXPECTED
    since: float = 0.0
    """When the doctor began what they are doing."""
    inside: str = ""
    """The kind of visit of the person with the doctor."""
    break_taken: bool = False
    declared: float | None = None
    """When the doctor said to be back, or to come."""
    pace_n: float = 0.0
    pace_sum: float = 0.0
    """Consultations finished today, and the sum of how far each was from what was expected, in logarithms."""
    people: dict[object, Person] = field(default_factory=dict)
