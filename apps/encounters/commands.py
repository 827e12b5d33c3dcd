"""Completing a consultation: the visit and its prescription in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import collect, command
from apps.core.errors import Conflict, sentence
from apps.core.policy import Actor
from apps.encounters.models import Prescription
from apps.queue.commands import complete_in, undo_in


class Signed(Conflict):
    code = "signed"
    detail = sentence("This cannot be taken back: a prescription was signed with it. Write what has to be corrected.")


@command
def complete(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    doctor_id: UUID | None = None,
    prescription_text: str = "",
    expected_version: int | None = None,
) -> tuple[Any, Prescription | None]:
    """Finish a consultation and sign what was prescribed. Returns the visit and the prescription, if any."""
    visit = complete_in(actor=actor, visit_id=visit_id, doctor_id=doctor_id, expected_version=expected_version)
    if not prescription_text.strip():
        return visit, None
    assert visit.doctor_id, "the database holds that a completed visit has a doctor"
    prescription = Prescription(
        facility_id=visit.facility_id,
        visit_id=visit.id,
        doctor_id=visit.doctor_id,
        content=prescription_text.strip(),
        signed_at=now,
    )
    collect(prescription)
    record(
        action="prescription.signed",
        entity_type="prescription",
        entity_id=prescription.id,
        after={"visitId": str(visit.id), "version": prescription.version},
    )
    return visit, prescription


@command
def undo(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Any:
    """Take back the last move of a visit: within a minute, by whoever made it, if nothing rests on it.

    Everything is as it was, exactly; that it was taken back is recorded. Raises `Signed`, `UndoRefused`.
    """
    visit, undone = undo_in(actor=actor, visit_id=visit_id, expected_version=expected_version)
    if Prescription.objects.filter(visit_id=visit.id, signed_at__gte=undone.at).exists():
        raise Signed
    return visit
