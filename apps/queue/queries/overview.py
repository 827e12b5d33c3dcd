"""Every queue at a glance: how many wait, whose doctors are away until when, what goes wrong."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.accounts.queries import FacilityFacts
from apps.core.errors import sentence
from apps.core.languages import named
from apps.queue.models import Alert, HelpCall, Visit
from apps.queue.queries.lines import waiting_by_line
from apps.queue.queries.visits import on_hold_in
from apps.queue.queries.watch import raised_alerts
from apps.queue.rules.alerts import LEVELS, AlertRule
from apps.queue.rules.states import OPEN
from apps.scheduling.queries import doctors_of_departments
from apps.scheduling.rules import AVAILABILITY_NAMES, Availability, DepartmentStatus

ALERTS: dict[AlertRule, str] = {
    AlertRule.LONG_QUEUE: sentence("%(who)s: more than 50 people wait, since %(since)s."),
    AlertRule.LONG_WAITS: sentence("%(who)s: people wait more than twice as long as predicted, since %(since)s."),
    AlertRule.LONG_WAIT: sentence("%(who)s has waited more than twice as long as was said, since %(since)s."),
    AlertRule.IDLE_DOCTOR: sentence("%(who)s has nobody in the room although people wait, since %(since)s."),
}


STILL_THERE = timedelta(hours=1)
"""How long somebody who asked for a person at a kiosk is looked for, whatever the hour."""


def queue_rows(places: Sequence[Any], facility: FacilityFacts) -> list[dict[str, Any]]:
    """`{place, waiting, doctors[]}` of departments, in three statements."""
    ids = [place.id for place in places]
    lines = waiting_by_line(ids)
    doctors = list(doctors_of_departments(ids))
    return [
        {
            "place": place,
            "waiting": sum(people for (where, _doctor), people in lines.items() if where == place.id),
            "doctors": [
                {"id": doctor.id, "name": named(doctor), "away": away(doctor, facility)}
                for doctor in doctors
                if place.id in doctor.department_ids
            ],
        }
        for place in places
    ]


def away(doctor: Any, facility: FacilityFacts) -> str:
    """Why a doctor sees nobody now, and until when; "" for one who does."""
    if doctor.availability == Availability.AVAILABLE:
        return ""
    label = gettext(AVAILABILITY_NAMES[Availability(doctor.availability)])
    until = gettext("back at %(time)s") % {"time": facility.clock(doctor.back_at)} if doctor.back_at else ""
    return ", ".join(part for part in (label, doctor.away_reason, until) if part)


def alert_sentences(places: Sequence[Any], facility: FacilityFacts) -> list[str]:
    """What goes wrong in these departments now, the latest first."""
    return [row["sentence"] for row in alert_rows(places, facility)]


def alert_rows(places: Sequence[Any], facility: FacilityFacts) -> list[dict[str, Any]]:
    """`{id, rule, level, sentence, since, visit_id}` of what goes wrong; one statement where nothing does. `since` of
    one person's wait is when it began."""
    names = {place.id: named(place) for place in places}
    alerts = list(raised_alerts(list(names)))
    if not alerts:
        return []
    names |= {doctor.id: named(doctor) for doctor in doctors_of_departments(list(names))}
    people = [alert.subject_id for alert in alerts if alert.rule == AlertRule.LONG_WAIT]
    visits = (
        {visit.id: visit for visit in Visit.objects.select_related("token").filter(id__in=people)} if people else {}
    )
    return [_alert_row(alert, names, visits.get(alert.subject_id), facility) for alert in alerts]


def _alert_row(alert: Alert, names: dict[UUID, str], visit: Visit | None, facility: FacilityFacts) -> dict[str, Any]:
    since = (visit.queued_at if visit else None) or alert.since
    who = visit.token.label if visit else names.get(alert.subject_id, "")
    return {
        "id": alert.id,
        "rule": alert.rule,
        "level": str(LEVELS[AlertRule(alert.rule)]),
        "sentence": gettext(ALERTS[AlertRule(alert.rule)]) % {"who": who, "since": facility.clock(since)},
        "since": since,
        "visit_id": visit.id if visit else None,
    }


def closed_door_rows(places: list[Any]) -> list[dict[str, Any]]:
    """Who stands before a station that has closed since their way was planned: `{visit_id, token, department}`. Costs
    nothing while no department is closed."""
    closed = {place.id: named(place) for place in places if place.status != DepartmentStatus.ACTIVE}
    found = on_hold_in(closed).select_related("token") if closed else ()
    return [
        {"visit_id": visit.id, "token": visit.token.label, "department": closed[visit.department_id]} for visit in found
    ]


look_now: list[Callable[[datetime], set[UUID]]] = []
"""By which apps above this one say which patients somebody has to look at now. They add themselves here."""


def look_now_rows(places: Sequence[Any], now: datetime) -> list[dict[str, Any]]:
    """Who is in these departments and has to be looked at now, each number once: `{visit_id, token}`. It says nothing
    of why."""
    patients = set().union(*(ask(now) for ask in look_now))
    if not patients:
        return []
    there = Visit.objects.filter(
        patient_id__in=patients, department_id__in=[p.id for p in places], state__in=sorted(OPEN)
    )
    rows = there.select_related("token").order_by("-scanned_at")
    return list({row.token_id: {"visit_id": row.id, "token": row.token.label} for row in rows}.values())


def open_calls() -> QuerySet[HelpCall]:
    """Where somebody asked for a person, nobody goes yet, and the day is not over."""
    return HelpCall.objects.filter(answered_at__isnull=True, lapsed_at__isnull=True)


def calls_left_over(facility: FacilityFacts, now: datetime) -> QuerySet[HelpCall]:
    """Open calls for a person of the days before this one; whoever asked shortly before midnight may still be there."""
    day_began = facility.end_of(facility.day_of(now) - timedelta(days=1))
    return open_calls().filter(asked_at__lt=min(day_began, now - STILL_THERE)).order_by("asked_at", "id")


def help_rows(facility: FacilityFacts) -> list[dict[str, Any]]:
    """Where somebody asks for a person and nobody goes yet, oldest first: `{id, place, since, asked_at, times}`."""
    calls = open_calls().order_by("asked_at", "id")
    return [
        {
            "id": call.id,
            "place": call.place,
            "since": facility.clock(call.asked_at),
            "times": call.times,
            "asked_at": call.asked_at,
        }
        for call in calls
    ]
