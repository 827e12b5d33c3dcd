"""Counters as those see them who staff them: who is there, who is next, who is just at another station."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope
from apps.patients.queries import brief
from apps.queue.models import Visit
from apps.queue.queries.journeys import ahead_of_visits
from apps.queue.queries.lines import sequences_of, stamp, waiting_by_line
from apps.queue.queries.shown import flag, reason_first, waited_minutes
from apps.queue.queries.visits import elsewhere
from apps.queue.rules.journeys import may_staff
from apps.queue.rules.states import ACTIVE, QUEUED, State
from apps.scheduling.queries import counter_of, counters, departments
from apps.scheduling.rules import Availability, DepartmentKind

beside: list[Callable[[Actor, Visit], dict[str, Any]]] = []
"""What apps above this one show beside the person at a counter, by the visit there. They add themselves here."""

LISTED = 60
"""People who are listed; all are counted."""


def counters_of(actor: Actor) -> list[tuple[Any, int]]:
    """The counters that somebody's role staffs in their departments, each with how many wait there, by name."""
    mine = [counter for counter in counters() if _serves(actor, counter)]
    lines = waiting_by_line({counter.department_id for counter in mine})
    waiting: dict[UUID, int] = {}
    for (department_id, _doctor), people in lines.items():
        waiting[department_id] = waiting.get(department_id, 0) + people
    return [(counter, waiting.get(counter.department_id, 0)) for counter in mine]


def _serves(actor: Actor, counter: Any) -> bool:
    there = Scope(counter.facility_id, counter.department_id)
    return actor.may(Permission.COUNTER_SERVE, there) and may_staff(actor.role, DepartmentKind(counter.department.kind))


def counter_json(counter: Any, waiting: int | None = None) -> dict[str, Any]:
    """A counter for the API; `waiting` where it was counted."""
    told = {
        "counterId": str(counter.id),
        "name": counter.name,
        "departmentId": str(counter.department_id),
        "room": counter.room.number if counter.room else None,
        "status": counter.availability,
        "version": counter.version,
    }
    return told if waiting is None else told | {"waiting": waiting}


def counter_sequence(counter_id: UUID) -> tuple[Any, str]:
    """A counter and the numbers of the last changes anywhere in the house, since whoever waits here may just have been
    called elsewhere. Raises `NotFound`."""
    return counter_of(counter_id), sequences_of(sorted(departments().values_list("id", flat=True)))


def counter_view(counter: Any, sequence: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Everything `templates/counter/_counter.html` shows."""
    here = Visit.objects.filter(department_id=counter.department_id)
    shown = here.select_related("token", "patient").defer("patient__phone", "patient__address")
    active = shown.filter(counter_id=counter.id, state__in=sorted(ACTIVE)).first()
    line = shown.filter(state__in=sorted(QUEUED)).annotate(away=elsewhere())
    waiting: list[Any] = list(line.order_by("tier", "arrival_key", "number")[:LISTED])
    first = next((visit for visit in waiting if not visit.away), None)
    held = list(shown.filter(state=State.ON_HOLD).order_by("tier", "arrival_key", "number"))
    more = {name: shown for add in beside for name, shown in add(actor, active).items()} if active else {}
    return more | {
        "counter": _counter(counter),
        "current": _current(active, actor, now) if active else None,
        "next": _row(first, actor, now) if first else None,
        "waiting": [_row(visit, actor, now) | {"is_next": visit is first, "away": visit.away} for visit in waiting],
        "held": [_row(visit, actor, now) | {"note": visit.hold_reason} for visit in held],
        "count": here.filter(state__in=sorted(QUEUED)).count(),
        "stream": f"desk.{counter.facility_id}",
        "sequence": sequence,
        "as_of": stamp(now),
        "clock": facility_facts(counter.facility_id).clock(now),
    }


def _counter(counter: Any) -> dict[str, Any]:
    return {
        "id": counter.id,
        "name": named(counter),
        "department": named(counter.department),
        "room": counter.room.number if counter.room else "",
        "symbol": counter.room.symbol if counter.room else "",
        "availability": counter.availability,
        "is_open": counter.availability != Availability.OFFLINE,
        "is_triage": counter.department.kind == DepartmentKind.TRIAGE,
        "version": counter.version,
    }


def _row(visit: Visit, actor: Actor, now: datetime) -> dict[str, Any]:
    person = brief(visit.patient, now, actor)
    return {
        "visit_id": visit.id,
        "token": visit.token.label,
        "name": person["name"],
        "age_sex": person["age_sex"],
        "priority": flag(visit),
        "note": reason_first(visit, actor),
        "waited_minutes": waited_minutes(visit, now),
        "version": visit.version,
    }


def _current(visit: Visit, actor: Actor, now: datetime) -> dict[str, Any]:
    called_at = visit.last_called_at or visit.called_at or now
    return _row(visit, actor, now) | {
        "state": visit.state,
        "uhid": visit.patient.uhid,
        "needs": visit.needs,
        "tier": visit.tier,
        "emergency": visit.emergency,
        "called_at": stamp(called_at),
        "called_ago_seconds": max(0, int((now - called_at).total_seconds())),
        "times_called": visit.times_called,
        "afterwards": ahead_of_visits(visit),
    }
