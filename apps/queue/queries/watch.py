"""What is wrong in the queues now, by the rules of `rules.alerts` (requirements REP-1)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, QuerySet

from apps.queue.models import Alert, Visit, VisitTransition
from apps.queue.queries.lines import waiting_by_line, waiting_for
from apps.queue.rules.alerts import AlertRule, Waits, are_longer_than_told, is_long
from apps.queue.rules.states import ACTIVE, Verb
from apps.scheduling.queries import departments, doctors_of_department
from apps.scheduling.rules import Availability

LATELY = timedelta(hours=1)
"""Calls that the mean wait is taken from."""

Trouble = tuple[AlertRule, UUID]
"""A rule, and the department or the doctor that it is about."""


def troubles(department_id: UUID, now: datetime) -> set[Trouble]:
    """What is wrong in a department now."""
    found: set[Trouble] = set()
    lines = waiting_by_line([department_id])
    if is_long(sum(lines.values())):
        found.add((AlertRule.LONG_QUEUE, department_id))
    if are_longer_than_told(_waits(department_id, now)):
        found.add((AlertRule.LONG_WAITS, department_id))
    for doctor in _idle(department_id):
        if waiting_for(doctor, lines):
            found.add((AlertRule.IDLE_DOCTOR, doctor.id))
    return found


def _waits(department_id: UUID, now: datetime) -> Waits:
    called = VisitTransition.objects.filter(
        department_id=department_id, at__range=(now - LATELY, now), verb=Verb.CALL, predicted_wait_seconds__isnull=False
    )
    means = called.aggregate(actual=Avg("actual_wait_seconds"), predicted=Avg("predicted_wait_seconds"))
    return Waits(means["actual"] or 0.0, means["predicted"] or 0.0)


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
