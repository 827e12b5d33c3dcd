"""What a leave, a delay or a closed session may mean for somebody, and its limits."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from apps.scheduling.rules.slots import DAY_MINUTES, moment

LONGEST_DELAY = 240
"""Minutes. Whoever is later than that does not come today: that is a leave."""

LONGEST_LEAVE = timedelta(days=366)


class Fate(StrEnum):
    """What becomes of somebody whose doctor is away: another doctor, another time, or the desk decides."""

    REASSIGNED = "reassigned"
    RESCHEDULED = "rescheduled"
    ESCALATED = "escalated"


def span(first: date, last: date, time_zone: str) -> tuple[datetime, datetime]:
    """From where to where a leave goes: moments as they are; a day is a whole one by the facility's clock, the last
    one included."""
    starts = first if isinstance(first, datetime) else moment(first, 0, time_zone)
    ends = last if isinstance(last, datetime) else moment(last, DAY_MINUTES, time_zone)
    return starts, ends
