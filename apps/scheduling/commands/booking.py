"""Places are given, given up and given on: steps for the commands of `queue`, which also know visits.

The stream of the department must be locked by the caller, so that all changes to its slots are serial; the database
holds capacity besides.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.commands import carry_tracking, issue_tracking
from apps.audit.commands import record
from apps.core.commands import step, unit
from apps.core.errors import Conflict, sentence
from apps.core.outbox import emit
from apps.scheduling import events
from apps.scheduling.commands.tokens import issue_token, void_token
from apps.scheduling.models import Appointment, Slot, WaitingEntry
from apps.scheduling.queries import (
    as_value,
    bookable,
    days_booked,
    department_of,
    has_booking,
    keys_of_others,
    live_appointments,
    place_in,
    rules_of,
    waiting_list,
)
from apps.scheduling.rules.allocation import (
    REFUGE_DAYS,
    SCORES,
    BookingSource,
    Decision,
    Displace,
    OpenSlot,
    Place,
    Wait,
    allocate,
)
from apps.scheduling.rules.appointments import AppointmentState, may_become
from apps.scheduling.rules.offers import OfferState
from apps.scheduling.rules.waiting import WAITS_FOR, WaitingState, key_at, waiting_key


class AlreadyBooked(Conflict):
    code = "already_booked"
    detail = sentence("This person already has a booking with this doctor on this day.")


class AlreadyWaiting(Conflict):
    code = "already_on_waiting_list"
    detail = sentence("This person already waits for a place with this doctor on this day.")


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


@dataclass(slots=True)
class Outcome:
    """What came of a wish: a place or a place on the waiting list, and who had to move for it."""

    appointment: Appointment | None = None
    waiting: WaitingEntry | None = None
    moved: list[Appointment] = field(default_factory=list)


@step
def place(wish: Wish) -> Outcome:
    """Give somebody a place, or a place on the waiting list. Raises `AlreadyBooked`, `AlreadyWaiting`."""
    if has_booking(wish.patient_id, wish.doctor_id, wish.day):
        raise AlreadyBooked
    hall = Hall(wish.department_id, wish.doctor_id, unit().now)
    decision = hall.decide(wish)
    if isinstance(decision, Wait):
        return Outcome(waiting=enlist(wish))
    moved: list[Appointment] = []
    if isinstance(decision, Displace):
        moved.append(_displace(hall, decision))
    overflows = isinstance(decision, Place) and decision.overflows
    appointment = seat(hall.slots[decision.slot_id], hall.live[decision.slot_id], wish, overflows=overflows)
    return Outcome(appointment=appointment, moved=moved)


@step
def seat(slot: Slot, live: list[Appointment], wish: Wish, *, overflows: bool = False, **more: Any) -> Appointment:
    """Book a place in a slot: number, appointment, tracking link, audit and event. Raises `AlreadyBooked`."""
    token = issue_token(department=department_of(wish.department_id), patient_id=wish.patient_id, day=slot.day)
    values = {"state": AppointmentState.BOOKED, "first_slot_id": slot.id, "token": token, "overflow": overflows}
    row = sit(slot, live, wish, **(values | more))
    _give_link(row)
    tell(row, "appointment.booked", events.CONFIRMED)
    return row


@step
def sit(slot: Slot, live: list[Appointment], wish: Wish, **values: Any) -> Appointment:
    """Take up a place in a slot, with a number or for a moment without. Raises `AlreadyBooked`."""
    row = Appointment(
        facility_id=slot.facility_id,
        slot=slot,
        doctor_id=slot.doctor_id,
        department_id=slot.department_id,
        patient_id=wish.patient_id,
        day=slot.day,
        source=wish.source,
        reason=wish.reason,
        severity=wish.severity,
        booked_at=unit().now,
        **(_place_in(slot, live, unit().now) | values),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as twin:
        if "one_booking_per_patient_doctor_day" in str(twin):
            raise AlreadyBooked from twin
        raise
    live.append(row)
    count_places(slot, live)
    return row


def _give_link(row: Appointment) -> None:
    """The tracking link that shows the booking, and later the visit: what a booking was moved from had has it now."""
    about: dict[str, Any] = {"facility_id": row.facility_id, "day": row.day, "of": "appointment"}
    carried = carry_tracking(booking_id=row.moved_from_id, visit_id=row.id, **about) if row.moved_from_id else None
    row.link = carried or issue_tracking(visit_id=row.id, now=unit().now, **about)


@step
def confirm(row: Appointment) -> Appointment:
    """Make a booking of a place that was held: it gets its number and its link."""
    require_edge(row, AppointmentState.BOOKED)
    department = department_of(row.department_id)
    token = issue_token(department=department, patient_id=row.patient_id, day=row.day)
    change(row, state=AppointmentState.BOOKED, token=token, first_slot_id=row.slot_id, hold_expires_at=None)
    _give_link(row)
    tell(row, "appointment.booked", events.CONFIRMED)
    return row


@step
def place_instead(row: Appointment, slot_id: UUID) -> Appointment:
    """Give somebody a free place in another slot in exchange for theirs, without moving anybody for it.

    Raises `SlotGone` when that slot is over, closed, full or another department's.
    """
    slot = bookable(row.doctor_id, unit().now).filter(id=slot_id, department_id=row.department_id).first()
    if slot is None:
        raise SlotGone
    end(row, AppointmentState.RESCHEDULED, "")
    source = BookingSource(row.source)
    wish = Wish(row.department_id, row.doctor_id, row.patient_id, source, slot.day, slot.id, row.reason)
    if has_booking(wish.patient_id, wish.doctor_id, wish.day):
        raise AlreadyBooked
    hall = Hall(wish.department_id, wish.doctor_id, unit().now)
    decision = hall.decide(wish, gently=True)
    if not isinstance(decision, Place) or decision.slot_id != slot_id:
        raise SlotGone
    return seat(hall.slots[slot_id], hall.live[slot_id], wish, moved_from=row)


@step
def locked_booking(booking_id: UUID, expected_version: int | None = None) -> Appointment:
    """A booking as it is now, locked. Raises `NotFound`, `BookingChanged`."""
    row = Appointment.objects.select_related("slot", "token").select_for_update(of=("self",)).get(id=booking_id)
    if expected_version is not None and expected_version != row.version:
        raise BookingChanged(extra={"state": row.state, "version": row.version})
    return row


@step
def mark_arrived(row: Appointment) -> Appointment:
    """Note that somebody has come: they keep place and number, and their visit goes on. Raises `NotPossibleNow`."""
    require_edge(row, AppointmentState.ARRIVED)
    change(row, state=AppointmentState.ARRIVED)
    tell(row, "appointment.arrived", events.ENDED)
    return row


@step
def end(row: Appointment, state: AppointmentState, reason: str) -> Appointment:
    """Give a place up: cancelled, not come, or moved elsewhere. The number is void. Raises `NotPossibleNow`."""
    require_edge(row, state)
    if row.state == AppointmentState.HELD:
        row.offers.filter(state=OfferState.OPEN).update(state=OfferState.LAPSED, ended_at=unit().now)
    change(row, state=state, ended_at=unit().now, end_reason=reason)
    if row.token:
        void_token(row.token)
    slot = Slot.objects.select_for_update().get(id=row.slot_id)
    count_places(slot, live_appointments([slot.id])[slot.id])
    tell(row, f"appointment.{state.lower()}", events.ENDED, reason)
    return row


def require_edge(row: Appointment, state: AppointmentState) -> None:
    """Refuse what the state machine does not have. Raises `NotPossibleNow`."""
    if not may_become(AppointmentState(row.state), state):
        raise NotPossibleNow(extra={"state": row.state, "version": row.version})


def wish_of(entry: WaitingEntry) -> Wish:
    """What somebody on the waiting list wants."""
    return Wish(
        entry.department_id,
        entry.doctor_id,
        entry.patient_id,
        BookingSource(entry.source),
        entry.preferred_day,
        reason=entry.reason,
    )


@step
def end_waiting(entry: WaitingEntry, state: WaitingState, **more: Any) -> WaitingEntry:
    """Take somebody off the waiting list, with what became of them."""
    changes = {"state": state, "ended_at": unit().now, "version": entry.version + 1} | more
    for name, value in changes.items():
        setattr(entry, name, value)
    entry.save(update_fields=list(changes))
    record(action=f"waiting.{state.lower()}", entity_type="waiting_entry", entity_id=entry.id, after={"state": state})
    emit(events.waiting_changed(entry.department_id, entry.id, entry.version, state))
    return entry


@step
def rank_waiting(entry: WaitingEntry, position: int) -> WaitingEntry:
    """Put somebody at a position of the waiting list, counted from 1."""
    entry.sort_key = key_at(position, keys_of_others(entry, unit().now))
    entry.version += 1
    entry.save(update_fields=["sort_key", "version"])
    emit(events.waiting_changed(entry.department_id, entry.id, entry.version, entry.state))
    return entry


@step
def locked_waiting(waiting_id: UUID) -> WaitingEntry:
    """Somebody on a waiting list, locked. Raises `NotPossibleNow` when they wait no more."""
    entry = WaitingEntry.objects.select_for_update().get(id=waiting_id)
    if entry.state != WaitingState.WAITING:
        raise NotPossibleNow(extra={"state": entry.state, "version": entry.version})
    return entry


class Hall:
    """One doctor's open slots in a department under lock, with whoever has a place; kept in step as places change."""

    def __init__(self, department_id: UUID, doctor_id: UUID, now: datetime) -> None:
        self._open = bookable(doctor_id, now).filter(department_id=department_id)
        self._rules = rules_of(department_id)
        self.slots: dict[UUID, Slot] = {}
        self.live: dict[UUID, list[Appointment]] = {}

    def decide(self, wish: Wish, *, gently: bool = False, but: Container[UUID] = ()) -> Decision:
        """What the rules say to a wish; `gently`, without moving anybody or going beyond the places; of all slots
        `but` some.

        The days to come are looked at only if somebody would have to go there.
        """
        wanted = [slot for slot in self._of_days(wish.day, wish.day) if slot.id not in but]
        rules = replace(self._rules, may_displace=frozenset(), emergency_overflows=False)
        decision = allocate(wish.source, self._values(wanted), [], rules, wish.slot_id)
        if gently or not wanted or (isinstance(decision, Place) and wish.slot_id in (None, decision.slot_id)):
            return decision
        first, last = wish.day + timedelta(days=1), wish.day + timedelta(days=REFUGE_DAYS)
        later = self._of_days(first, last)
        people = {row.patient_id for slot in wanted for row in self.live[slot.id]}
        elsewhere = days_booked(wish.doctor_id, people, first, last)
        holders = [as_value(slot, self.live[slot.id], elsewhere) for slot in wanted]
        return allocate(wish.source, holders, self._values(later), self._rules, wish.slot_id)

    def _of_days(self, first: date, last: date) -> list[Slot]:
        found = list(self._open.filter(day__range=(first, last)).order_by("starts_at").select_for_update())
        unknown = [slot for slot in found if slot.id not in self.slots]
        live = live_appointments(slot.id for slot in unknown)
        for slot in unknown:
            self.slots[slot.id], self.live[slot.id] = slot, live[slot.id]
        return [self.slots[slot.id] for slot in found]

    def _values(self, slots: Iterable[Slot]) -> list[OpenSlot]:
        return [as_value(slot, self.live[slot.id]) for slot in slots]


