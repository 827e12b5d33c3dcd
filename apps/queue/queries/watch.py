"""What is wrong in the queues now, by the rules of `rules.alerts` (requirements REP-1)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.eta.queries import predicted_waits
from apps.queue.models import Alert, Visit, VisitTransition
from apps.queue.queries.lines import waiting_by_line, waiting_for
from apps.queue.rules.alerts import LEAST_WAIT, AlertRule, Waits, are_longer_than_told, is_long, waits_too_long
from apps.queue.rules.states import ACTIVE, QUEUED, Verb
from apps.scheduling.queries import departments, doctors_of_department
from apps.scheduling.rules import Availability

LATELY = timedelta(hours=1)
"""Calls that the mean wait is taken from."""

Trouble = tuple[AlertRule, UUID]
"""A rule, and the department, the doctor or the visit that it is about."""


def troubles(department_id: UUID, now: datetime) -> set[Trouble]:
    """What is wrong in a department now."""
    found: set[Trouble] = set()
    lines = waiting_by_line([department_id])
    if is_long(sum(lines.values())):
        found.add((AlertRule.LONG_QUEUE, department_id))
    if are_longer_than_told(_waits(department_id, now)):
        found.add((AlertRule.LONG_WAITS, department_id))
    found |= {(AlertRule.LONG_WAIT, visit_id) for visit_id in _forgotten(department_id, now)}
    for doctor in _idle(department_id):
        if waiting_for(doctor, lines):
            found.add((AlertRule.IDLE_DOCTOR, doctor.id))
    return found


def _waits(department_id: UUID, now: datetime) -> Waits:
    calls = VisitTransition.objects.filter(
        department_id=department_id, at__range=(now - LATELY, now), verb=Verb.CALL, actual_wait_seconds__isnull=False
    )
    rows = calls.order_by("-at").values_list("visit_id", "actual_wait_seconds")
    waited = {visit_id: seconds for visit_id, seconds in rows if seconds is not None}
    told = predicted_waits(Visit.objects.filter(id__in=waited).values_list("token_id", flat=True), now)
    pairs = [(seconds, told[id_].total_seconds()) for id_, seconds in waited.items() if id_ in told]
    if not pairs:
        return Waits(0.0, 0.0)
    return Waits(fmean(actual for actual, _ in pairs), fmean(predicted for _, predicted in pairs))


def _forgotten(department_id: UUID, now: datetime) -> list[UUID]:
    """The visits of those who wait much longer than they were told when they came."""
    waiting = Visit.objects.filter(department_id=department_id, state__in=sorted(QUEUED), called_at__isnull=True)
    rows = list(waiting.filter(queued_at__lt=now - LEAST_WAIT).values_list("id", "token_id", "queued_at"))
    told = predicted_waits((token_id for _id, token_id, _since in rows), now)
    return [id_ for id_, _token, since in rows if since and id_ in told and waits_too_long(now - since, told[id_])]


def _idle(department_id: UUID) -> Iterable[Any]:
    """Doctors who see people and have nobody with them."""
    busy = set(
        Visit.objects.filter(state__in=sorted(ACTIVE), doctor_id__isnull=False).values_list("doctor_id", flat=True)
    )
    return [
        doctor
        for doctor in doctors_of_department(department_id).filter(availability=Availability.AVAILABLE)
        if doctor.id not in busy
    ]


def open_alerts(department_id: UUID) -> QuerySet[Alert]:
    """What was wrong when somebody last looked, and is not known to be over."""
    return Alert.objects.filter(department_id=department_id, cleared_at__isnull=True)


def raised_alerts(department_ids: Iterable[UUID]) -> QuerySet[Alert]:
    """What people have been told of and is not over, the latest first."""
    there = Alert.objects.filter(department_id__in=list(department_ids), cleared_at__isnull=True)
    return there.filter(raised_at__isnull=False).order_by("-raised_at")


def departments_to_watch() -> list[UUID]:
    """Every department of the facility in scope."""
    return list(departments().values_list("id", flat=True))
