"""People who are not there: they say so, they are back, or they did not come (requirements QUE-4)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Invalid, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, ActorType, Permission, Scope
from apps.queue import events
from apps.queue.commands.moving import NotAllowed, amend, back_in_line, expect, locked_visit, move, released, stand
from apps.queue.commands.passing import missed
from apps.queue.models import Visit
from apps.queue.queries.own import own_visit_of
from apps.queue.queries.rules import patience_of
from apps.queue.queries.visits import set_aside
from apps.queue.rules.missing import Aftermath, aftermath
from apps.queue.rules.states import QUEUED, State, Verb
from apps.scheduling.queries import department_of
from apps.scheduling.rules import DepartmentStatus

LATEST = 240
"""Minutes that somebody may stay away without giving up the place."""


@command
def say_late(
    *, actor: Actor, now: datetime, visit_id: UUID, minutes: int, expected_version: int | None = None
) -> Visit:
    """Somebody who waits will be back in so many minutes: they keep their place, and nobody calls them before.

    Said again it counts from then. Who is being called lets the doctor go on; that is a missed call. Raises
    `NotFound` for anybody else's visit, `NotAllowed` for who is with a doctor or done.
    """
    visit = _of_somebody(actor, visit_id, expected_version)
    if not 1 <= minutes <= LATEST:
        raise Invalid({"minutes": [sentence("From 1 to 240 minutes. For more, cancel and come another day.")]})
    back_at = now + timedelta(minutes=minutes)
    if visit.state == State.ON_HOLD:
        was = visit.back_at
        amend(visit, back_at=back_at)
        _tell(visit, "visit.late", was)
        return visit
    if visit.state not in QUEUED and visit.state != State.CALLED:
        raise NotAllowed(extra=stand(visit))
    changes: dict[str, Any] = {"back_at": back_at, "hold_reason": f"back in {minutes} min"}
    if visit.state == State.CALLED:
        changes |= released(visit) | {"missed_calls": visit.missed_calls + 1}
    return move(visit, Verb.HOLD, State.ON_HOLD, reason=changes["hold_reason"], **changes)


@command
def say_here(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """Somebody who was set aside is back and takes the old place in the queue. Who waits already changes nothing.

    Raises `NotFound` for anybody else's visit, `NotAllowed` for one that is over.
    """
    visit = _of_somebody(actor, visit_id, expected_version)
    if visit.state == State.ON_HOLD:
        return back_in_line(visit, "back")
    if visit.state in QUEUED or visit.state == State.CALLED:
        return visit
    raise NotAllowed(extra=stand(visit))


@step
def _of_somebody(actor: Actor, visit_id: UUID, expected_version: int | None) -> Visit:
    """One's own visit, or for the desk anybody's, under its lock."""
    if actor.type is ActorType.STAFF:
        visit = locked_visit(visit_id, Permission.VISIT_HOLD)
    else:
        own_visit_of(actor, visit_id)
        visit = locked_visit(visit_id, Permission.VISIT_TELL_OWN)
    expect(visit, expected_version)
    return visit


@command
def sweep_aside(*, actor: Actor, now: datetime, department_id: UUID) -> int:
    """Take people back into line whose time it is, and off the queue who did not come within the grace; how many.

    It looks under the queue's lock, so that of two sweeps, or of a sweep and a person, exactly one moves somebody.
    """
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    department = department_of(department_id)
    if department.status != DepartmentStatus.ACTIVE:
        return 0  # nobody is called there: who stands before a closed door is sent on by the desk
    patience = patience_of(department.policy)
    moved = 0
    for visit in set_aside(now).filter(department_id=department_id).select_related("token", "doctor"):
        outcome = aftermath(patience, now=now, **missed(visit))
        if outcome is Aftermath.BACK_IN_LINE:
            back_in_line(visit, "their time has come")
        elif outcome is Aftermath.NO_SHOW:
            take_off(visit, f"missed {visit.missed_calls} calls")
        moved += outcome is not Aftermath.WAIT
    return moved


@step
def take_off(visit: Visit, reason: str = "") -> Visit:
    """Somebody who did not come leaves the queue, and others are told (document 000: PATIENT_NO_SHOW)."""
    move(visit, Verb.NO_SHOW, State.NO_SHOW, reason=reason)
    emit(events.visit_event(events.NO_SHOW, visit.department_id, visit.id, visit.version))
    return visit


@step
def _tell(visit: Visit, action: str, was: datetime | None) -> None:
    record(
        action=action,
        entity_type="visit",
        entity_id=visit.id,
        before={"version": visit.version - 1, "backAt": was.isoformat() if was else None},
        after={"version": visit.version, "backAt": visit.back_at.isoformat() if visit.back_at else None},
    )
    emit(events.queue_updated(visit.department_id, "late", visitId=str(visit.id)))