def _displace(hall: Hall, decision: Displace) -> Appointment:
    """Move the victim to the other slot: the same booking, the same number on the same day."""
    origin, refuge = hall.live[decision.slot_id], hall.slots[decision.victim_slot_id]
    row = next(holder for holder in origin if holder.id == decision.victim_id)
    shift(row, refuge, hall.live[refuge.id], displaced=row.displaced + 1)
    origin.remove(row)
    count_places(hall.slots[decision.slot_id], origin)
    tell(row, "appointment.displaced", events.MOVED)
    return row


@step
def rehouse(
    row: Appointment,
    slot: Slot,
    origin: Slot,
    live: dict[UUID, list[Appointment]],
    *,
    action: str,
    earliest: datetime | None = None,
    overflow: bool = False,
) -> Appointment:
    """Move a booking to another slot, whichever doctor's, there not before `earliest` (its own time unless told).
    `live` is who has a place where, and is kept in step. `action` is what the audit trail calls it."""
    shift(row, slot, live[slot.id], earliest or row.at, doctor_id=slot.doctor_id, overflow=overflow)
    live[origin.id] = [holder for holder in live[origin.id] if holder.id != row.id]
    count_places(origin, live[origin.id])
    tell(row, action, events.MOVED)
    return row


@step
def tell_moved(row: Appointment, action: str, **changes: Any) -> None:
    """Change when a booking is, and tell of it."""
    change(row, **changes)
    tell(row, action, events.MOVED)


