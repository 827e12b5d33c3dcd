"""Places are given, given up and given on: steps for the commands of `queue`, which also know visits.

The stream of the department must be locked by the caller, so that all changes to its slots are serial; the database
holds capacity besides.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.accounts.commands import carry_tracking, issue_tracking
from apps.audit.commands import record
from apps.core.commands import step, unit
from apps.core.errors import NotFound
from apps.core.outbox import emit
from apps.core.policy import ActorType
from apps.core.statements import insert, write
from apps.scheduling import events
from apps.scheduling.commands.hall import AlreadyBooked, BookingChanged, Hall, NotPossibleNow, Outcome, SlotGone, Wish
from apps.scheduling.commands.limits import require_within_limits
from apps.scheduling.commands.tokens import issue_token, void_token
from apps.scheduling.commands.waiting import enlist, wait_no_more
from apps.scheduling.models import Appointment, Slot, WaitingEntry
from apps.scheduling.queries import (
    bookable,
    department_of,
    has_booking,
    live_appointments,
    locked_appointment,
    locked_slot,
    place_in,
)
from apps.scheduling.rules.allocation import Decision, Displace, Place, Wait
from apps.scheduling.rules.appointments import AppointmentState, may_become
from apps.scheduling.rules.offers import OfferState


@step
def decide(wish: Wish) -> tuple[Hall, Decision]:
    """What the rules say to a wish now, under lock. Raises `AlreadyBooked`, and what the department's limits refuse."""
    if has_booking(wish.patient_id, wish.doctor_id, wish.day):
        raise AlreadyBooked
    hall = Hall(wish.department_id, wish.doctor_id, unit().now)
    require_within_limits(wish, hall.limits)
    return hall, hall.decide(wish)


@step
def place(wish: Wish, *, waits: bool = True) -> Outcome:
    """Give somebody a place, or if they wait for one (`waits`), a place on the waiting list.

    Raises `AlreadyBooked`, `AlreadyWaiting`; of somebody who does not wait `SlotGone`."""
    hall, decision = decide(wish)
    if isinstance(decision, Wait):
        if not waits:
            raise SlotGone
        return Outcome(waiting=enlist(wish))
    moved: list[Appointment] = []
    if isinstance(decision, Displace):
        moved.append(_displace(hall, decision))
    overflows = isinstance(decision, Place) and decision.overflows
    appointment = seat(hall.slots[decision.slot_id], hall.live[decision.slot_id], wish, overflows=overflows)
    wait_no_more(appointment)
    return Outcome(appointment=appointment, moved=moved)


@step
def require_room(wish: Wish) -> UUID:
    """The slot in which somebody would be placed now: the one they want, where they want one. Refuses what could not be
    placed, so that nobody pays for it: raises as `place` of somebody who does not wait."""
    _hall, decision = decide(wish)
    if isinstance(decision, Wait) or wish.slot_id not in (None, decision.slot_id):
        raise SlotGone
    return decision.slot_id


@step
def place_gently(wish: Wish, at: datetime, **more: Any) -> Appointment:
    """Book a free place of the slot that begins at a moment, without moving anybody for it. Raises `SlotGone`,
    `AlreadyBooked`, and what the department's limits refuse."""
    slots = bookable(wish.doctor_id, unit().now).filter(starts_at=at, department_id=wish.department_id)
    wanted = slots.values_list("id", flat=True).first()
    if wanted is None:
        raise SlotGone
    if has_booking(wish.patient_id, wish.doctor_id, wish.day):
        raise AlreadyBooked
    hall = Hall(wish.department_id, wish.doctor_id, unit().now)
    require_within_limits(wish, hall.limits)
    decision = hall.decide(replace(wish, slot_id=wanted), gently=True)
    if not isinstance(decision, Place) or decision.slot_id != wanted:
        raise SlotGone
    row = seat(hall.slots[wanted], hall.live[wanted], wish, **more)
    wait_no_more(row)
    return row


