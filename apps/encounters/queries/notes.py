"""Notes as they are read: the draft, what was signed, what was added; and who may."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import Forbidden
from apps.core.policy import Actor, Fields, Scope
from apps.core.queries import one
from apps.core.statements import prepared
from apps.encounters.models import Encounter, NoteVersion, SignedNote
from apps.encounters.queries.papers import parts_of
from apps.encounters.rules.notes import EMPTY
from apps.encounters.rules.outcome import Outcome, outcome_in
from apps.patients.queries import open_access
from apps.queue.queries.visits import visit_of


@dataclass(frozen=True, slots=True)
class Written:
    """A visit with what is written about it. Without an encounter nothing is."""

    visit: Any
    encounter: Encounter | None
    note: dict[str, str]
    signed: SignedNote | None

    @property
    def version(self) -> int:
        """The version that a change has to name."""
        return self.encounter.version if self.encounter else 0

    @property
    def outcome(self) -> Outcome:
        """What the consultation comes to: as it was signed, else as it is drafted."""
        if self.signed:
            return outcome_in(self.signed.content)
        return self.encounter.outcome if self.encounter else {}


def encounter_of(visit_id: UUID) -> Encounter | None:
    """What is written about a visit, if anything."""
    return _encounter_of.one(visit_id=visit_id)


@prepared
def _encounter_of(visit_id: UUID) -> QuerySet[Encounter]:
    return Encounter.objects.select_related("follow_up").filter(visit_id=visit_id)


def draft_of(encounter: Encounter) -> dict[str, str]:
    """The parts of a note as they were saved last."""
    if not encounter.version:
        return dict(EMPTY)
    latest = one(NoteVersion.objects.filter(encounter=encounter, version=encounter.version))
    assert latest, "every version is kept"
    return EMPTY | dict(latest.content)


def written_of(visit_id: UUID) -> Written:
    """A visit with its note, whoever asks. Raises `NotFound`."""
    visit = visit_of(visit_id)
    encounter = encounter_of(visit_id)
    if encounter is None:
        return Written(visit, None, dict(EMPTY), None)
    signed = one(SignedNote.objects.select_related("signed_by").filter(encounter=encounter))
    return Written(visit, encounter, draft_of(encounter), signed)


def require_sight(actor: Actor, visit: Any, now: datetime) -> None:
    """Who reads notes: whoever sees what their department wrote, and who broke the glass. Raises `Forbidden`."""
    if open_access(actor, visit.patient_id, now):
        return
    if not actor.sees(Fields.CLINICAL, Scope(visit.facility_id, visit.department_id)):
        raise Forbidden(permission=f"patient.{Fields.CLINICAL}")


def encounter_json(written: Written) -> dict[str, Any]:
    """`GET encounters/{visitId}`: the note with its version, what was signed and what was added."""
    encounter, signed = written.encounter, written.signed
    addenda = encounter.addenda.select_related("written_by").order_by("written_at", "id") if encounter else []
    return {
        "visitId": written.visit.id,
        "patientId": written.visit.patient_id,
        "doctorId": encounter.doctor_id if encounter else written.visit.doctor_id,
        "version": written.version,
        **written.note,
        "outcome": parts_of(written.outcome, encounter.follow_up if encounter else None),
        "signedAt": signed.signed_at if signed else None,
        "signedBy": signed.signed_by.name if signed else None,
        "hash": signed.hash if signed else None,
        "addenda": [addendum_json(row) for row in addenda],
    }


def addendum_json(row: Any) -> dict[str, Any]:
    """What was added to a signed note."""
    return {"addendumId": row.id, "text": row.text, "writtenAt": row.written_at, "writtenBy": row.written_by.name}
