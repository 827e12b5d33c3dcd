"""After every event of a department's queue: what it teaches, and everybody's time worked out anew, once.

Handlers of the relay: they run after the command has committed, in the order of its stream, so that nobody at a desk
waits for a prediction. An event's own moment is their now: the same events give the same predictions.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.core.commands import command, step
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, Permission, Scope
from apps.eta.commands import foretell, forget_turns, learn, turn_came
from apps.eta.rules.noshow import no_show_odds
from apps.eta.rules.queues import Lesson
from apps.queue.models import Visit
from apps.queue.queries.foretold import kind_of_visit, queue_of
from apps.queue.rules.states import State
from apps.scheduling.queries.sessions import came_for, day_of_booking, past_of, planned_sessions

DEPARTMENT = "dept."

CAUSES = {
    "doctor_delay": "delay",
    "moved": "moved",
    State.URGENT: "urgent",
    State.NO_SHOW: "fewer",
    State.CANCELLED: "fewer",
    State.ON_HOLD: "fewer",
    State.TRANSFERRED: "fewer",
}
"""Why times change, by what an event tells."""


@step
def foretell_anew(event: OutboxEvent) -> None:
    """Learn from an event of a department's queue, and work its people's times out anew."""
    if not event.stream.startswith(DEPARTMENT) or event.facility_id is None:
        return
    at, about = event.occurred_at, event.payload
    department_id = UUID(event.stream.removeprefix(DEPARTMENT))
    day = _day(event)
    if event.entity_type == "visit":
        _learn_from(event, day)
    elif event.entity_type == "appointment" and about.get("state") != "BOOKED":
        forget_turns([event.entity_id])
    queue = queue_of(
        event.facility_id,
        department_id,
        day,
        at,
        trigger=event.type,
        cause=_cause(about),
        changed=event.entity_id if event.entity_type != "department" else None,
    )
    foretell(queue, at)


def _day(event: OutboxEvent) -> date:
    booked = day_of_booking(event.entity_id) if event.entity_type == "appointment" else None
    return booked or facility_facts(event.facility_id).day_of(event.occurred_at)  # type: ignore[arg-type]


def _cause(about: dict[str, Any]) -> str:
    if about.get("reason") == "doctor_status":
        return {"PAUSED": "paused", "AVAILABLE": "back"}.get(str(about.get("availability")), "")
    return CAUSES.get(str(about.get("reason") or about.get("to") or ""), "")


@step
def _learn_from(event: OutboxEvent, day: date) -> None:
    to, about = event.payload.get("to"), event.payload
    visit = Visit.objects.select_related("doctor").filter(id=event.entity_id).first()
    if visit is None or to is None:
        return
    if about.get("from") is None:
        _came(visit, day, event.occurred_at)
    if to == State.CALLED:
        turn_came(visit.facility_id, visit.department_id, visit.doctor_id, visit.token_id, event.occurred_at)
        _first_call(visit, day, event.occurred_at)
    if to == State.COMPLETED and visit.consultation_started_at and visit.completed_at:
        minutes = (visit.completed_at - visit.consultation_started_at).total_seconds() / 60
        learn(_lesson(visit, consulted=minutes), day, event.occurred_at)
    if to not in (State.WAITING, State.URGENT, State.ON_HOLD):
        forget_turns([visit.id])


def _lesson(visit: Visit, **what: Any) -> Lesson:
    kind = kind_of_visit(visit.source, emergency=visit.emergency)
    average = float(visit.doctor.average_consultation_minutes) if visit.doctor else 15.0
    return Lesson(visit.facility_id, visit.doctor_id, kind, average, **what)


@step
def _came(visit: Visit, day: date, at: datetime) -> None:
    """A booked person came: how long before or after their time, and that they came."""
    booking = came_for(visit.token_id)
    if booking:
        kept, missed = past_of([booking["patient_id"]], day).get(booking["patient_id"], (0, 0))
        odds = no_show_odds(booking["at"] - booking["booked_at"], kept, missed)
        offset = (at - booking["at"]).total_seconds() / 60
        learn(_lesson(visit, offset=offset, odds=odds), day, at)


@step
def _first_call(visit: Visit, day: date, at: datetime) -> None:
    """The first call of a doctor's day: how late they began."""
    if visit.doctor_id is None:
        return
    others = Visit.objects.filter(doctor_id=visit.doctor_id, day=day, called_at__lt=at).exclude(id=visit.id)
    session = planned_sessions([visit.doctor_id], day).get(visit.doctor_id)
    if session and not others.exists():
        learn(_lesson(visit, late=(at - session.starts_at).total_seconds() / 60), day, at)


@command
def foretell_overdue(*, actor: Actor, now: datetime, department_id: UUID, day: date) -> int:
    """Work out a queue anew because time passed: somebody expected earlier was not called. How many are told anew."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    facility_id = actor.facility_id
    assert facility_id is not None
    return foretell(queue_of(facility_id, department_id, day, now, trigger="tick"), now)
