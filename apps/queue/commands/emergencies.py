"""Emergencies that need a place: booked now, taken in at once, or with more room in a slot. Staff only (SCH-13)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Invalid, sentence
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.patients.queries import get_active
from apps.queue.commands.arriving import enter, enter_booked
from apps.queue.commands.consulting import raise_triage
from apps.queue.commands.entering import Arrival, with_links
from apps.queue.commands.passing import note_displaced
from apps.queue.commands.reaching import Moved, make_room
from apps.queue.commands.telling import give_on, tell_booked, tell_displaced
from apps.queue.models import Visit
from apps.queue.queries.visits import open_visit_of
from apps.queue.rules.order import Source
from apps.scheduling.commands import (
    Outcome,
    Wish,
    end_stretches,
    locked_booking,
    locked_slot,
    mark_arrived,
    place,
    promote,
    stretch,
)
from apps.scheduling.queries import bookable, booking_today, departments_of_doctor, over_stretched, slot_of
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.capacity import NORMAL, Severity, Stretch


@command
def request_emergency(
    *, actor: Actor, now: datetime, doctor_id: UUID, patient_id: UUID, severity: str, reason: str
) -> Outcome:
    """Give an emergency the next place there is with a doctor: in the present slot, else in the day's next one.

    It displaces somebody lower or goes beyond the places, as the department allows. Raises `AlreadyBooked`.
    """
    slot = bookable(doctor_id, now).first()
    department_id = slot.department_id if slot else departments_of_doctor(doctor_id)[0]
    actor.require(Permission.VISIT_EMERGENCY, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    get_active(patient_id)
    make_room(department_id, doctor_id)
    day = slot.day if slot else facility_facts(actor.facility_id).day_of(now)  # type: ignore[arg-type]  # staff have one
    wished = slot.id if slot else None
    wish = Wish(department_id, doctor_id, patient_id, BookingSource.EMERGENCY, day, wished, reason, Severity(severity))
    outcome = place(wish)
    if outcome.appointment:
        tell_booked(outcome.appointment)
        note_displaced(outcome.appointment, outcome.moved, reason)
        tell_displaced(outcome.moved)
    return outcome


@command
def fast_track(*, actor: Actor, now: datetime, doctor_id: UUID, patient_id: UUID, reason: str) -> Visit:
    """Put somebody who is here before everybody else: by the visit or the booking of today they have, else anew.

    Raises `NotAllowed` for somebody who is called or with a doctor already, `DepartmentClosed`.
    """
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    day = facility_facts(actor.facility_id).day_of(now)  # type: ignore[arg-type]  # staff have a facility
    booking = booking_today(patient_id, doctor_id, day)
    department_id = booking.department_id if booking else departments_of_doctor(doctor_id)[0]
    actor.require(Permission.VISIT_EMERGENCY, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    patient = get_active(patient_id)
    there = open_visit_of(patient.id, department_id)
    if there:
        return raise_triage(there, reason, emergency=True)
    visit = _arrives(booking.id, patient) if booking else _comes(department_id, patient, doctor_id)
    visit.ahead_reason = reason
    record(action="visit.fast_tracked", entity_type="visit", entity_id=visit.id, reason=reason)
    return visit


@command
def override_slot(*, actor: Actor, now: datetime, slot_id: UUID, emergency_level: str, reason: str = "") -> Moved:
    """Let a slot take more people until it ends: ×1.5 when critical, ×1.25 when high, rounded up; `normal` ends it.

    Who waits for the day gets the new places at once: (the slot, who was promoted). Raises `SlotOver`.
    """
    found = slot_of(slot_id)
    actor.require(Permission.VISIT_EMERGENCY, Scope(actor.facility_id, found.department_id))
    lock_streams(department_stream(found.department_id))
    level = None if emergency_level == NORMAL else Stretch(emergency_level)
    slot = stretch(locked_slot(slot_id), level, reason)
    promoted = give_on(promote(slot.department_id, slot.doctor_id, slot.day))
    return slot_of(slot_id), promoted


@command
def end_overrides(*, actor: Actor, now: datetime, department_id: UUID) -> int:
    """Give a department's slots that are over their usual number of places back; how many."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    return len(end_stretches(list(over_stretched(now).filter(department_id=department_id).select_for_update())))


@step
def _arrives(booking_id: UUID, patient: Any) -> Visit:
    booking = locked_booking(booking_id)
    mark_arrived(booking)
    return enter_booked(booking, patient, emergency=True).visit


@step
def _comes(department_id: UUID, patient: Any, doctor_id: UUID) -> Visit:
    return with_links(enter(department_id, patient, Arrival(Source.EMERGENCY, [], doctor_id))).visit
