"""Whom a doctor has called on a day, and what became of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.queries import facility_facts
from apps.core.languages import named
from apps.core.policy import Actor
from apps.patients.queries import brief
from apps.queue.models import Visit
from apps.queue.queries.shown import state_kind, state_label
from apps.queue.rules.states import OPEN


def called_on(doctor_id: UUID, day: date) -> QuerySet[Visit]:
    """Everybody whom a doctor called on a day, the last one first."""
    called = Visit.objects.filter(doctor_id=doctor_id, day=day, called_at__isnull=False)
    shown = called.select_related("token", "patient").defer("patient__phone", "patient__address")
    return shown.order_by("-called_at", "-number")


def seen_rows(visits: Sequence[Visit], actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Those visits as the doctor's day lists them, in one statement: `{visit_id, patient_id, token, name, age_sex,
    called, minutes, kind, label, now_at}`. `minutes` is how long they were with the doctor, None for who never came in;
    `now_at` where they are since, "" for nowhere here; it stands beside the last
    of several visits under a number."""
    elsewhere = _elsewhere(visits)
    return [_row(visit, elsewhere.pop(visit.token_id, []), actor, now) for visit in visits]


def _row(visit: Visit, others: list[Visit], actor: Actor, now: datetime) -> dict[str, Any]:
    person, facility = brief(visit.patient, now, actor), facility_facts(visit.facility_id)
    began, ended = visit.consultation_started_at, visit.completed_at or visit.ended_at or now
    return {
        "visit_id": visit.id,
        "patient_id": visit.patient_id,
        "token": visit.token.label,
        "name": person["name"],
        "age_sex": person["age_sex"],
        "called": facility.clock(visit.called_at) if visit.called_at else "",
        "minutes": max(0, int((ended - began).total_seconds()) // 60) if began else None,
        "kind": state_kind(visit),
        "label": state_label(visit),
        "now_at": ", ".join(f"{named(o.doctor or o.department)}: {state_label(o)}" for o in others if o.id != visit.id),
    }


def _elsewhere(visits: Sequence[Visit]) -> dict[UUID, list[Visit]]:
    """The open visits under the same numbers, by number."""
    found: dict[UUID, list[Visit]] = {}
    open_now = Visit.objects.filter(token_id__in=[visit.token_id for visit in visits], state__in=sorted(OPEN))
    for visit in open_now.select_related("department", "doctor").order_by("scanned_at"):
        found.setdefault(visit.token_id, []).append(visit)
    return found
