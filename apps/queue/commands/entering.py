"""A visit begins: what somebody who arrives says, the row that follows from it, and the links that it comes with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.accounts.commands import issue_tracking
from apps.core.commands import unit
from apps.patients.queries import facts
from apps.queue.models import TriageRule, Visit
from apps.queue.queries.rules import policy_of
from apps.queue.rules.order import NeedsClass, Source, standing, tier
from apps.queue.rules.states import QUEUED, State
from apps.queue.rules.triage import urgent_by


@dataclass(frozen=True, slots=True)
class Arrived:
    """A new visit with the secrets that only this answer carries."""

    visit: Visit
    tracking_token: str
    tracking_code: str
    restore_token: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What somebody who arrives asks for and says; `usual`: they go the department's usual journey, if it has one."""

    source: Source
    symptoms: list[str]
    doctor_id: UUID | None = None
    needs: str | None = None
    self_reported: bool = False
    printed: bool = False
    booked_for: datetime | None = None
    usual: bool = True


def new_visit(department: Any, patient: Any, arrival: Arrival, token: Any) -> Visit:
    """The row of somebody who arrives, as a department's rules have it; not written yet."""
    now = unit().now
    phrase = (urgent_by(arrival.symptoms, _phrases(department.id)) if arrival.symptoms else None) or ""
    emergency = arrival.source is Source.EMERGENCY
    needs = NeedsClass(arrival.needs if arrival.needs is not None else facts(patient, now)["needs"])
    state = _first_state(urgent=bool(phrase) or emergency, printed=arrival.printed)
    policy = policy_of(department.policy)
    return Visit(
        facility_id=department.facility_id,
        department=department,
        token=token,
        patient_id=patient.id,
        doctor_id=arrival.doctor_id,
        pooled=arrival.doctor_id is None,
        day=token.day,
        number=token.number,
        state=state,
        source=arrival.source,
        needs=needs,
        emergency=emergency,
        tier=tier(emergency=emergency, urgent=bool(phrase)),
        arrival_key=standing(policy, arrived_at=now, appointment_at=arrival.booked_for, needs=needs).key,
        booked_for=arrival.booked_for,
        rules_version=policy.version,
        ahead_by=unit().actor.id if emergency else None,
        symptoms=arrival.symptoms,
        urgent_by=phrase,
        triage_confirmed=not (arrival.self_reported and phrase),
        scanned_at=now,
        queued_at=now if state in QUEUED else None,
    )


def _first_state(*, urgent: bool, printed: bool) -> State:
    if urgent:
        return State.URGENT
    return State.SCANNED if printed else State.WAITING


def _phrases(department_id: UUID) -> list[str]:
    here = Q(department_id=department_id) | Q(department_id__isnull=True)
    return list(TriageRule.objects.filter(here, active=True).values_list("phrase", flat=True))


def with_links(visit: Visit, restore_token: str = "", expires_at: datetime | None = None) -> Arrived:
    """A new visit with a tracking link of its own."""
    token, code = issue_tracking(visit_id=visit.id, facility_id=visit.facility_id, day=visit.day, now=unit().now)
    return Arrived(visit, token, code, restore_token, expires_at)
