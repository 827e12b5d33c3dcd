"""Somebody is put at another place by hand, for a reason that stands in the audit trail (requirements D4)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.live.events import emergency
from apps.queue import events
from apps.queue.commands.moving import NotAllowed, amend, require_locked, stand
from apps.queue.models import Visit
from apps.queue.queries.slots import latest_visits
from apps.queue.queries.visits import position, waiting_in
from apps.queue.rules.order import keys_to_stand
from apps.queue.rules.states import QUEUED
from apps.scheduling.commands import exchange_places, locked_booking
from apps.scheduling.queries import booking_or_none, department_of_token, departments_of_doctor, doctor_of

CLOSE = timedelta(seconds=1)
"""Who gives way does so by a microsecond: a million people in one second would have to, before others come to it."""


class NotMovable(Conflict):
    code = "not_allowed"
    detail = sentence("Only who waits, or is booked and still to come, can be put at another place.")


@command
def move_in_queue(*, actor: Actor, now: datetime, some_id: UUID, new_position: int, reason: str) -> tuple[Any, Any]:
    """Put somebody at another place: who waits here in the queue, who is still to come among those of their slot.

    `some_id` is a booking's or a number's, which is moved where it stands: that may be another station by now. Nobody
    comes before emergencies and urgent people by this. Returns the booking and the visit, one of them None. Raises
    `NotMovable`, `NotFound`.
    """
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    booking = booking_or_none(some_id)
    token_id = booking.token_id if booking else some_id
    stands = latest_visits([token_id]).get(token_id) if token_id else None
    issued_by = booking.department_id if booking else department_of_token(some_id)
    department_id = stands.department_id if stands else issued_by
    actor.require(Permission.QUEUE_MOVE, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    visit = latest_visits([token_id]).get(token_id) if token_id else None
    if visit:
        require_locked([visit.department_id])
        return booking, _move_visit(visit, new_position, reason)
    if booking is None:
        raise NotFound
    return exchange_places(locked_booking(booking.id), new_position, reason), None


@step
def _move_visit(visit: Visit, new_position: int, reason: str) -> Visit:
    if visit.state not in QUEUED:
        raise NotAllowed(extra=stand(visit))
    before = position(visit)
    line = waiting_in(visit.department_id).exclude(id=visit.id)
    if visit.doctor_id:  # others are called by other doctors: it does not matter who of them stands first
        line = line.filter(Q(doctor=None) | Q(doctor_id=visit.doctor_id))
    above = line.filter(tier__lt=visit.tier).count()
    ahead, following = _neighbours(line.filter(tier=visit.tier), max(0, new_position - 1 - above))
    keys = keys_to_stand(ahead, [key for _, key in following])
    if keys:
        amend(visit, arrival_key=keys[0], moved=True, ahead_by=unit().actor.id, ahead_reason=reason)
    give_way = dict(zip((other_id for other_id, _ in following), keys[1:], strict=False))
    for other in Visit.objects.filter(id__in=give_way) if give_way else ():
        amend(other, arrival_key=give_way[other.id])
    record(
        action="visit.moved",
        entity_type="visit",
        entity_id=visit.id,
        before={"position": before},
        after={"position": position(visit), "version": visit.version},
        reason=reason,
    )
    emit(events.queue_updated(visit.department_id, "moved", visitId=str(visit.id)))
    return visit


def _neighbours(line: QuerySet[Visit], at: int) -> tuple[datetime | None, list[tuple[UUID, datetime]]]:
    """The key of whoever stands before a place of a line, the last one's if the line ends before, and (id, key) of
    whoever stands behind it so close that they may have to give way; a hall may have thousands behind those."""
    keys = line.values_list("id", "arrival_key")
    found = list(keys[max(at - 1, 0) : at + 1])
    ahead = found.pop(0)[1] if at and found else line.values_list("arrival_key", flat=True).last() if at else None
    if not found:
        return ahead, []
    first = found[0]
    close = list(keys.filter(arrival_key__range=(first[1], first[1] + CLOSE)))
    return ahead, close[close.index(first) :]


@command
def announce_emergency(
    *,
    actor: Actor,
    now: datetime,
    doctor_id: UUID,
    message: str,
    priority: str,
    estimated_delay: int | None = None,
) -> dict[str, Any]:
    """Tell everybody who looks at a doctor's queues that they are held up. Moves nobody and no time."""
    doctor = doctor_of(doctor_id)
    places = departments_of_doctor(doctor.id)
    for place in places:
        actor.require(Permission.QUEUE_ANNOUNCE, Scope(actor.facility_id, place))
    lock_streams(*(department_stream(place) for place in places))
    told: dict[str, Any] = {"message": message, "priority": priority, "estimated_delay": estimated_delay}
    for place in places:
        emit(emergency(department_stream(place), doctor.id, **told))
    after = {"message": message, "priority": priority, "estimatedDelay": estimated_delay}
    record(action="queue.announced", entity_type="doctor", entity_id=doctor.id, after=after)
    return after | {"doctorId": str(doctor.id), "departments": [str(place) for place in places]}
