"""Noting allergies and long-term conditions, and that they are over or were a mistake."""

from datetime import datetime
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import collect, command, step, unit
from apps.core.errors import NotFound
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.patients.models import HealthFact
from apps.patients.queries import get
from apps.patients.rules.health import FactKind, FactStatus, checked


@command
def note_health_fact(
    *,
    actor: Actor,
    now: datetime,
    patient_id: UUID,
    kind: FactKind,
    what: str,
    reaction: str = "",
    severity: str = "",
    since_year: int | None = None,
) -> HealthFact:
    """Note an allergy (substance, reaction, severity) or a long-term condition (and since when). Raises `Invalid`."""
    return note_fact_in(
        actor=actor,
        patient_id=patient_id,
        kind=kind,
        what=what,
        reaction=reaction,
        severity=severity,
        since_year=since_year,
    )


@step
def note_fact_in(
    *,
    actor: Actor,
    patient_id: UUID,
    kind: FactKind,
    what: str,
    reaction: str = "",
    severity: str = "",
    since_year: int | None = None,
) -> HealthFact:
    """The same, as a step of a consultation's command."""
    patient, now = get(patient_id), unit().now
    actor.require(Permission.HEALTH_NOTE, Scope(patient.facility_id))
    what, reaction = what.strip(), reaction.strip()
    checked(kind, what, reaction, severity, since_year, now.year)
    assert actor.id, "who may note this is of the staff"
    fact = HealthFact(
        facility_id=patient.facility_id,
        patient=patient,
        kind=kind,
        what=what,
        reaction=reaction,
        severity=severity,
        since_year=since_year,
        noted_at=now,
        noted_by_id=actor.id,
    )
    collect(fact)
    record(action=f"{kind}.noted", entity_type="patient", entity_id=patient.id, after={"factId": str(fact.id)})
    return fact


@command
def set_fact_status(*, actor: Actor, now: datetime, patient_id: UUID, fact_id: UUID, status: FactStatus) -> HealthFact:
    """Say that something noted holds, is over, or was a mistake. Raises `NotFound`."""
    fact = one(HealthFact.objects.select_for_update().filter(id=fact_id, patient_id=patient_id))
    if fact is None:
        raise NotFound
    actor.require(Permission.HEALTH_NOTE, Scope(fact.facility_id))
    before, fact.status = fact.status, status
    fact.save(update_fields=["status"])
    record(
        action=f"{fact.kind}.changed",
        entity_type="patient",
        entity_id=patient_id,
        before={"factId": str(fact.id), "status": before},
        after={"factId": str(fact.id), "status": str(status)},
    )
    return fact
