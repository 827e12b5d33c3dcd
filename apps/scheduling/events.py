"""What scheduling tells others."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.events import Event, department_stream, facility_stream

DEPARTMENT_CHANGED = "department.changed"
DOCTOR_STATUS_CHANGED = "DOCTOR_STATUS_CHANGED"
QUEUE_UPDATED = "queue.updated"

CONFIRMED = "APPOINTMENT_CONFIRMED"
MOVED = "appointment.moved"
ENDED = "appointment.ended"
HELD = "appointment.held"
OFFERED = "waiting.offered"
SLOT_CHANGED = "slot.changed"
WAITING_CHANGED = "waiting.changed"
LEAVE_DECLARED = "DOCTOR_LEAVE_DECLARED"
LEAVE_UNDONE = "leave.undone"

CATALOGUE: dict[str, str] = {
    DEPARTMENT_CHANGED: "A department was made, renamed, opened or closed.",
    DOCTOR_STATUS_CHANGED: "A doctor's profile or availability changed (document 000).",
    CONFIRMED: "Somebody has a place in a slot (document 002).",
    MOVED: "A booking was put into another slot: displaced, or its slot was.",
    ENDED: "A booking was cancelled, missed, or given up for another one.",
    HELD: "A place is kept for somebody for a moment, until they confirm.",
    SLOT_CHANGED: "A slot takes more or fewer people than before.",
    OFFERED: "Somebody on a waiting list is asked about a place, or what became of that.",
    WAITING_CHANGED: "Somebody came onto a doctor's waiting list, or left it.",
    LEAVE_DECLARED: "A doctor is away for a time; whoever was booked then goes elsewhere (document 000).",
    LEAVE_UNDONE: "A doctor is not away after all.",
    QUEUE_UPDATED: "A queue's screens changed without a transition: a repeated call, a pin, a doctor's status, a name.",
}
"""Every event type of this app, for `docs/events.md`."""


def department_changed(facility_id: UUID, department_id: UUID, version: int, status: str) -> Event:
    """A department was made, renamed, opened or closed."""
    return Event(
        facility_stream(facility_id),
        DEPARTMENT_CHANGED,
        "department",
        department_id,
        version,
        {"status": status},
    )


def doctor_changed(facility_id: UUID, doctor_id: UUID, version: int, availability: str) -> Event:
    """A doctor's profile or availability changed (document 000: DOCTOR_STATUS_CHANGED)."""
    return Event(
        facility_stream(facility_id),
        DOCTOR_STATUS_CHANGED,
        "doctor",
        doctor_id,
        version,
        {"doctorId": str(doctor_id), "availability": availability},
    )


def appointment_changed(
    type: str, department_id: UUID, appointment_id: UUID, version: int, state: str, token_id: UUID | None
) -> Event:
    """A booking was made, moved or ended."""
    about = {"state": state} | ({"tokenId": str(token_id)} if token_id else {})
    return Event(department_stream(department_id), type, "appointment", appointment_id, version, about)


def waiting_changed(department_id: UUID, entry_id: UUID, version: int, state: str) -> Event:
    """Somebody came onto a doctor's waiting list, or left it."""
    return Event(
        department_stream(department_id), WAITING_CHANGED, "waiting_entry", entry_id, version, {"state": state}
    )


def leave_changed(
    type: str, facility_id: UUID, leave_id: UUID, doctor_id: UUID, starts_at: datetime, ends_at: datetime
) -> Event:
    """A doctor is away for a time, or not after all. Why is told to nobody."""
    about = {"doctorId": str(doctor_id), "from": starts_at.isoformat(), "to": ends_at.isoformat()}
    return Event(facility_stream(facility_id), type, "leave", leave_id, 1, about)


def slot_changed(department_id: UUID, slot_id: UUID, version: int, capacity: int) -> Event:
    """A slot takes more or fewer people than before."""
    return Event(department_stream(department_id), SLOT_CHANGED, "slot", slot_id, version, {"capacity": capacity})


def offered(department_id: UUID, entry_id: UUID, version: int, state: str) -> Event:
    """Somebody on a waiting list is asked about a place, or what became of that."""
    return Event(department_stream(department_id), OFFERED, "waiting_entry", entry_id, version, {"state": state})


def queue_updated(department_id: UUID, reason: str, **payload: Any) -> Event:
    """What the screens of a department's queue show changed for a reason that is no transition."""
    return Event(
        department_stream(department_id), QUEUE_UPDATED, "department", department_id, 0, {"reason": reason} | payload
    )
