"""A place is held before it is booked, or offered to who waits; whatever is over is swept."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.core.commands import command
from apps.core.errors import Conflict, sentence
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, ActorType, Permission, Scope
from apps.core.queries import one
from apps.patients.queries import get_active
from apps.queue.commands.reaching import Moved, locked_by, locked_entry, make_room, promoted_by, require_to_book
from apps.queue.commands.telling import give_on, tell_booked
from apps.queue.queries.own_bookings import require_own_wish, whom_to_book
from apps.scheduling.commands import (
    SlotGone,
    Wish,
    accept_offer,
    confirm_hold,
    decline_offer,
    expire_waiting,
    hold,
    promote,
)
from apps.scheduling.queries import agreed_length, asked_about, bookable
from apps.scheduling.rules.allocation import BookingSource


class PaidNotHeld(Conflict):
    code = "paid_not_held"
    detail = sentence("A place of paid priority is not held: it is booked when it is paid.")


@command
def request_hold(
    *,
    actor: Actor,
    now: datetime,
    doctor_id: UUID,
    slot_id: UUID,
    source: str,
    patient_id: UUID | None = None,
    reason: str = "",
    visit_type_id: UUID | None = None,
) -> Any:
    """Hold a free place of a slot for a few minutes, so that somebody can think or pay.

    Nobody is displaced for it. Raises `SlotGone`, `AlreadyBooked`, `PatientNotActive`; for patients also what `book`
    raises for them.
    """
    asked, person_id = BookingSource(source), whom_to_book(actor, patient_id)
    slot = one(bookable(doctor_id, now).filter(id=slot_id))
    if slot is None:
        raise SlotGone
    own = actor.type is ActorType.PATIENT
    if not own:
        require_to_book(actor, slot.department_id, asked)
    lock_streams(department_stream(slot.department_id))
    get_active(person_id)
    if own:
        require_own_wish(person_id, slot.department_id, asked, now)
        if asked is BookingSource.PAID_PRIORITY:
            raise PaidNotHeld
    length = agreed_length(visit_type_id, doctor_id=doctor_id, department_ids=[slot.department_id], by_patient=own)
    make_room(slot.department_id, doctor_id)
    return hold(Wish(slot.department_id, doctor_id, person_id, asked, slot.day, slot.id, reason, length=length))


@command
def confirm_booking(*, actor: Actor, now: datetime, booking_id: UUID) -> Any:
    """Book the place that is held, or that was offered. Raises `HoldOver`, `OfferOver`, `NotPossibleNow`."""
    row = locked_by(booking_id, Permission.BOOKING_CREATE, own=Permission.BOOKING_CREATE_OWN)
    entry = asked_about(row)
    booked = accept_offer(entry) if entry else confirm_hold(row)
    tell_booked(booked)
    return booked


@command
def accept_place(*, actor: Actor, now: datetime, waiting_id: UUID) -> Moved:
    """Somebody who waits takes the place they were asked about: (the booking, whom its taking gave a place).

    Of all who were asked about it the first gets it. Raises `OfferOver` for the others.
    """
    entry = locked_entry(waiting_id, own=Permission.BOOKING_CHANGE_OWN)
    row = accept_offer(entry)
    tell_booked(row)
    return row, promoted_by(row)


@command
def decline_place(*, actor: Actor, now: datetime, waiting_id: UUID) -> Any:
    """Somebody who waits does not want the place they were asked about, and goes on waiting. Raises `OfferOver`."""
    entry = locked_entry(waiting_id, own=Permission.BOOKING_CHANGE_OWN)
    decline_offer(entry)
    give_on(promote(entry.department_id, entry.doctor_id, entry.preferred_day))
    return entry


@command
def sweep(*, actor: Actor, now: datetime, department_id: UUID, spare: timedelta = timedelta()) -> int:
    """End a department's holds, offers and waits that are over, and give their places on; how many got one. What is
    younger than `spare` is left to whoever wants the place."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    expire_waiting(department_id, spare)
    return len(make_room(department_id, spare=spare))
