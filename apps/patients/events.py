"""What the registry tells others: that a record is new or changed, never whose or how."""

from uuid import UUID

from apps.core.events import Event, facility_stream

REGISTERED = "patient.registered"
CHANGED = "patient.changed"

CATALOGUE: dict[str, str] = {
    REGISTERED: "A person was registered and has a UHID.",
    CHANGED: "A record was corrected, or got a further identifier.",
}
"""Every event type of this app, for `docs/events.md`."""


def patient_event(type_: str, facility_id: UUID, patient_id: UUID, version: int) -> Event:
    """An event of one record on its facility's stream."""
    return Event(facility_stream(facility_id), type_, "patient", patient_id, version)
