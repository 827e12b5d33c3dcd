"""Completing a consultation: the visit and its prescription in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import collect, command
from apps.core.policy import Actor
from apps.encounters.models import Prescription
from apps.queue.commands import complete_in


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
