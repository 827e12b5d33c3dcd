"""What a wish for a place is, what comes of it, and the slots it is decided over, under lock."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from apps.core.errors import Conflict, sentence
from apps.scheduling.models import Appointment, Slot, WaitingEntry
from apps.scheduling.queries import (
    as_value,
    counted_appointments,
    days_booked,
    locked_slots,
    rules_of,
)
from apps.scheduling.rules.allocation import (
    REFUGE_DAYS,
    BookingSource,
    Decision,
    OpenSlot,
    Place,
    allocate,
)
from apps.scheduling.rules.lengths import USUAL, Length


class AlreadyBooked(Conflict):
    code = "already_booked"
    detail = sentence("This person already has a booking with this doctor on this day.")


class SlotGone(Conflict):
    code = "slot_not_bookable"
    detail = sentence("There is no free place at this time any more. Please choose another one.")


class BookingChanged(Conflict):
    code = "version_conflict"
    detail = sentence("Somebody else changed this booking meanwhile. Look again and repeat if needed.")


class NotPossibleNow(Conflict):
    code = "not_allowed"
    detail = sentence("This is not possible any more: the booking has moved on. Look again.")


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants a place with whom, on which day, and where the day leaves a choice, in which slot."""

    department_id: UUID
    doctor_id: UUID
    patient_id: UUID
    source: BookingSource
    day: date
    slot_id: UUID | None = None
    reason: str = ""
    severity: str = ""
    length: Length = USUAL


@dataclass(slots=True)
class Outcome:
    """What came of a wish: a place or a place on the waiting list, and who had to move for it; or what is to be paid
    first."""

    appointment: Appointment | None = None
    waiting: WaitingEntry | None = None
    moved: list[Appointment] = field(default_factory=list)
    to_pay: Any = None


class Hall:
    """One doctor's open slots in a department under lock, with whoever has a place; kept in step as places change."""

    def __init__(self, department_id: UUID, doctor_id: UUID, now: datetime) -> None:
        self._open = partial(locked_slots, department_id, doctor_id, now)
        self._rules, self.limits = rules_of(department_id)
        self.slots: dict[UUID, Slot] = {}
        self.live: dict[UUID, list[Appointment]] = {}

    def decide(self, wish: Wish, *, gently: bool = False, but: Container[UUID] = ()) -> Decision:
        """What the rules say to a wish; `gently`, without moving anybody or going beyond the places; of all slots
        `but` some.

        The days to come are looked at only if somebody would have to go there.
        """
        wanted = [slot for slot in self._of_days(wish.day, wish.day) if slot.id not in but]
        rules = replace(self._rules, may_displace=frozenset(), emergency_overflows=False)
        minutes = wish.length.minutes
        decision = allocate(wish.source, self._values(wanted), [], rules, wish.slot_id, minutes)
        if gently or not wanted or (isinstance(decision, Place) and wish.slot_id in (None, decision.slot_id)):
            return decision
        first, last = wish.day + timedelta(days=1), wish.day + timedelta(days=REFUGE_DAYS)
        later = self._of_days(first, last)
        people = {row.patient_id for slot in wanted for row in self.live[slot.id]}
        elsewhere = days_booked(wish.doctor_id, people, first, last)
        holders = [as_value(slot, self.live[slot.id], elsewhere) for slot in wanted]
        return allocate(wish.source, holders, self._values(later), self._rules, wish.slot_id, minutes)

    def _of_days(self, first: date, last: date) -> list[Slot]:
        found = self._open(first, last)
        unknown = [slot for slot in found if slot.id not in self.slots]
        live = counted_appointments(slot.id for slot in unknown)
        for slot in unknown:
            self.slots[slot.id], self.live[slot.id] = slot, live[slot.id]
        return [self.slots[slot.id] for slot in found]

    def _values(self, slots: Iterable[Slot]) -> list[OpenSlot]:
        return [as_value(slot, self.live[slot.id]) for slot in slots]
