"""What is done at a counter: the same moves as at a doctor's door, by whoever's role staffs it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict, Forbidden, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.queue import events
from apps.queue.commands.moving import (
    NotAllowed,
    VersionConflict,
    amend,
    back_in_line,
    expect,
    locked_visit,
    move,
    released,
    stand,
)
from apps.queue.commands.passing import pass_others
from apps.queue.models import Visit
from apps.queue.queries.visits import first_in_line
from apps.queue.rules.journeys import may_staff
from apps.queue.rules.states import ACTIVE, State, Verb
from apps.scheduling.commands import set_counter_in
from apps.scheduling.queries import counter_of, department_of
from apps.scheduling.rules import Availability, DepartmentKind


class CounterClosed(Conflict):
    code = "counter_closed"
    detail = sentence("This counter is closed. Open it first.")


class CounterBusy(Conflict):
    code = "active_visit"
    detail = sentence("Somebody is at this counter already. Finish with them first.")


class NotYourCounter(Forbidden):
    code = "other_role"
    detail = sentence("This counter is staffed by others.")


def require_counter(actor: Actor, department: Any) -> None:
    """Refuse whoever's role does not staff the counters of this department, or who does not serve it."""
    actor.require(Permission.COUNTER_SERVE, Scope(actor.facility_id, department.id))
    if not may_staff(actor.role, DepartmentKind(department.kind)):
        raise NotYourCounter(permission=str(Permission.COUNTER_SERVE))


@command
def open_counter(
    *, actor: Actor, now: datetime, counter_id: UUID, status: str, expected_version: int | None = None
) -> Any:
    """A counter opens, pauses or closes; boards are told. Raises `VersionConflict`."""
    counter = _locked_counter(actor, counter_id)
    if expected_version is not None and expected_version != counter.version:
        raise VersionConflict(extra={"state": counter.availability, "version": counter.version})
    set_counter_in(counter, Availability(status))
    emit(events.queue_updated(counter.department_id, "counter", counterId=str(counter.id), availability=status))
    return counter


@command
def call_to_counter(
    *,
    actor: Actor,
    now: datetime,
    counter_id: UUID,
    visit_id: UUID | None = None,
    expected_version: int | None = None,
) -> Visit | None:
    """Call the first by D4 who is not just being seen elsewhere; None when there is nobody.

    With a visit only if that one still is the first: compare and swap. Raises `CounterClosed`, `CounterBusy`,
    `VersionConflict`.
    """
    counter = _locked_counter(actor, counter_id)
    if counter.availability == Availability.OFFLINE:
        raise CounterClosed
    for active in Visit.objects.filter(counter_id=counter.id, state__in=sorted(ACTIVE)):
        raise CounterBusy(extra={"visitId": str(active.id)} | stand(active))
    visit = first_in_line(None, [counter.department_id])
    if visit_id and (visit is None or visit.id != visit_id):
        raise VersionConflict
    if visit is None:
        return None
    expect(visit, expected_version)
    pass_others(visit, None)
    return move(visit, Verb.CALL, State.CALLED, counter_id=counter.id, room_id=counter.room_id, passed_by=0)


@command
def call_again(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """Call the same person to the counter once more; counted, no transition."""
    visit = _at_counter(actor, visit_id, expected_version)
    if visit.state != State.CALLED:
        raise NotAllowed(extra=stand(visit))
    amend(visit, times_called=visit.times_called + 1, last_called_at=now)
    record(
        action="visit.recall",
        entity_type="visit",
        entity_id=visit.id,
        before={"version": visit.version - 1},
        after={"version": visit.version, "timesCalled": visit.times_called},
    )
    emit(events.queue_updated(visit.department_id, "recall", visitId=str(visit.id), tokenLabel=visit.token.label))
    return visit


@command
def start_at_counter(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """The called person stands at the counter."""
    return move(_at_counter(actor, visit_id, expected_version), Verb.START, State.IN_CONSULTATION)


@command
def finish_at_counter(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """The person is served; whoever is on a journey stands in the queue of the next station by this."""
    return move(_at_counter(actor, visit_id, expected_version), Verb.COMPLETE, State.COMPLETED)


@command
def missed_at_counter(
    *, actor: Actor, now: datetime, visit_id: UUID, reason: str, expected_version: int | None = None
) -> Visit:
    """The called person did not come: they wait aside, and that is counted."""
    visit = _at_counter(actor, visit_id, expected_version)
    if visit.state != State.CALLED:
        raise NotAllowed(extra=stand(visit))
    changes = released(visit) | {"missed_calls": visit.missed_calls + 1, "missed_at": now, "hold_reason": reason}
    return move(visit, Verb.HOLD, State.ON_HOLD, reason=reason, **changes)


@command
def resume_at_counter(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """Somebody who was not there is back and takes the old place."""
    visit = _at_counter(actor, visit_id, expected_version)
    return back_in_line(visit)


@step
def _locked_counter(actor: Actor, counter_id: UUID) -> Any:
    """A counter, read under the lock of its queue, for somebody whose role staffs it. Raises `NotFound`."""
    found = counter_of(counter_id)
    require_counter(actor, found.department)
    lock_streams(department_stream(found.department_id))
    return counter_of(counter_id)


@step
def _at_counter(actor: Actor, visit_id: UUID, expected_version: int | None) -> Visit:
    """A visit of a department with counters, locked, for somebody whose role staffs them."""
    visit = locked_visit(visit_id, Permission.COUNTER_SERVE)
    require_counter(actor, department_of(visit.department_id))
    expect(visit, expected_version)
    return visit
