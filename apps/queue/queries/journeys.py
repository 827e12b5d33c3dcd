"""Journeys as they are read: where somebody goes next, the stations with their waits, who is on the way today."""

from collections.abc import Container, Iterable
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext

from apps.core.errors import NotFound
from apps.core.languages import in_language, named
from apps.queue.models import Journey, JourneyLeg, JourneyTemplate, Visit
from apps.queue.queries.shown import state_kind, state_label, waited_minutes
from apps.queue.rules.journeys import TESTS, Outcome
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, State
from apps.scheduling.queries import counters, departments
from apps.scheduling.rules import DepartmentKind, DepartmentStatus


def stations_ahead(journey_id: UUID) -> set[UUID]:
    """Departments that a journey may lead to when a station of it ends: those of the next step, and of whoever waits
    for results. Their queues are locked before anything of the journey changes."""
    legs = JourneyLeg.objects.filter(journey_id=journey_id, outcome="").order_by("step")
    rows = list(legs.values_list("visit_id", "step", "department_id", "returns_to__department_id"))
    planned = [(step, department_id) for visit_id, step, department_id, _ in rows if not visit_id]
    ahead = {department_id for step, department_id in planned if step == planned[0][0]}
    return ahead | {back for _, _, _, back in rows if back}


def ways_left_over(department_id: UUID, today: date) -> dict[UUID, set[UUID]]:
    """Journeys of days before that are open in a department, each with all departments in which it is open."""
    here = Visit.objects.filter(department_id=department_id, day__lt=today, state__in=sorted(OPEN))
    ids = set(here.filter(journey__isnull=False).values_list("journey_id", flat=True))
    found: dict[UUID, set[UUID]] = {}
    open_now = Visit.objects.filter(journey_id__in=ids, state__in=sorted(OPEN))
    for journey_id, place in open_now.values_list("journey_id", "department_id"):
        found.setdefault(journey_id, set()).add(place)
    return found


def templates() -> Any:
    """The journeys that the desk offers, by name."""
    return JourneyTemplate.objects.filter(active=True).order_by("name")


def template_of(template_id: UUID) -> JourneyTemplate | None:
    """A journey that is offered."""
    return templates().filter(id=template_id).first()


def template_json(row: JourneyTemplate) -> dict[str, Any]:
    """A journey for the API; a station without a department is the consultation that somebody came for."""
    stations = [
        {"step": station.step, "departmentId": str(station.department_id) if station.department_id else None}
        for station in row.stations.all()
    ]
    return {"journeyId": str(row.id), "name": row.name, "version": row.version, "stations": stations}


def stations_of_number(token_id: UUID) -> list[dict[str, Any]]:
    """The stations under one number in order: `{step, department, visit, outcome, planned}`; those of a journey that
    are still to come have no visit."""
    visits = Visit.objects.filter(token_id=token_id).select_related("department", "doctor__room", "room", "counter")
    ours = list(visits.order_by("scanned_at", "id"))
    legs = JourneyLeg.objects.filter(journey__token_id=token_id).select_related("department")
    step_of = {leg.visit_id: leg.step for leg in legs if leg.visit_id}
    done = [
        {"step": step_of.get(visit.id, 1), "department": visit.department, "visit": visit, "outcome": visit.state}
        for visit in ours
    ]
    ahead = [
        {"step": leg.step, "department": leg.department, "visit": None, "outcome": leg.outcome}
        for leg in legs
        if leg.visit_id is None and leg.outcome == Outcome.OPEN
    ]
    return done + ahead


def journey_json(visit: Visit, now: datetime) -> dict[str, Any]:
    """`GET visits/{id}/journey`: every station under this number with its waits in seconds, no person."""
    journey = Journey.objects.filter(token_id=visit.token_id).first()
    return {
        "tokenNumber": visit.token.token_number,
        "name": journey.name if journey else "",
        "endedAt": journey.ended_at.isoformat() if journey and journey.ended_at else None,
        "stations": [_station_json(station, now) for station in stations_of_number(visit.token_id)],
    }


def _station_json(station: dict[str, Any], now: datetime) -> dict[str, Any]:
    visit = station["visit"]
    return {
        "step": station["step"],
        "departmentId": str(station["department"].id),
        "department": station["department"].name,
        "visitId": str(visit.id) if visit else None,
        "state": visit.state if visit else None,
        "waitedSeconds": _seconds(visit.queued_at, visit.called_at or visit.ended_at or now) if visit else None,
        "servedSeconds": _seconds(visit.consultation_started_at, visit.completed_at or now) if visit else None,
    }


def _seconds(began: datetime | None, ended: datetime) -> int | None:
    return max(0, int((ended - began) / timedelta(seconds=1))) if began else None


def room_of(visit: Visit) -> Any:
    """Where somebody goes: where they were called, else their doctor's room, else that of the one counter of the
    department; None where that is not known yet."""
    room = visit.room or (visit.doctor.room if visit.doctor else None)
    if room or visit.department.kind == DepartmentKind.CONSULTATION:
        return room
    found = [counter.room for counter in counters().filter(department_id=visit.department_id) if counter.room]
    return found[0] if len(found) == 1 else None


def ahead_of_visits(visit: Visit) -> list[str]:
    """What the departments are called where somebody goes after this station, in order; those beside it first."""
    if visit.journey_id is None:
        return []
    open_legs = JourneyLeg.objects.filter(journey_id=visit.journey_id, outcome=Outcome.OPEN)
    others = open_legs.exclude(visit_id=visit.id).filter(Q(visit__isnull=True) | Q(visit__state__in=sorted(QUEUED)))
    places = others.order_by("step", "id").values_list("department__name", "department__names")
    return [in_language(name, names) for name, names in places]


