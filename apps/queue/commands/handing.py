"""A doctor leaves, also in the middle of a visit: somebody else sees the person (requirements QUE-4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict, Invalid, sentence
from apps.core.outbox import emit
from apps.core.policy import Actor, Permission
from apps.queue import events
from apps.queue.commands.moving import NotAllowed, amend, back_in_line, expect, locked_visit, move, stand, waiting_state
from apps.queue.models import Visit
from apps.queue.rules.states import TERMINAL, State, Verb
from apps.scheduling.queries import departments_of_doctor


class SameDoctor(Conflict):
    code = "same_doctor"
    detail = sentence("This person is with this doctor already.")


@command
def reassign(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    doctor_id: UUID | None,
    reason: str,
    expected_version: int | None = None,
) -> Visit:
    """Give somebody to another doctor of the department, or to whoever is free next (None), for a reason.

    They keep their place. Who is called goes back in line, and so does who is with the doctor: by way of a hold,
    since a consultation has begun. Raises `SameDoctor`, `NotAllowed` for a visit that is over, `Invalid`.
    """
    visit = locked_visit(visit_id, Permission.QUEUE_MOVE)
    expect(visit, expected_version)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    if visit.state in TERMINAL or visit.state == State.SCANNED:
        raise NotAllowed(extra=stand(visit))
    if doctor_id == visit.doctor_id:
        raise SameDoctor(extra=stand(visit))
    if doctor_id and visit.department_id not in departments_of_doctor(doctor_id):
        raise Invalid({"doctorId": [sentence("This doctor does not see people in this department.")]})
    return _hand_to(visit, doctor_id, reason)


@step
def _hand_to(visit: Visit, doctor_id: UUID | None, reason: str) -> Visit:
    before = visit.doctor_id
    to: dict[str, Any] = {"doctor_id": doctor_id, "pooled": doctor_id is None, "room_id": None}
    if visit.state == State.CALLED:
        move(visit, Verb.PUT_BACK, waiting_state(visit), reason=reason, **to)
    elif visit.state == State.IN_CONSULTATION:
        move(visit, Verb.HOLD, State.ON_HOLD, reason=reason, hold_reason=reason, **to)
        back_in_line(visit, reason)
    else:
        amend(visit, **to)
    record(
        action="visit.reassigned",
        entity_type="visit",
        entity_id=visit.id,
        before={"doctorId": str(before) if before else None},
        after={"doctorId": str(doctor_id) if doctor_id else None, "version": visit.version},
        reason=reason,
    )
    emit(events.queue_updated(visit.department_id, "reassigned", visitId=str(visit.id)))
    return visit
