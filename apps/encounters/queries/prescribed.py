"""Shared reads of encounters: what was prescribed, and a patient's past visits with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.queries import facility_facts
from apps.core.errors import Forbidden
from apps.core.policy import Actor, Fields
from apps.core.statements import prepared
from apps.encounters.models import Order, Prescription, SignedNote
from apps.encounters.queries.diagnoses import signed_outcomes
from apps.encounters.queries.investigations import results_by_visit
from apps.encounters.rules.investigations import OrderState
from apps.patients.queries import open_access
from apps.queue.queries.visits import finished_by, visits_of_patient
from apps.queue.rules.states import State

AT_A_GLANCE = 5
"""Earlier visits that stand beside a consultation; the record has all."""

STILL_PRINTED = timedelta(minutes=15)
"""So long after a visit the console offers to print its paper."""


@dataclass(frozen=True, slots=True)
class History:
    """The visits of a patient that somebody may read, and the emergency access by which, if by one."""

    visits: QuerySet[Any]
    access: Any | None


def history(actor: Actor, patient_id: UUID, now: datetime) -> History:
    """A patient's visits, newest first: those of the reader's departments, with an open emergency access all.

    Who sees today's prescriptions alone gets today's visits with one. Raises `Forbidden` for anybody else. Of the
    visits that are kept from somebody nothing shows, not even how many there are.
    """
    visits = visits_of_patient(patient_id)
    if access := open_access(actor, patient_id, now):
        return History(visits, access)
    if not actor.all_departments:
        visits = visits.filter(department_id__in=actor.department_ids)
    if actor.sees(Fields.CLINICAL):
        return History(visits, None)
    if actor.facility_id is None or not actor.sees(Fields.PRESCRIBED_TODAY):
        raise Forbidden(permission=f"patient.{Fields.CLINICAL}")
    today = visits.filter(day=facility_facts(actor.facility_id).day_of(now))
    return History(today.filter(id__in=Prescription.objects.values("visit_id")), None)


def earlier_visits(reader: Actor, patient_id: UUID, visit_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """The latest finished visits of a patient beside one, for the panel at the doctor's elbow: shapes of
    `history_values`, with `on`, the day, and `results`. Empty for who sees no clinical fields.
    """
    if not reader.sees(Fields.CLINICAL):
        return []
    found = history(reader, patient_id, now)
    rows = list(found.visits.filter(state=State.COMPLETED).exclude(id=visit_id)[:AT_A_GLANCE])
    if not rows:
        return []
    results = results_by_visit(row.id for row in rows)
    told = zip(rows, history_values(rows, found, reader), strict=True)
    return [values | {"on": row.day, "results": results.get(row.id, [])} for row, values in told]


def history_values(visits: list[Any], of: History, reader: Actor) -> list[dict[str, Any]]:
    """Some visits of a history as their reader may see them, with the prescriptions read in one statement."""
    prescribed = signed_prescriptions(visit.id for visit in visits)
    complaints = of.access is not None or reader.sees(Fields.COMPLAINT)
    clinical = of.access is not None or reader.sees(Fields.CLINICAL)
    outcomes = signed_outcomes(visit.id for visit in visits) if clinical else {}
    return [
        _visit_values(visit, prescribed.get(visit.id), complaints)
        | ({"diagnoses": outcomes.get(visit.id, {}).get("diagnoses", [])} if clinical else {})
        for visit in visits
    ]


def _visit_values(visit: Any, prescription: Prescription | None, complaints: bool) -> dict[str, Any]:
    told = {
        "visitId": str(visit.id),
        "day": visit.day.isoformat(),
        "tokenNumber": visit.token.token_number,
        "department": {"id": str(visit.department_id), "name": visit.department.name},
        "doctor": visit.doctor.name if visit.doctor else None,
        "state": visit.state,
    }
    if complaints:
        told["symptoms"] = visit.symptoms
    if prescription:
        told["prescription"] = {
            "prescriptionId": str(prescription.id),
            "version": prescription.version,
            "signedAt": prescription.signed_at.isoformat(),
            "text": prescription.content,
        }
    return told


def signed_prescriptions(visit_ids: Iterable[UUID]) -> dict[UUID, Prescription]:
    """The latest signed prescription of each of these visits that has one, in one statement."""
    found = Prescription.objects.filter(visit_id__in=list(visit_ids)).order_by("version")
    return {prescription.visit_id: prescription for prescription in found}


def with_a_paper(visits: QuerySet[Any]) -> QuerySet[Any]:
    """Those of some visits at which something was signed or a test was ordered, annotated with `prescribed` and
    `noted`: what stands on the paper of it."""
    ordered = Order.objects.filter(visit_id=OuterRef("id")).exclude(state=OrderState.CANCELLED)
    marked = visits.annotate(
        prescribed=Exists(Prescription.objects.filter(visit_id=OuterRef("id"))),
        noted=Exists(SignedNote.objects.filter(encounter__visit_id=OuterRef("id"))),
    )
    return marked.filter(Q(prescribed=True) | Q(noted=True) | Exists(ordered))


def paper_last(doctor_id: UUID, now: datetime) -> Any | None:
    """The visit, as `with_a_paper` has it, that a doctor finished last with something to take home, while its paper
    may still have to be printed."""
    since = now - STILL_PRINTED
    return _papers_since.one(doctor_id=doctor_id, since=since, day=since.date() - timedelta(days=1))


@prepared
def _papers_since(doctor_id: UUID, since: datetime, day: date) -> QuerySet[Any]:
    return with_a_paper(finished_by(doctor_id, since, day))[:1]


def signed_prescription(visit_id: UUID) -> Prescription | None:
    """The latest signed prescription of a visit; only what was signed is ever shown."""
    return Prescription.objects.filter(visit_id=visit_id).order_by("-version").first()