def beside(visit: Visit) -> list[Visit]:
    """The other stations at which somebody is called, seen or in line at the same time, in the order they came."""
    if visit.journey_id is None or visit.state not in QUEUED | ACTIVE:
        return []
    open_now = on_the_way([visit.journey_id]).get(visit.journey_id, [])
    return [other for other in open_now if other.id != visit.id and other.state != State.ON_HOLD]


def on_the_way(journey_ids: Iterable[UUID]) -> dict[UUID, list[Visit]]:
    """The visits of some journeys that are open now, by journey."""
    found: dict[UUID, list[Visit]] = {}
    open_now = Visit.objects.filter(
        journey_id__in=list(journey_ids), state__in=sorted(ACTIVE | QUEUED | {State.ON_HOLD})
    )
    shown = open_now.select_related("department", "room", "doctor__room", "token")
    for visit in shown.order_by("scanned_at", "department__code"):
        assert visit.journey_id, "found by it"
        found.setdefault(visit.journey_id, []).append(visit)
    return found


def test_departments() -> list[Any]:
    """Laboratories and imaging departments that take people, by code."""
    return list(departments().filter(kind__in=sorted(TESTS), status=DepartmentStatus.ACTIVE))


def any_template(template_id: UUID) -> JourneyTemplate:
    """A journey, offered or not. Raises `NotFound`."""
    row = JourneyTemplate.objects.filter(id=template_id).first()
    if row is None:
        raise NotFound
    return row


def kinds_of_visit() -> list[dict[str, Any]]:
    """All journeys with their steps as names in the reader's language: `{id, name, active, steps: [[names]]}`; "" is
    the consultation."""
    rows = JourneyTemplate.objects.prefetch_related("stations__department").order_by("name")
    return [
        {
            "id": row.id,
            "name": row.name,
            "active": row.active,
            "steps": [
                [named(station.department) if station.department else "" for station in stations]
                for _, stations in groupby(row.stations.all(), key=lambda station: station.step)
            ],
        }
        for row in rows
    ]


def station_rows(visit: Visit, now: datetime) -> list[dict[str, Any]]:
    """The stations under a visit's number for staff: `{department, room, kind, label, waited, served}`, minutes."""
    return [_station_row(station, now) for station in stations_of_number(visit.token_id)]


def _station_row(station: dict[str, Any], now: datetime) -> dict[str, Any]:
    visit, told = station["visit"], {"step": station["step"], "department": named(station["department"])}
    if visit is None:
        return told | {"room": "", "kind": "booked", "label": gettext("Still to come"), "waited": None, "served": None}
    room = room_of(visit)
    seconds = _station_json(station, now)
    return told | {
        "room": room.number if room else "",
        "kind": state_kind(visit),
        "label": state_label(visit),
        "waited": _minutes(seconds["waitedSeconds"]),
        "served": _minutes(seconds["servedSeconds"]),
    }


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else seconds // 60


_WAITS = """
SELECT department_id, count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY wait), percentile_cont(0.9) WITHIN GROUP (ORDER BY wait), max(wait)
FROM (
    SELECT department_id, greatest(0, extract(epoch FROM coalesce(called_at, %s) - queued_at)) / 60 AS wait
    FROM queue_visit
    WHERE facility_id = %s AND day = %s AND queued_at IS NOT NULL
        AND (called_at IS NOT NULL OR state = ANY(%s))
) AS waits
GROUP BY department_id
"""


def station_waits(facility_id: UUID, day: date, now: datetime) -> list[dict[str, Any]]:
    """How long people have waited at each station today until they were called, or until now, in minutes:
    `{department_id, name, people, median, p90, longest}`, by the departments' codes."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, [now, facility_id, day, [str(state) for state in sorted(QUEUED)]])
        found = {row[0]: row for row in cursor.fetchall()}
    return [
        {
            "department_id": place.id,
            "name": named(place),
            "people": found[place.id][1],
            "median": round(found[place.id][2]),
            "p90": round(found[place.id][3]),
            "longest": round(found[place.id][4]),
        }
        for place in departments()
        if place.id in found
    ]


def people_on_the_way(day: date, now: datetime, department_ids: Container[UUID]) -> list[dict[str, Any]]:
    """Who goes through several stations today and is not done, where they are and what comes after."""
    rows = list(Journey.objects.filter(day=day, ended_at=None).order_by("started_at")[:SHOWN])
    here = on_the_way(row.id for row in rows)
    ahead: dict[UUID, list[str]] = {}
    legs = JourneyLeg.objects.filter(journey__in=rows, visit__isnull=True, outcome=Outcome.OPEN)
    for leg in legs.select_related("department"):
        ahead.setdefault(leg.journey_id, []).append(named(leg.department))
    return [
        {
            "token": here[row.id][0].token.label,
            "name": row.name,
            "now": [_standing(visit, now) for visit in here[row.id]],
            "ahead": ahead.get(row.id, []),
        }
        for row in rows
        if row.id in here and any(visit.department_id in department_ids for visit in here[row.id])
    ]


def _standing(visit: Visit, now: datetime) -> dict[str, Any]:
    return {
        "visit_id": visit.id,
        "department": named(visit.department),
        "kind": state_kind(visit),
        "label": state_label(visit),
        "waited": waited_minutes(visit, now),
    }


SHOWN = 100
"""Journeys on a page."""
