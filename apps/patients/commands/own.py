"""What a family may change about itself."""

from datetime import datetime

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.events import facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.patients import events
from apps.patients.queries.people import patients_of


@command
def choose_language(*, actor: Actor, now: datetime, language: str) -> None:
    """Tell everybody under this phone things in another language from now on."""
    actor.require(Permission.PATIENT_OWN, Scope(actor.facility_id))
    assert actor.facility_id is not None, "a code login is some facility's"
    lock_streams(facility_stream(actor.facility_id))
    for patient in patients_of(actor).exclude(language=language).select_for_update():
        before, patient.language = patient.language, language
        patient.version += 1
        patient.save(update_fields=["language", "version"])
        record(
            action="patient.changed",
            entity_type="patient",
            entity_id=patient.id,
            before={"language": before},
            after={"language": language},
        )
        emit(events.patient_event(events.CHANGED, patient.facility_id, patient.id, patient.version))
