"""Until when a booking may be given up, what it costs, and what comes back (requirements SCH-6, D10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

CLOSES_BEFORE = timedelta(minutes=30)
"""Until this long before the appointment it can be cancelled by the patient."""

LATE_WITHIN = timedelta(hours=24)
"""Cancelling within this long before the appointment is late."""

Notice = tuple[timedelta, int]
"""So much notice, and how many per cent come back for it."""

USUAL_REFUNDS: Sequence[Notice] = (
    (timedelta(hours=24), 100),
    (timedelta(hours=12), 75),
    (timedelta(hours=6), 50),
)
"""What comes back where a hospital has not set its own: the first row whose notice was given (D10)."""


@dataclass(frozen=True, slots=True)
class GivingUp:
    """What cancelling now would mean."""

    allowed: bool
    notice: timedelta
    late: bool
    refund_percent: int

    @property
    def hours(self) -> float:
        """The notice in hours, to two decimals."""
        return round(self.notice.total_seconds() / 3600, 2)


def giving_up(
    appointment_at: datetime, now: datetime, refunds: Sequence[Notice] = USUAL_REFUNDS, *, by_us: bool = False
) -> GivingUp:
    """What cancelling an appointment now would mean for whoever booked it. `refunds` has the longest notice first; what
    the hospital cancels `by_us` comes back whole."""
    notice = appointment_at - now
    refund = 100 if by_us else next((percent for least, percent in refunds if notice >= least), 0)
    return GivingUp(notice >= CLOSES_BEFORE, notice, notice < LATE_WITHIN, refund)


def read_refunds(text: str) -> Sequence[Notice]:
    """A table as it stands in the settings, `24:100,12:75,6:50` (hours and per cent). Raises `ValueError` unless less
    notice brings back less."""
    rows = [
        (timedelta(hours=float(hours)), int(percent)) for hours, percent in (row.split(":") for row in text.split(","))
    ]
    falling = all(a[0] > b[0] and a[1] >= b[1] for a, b in pairwise(rows))
    if not falling or any(not 0 <= percent <= 100 or notice < timedelta() for notice, percent in rows):
        raise ValueError(f"{text}: hours and per cent, the longest notice first, and less for less")
    return rows