def shift(row: Appointment, slot: Slot, live: list[Appointment], earliest: datetime | None = None, **more: Any) -> None:
    """Put a booking into another slot, there not before `earliest` (now unless told). On another day it gets a
    number of that day, and the old one is void."""
    if slot.day != row.day and row.token:
        void_token(row.token)
        department = department_of(slot.department_id)
        more["token"] = issue_token(department=department, patient_id=row.patient_id, day=slot.day)
        carry_tracking(booking_id=row.id, visit_id=row.id, facility_id=row.facility_id, day=slot.day, of="appointment")
    change(row, slot=slot, day=slot.day, **_place_in(slot, live, max(unit().now, earliest or unit().now)), **more)
    live.append(row)
    count_places(slot, live)


def _place_in(slot: Slot, live: list[Appointment], earliest: datetime) -> dict[str, Any]:
    number, at = place_in(slot, live, earliest)
    return {"place": number, "at": at}


def count_places(slot: Slot, live: list[Appointment]) -> None:
    """Write down how many of a slot's places are taken."""
    slot.taken = len(live)
    slot.overflow = sum(1 for row in live if row.overflow)
    slot.version += 1
    slot.save(update_fields=["taken", "overflow", "version"])


def change(row: Appointment, **changes: Any) -> None:
    """Change a booking; its version goes up."""
    changes |= {"version": row.version + 1}
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))


