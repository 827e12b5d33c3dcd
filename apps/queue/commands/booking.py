"""Booking: a place in a slot or on the waiting list, given up, moved, missed, and turned into a visit.

Here and not in `scheduling`, because giving up or missing a number may concern a visit as well.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.core.commands import command, hidden_from, step, unit
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, ActorType, Permission, Scope
from apps.core.queries import one
from apps.patients.queries import get_active
from apps.queue.commands.arriving import Arrived, enter_booked, lock_arrival
from apps.queue.commands.passing import note_displaced
from apps.queue.commands.reaching import Moved, locked_by, make_room, promoted_by, require_to_book
from apps.queue.commands.telling import REBOOKED, tell_booked, tell_displaced
from apps.queue.providers import room
from apps.queue.queries.money import MONEY
from apps.queue.queries.own_bookings import require_own_wish, whom_to_book
from apps.queue.queries.slots import require_near
from apps.scheduling.commands import (
    Outcome,
    SlotGone,
    Wish,
    give_meeting,
    locked_booking,
    mark_arrived,
    place,
    place_instead,
    require_room,
)
from apps.scheduling.queries import (
    agreed_length,
    appointment_of,
    bookable,
    doctor_of,
    first_day_with_room,
    open_department,
)
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.lengths import Length


class OtherDay(Conflict):
    code = "other_day"
    detail = sentence("This booking is for another day. Move it to today first.")


@command
def book(
    *,
    actor: Actor,
    now: datetime,
    doctor_id: UUID,
    source: str,
    patient_id: UUID | None = None,
    preferred_slot_id: UUID | None = None,
    appointment_time: datetime | None = None,
    reason: str = "",
    exact: bool = False,
    visit_type_id: UUID | None = None,
) -> Outcome:
    """Give somebody a place with a doctor, or one on the waiting list (requirements D5).

    Without a slot or a time: the first day with a free place, its least used slot, the earliest on ties.
    `exact`: in the preferred slot or not at all. The type of visit decides how long it takes. Raises `SlotGone`,
    `AlreadyBooked`, `AlreadyWaiting`, `PatientNotActive`, `NotFound`, `Invalid`. Patients book for themselves: then
    `FollowUpOfNothing`, `TooManyBookings`, too; and paid priority is theirs only once it is paid.
    """
    asked, person_id = BookingSource(source), whom_to_book(actor, patient_id)
    doctor = doctor_of(doctor_id)
    department_id, slot = _where(doctor, preferred_slot_id, appointment_time, now)
    own = actor.type is ActorType.PATIENT
    if not own:
        require_to_book(actor, department_id, asked)
    lock_streams(department_stream(department_id))
    person = get_active(person_id)
    if own:
        require_own_wish(person_id, department_id, asked, now)
    length = agreed_length(visit_type_id, doctor_id=doctor_id, department_ids=[department_id], by_patient=own)
    make_room(department_id, doctor_id)
    day = slot.day if slot else _day(doctor_id, asked, appointment_time, now, length)
    wish = Wish(department_id, doctor_id, person_id, asked, day, slot.id if slot else None, reason, length=length)
    if own and asked is BookingSource.PAID_PRIORITY:
        return Outcome(to_pay=MONEY.pay_first(replace(wish, slot_id=require_room(wish))))
    outcome = place(wish)
    if exact and (outcome.appointment is None or outcome.appointment.slot_id != preferred_slot_id):
        raise SlotGone
    if outcome.appointment:
        outcome.appointment.patient, outcome.appointment.doctor = person, doctor
    return told_of(outcome)


@step
def place_paid(wish: Wish) -> Any:
    """Give somebody the place that they have paid for, whoever has to give way. The department's stream is locked.

    Raises `SlotGone`, `AlreadyBooked`, `PatientNotActive`, and what the department's limits refuse: before anything is
    written."""
    get_active(wish.patient_id)
    make_room(wish.department_id, wish.doctor_id)
    require_room(wish)
    return told_of(place(wish, waits=False)).appointment


@step
def told_of(outcome: Outcome) -> Outcome:
    """Tell whoever has got a place, and who had to give way for it."""
    if outcome.appointment:
        tell_booked(outcome.appointment)
        note_displaced(outcome.appointment, outcome.moved)
        tell_displaced(outcome.moved)
    return outcome


@command
def reschedule(
    *, actor: Actor, now: datetime, booking_id: UUID, slot_id: UUID, expected_version: int | None = None
) -> Moved:
    """Move a booking to another slot; the old place is given on in the same transaction.

    Raises `SlotGone` when there is no place in the other slot: nobody is displaced for a move. Not by a link, which
    may be in many hands: to it, as if there were none.
    """
    if actor.type is ActorType.LINK:
        raise hidden_from(actor, Permission.BOOKING_CHANGE_OWN)
    row = locked_by(booking_id, Permission.BOOKING_CHANGE, expected_version, own=Permission.BOOKING_CHANGE_OWN)
    fresh = place_instead(row, slot_id)
    tell_booked(fresh, REBOOKED)
    return fresh, promoted_by(row)


@command
def arrive(*, actor: Actor, now: datetime, booking_id: UUID) -> Arrived:
    """Check somebody in who has a booking today, at the desk or the hall's kiosk: the booking becomes a visit under
    the same number.

    Raises `OtherDay`, `AlreadyHere`, `DepartmentClosed`, `QueueFull`, `NotPossibleNow`.
    """
    at_kiosk = actor.type is ActorType.SCREEN
    found = appointment_of(booking_id)
    permission = Permission.KIOSK_CHECK_IN if at_kiosk else Permission.VISIT_CHECK_IN
    actor.require(permission, Scope(actor.facility_id, found.department_id))
    lock_arrival(found.department_id, found.visit_type_id)
    row = locked_booking(found.id)
    if row.day != facility_facts(row.facility_id).day_of(now):
        raise OtherDay
    patient = get_active(row.patient_id)
    mark_arrived(row)
    return enter_booked(row, patient)


@command
def give_meeting_link(*, actor: Actor, now: datetime, booking_id: UUID) -> Any:
    """Give a booking an address to meet by video; again, the same one. Raises `NoRoom`, `NotPossibleNow`."""
    row = locked_by(booking_id, Permission.BOOKING_CHANGE)
    return row if row.meeting_url else give_meeting(row, room(row.id))


def _where(doctor: Any, slot_id: UUID | None, at: datetime | None, now: datetime) -> tuple[UUID, Any]:
    """The department a booking belongs to, and the slot if one is wanted. Raises `SlotGone`, `NotFound`,
    `Invalid` for a time that is far from any slot."""
    if at:
        require_near("appointmentTime", at, now)
    if not doctor.department_ids:
        raise NotFound
    if not slot_id and not at:
        return open_department.one(doctor.id, now) or doctor.department_ids[0], None
    open_slots = bookable(doctor.id, now)
    if slot_id:
        slot = one(open_slots.filter(id=slot_id))
        if slot is None:
            raise SlotGone
        return slot.department_id, slot
    slot = open_slots.filter(starts_at__lte=at, ends_at__gt=at).first()
    return (slot.department_id, slot) if slot else (doctor.department_ids[0], None)


def _day(doctor_id: UUID, source: BookingSource, at: datetime | None, now: datetime, length: Length) -> date:
    """The wished day where no slot is wanted: that of the time, else the first with room, else today. Raises `SlotGone`
    for a day that is over."""
    facts = facility_facts(unit().actor.facility_id)  # type: ignore[arg-type]  # whoever may book has a facility
    if at and (at < now - timedelta(days=2) or facts.day_of(at) < facts.day_of(now)):  # no calendar has year 0
        raise SlotGone
    if at:
        return facts.day_of(at)
    return first_day_with_room(doctor_id, source, now, length.minutes) or facts.day_of(now)
