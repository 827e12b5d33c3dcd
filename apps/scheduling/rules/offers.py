"""Holding a place for a moment, and asking those who wait before a place is theirs (requirements SCH-3, SCH-5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class OfferState(StrEnum):
    """What became of a place that somebody was asked about."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TAKEN = "TAKEN"
    """Somebody else who was asked was faster."""
    LAPSED = "LAPSED"


@dataclass(frozen=True, slots=True)
class Consent:
    """How one department holds places, and whether it asks before it gives a freed one to somebody."""

    hold: timedelta = timedelta(minutes=10)
    asks_first: bool = False
    offer: timedelta = timedelta(minutes=10)
    offered_to: int = 1


def has_lapsed(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a hold or an offer is over; what has no end is none."""
    return expires_at is not None and expires_at <= now
