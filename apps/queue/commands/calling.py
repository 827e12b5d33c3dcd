"""A doctor calls: the next person in order, a given one, or the same one again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict, Invalid, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.queue import events
from apps.queue.commands.moving import (
    ActiveVisit,
    NotAllowed,
    VersionConflict,
    amend,
    expect,
    locked_visit,
    move,
    released,
    require_own_hands,
    stand,
    waiting_state,
)
from apps.queue.commands.passing import OutOfTurn, pass_others
from apps.queue.models import Visit
from apps.queue.queries.visits import active_visit_of, first_in_line
from apps.queue.rules.states import QUEUED, State, Verb
from apps.scheduling.queries import DoctorAtWork, departments_of_doctor, doctor_to_call_for, room_exists
from apps.scheduling.rules import Availability


class DoctorUnavailable(Conflict):
    code = "doctor_unavailable"
    detail = sentence("This doctor is not seeing patients now. Start the session first.")


class NotYours(Conflict):
    code = "other_doctor"
    detail = sentence("This person waits for another doctor.")


@command
def call_next(*, actor: Actor, now: datetime, doctor_id: UUID, room_id: UUID | None = None) -> Visit | None:
    """Call the first by D4 among this doctor's visits and those without a doctor in the doctor's departments.

    Returns None when nobody waits. Raises `DoctorUnavailable`, `ActiveVisit`.
    """
    departments = departments_of_doctor(doctor_id)
    doctor = _ready_doctor(actor, doctor_id, departments)
    visit = first_in_line(doctor_id, departments)
    return _call(visit, doctor, room_id) if visit else None


@command
def call_if_next(
    *, actor: Actor, now: datetime, visit_id: UUID, doctor_id: UUID, expected_version: int | None = None
) -> Visit:
    """Call this visit if it still is this doctor's next: compare and swap. Raises `VersionConflict` if not."""
    departments = departments_of_doctor(doctor_id)
    visit = locked_visit(visit_id, Permission.VISIT_CALL, also=tuple(departments))
    doctor = _ready_doctor(actor, doctor_id, departments)
    expect(visit, expected_version)
    first = first_in_line(doctor_id, departments)
    if first is None or first.id != visit.id:
        raise VersionConflict(extra=stand(visit))
    return _call(first, doctor, None)


@command
def call(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    doctor_id: UUID,
    room_id: UUID | None = None,
    reason: str = "",
    expected_version: int | None = None,
) -> Visit:
    """Call a given person out of order; the ledger keeps whom that put behind, and why.

    Raises `NotYours` for another doctor's patient, and as `call_next`.
    """
    departments = departments_of_doctor(doctor_id)
    visit = locked_visit(visit_id, Permission.VISIT_CALL, also=tuple(departments))
    expect(visit, expected_version)
    if visit.state not in QUEUED:
        raise NotAllowed(extra=stand(visit))
    doctor = _ready_doctor(actor, doctor_id, departments)
    if visit.department_id not in departments or (visit.doctor_id and visit.doctor_id != doctor_id):
        raise NotYours(extra=stand(visit))
    first = first_in_line(doctor_id, departments)
    return _call(visit, doctor, room_id, OutOfTurn(reason) if first and first.id != visit.id else None)


@command
def recall(*, actor: Actor, now: datetime, visit_id: UUID, expected_version: int | None = None) -> Visit:
    """Call the same person once more; board and voice repeat it. No transition, but counted."""
    visit = locked_visit(visit_id, Permission.VISIT_CALL)
    expect(visit, expected_version)
    if visit.state != State.CALLED:
        raise NotAllowed(extra=stand(visit))
    require_own_hands(actor, visit.doctor)
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
def put_back(
    *, actor: Actor, now: datetime, visit_id: UUID, reason: str = "", expected_version: int | None = None
) -> Visit:
    """Send a called person back to the same place in the queue."""
    visit = locked_visit(visit_id, Permission.VISIT_CALL)
    expect(visit, expected_version)
    return move(visit, Verb.PUT_BACK, waiting_state(visit), reason=reason, **released(visit))


@step
def _ready_doctor(actor: Actor, doctor_id: UUID, departments: list[UUID]) -> DoctorAtWork:
    """The doctor, under the locks of all queues served, seeing people and without an active visit."""
    for department_id in departments:
        actor.require(Permission.VISIT_CALL, Scope(actor.facility_id, department_id))
    lock_streams(*(department_stream(d) for d in departments))
    doctor = doctor_to_call_for(doctor_id)
    require_own_hands(actor, doctor)
    if doctor.availability == Availability.OFFLINE:
        raise DoctorUnavailable
    if active := active_visit_of.one(doctor_id):
        raise ActiveVisit(extra={"visitId": str(active.id)} | stand(active))
    return doctor


@step
def _call(visit: Visit, doctor: DoctorAtWork, room_id: UUID | None, out_of_turn: OutOfTurn | None = None) -> Visit:
    if room_id and not room_exists(room_id):
        raise Invalid({"roomId": [sentence("There is no such room.")]})
    pass_others(visit, doctor.id, out_of_turn)
    changes: dict[str, Any] = {"doctor_id": doctor.id, "room_id": room_id or doctor.room_id, "passed_by": 0}
    return move(visit, Verb.CALL, State.CALLED, **changes)


__all__ = ["call", "call_if_next", "call_next", "put_back", "recall"]
