"""Who gets a place (requirements D5): plain values in, one decision out. Nothing here knows a database.

A full slot: a strictly higher source displaces the lowest holder to the next open place of the same day, else of
the next days; when there is none the holder stays. An emergency that displaces nobody overflows, flagged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from apps.core.errors import sentence
from apps.scheduling.rules.slots import first_free_place, places_needed, visits_that_fit


class BookingSource(StrEnum):
    """How a booking came about; decides its score."""

    EMERGENCY = "emergency"
    PAID_PRIORITY = "paid_priority"
    FOLLOW_UP = "follow_up"
    ONLINE = "online"
    WALK_IN = "walk_in"


B = BookingSource

SOURCE_NAMES: dict[BookingSource, str] = {
    B.EMERGENCY: sentence("Emergency"),
    B.PAID_PRIORITY: sentence("Paid priority"),
    B.FOLLOW_UP: sentence("Follow-up"),
    B.ONLINE: sentence("Online"),
    B.WALK_IN: sentence("Walk-in"),
}

SCORES: dict[BookingSource, int] = {
    B.EMERGENCY: 100,
    B.PAID_PRIORITY: 80,
    B.FOLLOW_UP: 60,
    B.ONLINE: 40,
    B.WALK_IN: 20,
}
"""Document 001's scores; a higher one may displace a lower one, an equal one never."""


REFUGE_DAYS = 14
"""How many days ahead somebody who has to go is given another place."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One department's rules of allocation: how far the defaults of D5 hold there."""

    may_displace: frozenset[BookingSource] = frozenset({B.EMERGENCY, B.PAID_PRIORITY, B.FOLLOW_UP, B.ONLINE})
    may_be_displaced: frozenset[BookingSource] = frozenset({B.PAID_PRIORITY, B.FOLLOW_UP, B.ONLINE, B.WALK_IN})
    emergency_overflows: bool = True
    most_displacements: int = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bookings there may be; 0 is no limit."""

    of_one_person_a_day: int = 0
    of_one_doctor_a_day: int = 0


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has a place in a slot."""

    appointment_id: UUID
    source: BookingSource
    booked_at: datetime
    displaced: int = 0
    movable: bool = True
    """Not once they have arrived, nor while they only hold the place for a moment."""
    elsewhere: frozenset[date] = frozenset()
    """Other days on which they have a place with this doctor, and so cannot be given another."""
    place: int = 0
    places: int = 1
    """From which place on they have how many."""
    minutes: int | None = None
    """How long their visit takes; None is the slot's usual length, one place."""
    overflow: bool = False

    @property
    def held(self) -> range:
        """The places they have."""
        return range(self.place, self.place + self.places)


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot that has not ended and is not closed."""

    id: UUID
    day: date
    starts_at: datetime
    capacity: int
    walk_in_reserve: int = 0
    holders: tuple[Holder, ...] = field(default=())
    length: timedelta = timedelta(hours=1)

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return sum(holder.places for holder in self.holders)

    def free_for(self, source: BookingSource, minutes: int | None = None) -> int:
        """How many people of this source, with visits of this length, could come without displacing anybody."""
        walk_ins = sum(holder.places for holder in self.holders if holder.source is B.WALK_IN)
        free = free_places(source, self.capacity - self.taken, self.walk_in_reserve - walk_ins)
        return visits_that_fit(self.places_of(minutes), free, self.capacity, self._held())

    def places_of(self, minutes: int | None) -> int:
        """How many of its places a visit of a length takes."""
        return places_needed(minutes, self.length, self.capacity)

    def with_one_more(self, holder: Holder) -> "OpenSlot":
        """The slot once somebody has sat down in the first places that are enough for them."""
        places = self.places_of(holder.minutes)
        seated = replace(holder, place=first_free_place(self._held(), places), places=places)
        return replace(self, holders=(*self.holders, seated))

    def has_places_for(self, minutes: int | None, *, but: Holder | None = None) -> bool:
        """Whether a visit of a length has ordinary places here, whoever they are kept for; `but` for one holder, if
        that one were gone."""
        there = [holder for holder in self.holders if holder is not but]
        free = self.capacity - sum(holder.places for holder in there if not holder.overflow)
        held = (place for holder in there for place in holder.held)
        return visits_that_fit(self.places_of(minutes), free, self.capacity, held) > 0

    def _held(self) -> set[int]:
        return {place for holder in self.holders for place in holder.held}


def free_places(source: BookingSource, free: int, kept: int) -> int:
    """How many of a slot's free places a source could take. Those still kept for walk-ins are free for walk-ins and
    emergencies only; walk-ins use them first."""
    return max(free if source in (B.WALK_IN, B.EMERGENCY) else free - max(kept, 0), 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Take a place in a slot; beyond its capacity if `overflows`."""

    slot_id: UUID
    overflows: bool = False


