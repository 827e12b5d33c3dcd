"""A doctor is away: nobody comes in vain, and nobody is lost (requirements SCH-9).

Here and not in `scheduling`, because it concerns those who are booked and those who are here already.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Invalid, sentence
from apps.core.events import department_stream, facility_stream
from apps.core.languages import Named
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue import events
from apps.queue.commands.moving import amend
from apps.queue.commands.telling import give_on, tell_numbers, tell_people
from apps.queue.models import Visit
from apps.queue.queries.leave import Handed, LeavePlan, plan_leave, require_schedule
from apps.queue.rules.states import ACTIVE, OPEN
from apps.scheduling.commands import (
    carry_out,
    close_slots,
    declare_leave,
    keep_visits,
    note_begun,
    promote,
    put_back,
    set_availability_in,
    withdraw_leave,
)
from apps.scheduling.queries import departments_of_doctor, doctor_of, due_leaves, leave_of
from apps.scheduling.rules import Availability
from apps.scheduling.rules.leave import LONGEST_LEAVE, Fate

MOVED = wording(
    "away_moved",
    Kind.DOCTOR_AWAY,
    sentence("{hospital}: {away} is away. Your booking {token} is now with {doctor} on {when}. Call us to change it."),
)
UNPLACED = wording(
    "away_unplaced",
    Kind.DOCTOR_AWAY,
    sentence("{hospital}: {away} is away on {when}. We are looking for another time for {token} and will call you."),
)
HANDED = wording(
    "away_handed",
    Kind.DOCTOR_AWAY,
    sentence("{hospital}: {away} was called away. {token} is now seen by {doctor}. You keep your place."),
)
BACK = wording(
    "away_back",
    Kind.DOCTOR_AWAY,
    sentence("{hospital}: {doctor} is there after all. Your booking {token} is on {when} as before."),
)


@dataclass(frozen=True, slots=True)
class LeaveTaken:
    """A leave, what became of everybody, and whom the desk has to call because no phone number is known."""

    leave: Any
    plan: LeavePlan
    untold: list[Any]


@dataclass(slots=True)
class LeaveUndone:
    """A leave that was withdrawn: who is back where they were, and who came off a waiting list by it."""

    leave: Any
    back: list[Any] = field(default_factory=list)
    promoted: list[Any] = field(default_factory=list)
    untold: list[Any] = field(default_factory=list)


@command
def take_leave(
    *, actor: Actor, now: datetime, doctor_id: UUID, starts_at: datetime, ends_at: datetime, reason: str
) -> LeaveTaken:
    """Let a doctor be away: slots close, people go elsewhere or are left to the desk, everybody is told.

    Raises `AlreadyAway`, `NotFound`, and `Invalid` for a time that is over, empty or too long.
    """
    _require_sensible(starts_at, ends_at, now)
    facility_id = lock_doctor(doctor_id)
    doctor = doctor_of(doctor_id)
    leave = declare_leave(
        facility_id=facility_id, doctor_id=doctor_id, starts_at=starts_at, ends_at=ends_at, reason=reason
    )
    plan = plan_leave(doctor_id, starts_at, ends_at, now, lock=True)
    close_slots(plan.bookings, reason)
    numbers = {one.row.id: one.row.token_id for one in plan.bookings.decided}
    carry_out(plan.bookings, leave)
    tell_numbers(one.row for one in plan.bookings.decided if one.row.token_id != numbers[one.row.id])
    handed = [_hand_on(one) for one in plan.handed]
    keep_visits(leave, [(visit.id, visit.version) for visit in handed])
    if starts_at <= now:
        _go(leave, doctor)
    tell_screens(doctor_id, "doctor_leave")
    return LeaveTaken(leave, plan, _tell_all(plan, str(leave.id), doctor))


@command
def begin_leave(*, actor: Actor, now: datetime, doctor_id: UUID) -> bool:
    """The doctor goes now for whom a leave has come: nobody is called to the empty room. Once for a leave.

    Nobody is set to work again when it ends or is withdrawn: that doctors are back they say themselves. False where
    nothing is due, by now.
    """
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    assert actor.facility_id is not None  # it keeps one hospital's leaves
    places = [department_stream(place) for place in departments_of_doctor(doctor_id)]
    lock_streams(*places, facility_stream(actor.facility_id))
    leave = due_leaves(now).filter(doctor_id=doctor_id).select_for_update().first()
    if leave is None:
        return False
    _go(leave, doctor_of(doctor_id))
    tell_screens(doctor_id, "doctor_leave")
    return True


@step
def _go(leave: Any, doctor: Any) -> None:
    note_begun(leave)
    if doctor.availability != Availability.OFFLINE:
        set_availability_in(doctor, Availability.OFFLINE)


@command
def undo_leave(*, actor: Actor, now: datetime, doctor_id: UUID, leave_id: UUID) -> LeaveUndone:
    """Withdraw a leave: its slots open again. Within the hour (a setting) whoever was moved for it comes back to
    the old place, unless it is over or somebody has acted on the booking since; later they stay where they are, for
    they have arranged themselves. Freed places go to the waiting lists. Raises `LeaveIsOver`, `NotFound`.
    """
    lock_doctor(doctor_id)
    leave = leave_of(leave_id, doctor_id)
    opened = withdraw_leave(leave)
    undone = LeaveUndone(leave)
    free = {(slot.department_id, slot.doctor_id, slot.day) for slot in opened}
    if now < leave.taken_at + timedelta(minutes=settings.LEAVE_PUTS_BACK_MINUTES):
        for row, left in put_back(leave, opened):
            undone.back.append(row)
            free.add((left.department_id, left.doctor_id, left.day))
        undone.untold = tell_people(undone.back, BACK, f"{leave.id}:undone")
        tell_numbers(row for row in undone.back if row.token.issued_at == now)
        _bring_back_visits(leave)
    for place in sorted(free, key=str):
        undone.promoted += promote(*place)
    give_on(undone.promoted)
    tell_screens(doctor_id, "doctor_leave")
    return undone


@step
def lock_doctor(doctor_id: UUID) -> UUID:
    """Lock everything that a doctor's times concern, for somebody who may decide about it; the facility's id.

    Raises `NotFound`, `Forbidden`.
    """
    facility_id = unit().actor.facility_id
    departments = require_schedule(unit().actor, doctor_id)
    assert facility_id is not None  # whoever may has one
    lock_streams(*(department_stream(d) for d in departments), facility_stream(facility_id))
    return facility_id


def _require_sensible(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise Invalid({"to": [sentence("The end must be after the beginning.")]})
    if ends_at <= now:
        raise Invalid({"to": [sentence("This time is over.")]})
    if ends_at - starts_at > LONGEST_LEAVE:
        raise Invalid({"to": [sentence("A leave is at most a year long.")]})


@step
def _hand_on(one: Handed) -> Visit:
    """Somebody who is here waits for another doctor, or for whoever is free, at the same place in the order."""
    before = one.visit.doctor_id
    visit = amend(one.visit, doctor_id=one.doctor_id, pooled=one.doctor_id is None)
    _record_hand(visit, before)
    return visit


def _record_hand(visit: Visit, before: UUID | None) -> None:
    after = {"doctorId": str(visit.doctor_id) if visit.doctor_id else None, "version": visit.version}
    record(
        action="visit.reassigned",
        entity_type="visit",
        entity_id=visit.id,
        before={"doctorId": str(before) if before else None},
        after=after,
    )


def _bring_back_visits(leave: Any) -> None:
    """Those who were handed on wait for the doctor again, if nobody has called or moved them meanwhile."""
    cases = dict(leave.cases.filter(visit_id__isnull=False).values_list("visit_id", "version"))
    for visit in Visit.objects.filter(id__in=cases, state__in=sorted(OPEN - ACTIVE)).select_related("token"):
        if visit.version == cases[visit.id]:
            before = visit.doctor_id
            _record_hand(amend(visit, doctor_id=leave.doctor_id, pooled=False), before)


def _tell_all(plan: LeavePlan, change: str, away: Named) -> list[Any]:
    """Everybody hears what becomes of them; those who have no phone are left to the desk to call."""
    moved = [one.row for one in plan.bookings.decided if one.fate is not Fate.ESCALATED]
    stranded = [one.row for one in plan.bookings.of(Fate.ESCALATED)]
    handed = [one.visit for one in plan.handed]
    told = ((moved, MOVED), (stranded, UNPLACED), (handed, HANDED))
    return [row for rows, wording in told for row in tell_people(rows, wording, change, away=away)]


@step
def tell_screens(doctor_id: UUID, reason: str) -> None:
    """Have the screens of all departments of a doctor drawn anew."""
    for department_id in departments_of_doctor(doctor_id):
        emit(events.queue_updated(department_id, reason, doctorId=str(doctor_id)))
