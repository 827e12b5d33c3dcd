"""A day ends: who still waits is taken off, or gets a number of the new day (requirements QUE-9)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from apps.accounts.commands import carry_tracking
from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.queue import events
from apps.queue.commands.aside import take_off
from apps.queue.commands.moving import amend, move
from apps.queue.models import Visit
from apps.queue.queries.visits import left_over
from apps.queue.rules.states import QUEUED, State, Verb
from apps.scheduling.commands import end, issue_token, void_token
from apps.scheduling.queries import department_of, never_came
from apps.scheduling.rules.appointments import AppointmentState

DAY_OVER = "The day is over."


@dataclass(slots=True)
class DayEnded:
    """What the end of a day meant in a department: people taken off, carried over, bookings that nobody came for."""

    closed: int = 0
    carried: int = 0
    missed: int = 0


@command
def end_day(*, actor: Actor, now: datetime, department_id: UUID) -> DayEnded:
    """Deal with what earlier days left open in a department, as its rules say; who is with a doctor is left alone. A
    way through several stations ends with its day: nobody is carried over in the middle of one.

    A day is the facility's. Done again, or late by days, it finds nothing or does the same once.
    """
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    department = department_of(department_id)
    today = facility_facts(department.facility_id).day_of(now)
    ended = DayEnded()
    for visit in left_over(today).filter(department_id=department_id).select_related("token", "doctor"):
        if department.policy.carries_over and visit.state != State.CALLED and visit.journey_id is None:
            _carry_over(visit, today)
            ended.carried += 1
        else:
            _close(visit)
            ended.closed += 1
    for booking in never_came(today).filter(department_id=department_id):
        end(booking, AppointmentState.NO_SHOW, DAY_OVER)
        ended.missed += 1
    return ended


@step
def _close(visit: Visit) -> None:
    """Off the queue: whoever was called or set aside did not come, whoever still waited was not seen."""
    if visit.state in QUEUED or visit.state == State.SCANNED:
        move(visit, Verb.CLOSE_DAY, State.NO_SHOW, reason=DAY_OVER)
        emit(events.visit_event(events.NO_SHOW, visit.department_id, visit.id, visit.version))
    else:
        take_off(visit, DAY_OVER)


@step
def _carry_over(visit: Visit, today: date) -> None:
    """A number of the new day for somebody who goes on waiting; the place in the order stays what it was."""
    old = visit.token
    department = department_of(visit.department_id)
    token = issue_token(department=department, patient_id=visit.patient_id, day=today)
    void_token(old)
    visit.token = token
    amend(visit, token_id=token.id, day=today, number=token.number)
    carry_tracking(booking_id=visit.id, visit_id=visit.id, facility_id=visit.facility_id, day=today)
    about = {"tokenId": str(token.id), "tokenNumber": token.token_number}
    emit(events.visit_event(events.TOKEN_CREATED, visit.department_id, visit.id, visit.version, **about))
    record(
        action="visit.carried_over",
        entity_type="visit",
        entity_id=visit.id,
        before={"token": old.token_number, "version": visit.version - 1},
        after={"token": token.token_number, "version": visit.version},
        reason=DAY_OVER,
    )
