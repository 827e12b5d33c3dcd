"""From weekly templates to the slots of a day, and from a slot to individual times. All of it plain values.

Templates speak the facility's clock; slots are moments. Where the clock jumps, an hour that does not exist gives no
slot, and an hour that comes twice gives one slot as long as it lasts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from math import ceil
from zoneinfo import ZoneInfo

DEFAULT_SLOT_MINUTES = 60
ROLLING_DAYS = 60
"""How many days ahead slots are kept made."""

ROUND_TO = timedelta(minutes=5)
"""Individual times fall on these where the places are at least this far apart: people cannot use 9:07."""

CLOSE = timedelta(minutes=15)
"""Where places are no further apart than this, the first two come at the slot's start (`eta.md` 5.4)."""

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one day by the facility's clock, in minutes after midnight; the day ends at 1440."""

    starts: int
    ends: int

    @classmethod
    def of(cls, starts: time, ends: time) -> "Window":
        """From two times on the clock; an end at 00:00 is the end of the day."""
        return cls(_minutes(starts), _minutes(ends) or DAY_MINUTES)

    def overlaps(self, other: "Window") -> bool:
        """Whether both have a minute in common."""
        return self.starts < other.ends and other.starts < self.ends


@dataclass(frozen=True, slots=True)
class Pattern:
    """One weekly template as values: when, in which grid, for how many, how many of them for walk-ins."""

    weekday: int
    hours: Window
    slot_minutes: int
    capacity: int
    walk_in_percent: int = 0
    valid_from: date | None = None
    valid_to: date | None = None
    breaks: tuple[Window, ...] = ()

    def applies_on(self, day: date) -> bool:
        """Whether this template makes slots on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to) and day.weekday() == self.weekday


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """A slot that should be: its moments in UTC, places, and how many of them are kept for walk-ins."""

    starts_at: datetime
    ends_at: datetime
    capacity: int
    walk_in_reserve: int


def plan_day(pattern: Pattern, day: date, time_zone: str, closed: Sequence[Window] = ()) -> list[PlannedSlot]:
    """The slots a template makes on a day, around its breaks and whatever else is closed. [] on other days."""
    if not pattern.applies_on(day):
        return []
    planned = []
    for window in _open_windows(pattern.hours, [*pattern.breaks, *closed]):
        for piece in _grid(window, pattern.slot_minutes):
            starts, ends = moment(day, piece.starts, time_zone), moment(day, piece.ends, time_zone)
            if starts < ends:
                reserve = pattern.capacity * pattern.walk_in_percent // 100
                planned.append(PlannedSlot(starts, ends, pattern.capacity, reserve))
    return planned


def moment(day: date, minutes: int, time_zone: str) -> datetime:
    """What the clock on the wall means, in UTC. A time that the clock skips is the first one after the gap; of one
    that comes twice it is the first."""
    zone = ZoneInfo(time_zone)
    while True:
        wall = datetime.combine(day, time.min) + timedelta(minutes=minutes)
        utc = wall.replace(tzinfo=zone).astimezone(UTC)
        if utc.astimezone(zone).replace(tzinfo=None) == wall:
            return utc
        minutes += 1


def same_clock(at: datetime, days: int, time_zone: str) -> datetime:
    """The same time on the wall so many days later, in UTC, whatever the clock did meanwhile."""
    wall = at.astimezone(ZoneInfo(time_zone))
    return moment(wall.date() + timedelta(days=days), wall.hour * 60 + wall.minute, time_zone)


def times_in(starts_at: datetime, ends_at: datetime, places: int) -> list[datetime]:
    """One time for each place of a slot (`eta.md` 5.4: individual times halve the wait of hourly blocks): the first
    two at the start, so that the doctor never waits for the first, then evenly spread; on whole five minutes where
    the places are that far apart."""
    apart = (ends_at - starts_at) / max(places, 1)
    step = ROUND_TO if apart >= ROUND_TO else timedelta(minutes=1)
    early = 1 if apart <= CLOSE else 0
    return [starts_at + (apart * max(place - early, 0) // step) * step for place in range(places)]


def places_needed(minutes: int | None, length: timedelta, capacity: int) -> int:
    """How many neighbouring places of a slot a visit of a length takes: one unless a length is told, and never more
    than the slot has."""
    if minutes is None or capacity < 1:
        return 1
    return min(max(ceil(capacity * timedelta(minutes=minutes) / length), 1), capacity)


def visits_that_fit(needed: int, free: int, capacity: int, held: Iterable[int]) -> int:
    """How many more visits of so many neighbouring places a slot can take, of whose places so many are free."""
    if needed == 1:
        return free
    taken, fit, place = set(held), 0, 0
    while place + needed <= capacity:
        is_free = taken.isdisjoint(range(place, place + needed))
        fit += is_free
        place += needed if is_free else 1
    return min(fit, free // needed)


def free_place(
    starts_at: datetime, ends_at: datetime, places: int, taken: Collection[int], now: datetime, needed: int = 1
) -> tuple[int, datetime]:
    """The first free place whose time is still to come (counted from 0), with the `needed` places from there on; and
    when its holder should come. Where all times are gone, the lowest free one, at the next whole minute. Whoever
    overflows comes with the last."""
    times, held = times_in(starts_at, ends_at, max(places, 1)), set(taken)
    coming = (p for p in range(places - needed + 1) if times[p] >= now and held.isdisjoint(range(p, p + needed)))
    place = next(coming, None)
    if place is None:
        place = first_free_place(held, needed)
    soonest = ceil(now.timestamp() / 60) * 60
    return place, max(times[min(place, len(times) - 1)], datetime.fromtimestamp(soonest, UTC))


def first_free_place(taken: Iterable[int], needed: int = 1) -> int:
    """The lowest place, counted from 0, from which on nobody holds the `needed` ones."""
    held = set(taken)
    return next(place for place in count() if held.isdisjoint(range(place, place + needed)))


def _open_windows(hours: Window, closed: Sequence[Window]) -> list[Window]:
    """What is left of the hours when everything closed is taken out, in order."""
    left = [hours]
    for gap in closed:
        left = [piece for window in left for piece in _without(window, gap)]
    return sorted(left, key=lambda window: window.starts)


def _without(window: Window, gap: Window) -> list[Window]:
    if not window.overlaps(gap):
        return [window]
    pieces = [Window(window.starts, gap.starts), Window(gap.ends, window.ends)]
    return [piece for piece in pieces if piece.starts < piece.ends]


def _grid(window: Window, minutes: int) -> list[Window]:
    """Equal pieces from the window's start; a last one shorter than half a piece is left out."""
    cuts = [*range(window.starts, window.ends, minutes), window.ends]
    return [Window(a, b) for a, b in pairwise(cuts) if 2 * (b - a) >= minutes]


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute
