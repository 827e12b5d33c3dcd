"""After every event of a department's queue: what it teaches, and everybody's time worked out anew, once for all
events that are handed over together.

Handlers of the relay: they run after the command has committed, in the order of its stream, so that nobody at a desk
waits for a prediction. An event's own moment is their now: the same events give the same predictions.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.core.commands import at_the_end, command, step
from apps.core.events import department_stream
from apps.core.models import OutboxEvent
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.eta.commands import foretell, forget_turns, learn, note_news, take_news, turn_came
from apps.eta.rules.noshow import no_show_odds
from apps.eta.rules.queues import Lesson
from apps.queue import events
from apps.queue.models import Visit
from apps.queue.queries.foretold import kind_of_visit, plan_of, queue_of
from apps.queue.rules.order import Source, Tier
from apps.queue.rules.states import QUEUED, State
from apps.scheduling.queries.places import doctor_of
from apps.scheduling.queries.sessions import booking_facts, came_for, past_of
from apps.scheduling.rules import Availability
from apps.scheduling.rules.appointments import AppointmentState

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
    booking = booking_facts(event.entity_id) if event.entity_type == "appointment" else None
    today = facility_facts(event.facility_id).day_of(at)
    if event.entity_type == "visit":
        _learn_from(event, today)
    elif about.get("reason") == "doctor_status":
        _learn_of_doctor(event, today)
    elif booking and about.get("state") != AppointmentState.BOOKED:
        forget_turns([event.entity_id])
        _learn_of_booking(event, booking, today)
    facility_id, day = event.facility_id, booking["day"] if booking else today
    anew = at_the_end((foretell_anew, department_id, day), lambda: _Anew(facility_id, department_id, day, at))
    anew.at, anew.trigger, anew.cause = at, event.type, _cause(about) or anew.cause
    if event.entity_type != "department":
        anew.changed.add(event.entity_id)


@dataclass(slots=True)
class _Anew:
    """A queue to work out anew once all events that came together are known: as of the last, for all their reasons."""

    facility_id: UUID
    department_id: UUID
    day: date
    at: datetime
    trigger: str = ""
    cause: str = ""
    """The latest that there was."""
    changed: set[UUID] = field(default_factory=set)

    def __call__(self) -> None:
        why = {"trigger": self.trigger, "cause": self.cause, "changed": self.changed}
        queue = queue_of(self.facility_id, self.department_id, self.day, self.at, **why)
        note_news(queue, foretell(queue, self.at), self.at)


def _cause(about: dict[str, Any]) -> str:
    if about.get("reason") == "doctor_status":
        return {"PAUSED": "paused", "AVAILABLE": "back"}.get(str(about.get("availability")), "")
    return CAUSES.get(str(about.get("reason") or about.get("to") or ""), "")


@step
def _learn_from(event: OutboxEvent, day: date) -> None:
    to, at = event.payload.get("to"), event.occurred_at
    visit = Visit.objects.select_related("doctor").filter(id=event.entity_id).first()
    if visit is None or to is None:
        return
    taught: dict[str, Any] = {}
    if event.payload.get("from") is None:
        taught = _came(visit, day, at)
    elif event.payload.get("from") == State.ON_HOLD:
        taught = _back_or_gone(visit, to, at)
    if to == State.CALLED:
        first = turn_came(visit.facility_id, visit.department_id, visit.doctor_id, visit.token_id, at)
        taught = {"called": at, "ready": visit.queued_at} if visit.doctor_id else {}
        taught |= _called(visit, day, at) if first and visit.doctor_id else {}
    elif to == State.IN_CONSULTATION:
        called = visit.last_called_at
        taught = {"begun": at, "ready": visit.queued_at}
        taught |= {"walked": (at - called).total_seconds() / 60} if called and called <= at else {}
    elif to == State.COMPLETED and visit.consultation_started_at and visit.completed_at:
        taught = {"consulted": (visit.completed_at - visit.consultation_started_at).total_seconds() / 60}
    if taught:
        learn(_lesson(visit, at, **taught), day, at)
    if to not in (*QUEUED, State.ON_HOLD):
        forget_turns([visit.id])


def _lesson(visit: Visit, at: datetime, **what: Any) -> Lesson:
    kind = kind_of_visit(visit.source, emergency=visit.emergency)
    average = float(visit.doctor.average_consultation_minutes) if visit.doctor else 15.0
    return Lesson(visit.facility_id, at, visit.doctor_id, kind, average, **what)


def _came(visit: Visit, day: date, at: datetime) -> dict[str, Any]:
    """A booked person came: how long before or after their time, and that they came."""
    booking = came_for(visit.token_id)
    if not booking:
        return {}
    return {"offset": (at - booking["at"]).total_seconds() / 60, "odds": _odds(booking, day)}


def _odds(booking: dict[str, Any], day: date) -> float:
    kept, missed = past_of([booking["patient_id"]], day).get(booking["patient_id"], (0, 0))
    return no_show_odds(booking["at"] - booking["booked_at"], kept, missed)


def _back_or_gone(visit: Visit, to: str, at: datetime) -> dict[str, Any]:
    """Somebody who had missed a call came after all, or was given up."""
    if not visit.missed_calls or not visit.last_called_at:
        return {}
    if to == State.NO_SHOW:
        return {"returned": False}
    return {"returned": True, "away_for": (at - visit.last_called_at).total_seconds() / 60} if to in QUEUED else {}


def _called(visit: Visit, day: date, at: datetime) -> dict[str, Any]:
    """Somebody's first call: of a doctor's first, how the day was planned; of who had no booking, that they came."""
    taught: dict[str, Any] = {}
    if not Visit.objects.filter(doctor=visit.doctor, day=day, called_at__lt=at).exclude(id=visit.id).exists():
        taught["plan"] = plan_of(visit, at)
    if came_for(visit.token_id) is None:
        ready = visit.queued_at or visit.scanned_at
        behind = (visit.arrival_key - ready).total_seconds() / 60
        urgent = visit.tier <= Tier.URGENT or visit.source == Source.EMERGENCY
        taught |= {"newcomer": "emergency" if urgent else "walk_in", "ready": ready, "behind": behind}
    return taught


@step
def _learn_of_doctor(event: OutboxEvent, day: date) -> None:
    """A doctor left for a while, or is back; each of the departments they serve tells it, the first one counts."""
    status = event.payload.get("availability")
    doctor = doctor_of(UUID(str(event.payload["doctorId"])))
    taught: dict[str, Any] = {}
    if status == Availability.PAUSED:
        taught = {"left": True, "said_back": doctor.back_at}
    elif status == Availability.AVAILABLE:
        taught = {"back": True}
    if taught:
        learn(Lesson(doctor.facility_id, event.occurred_at, doctor.id, **taught), day, event.occurred_at)


@step
def _learn_of_booking(event: OutboxEvent, booking: dict[str, Any], today: date) -> None:
    """Somebody booked did not come."""
    if event.payload.get("state") == AppointmentState.NO_SHOW and event.facility_id:
        lesson = Lesson(
            event.facility_id, event.occurred_at, booking["doctor_id"], odds=_odds(booking, booking["day"]), came=False
        )
        learn(lesson, today, event.occurred_at)


@command
def foretell_overdue(*, actor: Actor, now: datetime, department_id: UUID, day: date) -> int:
    """Work out a queue anew because time passed: somebody expected earlier was not called. How many are told anew."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    facility_id = actor.facility_id
    assert facility_id is not None
    queue = queue_of(facility_id, department_id, day, now, trigger="tick")
    news = foretell(queue, now)
    note_news(queue, news, now)
    return news.people


@command
def tell_times(*, actor: Actor, now: datetime, department_id: UUID) -> bool:
    """Tell a department's screens that times changed, and why; nothing when another one told it. A command of its own,
    so that the queue's lock is held for a moment and not for as long as times are worked out."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    news = take_news(department_id)
    if news is None:
        return False
    lock_streams(department_stream(department_id))
    emit(events.times_changed(department_id, news.reason, news.people))
    return True
