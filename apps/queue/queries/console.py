"""What a doctor has before their eyes: who is with them, who is next, who waits aside."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.languages import named
from apps.core.policy import Actor, Fields, Permission, Scope
from apps.core.queries import one
from apps.core.statements import any_of, prepared
from apps.patients.queries import brief
from apps.queue.models import Visit
from apps.queue.queries.journeys import ahead_of_visits
from apps.queue.queries.lines import of_doctor, sequences_of, stamp, waiting_by_line, waiting_for
from apps.queue.queries.shown import flag, reason_first, waited_minutes
from apps.queue.queries.undoing import last_of_doctor
from apps.queue.queries.visits import elsewhere
from apps.queue.rules.states import ACTIVE, QUEUED, VERB_PERMISSIONS, State, verbs_from
from apps.scheduling.queries import departments, doctor_of, doctors_of_departments
from apps.scheduling.rules import Availability

LISTED = 40
"""People of a line who are listed; all are counted."""


def console_stream(doctor_id: UUID) -> str:
    """The live view that tells a doctor's console of changes."""
    return f"doctor.{doctor_id}"


def console_sequence(doctor_id: UUID) -> tuple[Any, str]:
    """A doctor and the number of the last change that their console shows. Raises `NotFound`."""
    doctor = doctor_of(doctor_id)
    return doctor, sequences_of(sorted(doctor.department_ids))


