"""A department's queue as plain values for `eta`: who waits or is to come, and what each doctor is doing."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.accounts.queries import facility_facts
from apps.eta.rules.noshow import no_show_odds
from apps.eta.rules.queues import AtWork, Plan, Queue, Waiting
from apps.queue.models import Visit
from apps.queue.rules.order import Source, Tier
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, State
from apps.scheduling.queries.places import doctors_of_department
from apps.scheduling.queries.sessions import past_of, planned_sessions, times_of_tokens, to_come
from apps.scheduling.rules import Availability

USUAL_DAY = timedelta(hours=8)


def kind_of_visit(source: str, *, emergency: bool = False) -> str:
    """The kind of visit by which pace is learnt."""
    if emergency:
        return "emergency"
    return "follow_up" if source == Source.FOLLOW_UP else "usual"


def queue_of(facility_id: UUID, department_id: UUID, day: date, now: datetime, **why: Any) -> Queue:
    """One department's queue of a day. Six statements, however many wait; none of them reads days gone by, but for
    how often those who are still to come came before."""
    today = facility_facts(facility_id).day_of(now) == day
    visits = list(_visits(department_id, day)) if today else []
    doctors = list(doctors_of_department(department_id))
    sessions = planned_sessions([doctor.id for doctor in doctors], day)
    coming = to_come(department_id, day)
    at_work = [_doctor(doctor, sessions.get(doctor.id), visits, coming, now, today=today) for doctor in doctors]
    people = [_here(visit, now) for visit in visits if visit["state"] in QUEUED or visit["state"] == State.ON_HOLD]
    past = past_of({row["patient_id"] for row in coming}, day) if coming else {}
    people += [_coming(row, *past.get(row["patient_id"], (0, 0))) for row in coming]
    return Queue(facility_id, department_id, day, at_work, people, **why)


def _visits(department_id: UUID, day: date) -> Any:
    open_ = Visit.objects.filter(department_id=department_id, day=day, state__in=sorted(OPEN))
    return open_.values(
        "id", "token_id", "doctor_id", "state", "source", "emergency", "tier", "arrival_key", "number",
        "called_at", "consultation_started_at", "last_called_at", "missed_calls", "scanned_at",
    )  # fmt: skip


def due_of(session: Any, first: datetime | None, now: datetime) -> datetime:
    """When a doctor is to begin: at the planned start, or when the first person is there or booked, if that is later.
    Slots that cover the whole day say nothing else of when somebody is expected."""
    if session is None:
        return first or now
    return max(session.starts_at, first) if first else session.starts_at


def plan_of(visit: Visit, now: datetime) -> Plan:
    """How the day of a doctor was planned who has just called the first person."""
    doctor_id, day = visit.doctor_id, visit.day
    assert doctor_id is not None
    session = planned_sessions([doctor_id], day).get(doctor_id)
    there = Visit.objects.filter(department_id=visit.department_id, day=day).filter(
        Q(doctor_id=doctor_id) | Q(doctor_id=None)
    )
    came = dict(there.values_list("token_id", "scanned_at"))
    booked = times_of_tokens(came)
    first = min((max(at, booked.get(token_id, at)) for token_id, at in came.items()), default=None)
    due = due_of(session, first, now)
    ends = session.ends_at if session else due + USUAL_DAY
    return Plan(due, max((ends - due).total_seconds() / 60, 60.0), session.booked if session else 0)


def _first_of(doctor_id: UUID, visits: list[dict[str, Any]], coming: list[Any]) -> datetime | None:
    """When the first person is there or booked for a doctor, or for any."""
    mine = (doctor_id, None)
    there = [visit["scanned_at"] for visit in visits if visit["doctor_id"] in mine]
    return min([*there, *(row["at"] for row in coming if row["doctor_id"] in mine)], default=None)


def _doctor(
    doctor: Any, session: Any, visits: list[dict[str, Any]], coming: list[Any], now: datetime, *, today: bool
) -> AtWork:
    active = next((v for v in visits if v["doctor_id"] == doctor.id and v["state"] in ACTIVE), None)
    called = active if active and active["state"] == State.CALLED else None
    since = (active["consultation_started_at"] or now) if active else None
    return AtWork(
        id=doctor.id,
        average=float(doctor.average_consultation_minutes),
        available=today and doctor.availability == Availability.AVAILABLE,
        paused=today and doctor.availability == Availability.PAUSED,
        starts_at=due_of(session, _first_of(doctor.id, visits, coming), now),
        ends_at=session.ends_at if session else now + USUAL_DAY,
        booked=session.booked if session else 0,
        delay=session.delay if session else 0,
        since=now if called else since,
        inside=kind_of_visit(active["source"], emergency=active["emergency"]) if active else "",
        called_at=called["last_called_at"] if called else None,
        back_at=doctor.back_at if today else None,
    )


def _here(visit: dict[str, Any], now: datetime) -> Waiting:
    held = visit["state"] == State.ON_HOLD
    return Waiting(
        subject_id=visit["id"],
        token_id=visit["token_id"],
        kind=kind_of_visit(visit["source"], emergency=visit["emergency"]),
        tier=visit["tier"],
        key=visit["arrival_key"] + timedelta(microseconds=visit["number"]),
        doctor_id=visit["doctor_id"],
        here=not held,
        missed_at=(visit["last_called_at"] or now) if held else None,
    )


def _coming(row: dict[str, Any], kept: int, missed: int) -> Waiting:
    return Waiting(
        subject_id=row["id"],
        token_id=row["token_id"],
        kind=kind_of_visit(row["source"]),
        tier=Tier.REST,
        key=row["at"],
        doctor_id=row["doctor_id"],
        slot=row["at"],
        here=False,
        odds=no_show_odds(row["at"] - row["booked_at"], kept, missed),
    )
