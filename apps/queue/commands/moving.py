"""The one place where a visit's state changes, and the lock it changes under."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet

from apps.audit.commands import record
from apps.core.commands import BeginAgain, collect, step, unit
from apps.core.errors import Conflict, Forbidden, NotFound, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Role, Scope
from apps.core.statements import prepared, write
from apps.eta.queries import promised_wait
from apps.queue import events
from apps.queue.models import Visit, VisitTransition
from apps.queue.queries.journeys import stations_ahead
from apps.queue.queries.visits import allowed_actions
from apps.queue.rules.journeys import OUTCOMES
from apps.queue.rules.order import Tier
from apps.queue.rules.states import ACTIVE, QUEUED, TERMINAL, State, Verb, targets
from apps.queue.rules.undoing import plain
from apps.scheduling.queries import department_of
from apps.scheduling.rules import DepartmentStatus


class NotAllowed(Conflict):
    code = "not_allowed"
    detail = sentence("This is not possible while the visit is in its present state.")


class VersionConflict(Conflict):
    code = "version_conflict"
    detail = sentence("Somebody else acted on this visit meanwhile. Look again and repeat if needed.")


class ActiveVisit(Conflict):
    code = "active_visit"
    detail = sentence("This doctor already has a patient. Finish that visit first.")


class StationClosed(Conflict):
    code = "department_closed"
    detail = sentence("This station is closed at present. Send the person somewhere else, or on to the next station.")


class Elsewhere(Conflict):
    code = "called_elsewhere"
    detail = sentence("This person is being seen at another station. Call somebody else meanwhile.")


@step
def locked_visit(visit_id: UUID, permission: Permission, also: tuple[UUID, ...] = ()) -> Visit:
    """A visit, read under the lock of its queue (and of other departments' queues, and of those that its journey may
    lead to). Raises `NotFound`."""
    found = _place_of.one(visit_id)
    if found is None:
        raise NotFound
    department_id, journey_id = found
    unit().actor.require(permission, Scope(unit().actor.facility_id, department_id))
    onward = stations_ahead(journey_id) if journey_id else set()
    lock_streams(*(department_stream(d) for d in {department_id, *also, *onward}))
    visit = _visit.one(visit_id)
    assert visit is not None  # it was there a moment ago, and visits are never deleted
    return visit


@step
def require_locked(departments: Iterable[UUID]) -> None:
    """Begin the command anew when what it has found under its locks reaches into a queue that it has not locked."""
    if any(department_stream(place) not in unit().streams for place in departments):
        raise BeginAgain(VersionConflict())


@prepared
def _place_of(visit_id: UUID) -> QuerySet[Visit, tuple[UUID, UUID | None]]:
    return Visit.objects.filter(id=visit_id).values_list("department_id", "journey_id")


@prepared
def _visit(visit_id: UUID) -> QuerySet[Visit]:
    return Visit.objects.select_related("token", "doctor").filter(id=visit_id)


def expect(visit: Visit, expected_version: int | None) -> None:
    """Refuse when the visit is not the one that the caller has seen."""
    if expected_version is not None and expected_version != visit.version:
        raise VersionConflict(extra=stand(visit))


def require_own_hands(actor: Actor, doctor: Any) -> None:
    """A doctor acts for nobody but himself, at no counter; desk and nurses help any doctor of their departments."""
    if actor.role is Role.DOCTOR and (doctor is None or doctor.staff_id != actor.id):
        raise Forbidden(permission=Permission.VISIT_CALL)


def stand(visit: Visit) -> dict[str, Any]:
    """Where a visit stands, for a refusal: state, version and what is allowed."""
    return {"state": visit.state, "version": visit.version, "allowed": allowed_actions(visit)}


@step
def move(visit: Visit, verb: Verb, to: State, *, reason: str = "", **changes: Any) -> Visit:
    """Take one edge of the state machine: check it, write it, and leave transition, audit row and event.

    The queue's stream must be locked. Raises `NotAllowed` with the allowed actions, `ActiveVisit` when the
    doctor is occupied, `Forbidden` for a doctor who moves another doctor's patient.
    """
    origin = State(visit.state)
    if origin in ACTIVE:
        require_own_hands(unit().actor, visit.doctor)
    if to not in targets(origin, verb):
        raise NotAllowed(extra=stand(visit))
    now = unit().now
    changes |= _stamps(visit, to, now) | {"state": to}
    was = plain({name: getattr(visit, name) for name in changes})
    try:
        write(visit, **changes, version=visit.version + 1)
    except IntegrityError as error:
        raise taken(error) from error
    tell_transition(visit, origin, verb, reason, was)
    if visit.journey_id and to in OUTCOMES:
        from apps.queue.commands.onward import go_on  # which moves visits by this very function

        go_on(visit)
    return visit


def taken(error: IntegrityError) -> Exception:
    """What the database has refused to let happen twice."""
    if "one_active_visit_per_number" in str(error):
        return BeginAgain(Elsewhere())
    if "one_active_visit_per_doctor" in str(error) or "one_active_visit_per_counter" in str(error):
        return ActiveVisit()
    return error


def waiting_state(visit: Visit) -> State:
    """The state in which this visit waits: URGENT or WAITING."""
    return State.URGENT if visit.tier <= Tier.URGENT else State.WAITING


def released(visit: Visit) -> dict[str, Any]:
    """The changes that free doctor, counter and room; somebody who waited for any doctor does so again."""
    return {"room_id": None, "counter_id": None} | ({"doctor_id": None} if visit.pooled else {})


@step
def back_in_line(visit: Visit, reason: str = "") -> Visit:
    """Somebody set aside takes the old place in the queue again. Raises `StationClosed` where nobody is seen."""
    if department_of(visit.department_id).status != DepartmentStatus.ACTIVE:
        raise StationClosed(extra=stand(visit))
    freed = {"hold_reason": "", "missed_at": None, "passed_by": 0, "back_at": None}
    return move(visit, Verb.RESUME, waiting_state(visit), reason=reason, **freed)


@step
def amend(visit: Visit, **changes: Any) -> Visit:
    """Change a visit without a transition; its version goes up all the same."""
    write(visit, **changes, version=visit.version + 1)
    return visit


def _stamps(visit: Visit, to: State, now: datetime) -> dict[str, Any]:
    """The times that a state brings with it."""
    stamps: dict[str, Any] = {}
    if to in QUEUED and visit.queued_at is None:
        stamps["queued_at"] = now
    if to is State.CALLED:
        stamps |= {"called_at": now, "last_called_at": now, "times_called": visit.times_called + 1}
    if to is State.IN_CONSULTATION:
        stamps["consultation_started_at"] = now
    if to is State.COMPLETED:
        stamps["completed_at"] = now
    if to is State.NO_SHOW:
        stamps["no_show_at"] = now
    if to in TERMINAL:
        stamps["ended_at"] = now
    return stamps


@step
def tell_transition(
    visit: Visit, origin: State | None, verb: Verb | str, reason: str = "", was: dict[str, Any] | None = None
) -> None:
    """Leave the transition, its audit row and its event; exactly one of each per move. `was`: see `VisitTransition`."""
    wait = _waited(visit, unit().now) if verb == Verb.CALL else None
    transition = _transition(visit, origin, verb, reason, wait)
    transition.was = was
    collect(transition)
    record(
        action=f"visit.{verb}",
        entity_type="visit",
        entity_id=visit.id,
        before={"state": str(origin), "version": visit.version - 1} if origin else None,
        after={"state": visit.state, "version": visit.version},
        reason=reason,
    )
    about = {
        "visitId": str(visit.id),
        "tokenNumber": visit.token.token_number,
        "tokenLabel": visit.token.label,
        "from": str(origin) if origin else None,
        "to": visit.state,
        "verb": str(verb),
        "doctorId": str(visit.doctor_id) if visit.doctor_id else None,
        "counterId": str(visit.counter_id) if visit.counter_id else None,
        "roomId": str(visit.room_id) if visit.room_id else None,
        "waitedSeconds": wait,
    }
    emit(events.visit_event(events.TRANSITIONED, visit.department_id, visit.id, visit.version, **about))


def _transition(
    visit: Visit, origin: State | None, verb: Verb | str, reason: str, waited: int | None
) -> VisitTransition:
    gathered = unit()
    return VisitTransition(
        at=gathered.now,
        facility_id=visit.facility_id,
        department_id=visit.department_id,
        visit_id=visit.id,
        verb=str(verb),
        from_state=str(origin or ""),
        to_state=visit.state,
        version=visit.version,
        actor_type=gathered.actor.type,
        actor_id=gathered.actor.id,
        via=gathered.actor.via,
        doctor_id=visit.doctor_id,
        reason=reason,
        predicted_wait_seconds=_promised(visit) if waited is not None else None,
        actual_wait_seconds=waited,
        trace_id=gathered.trace_id,
    )


def _waited(visit: Visit, now: datetime) -> int:
    return max(0, int((now - _queued(visit)).total_seconds()))


def _promised(visit: Visit) -> Any:
    return promised_wait(visit.id, _queued(visit))


def _queued(visit: Visit) -> datetime:
    return visit.queued_at or visit.scanned_at