def console_view(doctor: Any, sequence: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Everything `templates/console/_console.html` shows, in six statements however many wait."""
    places = {place.id: place for place in departments().filter(id__in=doctor.department_ids)}
    facility = facility_facts(doctor.facility_id)
    whose = {"doctor_id": doctor.id, "department_ids": list(places)}
    active, held = _active_and_held(_besides(**whose))
    waiting: list[Any] = _line(**whose)
    first = next((visit for visit in waiting if not visit.away), None)
    rows = [_row(visit, actor, now) | {"is_next": visit is first, "away": visit.away} for visit in waiting]
    return {
        "doctor": _doctor(doctor, [named(place) for place in places.values()]),
        "current": _current(active, actor, now) if active else None,
        "waiting": rows,
        "held": [_row(visit, actor, now) | {"note": visit.hold_reason} for visit in held],
        "counts": _counts(of_doctor(doctor.id, places), facility.day_of(now), now) | {"held": len(held)},
        "undo": last_of_doctor(actor, doctor.id, now),
        "back_at": facility.clock(doctor.back_at) if doctor.back_at else "",
        "next_token": first.token.label if first else "",
        "stream": console_stream(doctor.id),
        "sequence": sequence,
        "as_of": stamp(now),
        "clock": facility.clock(now),
    }


def consoles(actor: Actor) -> list[dict[str, Any]]:
    """Doctors for whom somebody may call, each with how many wait for them (`waiting`), by name."""
    served = [place for place in departments() if actor.may(Permission.VISIT_CALL, _scope(place))]
    names = {place.id: named(place) for place in served}
    lines = waiting_by_line(names)
    return [
        _doctor(doctor, [names[id_] for id_ in doctor.department_ids if id_ in names])
        | {"waiting": waiting_for(doctor, lines)}
        for doctor in doctors_of_departments(names)
        if set(doctor.department_ids) <= set(names)
    ]


def _scope(department: Any) -> Scope:
    return Scope(department.facility_id, department.id)


def _doctor(doctor: Any, department_names: list[str]) -> dict[str, Any]:
    return {
        "id": doctor.id,
        "name": named(doctor),
        "room": doctor.room.number if doctor.room else "",
        "symbol": doctor.room.symbol if doctor.room else "",
        "department": ", ".join(department_names),
        "availability": doctor.availability,
        "away_reason": doctor.away_reason,
        "is_available": doctor.availability == Availability.AVAILABLE,
        "version": doctor.version,
    }


def _with_people(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    """In the order of calling, with what is shown of each person; phone and address stay sealed."""
    shown = visits.select_related("token", "patient").defer("patient__phone", "patient__address")
    return shown.order_by("tier", "arrival_key", "number")


def _business(doctor_id: UUID, department_ids: list[UUID]) -> QuerySet[Visit]:
    """What `of_doctor` finds, for prepared questions."""
    mine = Q(doctor_id=doctor_id) | Q(doctor_id__isnull=True)
    return Visit.objects.filter(mine, department_id=any_of(department_ids))


@prepared
def _line(doctor_id: UUID, department_ids: list[UUID]) -> QuerySet[Visit]:
    line = _business(doctor_id, department_ids).filter(state__in=sorted(QUEUED)).annotate(away=elsewhere())
    return _with_people(line)[:LISTED]


@prepared
def _besides(doctor_id: UUID, department_ids: list[UUID]) -> QuerySet[Visit]:
    wanted = Q(state__in=sorted(ACTIVE), doctor_id=doctor_id) | Q(state=State.ON_HOLD)
    return _with_people(_business(doctor_id, department_ids).filter(wanted))


def _active_and_held(found: list[Visit]) -> tuple[Visit | None, list[Visit]]:
    """Who is called or in the room, if anybody, and who was set aside."""
    active = next((visit for visit in found if visit.state in ACTIVE), None)
    return active, [visit for visit in found if visit.state == State.ON_HOLD]


def _row(visit: Visit, actor: Actor, now: datetime) -> dict[str, Any]:
    person = brief(visit.patient, now, actor)
    return {
        "visit_id": visit.id,
        "patient_id": visit.patient_id,
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
        "called_at": stamp(called_at),
        "called_ago_seconds": max(0, int((now - called_at).total_seconds())),
        "started_at": stamp(visit.consultation_started_at) if visit.consultation_started_at else "",
        "missed_calls": visit.missed_calls,
        "times_called": visit.times_called,
        "symptoms": visit.symptoms if actor.sees(Fields.COMPLAINT) else [],
        "allowed": _allowed(visit, actor),
        "afterwards": ahead_of_visits(visit),
    }


def _allowed(visit: Visit, actor: Actor) -> list[str]:
    """The verbs that the state allows and this person may use."""
    scope = Scope(visit.facility_id, visit.department_id)
    verbs = verbs_from(State(visit.state))
    return [str(verb) for verb in verbs if actor.may(VERB_PERMISSIONS[verb], scope)]


def _counts(business: QuerySet[Visit], day: date, now: datetime) -> dict[str, int]:
    """`{waiting, longest, not_come}`: people, whole minutes, and who was taken off today for not coming."""
    queued = Q(state__in=sorted(QUEUED))
    since = Coalesce(F("queued_at"), F("scanned_at"))
    found = business.filter(queued | Q(state=State.NO_SHOW, day=day)).aggregate(
        waiting=Count("id", filter=queued),
        first=Min(since, filter=queued),
        not_come=Count("id", filter=Q(state=State.NO_SHOW)),
    )
    longest = (now - found["first"]) // timedelta(minutes=1) if found["first"] else 0
    return {"waiting": found["waiting"], "longest": max(0, longest), "not_come": found["not_come"]}


def token_of(visit_id: UUID) -> str:
    """The number of a visit, to speak of it; "" when there is no such visit."""
    visit = one(Visit.objects.select_related("token").filter(id=visit_id))
    return visit.token.label if visit else ""


def acted_meanwhile(visit_id: UUID, doctor_id: UUID) -> str:
    """Which other doctor has this visit now and since when, in a sentence; "" when none has."""
    taken = Visit.objects.select_related("token", "doctor").filter(id=visit_id, state__in=sorted(ACTIVE))
    visit = taken.exclude(doctor_id=doctor_id).first()
    if visit is None or visit.doctor is None or visit.called_at is None:
        return ""
    return gettext("%(doctor)s called %(token)s at %(time)s.") % {
        "doctor": named(visit.doctor),
        "token": visit.token.label,
        "time": facility_facts(visit.facility_id).clock(visit.called_at),
    }


def console_numbers(doctor_id: UUID) -> dict[str, Any]:
    """`{doctorId, waiting, active}`: that something changed for a doctor, in numbers; the console fetches the rest."""
    doctor = doctor_of(doctor_id)
    active = Visit.objects.filter(doctor_id=doctor_id, state__in=sorted(ACTIVE)).values_list("id", flat=True).first()
    return {
        "doctorId": str(doctor_id),
        "waiting": waiting_for(doctor, waiting_by_line(doctor.department_ids)),
        "active": str(active) if active else None,
    }
