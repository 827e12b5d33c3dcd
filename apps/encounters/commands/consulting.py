"""Completing a consultation: the visit and its prescription in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from apps.audit.commands import record
from apps.core.commands import collect, command, step
from apps.core.errors import Conflict, sentence
from apps.core.outbox import emit
from apps.core.policy import Actor
from apps.encounters import events
from apps.encounters.commands.afterwards import carry_out
from apps.encounters.commands.notes import NoteSigned, locked_encounter, open_encounter, sign, write_draft
from apps.encounters.commands.prescribing import drop_draft, take_draft
from apps.encounters.models import Encounter, Prescription
from apps.encounters.queries.medicines import items_of
from apps.encounters.queries.notes import draft_of
from apps.encounters.rules.notes import changed
from apps.queue.commands import complete_in, undo_in
from apps.queue.rules.states import State


class Signed(Conflict):
    code = "signed"
    detail = sentence(
        "This cannot be taken back: a note or a prescription was signed with it. Add what has to be corrected."
    )


@command
def complete(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    doctor_id: UUID | None = None,
    prescription_text: str = "",
    override_reason: str = "",
    note: Mapping[str, str] | None = None,
    note_version: int = 0,
    expected_version: int | None = None,
) -> tuple[Any, Prescription | None]:
    """Finish a consultation and sign its note and what was prescribed. Returns the visit and the prescription, if any.

    `note` are parts of the note as they stand on the page, over the version of it that the page was shown;
    `override_reason` answers what became known against the drafted medicines since they were drafted.
    """
    visit = complete_in(actor=actor, visit_id=visit_id, doctor_id=doctor_id, expected_version=expected_version)
    written = _finish_note(visit, note or {}, note_version)
    if written:
        carry_out(written, visit)
    draft = take_draft(visit, override_reason)
    text = "\n".join(part for part in (*(item.line for item in items_of(draft)), prescription_text.strip()) if part)
    if not text:
        return visit, None
    assert visit.doctor_id, "the database holds that a completed visit has a doctor"
    prescription = Prescription(
        id=draft.id if draft else uuid4(),
        facility_id=visit.facility_id,
        visit_id=visit.id,
        doctor_id=visit.doctor_id,
        version=draft.version if draft else 1,
        content=text,
        items={"items": draft.content["items"]} if draft else "",
        override_reason=draft.override_reason if draft else "",
        signed_at=now,
    )
    collect(prescription)
    record(
        action="prescription.signed",
        entity_type="prescription",
        entity_id=prescription.id,
        after={"visitId": str(visit.id), "version": prescription.version},
    )
    emit(events.prescription_signed(visit.department_id, visit.id, prescription.id, prescription.version))
    return visit, prescription


@step
def _finish_note(visit: Any, told: Mapping[str, str], version: int) -> Encounter | None:
    """Save what was typed last and sign the note, if there is one and it is not signed yet. What is written."""
    encounter = locked_encounter(visit.id)
    if encounter is None:
        if changed({}, told) is None:
            return None
        encounter = open_encounter(visit)
    if encounter.signed_at:
        if changed(draft_of(encounter), told):
            raise NoteSigned
        return encounter
    if told:
        write_draft(encounter, told, version)
    sign(encounter, visit.department_id)
    return encounter


@command
def undo(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Any:
    """Take back the last move of a visit: within a minute, by whoever made it, if nothing rests on it.

    Everything is as it was, exactly; that it was taken back is recorded. Raises `Signed`, `UndoRefused`.
    """
    visit, undone = undo_in(actor=actor, visit_id=visit_id, expected_version=expected_version)
    if Prescription.objects.filter(visit_id=visit.id, signed_at__gte=undone.at).exists():
        raise Signed
    if Encounter.objects.filter(visit_id=visit.id, signed_at__gte=undone.at).exists():
        raise Signed
    if visit.state != State.IN_CONSULTATION:
        drop_draft(visit.id)
    return visit