@step
def enlist(wish: Wish) -> WaitingEntry:
    """Put somebody onto a doctor's waiting list. Raises `AlreadyWaiting`."""
    now = unit().now
    there = waiting_list(wish.doctor_id, now).filter(patient_id=wish.patient_id, preferred_day=wish.day)
    if there.exists():
        raise AlreadyWaiting
    entry = WaitingEntry.objects.create(
        facility_id=department_of(wish.department_id).facility_id,
        doctor_id=wish.doctor_id,
        department_id=wish.department_id,
        patient_id=wish.patient_id,
        source=wish.source,
        preferred_day=wish.day,
        state=WaitingState.WAITING,
        sort_key=waiting_key(SCORES[wish.source], now),
        reason=wish.reason,
        since=now,
        expires_at=now + WAITS_FOR,
    )
    record(
        action="waiting.enlisted",
        entity_type="waiting_entry",
        entity_id=entry.id,
        after={"doctorId": str(wish.doctor_id), "source": wish.source, "preferredDate": str(wish.day)},
    )
    emit(events.waiting_changed(wish.department_id, entry.id, entry.version, entry.state))
    return entry


def tell(row: Appointment, action: str, event: str, reason: str = "") -> None:
    """Audit row and event of one change to a booking."""
    after = {"state": row.state, "slotId": str(row.slot_id), "at": row.at.isoformat(), "source": row.source}
    record(action=action, entity_type="appointment", entity_id=row.id, after=after, reason=reason)
    emit(events.appointment_changed(event, row.department_id, row.id, row.version, row.state, row.token_id))
