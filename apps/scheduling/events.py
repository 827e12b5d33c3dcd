"""What scheduling tells others."""

from uuid import UUID

from apps.core.events import Event, facility_stream

DEPARTMENT_CHANGED = "department.changed"
DOCTOR_STATUS_CHANGED = "DOCTOR_STATUS_CHANGED"

CATALOGUE: dict[str, str] = {
    DEPARTMENT_CHANGED: "A department was made, renamed, opened or closed.",
    DOCTOR_STATUS_CHANGED: "A doctor's profile or availability changed (document 000).",
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
