"""Writing a note: drafts saved as typed, the signature, and what is added afterwards."""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.audit.commands import record
from apps.core.commands import collect, command, step, unit
from apps.core.errors import Conflict, Invalid, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.core.statements import prepared
from apps.encounters import events
from apps.encounters.commands.usual import count_usual
from apps.encounters.models import Addendum, Encounter, NoteVersion, SignedNote
from apps.encounters.queries.notes import draft_of
from apps.encounters.rules.notes import LONGEST_PART, changed, is_empty, note_hash
from apps.queue.commands.moving import require_own_hands
from apps.queue.queries.visits import visit_of
from apps.queue.rules.states import State


class NotConsulting(Conflict):
    code = "not_in_consultation"
    detail = sentence("A note is begun while the patient is with the doctor, and this visit is not.")


class NoteSigned(Conflict):
    code = "note_signed"
    detail = sentence("This note is signed and stays as it is. Add to it instead.")


class NoteNotSigned(Conflict):
    code = "note_not_signed"
    detail = sentence("This note is not signed yet. Change it, or sign it first.")


class NoteChanged(Conflict):
    code = "note_changed"
    detail = sentence(
        "This note was changed in another window meanwhile. What you wrote is still here, not saved: copy what you"
        " need, then load the page again."
    )


class NothingWritten(Conflict):
    code = "nothing_written"
    detail = sentence("Nothing is written yet that could be signed.")


@command
def save_note(*, actor: Actor, now: datetime, visit_id: UUID, version: int, **parts: str) -> Encounter:
    """Save what was typed: some of the note's parts, over the version that the writer has seen.

    The first save opens the encounter, which needs a visit in consultation; an interrupted note goes on afterwards.
    Raises `NotConsulting`, `NoteSigned`, `NoteChanged`, `Forbidden`, `Invalid`.
    """
    encounter = _opened(actor, visit_of(visit_id))
    write_draft(encounter, parts, version)
    return encounter


@command
def sign_off(*, actor: Actor, now: datetime, visit_id: UUID, version: int) -> SignedNote:
    """Sign the note as it stands: from here on nobody changes it. Raises `NoteChanged`, `NothingWritten`."""
    visit = visit_of(visit_id)
    _require_hands(actor, visit)
    lock_streams(department_stream(visit.department_id))
    encounter = locked_encounter(visit_id)
    if encounter is None:
        raise NothingWritten
    _expect(encounter, version)
    signed = sign(encounter, visit.department_id)
    if signed is None:
        raise NothingWritten
    return signed


@command
def add_addendum(*, actor: Actor, now: datetime, visit_id: UUID, text: str) -> Addendum:
    """Add to a signed note, under the name of whoever adds. Raises `NoteNotSigned`, `Invalid`."""
    visit = visit_of(visit_id)
    actor.require(Permission.VISIT_CONSULT, Scope(visit.facility_id, visit.department_id))
    encounter = locked_encounter(visit_id)
    if encounter is None or encounter.signed_at is None:
        raise NoteNotSigned
    said = text.strip()
    if not said or len(said) > LONGEST_PART:
        raise Invalid({"text": [sentence("Write what is to be added, in at most 8,000 characters.")]})
    assert actor.id, "who may consult is of the staff"
    addendum = Addendum(
        facility_id=encounter.facility_id, encounter=encounter, text=said, written_at=now, written_by_id=actor.id
    )
    collect(addendum)
    record(
        action="note.added_to", entity_type="encounter", entity_id=encounter.id, after={"addendumId": str(addendum.id)}
    )
    return addendum


@step
def write_draft(encounter: Encounter, told: Mapping[str, str], version: int) -> None:
    """Keep the next version of a draft, if anything in it is new. Raises `NoteSigned`, `NoteChanged`, `Invalid`."""
    running = unit()
    too_long = [part for part, text in told.items() if len(text) > LONGEST_PART]
    if too_long:
        raise Invalid({part: [sentence("This is too long: at most 8,000 characters.")] for part in too_long})
    if encounter.signed_at:
        raise NoteSigned
    content = changed(draft_of(encounter), told)
    if content is None:
        return  # also over an older version: a window may finish while what it has just typed is being saved
    _expect(encounter, version)
    assert running.actor.id, "who may consult is of the staff"
    encounter.version += 1
    encounter.save(update_fields=["version"])
    draft = NoteVersion(
        facility_id=encounter.facility_id,
        encounter=encounter,
        version=encounter.version,
        content=content,
        saved_at=running.now,
        saved_by_id=running.actor.id,
    )
    draft.save(force_insert=True)
    record(action="note.saved", entity_type="encounter", entity_id=encounter.id, after={"version": encounter.version})


@step
def sign(encounter: Encounter, department_id: UUID) -> SignedNote | None:
    """Make the immutable snapshot of a note with the outcome of the consultation; nothing where nothing is written.
    The department's stream is locked."""
    running = unit()
    note = draft_of(encounter)
    if is_empty(note) and not encounter.outcome:
        return None
    assert running.actor.id, "who may consult is of the staff"
    content: dict[str, Any] = {
        "visitId": str(encounter.visit_id),
        "patientId": str(encounter.patient_id),
        "version": encounter.version,
        "signedAt": running.now.isoformat(),
        "signedBy": str(running.actor.id),
        "salt": token_hex(16),
        **note,
        **encounter.outcome,
    }
    signed = SignedNote(
        facility_id=encounter.facility_id,
        encounter=encounter,
        version=encounter.version,
        content=content,
        hash=note_hash(content),
        signed_at=running.now,
        signed_by_id=running.actor.id,
    )
    encounter.signed_at = running.now
    encounter.save(update_fields=["signed_at"])
    collect(signed)
    count_usual(encounter)
    record(
        action="note.signed",
        entity_type="encounter",
        entity_id=encounter.id,
        after={"version": signed.version, "hash": signed.hash},
    )
    emit(events.visit_signed_off(department_id, encounter.visit_id, signed.version))
    return signed


@step
def locked_encounter(visit_id: UUID) -> Encounter | None:
    """What is written about a visit, locked until the command ends; None while nothing is."""
    return _locked.one(visit_id=visit_id)


@prepared
def _locked(visit_id: UUID) -> QuerySet[Encounter]:
    return Encounter.objects.select_for_update().filter(visit_id=visit_id)


@step
def _opened(actor: Actor, visit: Any) -> Encounter:
    """The encounter of a visit, opened if this is the first that is written."""
    _require_hands(actor, visit)
    found = locked_encounter(visit.id)
    if found:
        return found
    if visit.state != State.IN_CONSULTATION:
        raise NotConsulting
    return open_encounter(visit)


@step
def open_encounter(visit: Any) -> Encounter:
    """Open the encounter of a visit that is in consultation. Two who open at once open one."""
    encounter = Encounter(
        facility_id=visit.facility_id,
        visit_id=visit.id,
        patient_id=visit.patient_id,
        doctor_id=visit.doctor_id,
        opened_at=unit().now,
    )
    Encounter.objects.bulk_create([encounter], ignore_conflicts=True)
    record(action="encounter.begun", entity_type="encounter", entity_id=visit.id)
    found = locked_encounter(visit.id)
    assert found, "it was opened"
    return found


def _require_hands(actor: Actor, visit: Any) -> None:
    actor.require(Permission.VISIT_CONSULT, Scope(visit.facility_id, visit.department_id))
    require_own_hands(actor, visit.doctor)


def _expect(encounter: Encounter, version: int) -> None:
    if encounter.signed_at:
        raise NoteSigned
    if version != encounter.version:
        raise NoteChanged(extra={"version": encounter.version})
