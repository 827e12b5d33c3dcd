"""What scheduling tells others."""

from typing import Any
from uuid import UUID

from apps.core.events import Event, department_stream, facility_stream

DEPARTMENT_CHANGED = "department.changed"
DOCTOR_STATUS_CHANGED = "DOCTOR_STATUS_CHANGED"
QUEUE_UPDATED = "queue.updated"

CATALOGUE: dict[str, str] = {
    DEPARTMENT_CHANGED: "A department was made, renamed, opened or closed.",
    DOCTOR_STATUS_CHANGED: "A doctor's profile or availability changed (document 000).",
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


def queue_updated(department_id: UUID, reason: str, **payload: Any) -> Event:
    """What the screens of a department's queue show changed for a reason that is no transition."""
    return Event(
        department_stream(department_id), QUEUE_UPDATED, "department", department_id, 0, {"reason": reason} | payload
    )
