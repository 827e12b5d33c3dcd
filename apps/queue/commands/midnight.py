"""A day ends: who still waits is taken off, or gets a number of the new day (requirements QUE-9)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
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
from apps.queue.commands.moving import amend, move, require_locked
from apps.queue.commands.onward import close_way
from apps.queue.models import Journey, Visit
from apps.queue.queries.journeys import ways_left_over
from apps.queue.queries.visits import left_over
from apps.queue.rules.states import OPEN, QUEUED, State, Verb
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
    """Deal with what earlier days left open in a department, as its rules say; who is with a doctor is left alone.
    Of a way through several stations all that is open is dealt with at once, whichever department's turn it is.

    A day is the facility's. Done again, or late by days, it finds nothing or does the same once.
    """
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id, department_id))
    today = facility_facts(department_of(department_id).facility_id).day_of(now)
    ways = ways_left_over(department_id, today)
    lock_streams(*(department_stream(place) for place in {department_id, *(p for way in ways.values() for p in way)}))
    ways = ways_left_over(department_id, today)  # as they are now: another department's turn may just have ended them
    require_locked(place for way in ways.values() for place in way)
    department = department_of(department_id)
    ended = DayEnded()
    for journey_id in sorted(ways):
        _end_way(journey_id, today, ended)
    alone = left_over(today).filter(department_id=department_id, journey__isnull=True)
    for visit in alone.select_related("token", "doctor"):
        if department.policy.carries_over and visit.state != State.CALLED:
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
def _end_way(journey_id: UUID, today: date, ended: DayEnded) -> None:
    """One decision for all open stations of somebody's way, by the rules of the department they came for. With
    somebody inside at one of them the whole way is left alone; who was called to one and did not come is taken off."""
    journey = Journey.objects.select_for_update(of=("self",)).select_related("token").get(id=journey_id)
    visits = list(
        Visit.objects.select_related("token", "doctor")
        .filter(journey_id=journey_id, state__in=sorted(OPEN))
        .order_by("scanned_at", "id")
    )
    states = {visit.state for visit in visits}
    if State.IN_CONSULTATION in states or not visits:
        return
    if department_of(journey.token.department_id).policy.carries_over and State.CALLED not in states:
        _carry_way_over(journey, visits, today)
        ended.carried += len(visits)
    else:
        close_way(journey.id, visits, DAY_OVER)
        for visit in visits:
            _close(visit)
        ended.closed += len(visits)


@step
def _carry_way_over(journey: Journey, visits: list[Visit], today: date) -> None:
    """One new number for the whole way; what is done stays done, and everybody's place in every order what it was."""
    old = journey.token
    token = issue_token(department=department_of(old.department_id), patient_id=old.patient_id, day=today)
    void_token(old)
    Journey.objects.filter(id=journey.id).update(token_id=token.id, day=today)
    for passed in Visit.objects.filter(journey_id=journey.id).exclude(state__in=sorted(OPEN)):
        carry_tracking(booking_id=passed.id, visit_id=visits[0].id, facility_id=passed.facility_id, day=today)
    for visit in visits:
        _renumber(visit, token, today)
    record(
        action="journey.carried_over",
        entity_type="journey",
        entity_id=journey.id,
        before={"token": old.token_number},
        after={"token": token.token_number, "visitIds": [str(visit.id) for visit in visits]},
        reason=DAY_OVER,
    )


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
    department = department_of(visit.department_id)
    token = issue_token(department=department, patient_id=visit.patient_id, day=today)
    void_token(visit.token)
    _renumber(visit, token, today)


@step
def _renumber(visit: Visit, token: Any, today: date) -> None:
    old, visit.token = visit.token, token
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
