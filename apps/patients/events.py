"""What the registry tells others: that a record is new or changed, never whose or how."""

from uuid import UUID

from apps.core.events import Event, facility_stream

REGISTERED = "patient.registered"
CHANGED = "patient.changed"

GLASS_BROKEN = "patient.glass_broken"

CATALOGUE: dict[str, str] = {
    REGISTERED: "A person was registered and has a UHID.",
    CHANGED: "A record was corrected, or got a further identifier.",
    GLASS_BROKEN: "Somebody opened a record in an emergency that their role does not show them: an alarm, with the"
    " id of the access.",
}
"""Every event type of this app, for `docs/events.md`."""


def patient_event(type_: str, facility_id: UUID, patient_id: UUID, version: int) -> Event:
    """An event of one record on its facility's stream."""
    return Event(facility_stream(facility_id), type_, "patient", patient_id, version)


def glass_broken(facility_id: UUID, patient_id: UUID, version: int, access_id: UUID) -> Event:
    """The alarm that somebody broke the glass; who and why stands with the access."""
    about = {"accessId": str(access_id)}
    return Event(facility_stream(facility_id), GLASS_BROKEN, "patient", patient_id, version, about)
