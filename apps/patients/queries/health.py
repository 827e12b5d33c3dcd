"""Allergies and long-term conditions as they are read."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.statements import prepared
from apps.patients.models import HealthFact
from apps.patients.rules.health import FactStatus


def health_facts(patient_id: UUID, *, only_active: bool = True) -> QuerySet[HealthFact]:
    """What is noted of a person, allergies first. Who may read it is asked by the edges."""
    found = HealthFact.objects.filter(patient_id=patient_id).order_by("kind", "noted_at", "id")
    return found.filter(status=FactStatus.ACTIVE) if only_active else found


@prepared
def active_facts(patient_id: UUID) -> QuerySet[HealthFact]:
    """What holds of a person now, in the same order."""
    return health_facts(patient_id)


def fact_json(fact: HealthFact) -> dict[str, Any]:
    """A fact for the API."""
    return {
        "factId": fact.id,
        "kind": fact.kind,
        "what": fact.what,
        "reaction": fact.reaction,
        "severity": fact.severity or None,
        "sinceYear": fact.since_year,
        "status": fact.status,
        "notedAt": fact.noted_at,
    }