@dataclass(frozen=True, slots=True)
class Displace:
    """Take the place of somebody lower, who moves to another slot."""

    slot_id: UUID
    victim_id: UUID
    victim_slot_id: UUID


@dataclass(frozen=True, slots=True)
class Wait:
    """There is no place: the waiting list."""


Decision = Place | Displace | Wait


def allocate(
    source: BookingSource,
    wanted: Sequence[OpenSlot],
    later: Sequence[OpenSlot],
    rules: Rules,
    preferred: UUID | None,
    minutes: int | None = None,
) -> Decision:
    """Decide about one request, for a visit of so many minutes where it is not one of the usual length.

    `wanted` are the slots of the wished day in order of time, `later` the doctor's slots of the days after it, where
    a displaced person may go. With a preferred slot that is tried first, displacing included; then the least used
    slot of the day with a free place, the earliest on ties; then displacing anywhere on the day; then, for an
    emergency, overflow.
    """
    first = [slot for slot in wanted if slot.id == preferred]
    for slots in (first, wanted):
        decision = _free(source, slots, minutes) or _displace(source, slots, [*wanted, *later], rules, minutes)
        if decision:
            return decision
    if source is B.EMERGENCY and rules.emergency_overflows and wanted:
        return Place((first or [min(wanted, key=_crowding)])[0].id, overflows=True)
    return Wait()


def next_place(holder: Holder, left: OpenSlot, slots: Iterable[OpenSlot]) -> OpenSlot | None:
    """Where somebody who has to go can go: the next slot in time with a free place. Nobody is moved to an earlier
    time: they may not hear of it."""
    later = (slot for slot in slots if slot.starts_at > left.starts_at and slot.day not in holder.elsewhere)
    free = (slot for slot in later if slot.free_for(holder.source, holder.minutes))
    return min(free, key=lambda slot: slot.starts_at, default=None)


def _free(source: BookingSource, slots: Sequence[OpenSlot], minutes: int | None) -> Place | None:
    open_slots = [slot for slot in slots if slot.free_for(source, minutes)]
    return Place(min(open_slots, key=_crowding).id) if open_slots else None


def _crowding(slot: OpenSlot) -> tuple[float, datetime]:
    return (slot.taken / max(slot.capacity, 1), slot.starts_at)


def _displace(
    source: BookingSource, slots: Sequence[OpenSlot], refuges: Sequence[OpenSlot], rules: Rules, minutes: int | None
) -> Displace | None:
    """The lowest holder of these slots who may have to go, whose place is enough, and who has somewhere to go; the
    newest of several."""
    if source not in rules.may_displace:
        return None
    victims = sorted(
        (
            (slot, holder)
            for slot in slots
            for holder in slot.holders
            if _gives_way(holder, source, rules) and slot.has_places_for(minutes, but=holder)
        ),
        key=lambda found: (SCORES[found[1].source], -found[1].booked_at.timestamp()),
    )
    for slot, holder in victims:
        refuge = next_place(holder, slot, refuges)
        if refuge:
            return Displace(slot.id, holder.appointment_id, refuge.id)
    return None


def _gives_way(holder: Holder, source: BookingSource, rules: Rules) -> bool:
    lower = SCORES[holder.source] < SCORES[source] and holder.source in rules.may_be_displaced
    return lower and holder.movable and holder.displaced < rules.most_displacements
