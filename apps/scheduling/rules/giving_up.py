"""Until when a booking may be given up, what it costs, and what comes back (requirements SCH-6, D10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

CLOSES_BEFORE = timedelta(minutes=30)
"""Until this long before the appointment it can be cancelled by the patient."""

LATE_WITHIN = timedelta(hours=24)
"""Cancelling within this long before the appointment is late."""

REFUNDS: tuple[tuple[timedelta, int], ...] = (
    (timedelta(hours=24), 100),
    (timedelta(hours=12), 75),
    (timedelta(hours=6), 50),
)
"""Notice and what comes back, per cent: the first row whose notice was given (D10)."""


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


def giving_up(appointment_at: datetime, now: datetime) -> GivingUp:
    """What cancelling an appointment now would mean for whoever booked it."""
    notice = appointment_at - now
    refund = next((percent for least, percent in REFUNDS if notice >= least), 0)
    return GivingUp(notice >= CLOSES_BEFORE, notice, notice < LATE_WITHIN, refund)
