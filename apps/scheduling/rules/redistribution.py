"""Where people go whose doctor is away (requirements SCH-9). Plain values in, one verdict a person out.

Those of the highest source choose first. Whoever is expected soon goes, on the same day, to whoever of the department
has the least to do; whoever booked for a day far ahead came for the doctor, and keeps the doctor on another day.
Nobody is moved to an earlier time: they may not hear of it. Nobody is displaced for it, the department's limits of a
day hold for all but emergencies, and whoever finds no place is left to a person to decide about.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from apps.scheduling.rules.allocation import SCORES, BookingSource, Holder, Limits, OpenSlot


@dataclass(frozen=True, slots=True)
class Affected:
    """Somebody whose place is gone. `far`: their day is so far ahead that they keep their doctor."""

    appointment_id: UUID
    patient_id: UUID
    source: BookingSource
    at: datetime
    day: date
    booked_at: datetime
    far: bool = False
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Refuge:
    """An open slot of some doctor of the department, where people can go."""

    doctor_id: UUID
    ends_at: datetime
    slot: OpenSlot


@dataclass(frozen=True, slots=True)
class Moved:
    """Goes to another slot, beyond its places if `overflows`."""

    appointment_id: UUID
    slot_id: UUID
    overflows: bool = False


@dataclass(frozen=True, slots=True)
class Stranded:
    """Found no place: a person has to decide."""

    appointment_id: UUID


Verdict = Moved | Stranded
NO_LIMITS = Limits()
Days = frozenset[tuple[UUID, date]]
"""Doctors and days for which somebody has a booking already: a second one there is not possible."""


def redistribute(
    affected: Iterable[Affected],
    refuges: Sequence[Refuge],
    *,
    away: UUID,
    booked: Mapping[UUID, Days],
    emergencies_overflow: bool = True,
    limits: Limits = NO_LIMITS,
    given: Mapping[tuple[UUID, date], int] | None = None,
) -> list[Verdict]:
    """One verdict for everybody affected, in the order in which they were asked. `booked` is by patient; `given` is
    how many others a doctor sees on a day, for the limits."""
    hall = _Hall(refuges, away, booked, _Room(limits, Counter(given or {})))
    ordered = sorted(affected, key=lambda one: (-SCORES[one.source], one.at, one.booked_at, str(one.appointment_id)))
    return [hall.settle(one, emergencies_overflow) for one in ordered]


class _Hall:
    """The open slots of the department as they fill up."""

    def __init__(self, refuges: Sequence[Refuge], away: UUID, booked: Mapping[UUID, Days], room: "_Room") -> None:
        self.room = room
        self.refuges = {refuge.slot.id: refuge for refuge in refuges}
        self.away = away
        self.booked = defaultdict(set, {patient: set(days) for patient, days in booked.items()})
        self.taken: dict[tuple[UUID, date], int] = defaultdict(int)
        self.capacity: dict[tuple[UUID, date], int] = defaultdict(int)
        for refuge in refuges:
            self.taken[_day_of(refuge)] += refuge.slot.taken
            self.capacity[_day_of(refuge)] += refuge.slot.capacity

    def settle(self, one: Affected, emergencies_overflow: bool) -> Verdict:
        """Find somebody a place and note that it is taken."""
        possible = [refuge for refuge in self.refuges.values() if self._fits(one, refuge)]
        same_day = [refuge for refuge in possible if refuge.slot.day == one.day]
        later = [refuge for refuge in possible if refuge.slot.day > one.day]
        choices = self._in_order_of_wish(one, same_day, later)
        for wanted, order in choices:
            free = [refuge for refuge in wanted if refuge.slot.free_for(one.source, one.minutes)]
            if free:
                return self._seat(one, min(free, key=order))
            if one.source is BookingSource.EMERGENCY and emergencies_overflow and wanted is same_day and wanted:
                return self._seat(one, min(wanted, key=self._by_load), overflows=True)
        return Stranded(one.appointment_id)

    def _in_order_of_wish(
        self, one: Affected, same_day: list[Refuge], later: list[Refuge]
    ) -> list[tuple[list[Refuge], Callable[[Refuge], tuple[object, ...]]]]:
        """What to try, one after the other, each with how to choose within it."""
        own = [refuge for refuge in [*same_day, *later] if refuge.doctor_id == self.away]
        others = [refuge for refuge in later if refuge.doctor_id != self.away]
        elsewhere = (others, lambda refuge: (refuge.slot.day, *self._by_load(refuge)))
        if one.far:
            return [(own, _by_time), (same_day, self._by_load), elsewhere]
        return [(same_day, self._by_load), (own, _by_time), elsewhere]

    def _fits(self, one: Affected, refuge: Refuge) -> bool:
        """Whether somebody could go there without coming earlier, has nothing there yet, and may by the limits."""
        has = self.booked[one.patient_id]
        return refuge.ends_at > one.at and _day_of(refuge) not in has and self.room.allows(one, refuge, has)

    def _by_load(self, refuge: Refuge) -> tuple[object, ...]:
        load = self.taken[_day_of(refuge)] / max(self.capacity[_day_of(refuge)], 1)
        return (load, refuge.slot.starts_at, str(refuge.slot.id))

    def _seat(self, one: Affected, refuge: Refuge, *, overflows: bool = False) -> Moved:
        filled = refuge.slot.with_one_more(Holder(one.appointment_id, one.source, one.booked_at, minutes=one.minutes))
        self.refuges[refuge.slot.id] = replace(refuge, slot=filled)
        self.taken[_day_of(refuge)] += filled.taken - refuge.slot.taken
        self.room.given[_day_of(refuge)] += 1
        self.booked[one.patient_id].add(_day_of(refuge))
        return Moved(one.appointment_id, refuge.slot.id, overflows)


@dataclass(frozen=True, slots=True)
class _Room:
    """What the department's limits leave: `given` is how many a doctor sees on a day."""

    limits: Limits
    given: Counter[tuple[UUID, date]]

    def allows(self, one: Affected, refuge: Refuge, has: Collection[tuple[UUID, date]]) -> bool:
        """Whether a person who `has` other bookings may have one there; an emergency always."""
        if one.source is BookingSource.EMERGENCY:
            return True
        of_person, of_doctor = self.limits.of_one_person_a_day, self.limits.of_one_doctor_a_day
        if of_person and sum(day == refuge.slot.day for _, day in has) >= of_person:
            return False
        return not of_doctor or self.given[_day_of(refuge)] < of_doctor


def _day_of(refuge: Refuge) -> tuple[UUID, date]:
    return (refuge.doctor_id, refuge.slot.day)


def _by_time(refuge: Refuge) -> tuple[object, ...]:
    return (refuge.slot.starts_at, str(refuge.slot.id))
