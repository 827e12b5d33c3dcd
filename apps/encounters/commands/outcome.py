"""What a consultation comes to, drafted while the patient is in the room and signed with the note."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict, Invalid, sentence
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.encounters.commands.notes import NotConsulting, NoteSigned, locked_encounter, open_encounter
from apps.encounters.models import DiagnosisCode, Encounter
from apps.encounters.queries.diagnoses import code_of
from apps.encounters.rules.outcome import (
    LineGone,
    Outcome,
    diagnosis,
    with_diagnoses,
    with_diagnosis,
    with_first,
    with_own_words,
    without,
)
from apps.patients.commands import note_fact_in
from apps.patients.queries import health_facts
from apps.patients.rules.health import FactKind
from apps.queue.commands.moving import locked_visit, require_own_hands
from apps.queue.rules.states import State


class KnownAlready(Conflict):
    code = "condition_known"
    detail = sentence("This is among the long-term conditions already.")


@command
def add_diagnosis(*, actor: Actor, now: datetime, visit_id: UUID, text: str, code: str = "") -> Encounter:
    """Diagnose: a code of the table, what begins with one, or free words. The first is the principal diagnosis.
    Raises `NotConsulting`, `NoteSigned`, `Invalid`."""
    encounter = in_the_room(actor, visit_id)
    return keep(encounter, "diagnosis.added", with_diagnosis(encounter.outcome, coded(code, text)))


@command
def set_diagnoses(*, actor: Actor, now: datetime, visit_id: UUID, diagnoses: Sequence[Mapping[str, str]]) -> Encounter:
    """These diagnoses in place of those before, the principal one first."""
    encounter = in_the_room(actor, visit_id)
    told = [coded(row.get("code", ""), row.get("text", "")) for row in diagnoses]
    return keep(encounter, "diagnosis.set", with_diagnoses(encounter.outcome, told))


@command
def put_first(*, actor: Actor, now: datetime, visit_id: UUID, place: int) -> Encounter:
    """A diagnosis is the principal one. Raises `LineGone`."""
    encounter = in_the_room(actor, visit_id)
    return keep(encounter, "diagnosis.put_first", with_first(encounter.outcome, place))


@command
def remove_diagnosis(*, actor: Actor, now: datetime, visit_id: UUID, place: int) -> Encounter:
    """One diagnosis less, by its place from 0. Raises `LineGone`."""
    encounter = in_the_room(actor, visit_id)
    return keep(encounter, "diagnosis.removed", without(encounter.outcome, "diagnoses", place))


@command
def keep_condition(*, actor: Actor, now: datetime, visit_id: UUID, place: int) -> Any:
    """A diagnosis outlasts the visit: it is one of the person's long-term conditions. Raises `LineGone`,
    `KnownAlready`."""
    encounter = in_the_room(actor, visit_id)
    lines = encounter.outcome.get("diagnoses", [])
    if not 0 <= place < len(lines):
        raise LineGone
    what = lines[place]["text"][:200]
    known = health_facts(encounter.patient_id).filter(kind=FactKind.CONDITION)
    if what.lower() in {fact.what.lower() for fact in known}:
        raise KnownAlready
    return note_fact_in(actor=actor, patient_id=encounter.patient_id, kind=FactKind.CONDITION, what=what)


@step
def in_the_room(actor: Actor, visit_id: UUID, also: tuple[UUID, ...] = ()) -> Encounter:
    """What is written about a visit in consultation, locked; opened if nothing is yet. The visit's queue is locked, so
    that it is not completed meanwhile. Raises `NotConsulting`, `NoteSigned`, `Forbidden`."""
    visit = locked_visit(visit_id, Permission.VISIT_CONSULT, also)
    require_own_hands(actor, visit.doctor)
    if visit.state != State.IN_CONSULTATION:
        raise NotConsulting
    encounter = locked_encounter(visit.id) or open_encounter(visit)
    if encounter.signed_at:
        raise NoteSigned
    encounter.visit = visit
    return encounter


@step
def keep(encounter: Encounter, action: str, outcome: Outcome) -> Encounter:
    """Keep what is drafted. That it changed is audited, not what it says."""
    encounter.outcome = outcome
    encounter.save(update_fields=["outcome"])
    record(action=action, entity_type="encounter", entity_id=encounter.id, after={"visitId": str(encounter.visit_id)})
    return encounter


def coded(code: str, text: str) -> dict[str, str]:
    """A diagnosis with its code, if one is told or what is told begins with one. Raises `Invalid` for a code that the
    table does not have."""
    if code:
        found = one(DiagnosisCode.objects.filter(code=code.strip().upper()))
        if found is None:
            raise Invalid({"code": [sentence("This code is not in the table.")]})
    else:
        found = code_of(text)
    return diagnosis(found.code, with_own_words(found.title, text)) if found else diagnosis("", text)
