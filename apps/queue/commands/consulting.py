"""What happens once somebody is called or has to wait aside: start, hold, resume, did not come, cancel."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Invalid, sentence
from apps.core.outbox import emit
from apps.core.policy import Actor, ActorType, Permission
from apps.queue import events
from apps.queue.commands.aside import take_off
from apps.queue.commands.moving import (
    NotAllowed,
    amend,
    back_in_line,
    expect,
    locked_visit,
    move,
    released,
    require_locked,
    require_own_hands,
    stand,
)
from apps.queue.commands.onward import close_way
from apps.queue.models import Visit
from apps.queue.queries.own import own_visit_of
from apps.queue.rules.order import Tier, tier
from apps.queue.rules.states import GIVES_UP, OPEN, State, Verb

BY_PATIENT = "by the patient"
"""The reason that stands in the audit trail."""


@command
def start(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    doctor_id: UUID | None = None,
    expected_version: int | None = None,
) -> Visit:
    """The called person is in the room."""
    visit = locked_visit(visit_id, Permission.VISIT_CONSULT)
    _require_doctor_of(visit, actor, doctor_id)
    expect(visit, expected_version)
    return move(visit, Verb.START, State.IN_CONSULTATION)


@step
def complete_in(
    *, actor: Actor, visit_id: UUID, doctor_id: UUID | None = None, expected_version: int | None = None
) -> Visit:
    """Finish a consultation; a step of the command in `encounters` that also signs the prescription."""
    visit = locked_visit(visit_id, Permission.VISIT_CONSULT)
    _require_doctor_of(visit, actor, doctor_id)
    expect(visit, expected_version)
    move(visit, Verb.COMPLETE, State.COMPLETED)
    began, ended = visit.consultation_started_at, visit.completed_at
    seconds = max(0, int((ended - began).total_seconds())) if began and ended else 0
    emit(
        events.visit_event(
            events.COMPLETED,
            visit.department_id,
            visit.id,
            visit.version,
            doctorId=str(visit.doctor_id) if visit.doctor_id else None,
            seconds=seconds,
        )
    )
    return visit


@command
def hold(*, actor: Actor, now: datetime, visit_id: UUID, reason: str, expected_version: int | None = None) -> Visit:
    """Set somebody aside with a reason. From CALLED it means that they did not come, and is counted."""
    visit = locked_visit(visit_id, Permission.VISIT_HOLD)
    expect(visit, expected_version)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    changes: dict[str, Any] = {"hold_reason": reason}
    if visit.state == State.CALLED:
        changes |= released(visit) | {"missed_calls": visit.missed_calls + 1, "missed_at": now, "passed_by": 0}
    elif visit.state == State.IN_CONSULTATION:
        changes |= {"room_id": None, "counter_id": None, "pooled": visit.doctor_id is None}
    return move(visit, Verb.HOLD, State.ON_HOLD, reason=reason, **changes)


@command
def resume(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """Somebody set aside is back and takes the old place in the queue."""
    visit = locked_visit(visit_id, Permission.VISIT_HOLD)
    expect(visit, expected_version)
    return back_in_line(visit)


@command
def no_show(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """Take somebody off the queue who did not come. Coming late after all makes a new visit."""
    visit = locked_visit(visit_id, Permission.VISIT_NO_SHOW)
    expect(visit, expected_version)
    return take_off(visit)


@command
def cancel(*, actor: Actor, now: datetime, visit_id: UUID, reason: str, expected_version: int | None = None) -> Visit:
    """Take a visit off the queue at the desk, with a reason."""
    visit = locked_visit(visit_id, Permission.VISIT_CANCEL)
    expect(visit, expected_version)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    return move(visit, Verb.CANCEL, State.CANCELLED, reason=reason)


@command
def cancel_own(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """Give up one's own place; by a link, which stands for a number, every station of it that is open.

    Raises `NotFound` for anybody else's visit; `NotAllowed` by a link while somebody is called or seen anywhere.
    """
    token_id = own_visit_of(actor, visit_id).token_id
    by_link = actor.type is ActorType.LINK
    under = Visit.objects.select_related("token", "doctor").filter(token_id=token_id, state__in=sorted(OPEN))
    also = tuple(visit.department_id for visit in under) if by_link else ()
    visit = locked_visit(visit_id, Permission.VISIT_CANCEL_OWN, also=also)
    expect(visit, expected_version)
    if not by_link:
        return move(visit, Verb.CANCEL, State.CANCELLED, reason=BY_PATIENT)
    stations = list(under.all())
    require_locked(station.department_id for station in stations)
    stuck = next((station for station in [visit, *stations] if station.state not in GIVES_UP), None)
    if stuck:
        raise NotAllowed(extra=stand(stuck))
    if visit.journey_id:
        close_way(visit.journey_id, stations, BY_PATIENT)
    for station in stations:
        move(station, Verb.CANCEL, State.CANCELLED, reason=BY_PATIENT)
    return next(station for station in stations if station.id == visit.id)


@command
def triage_up(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    reason: str,
    emergency: bool = False,
    expected_version: int | None = None,
) -> Visit:
    """Make a waiting person urgent, or an emergency, with a reason.

    Somebody who is urgent already (by their own words, say) is confirmed, or raised to an emergency: no
    transition, but recorded and told.
    """
    visit = locked_visit(visit_id, Permission.VISIT_EMERGENCY)
    expect(visit, expected_version)
    return raise_triage(visit, reason, emergency=emergency)


@step
def raise_triage(visit: Visit, reason: str, *, emergency: bool) -> Visit:
    """Make a locked visit urgent, or an emergency. Raises `Invalid` without a reason, `NotAllowed`."""
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    changes = {
        "tier": tier(emergency=emergency, urgent=True),
        "emergency": emergency,
        "triage_confirmed": True,
        "ahead_by": unit().actor.id,
        "ahead_reason": reason,
    }
    if visit.state == State.URGENT:
        return _confirm_triage(visit, reason, changes)
    return move(visit, Verb.TRIAGE_UP, State.URGENT, reason=reason, **changes)


@step
def _confirm_triage(visit: Visit, reason: str, changes: dict[str, Any]) -> Visit:
    before = {"version": visit.version, "tier": visit.tier, "confirmed": visit.triage_confirmed}
    amend(visit, **changes)
    record(
        action="visit.triage_confirmed",
        entity_type="visit",
        entity_id=visit.id,
        before=before,
        after={"version": visit.version, "tier": visit.tier, "confirmed": True},
        reason=reason,
    )
    emit(events.queue_updated(visit.department_id, "triage", visitId=str(visit.id)))
    return visit


@command
def triage_down(
    *, actor: Actor, now: datetime, visit_id: UUID, reason: str, expected_version: int | None = None
) -> Visit:
    """Correct the triage: the person waits in turn like others."""
    visit = locked_visit(visit_id, Permission.VISIT_EMERGENCY)
    expect(visit, expected_version)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    changes = {"tier": Tier.REST, "emergency": False, "urgent_by": "", "triage_confirmed": True} | {
        "ahead_by": None,
        "ahead_reason": "",
    }
    return move(visit, Verb.TRIAGE_DOWN, State.WAITING, reason=reason, **changes)


def _require_doctor_of(visit: Visit, actor: Actor, doctor_id: UUID | None) -> None:
    """The person in the room is this doctor's, and the doctor is the one who acts."""
    if visit.doctor is None:
        return
    require_own_hands(actor, visit.doctor)
    if doctor_id is not None and doctor_id != visit.doctor_id:
        raise Invalid({"doctorId": [sentence("This visit belongs to another doctor.")]})