@step
def give_meeting(row: Appointment, url: str) -> Appointment:
    """Note where the people of a booking meet by video. Raises `NotPossibleNow` once it is over."""
    if row.state not in (AppointmentState.BOOKED, AppointmentState.ARRIVED):
        raise NotPossibleNow(extra={"state": row.state, "version": row.version})
    change(row, meeting_url=url)
    record(action="appointment.meeting_given", entity_type="appointment", entity_id=row.id)
    return row


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
        visit_type_id=wish.length.visit_type_id,
        minutes=wish.length.minutes,
        booked_at=unit().now,
        **(_place_in(slot, live, unit().now, wish.length.minutes) | values),
    )
    try:
        insert(row)
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
def locked_booking(booking_id: UUID, expected_version: int | None = None) -> Appointment:
    """A booking as it is now, locked. Raises `NotFound`, `BookingChanged`."""
    row = locked_appointment.one(booking_id)
    if row is None:
        raise NotFound
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
def end(row: Appointment, state: AppointmentState, reason: str, *, wish_of: ActorType | None = None) -> Appointment:
    """Give a place up: cancelled, not come, or moved elsewhere. The number is void. `wish_of` is whose wish it was, if
    not that of who does it. Raises `NotPossibleNow`."""
    require_edge(row, state)
    if row.state == AppointmentState.HELD:
        row.offers.filter(state=OfferState.OPEN).update(state=OfferState.LAPSED, ended_at=unit().now)
    change(row, state=state, ended_at=unit().now, end_reason=reason, ended_by=wish_of or unit().actor.type)
    if row.token:
        void_token(row.token)
    slot = locked_slot.one(row.slot_id)
    assert slot is not None  # a booking's slot is never deleted
    count_places(slot, live_appointments([slot.id])[slot.id])
    tell(row, f"appointment.{state.lower()}", events.ENDED, reason)
    return row


def require_edge(row: Appointment, state: AppointmentState) -> None:
    """Refuse what the state machine does not have. Raises `NotPossibleNow`."""
    if not may_become(AppointmentState(row.state), state):
        raise NotPossibleNow(extra={"state": row.state, "version": row.version})


def _displace(hall: Hall, decision: Displace) -> Appointment:
    """Move the victim to the other slot: the same booking, the same number on the same day."""
    origin, refuge = hall.live[decision.slot_id], hall.slots[decision.victim_slot_id]
    row = Appointment.objects.get(id=decision.victim_id)
    row.stood_at = row.at
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
    reason: str = "",
) -> Appointment:
    """Move a booking to another slot, whichever doctor's, there not before `earliest` (its own time unless told).
    `live` is who has a place where, and is kept in step. `action` is what the audit trail calls it."""
    shift(row, slot, live[slot.id], earliest or row.at, doctor_id=slot.doctor_id, overflow=overflow)
    live[origin.id] = [holder for holder in live[origin.id] if holder.id != row.id]
    count_places(origin, live[origin.id])
    tell(row, action, events.MOVED, reason)
    return row


@step
def tell_moved(row: Appointment, action: str, **changes: Any) -> None:
    """Change when a booking is, and tell of it."""
    before = _told(row)
    change(row, **changes)
    tell(row, action, events.MOVED, before=before)


def shift(row: Appointment, slot: Slot, live: list[Appointment], earliest: datetime | None = None, **more: Any) -> None:
    """Put a booking into another slot, there not before `earliest` (now unless told). On another day it gets a
    number of that day, and the old one is void."""
    if slot.day != row.day and row.token:
        void_token(row.token)
        department = department_of(slot.department_id)
        more["token"] = issue_token(department=department, patient_id=row.patient_id, day=slot.day)
        carry_tracking(booking_id=row.id, visit_id=row.id, facility_id=row.facility_id, day=slot.day, of="appointment")
    place = _place_in(slot, live, max(unit().now, earliest or unit().now), row.minutes)
    change(row, slot=slot, day=slot.day, late_until=None, **place, **more)
    live.append(row)
    count_places(slot, live)
    wait_no_more(row)


def _place_in(slot: Slot, live: list[Appointment], earliest: datetime, minutes: int | None) -> dict[str, Any]:
    number, places, at = place_in(slot, live, earliest, minutes)
    return {"place": number, "places": places, "at": at}


def count_places(slot: Slot, live: list[Appointment]) -> None:
    """Write down how many of a slot's places are taken."""
    taken, beyond = sum(row.places for row in live), sum(row.places for row in live if row.overflow)
    write(slot, taken=taken, overflow=beyond, version=slot.version + 1)


def change(row: Appointment | WaitingEntry, **changes: Any) -> None:
    """Change a booking or a wait; its version goes up."""
    write(row, **changes, version=row.version + 1)


def tell(row: Appointment, action: str, event: str, reason: str = "", before: dict[str, Any] | None = None) -> None:
    """Audit row and event of one change to a booking."""
    record(action=action, entity_type="appointment", entity_id=row.id, before=before, after=_told(row), reason=reason)
    emit(events.appointment_changed(event, row.department_id, row.id, row.version, row.state, row.token_id))


def _told(row: Appointment) -> dict[str, Any]:
    """What an audit row says of a booking."""
    late = {"lateUntil": row.late_until.isoformat()} if row.late_until else {}
    return {"state": row.state, "slotId": str(row.slot_id), "at": row.at.isoformat(), "source": row.source} | late
