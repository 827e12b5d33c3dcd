"""A facility's own clock."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones


def is_time_zone(name: str) -> bool:
    """Whether a name is one of the time zones of the IANA database."""
    return name in available_timezones()


def day_in(time_zone: str, now: datetime) -> date:
    """Which day it is there at a moment."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def end_of_day(time_zone: str, day: date) -> datetime:
    """The moment a day is over there."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(time_zone))


def clock_in(time_zone: str, now: datetime) -> str:
    """What the clock on the wall shows there: `10:24`."""
    return f"{now.astimezone(ZoneInfo(time_zone)):%H:%M}"
