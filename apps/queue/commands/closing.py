"""A slot or a session does not take place, and people who found no place are given one (requirements SCH-7, SCH-9)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, sentence
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue.commands.leaving import lock_doctor, tell_screens
from apps.queue.commands.telling import tell_asked, tell_numbers, tell_people
from apps.scheduling.commands import (
    SlotGone,
    close_slots,
    end,
    locked_booking,
    onto_waiting_list,
    place_stranded,
    promote,
    send_on,
)
from apps.scheduling.queries import Plan, appointment_of, plan_closing, session_of, slot_of, stranded
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.leave import Fate

MOVED = wording(
    "closed_moved",
    Kind.DOCTOR_AWAY,
    sentence("{hospital}: the time you booked with {away} was cancelled. {token} is now with {doctor} on {when}."),
)
WAITS = wording(
    "closed_waits",
    Kind.DOCTOR_AWAY,
    sentence(
        "{hospital}: your booking {token} on {when} was cancelled by us. You are on the waiting list and will hear"
        " from us."
    ),
)
PLACED = wording(
    "closed_placed",
    Kind.DOCTOR_AWAY,
    sentence("{hospital}: we found you a time. Your booking {token} is with {doctor} on {when}."),
)
GIVEN_UP = wording(
    "closed_given_up",
    Kind.DOCTOR_AWAY,
    sentence("{hospital}: your booking {token} on {when} is cancelled. Book again or call us at any time."),
)


class NotStranded(Conflict):
    code = "not_escalated"
    detail = sentence("This booking has a place again, or it has ended. Look again.")


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """What closing slots meant: the plan, who waits for a place now, and whom the desk has to call."""

    plan: Plan
    waiting: list[Any]
    untold: list[Any]


@command
def close_session(
    *, actor: Actor, now: datetime, slot_id: UUID, reason: str, whole_session: bool = False
) -> SessionClosed:
    """Cancel a slot, or all slots that hang together with it: everybody goes to the next free place of the same
    doctor, else of the department, else onto the waiting list; whoever has arrived stays in the queue.

    Raises `SlotGone` for a slot that is over or closed, `NotFound`.
    """
    found = slot_of(slot_id)
    lock_doctor(found.doctor_id)
    slots = slots_to_close(slot_id, now, whole_session=whole_session)
    plan = plan_closing(found.doctor_id, slots, now, keep_doctor=True, lock=True)
    close_slots(plan, reason)
    numbers = {one.row.id: one.row.token_id for one in plan.decided}
    waiting = []
    for one in plan.decided:
        if one.slot is not None:
            send_on(plan, one)
        elif entry := onto_waiting_list(one.row, reason):
            waiting.append(entry)
    moved = [one.row for one in plan.decided if one.slot]
    earlier = _earlier_the_same_day(waiting)
    tell_numbers(row for row in moved if row.token_id != numbers[row.id])
    for slot in plan.closed:
        record(action="slot.cancelled", entity_type="slot", entity_id=slot.id, reason=reason)
    change, away = str(slot_id), found.doctor
    untold = tell_people(moved, MOVED, change, away=away)
    untold += tell_people(earlier, MOVED, change, away=away)
    placed = {row.patient_id for row in earlier}
    gone = [one.row for one in plan.of(Fate.ESCALATED) if one.row.patient_id not in placed]
    untold += tell_people(gone, WAITS, change)
    tell_screens(found.doctor_id, "doctor_leave")
    return SessionClosed(plan, [entry for entry in waiting if entry.patient_id not in placed], untold)


@step
def _earlier_the_same_day(waiting: list[Any]) -> list[Any]:
    """The new bookings of whoever was put on the waiting list although a time before theirs is free: nobody is moved
    to an earlier time unasked, but nobody waits for a place that is free either."""
    days = sorted({(entry.department_id, entry.doctor_id, entry.preferred_day) for entry in waiting}, key=str)
    promoted = [row for day in days for row in promote(*day)]
    tell_numbers(promoted)
    tell_asked()
    return promoted


@command
def place_escalated(*, actor: Actor, now: datetime, booking_id: UUID, slot_id: UUID) -> Any:
    """Give somebody whom nobody could place a free place that the desk has found. Raises `NotStranded`, `SlotGone`."""
    row = _locked_stranded(booking_id)
    number = row.token_id
    place_stranded(row, slot_id)
    if row.token_id != number:
        tell_numbers([row])
    tell_people([row], PLACED, f"{row.version}")
    return row


@command
def give_up_escalated(*, actor: Actor, now: datetime, booking_id: UUID, reason: str) -> Any:
    """Cancel the booking of somebody for whom there is no place, for a reason. Raises `NotStranded`."""
    row = _locked_stranded(booking_id)
    end(row, AppointmentState.CANCELLED, reason)
    tell_people([row], GIVEN_UP, f"{row.version}")
    return row


def slots_to_close(slot_id: UUID, now: datetime, *, whole_session: bool) -> list[Any]:
    """The slots that are cancelled with one: itself, or its session. Raises `SlotGone`, `NotFound`."""
    session = session_of(slot_of(slot_id), now)
    slots = session if whole_session else [slot for slot in session if slot.id == slot_id]
    if not slots:
        raise SlotGone
    return slots


@step
def _locked_stranded(booking_id: UUID) -> Any:
    """A booking whose slot was closed, under the lock of its department. Raises `NotFound`, `NotStranded`."""
    found = appointment_of(booking_id)
    actor = unit().actor
    actor.require(Permission.BOOKING_CHANGE, Scope(actor.facility_id, found.department_id))
    lock_streams(department_stream(found.department_id))
    row = locked_booking(found.id)
    if not stranded().filter(id=row.id).exists():
        raise NotStranded
    return row
