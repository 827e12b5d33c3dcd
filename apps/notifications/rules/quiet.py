"""When a message that can wait is held back until the morning (requirements NTF-3)."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def held_until(now: datetime, time_zone: str, begin: time, end: time, not_after: datetime | None) -> datetime:
    """When a message may go that is written now: now, or, within the quiet hours from `begin` to `end` of the
    facility's clock, when they end. One that would be of no use by then goes now. Equal times are no quiet hours."""
    local = now.astimezone(ZoneInfo(time_zone))
    if not _is_within(local.time(), begin, end):
        return now
    morning = datetime.combine(local.date(), end, local.tzinfo)
    if morning <= local:
        morning = datetime.combine(local.date() + timedelta(days=1), end, local.tzinfo)
    return now if not_after is not None and not_after <= morning else morning.astimezone(now.tzinfo)


def _is_within(at: time, begin: time, end: time) -> bool:
    return begin <= at < end if begin <= end else at >= begin or at < end
