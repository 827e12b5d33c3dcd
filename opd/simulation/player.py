"""Plays a planned day through the hospital's real commands, in virtual time.

A loop over one agenda: each act happens at its virtual moment, does one command, and puts on the agenda what
follows. Nothing else decides the order, so the same plan gives the same day at any speed.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from django_scopes import scope

from apps.core.commands import Command
from apps.core.trace import start_trace
from apps.encounters.commands import complete
from apps.queue.commands import (
    arrive,
    call_next,
    cancel,
    check_in,
    confirm,
    create_checkin_link,
    hold,
    move_in_queue,
    no_show,
    recall,
    say_here,
    say_late,
    self_check_in,
    set_availability,
    start,
    triage_up,
)
from apps.queue.queries.links import comes_by
from apps.queue.rules.order import Source
from apps.queue.rules.states import State
from apps.scheduling.rules import Availability
from opd.demo.loading import enrol
from opd.simulation.booked import Act, Booked
from opd.simulation.cast import VIA, Cast, Practitioner
from opd.simulation.people import Person
from opd.simulation.plan import PRESCRIPTIONS, Arrival, Break, Plan, Presence, Session
from opd.simulation.touring import Tour

R = TypeVar("R")

BETWEEN_PATIENTS = 25
"""Seconds a doctor needs from one patient to the next call."""

PATIENCE = 75
"""Seconds a called person has before the call is repeated, and again before they count as not there."""

AT_THE_DESK = 90
"""Seconds until the desk looks at somebody who scanned a printed code."""

BEFORE_TEST = 0.6
"""Share of a consultation that comes before the test; the rest follows with the result."""

LINK_SECONDS = 600

BREAK = "Tea"


@dataclass(slots=True)
class Seen:
    """A visit on its way, as this player last saw it. `seconds` of consultation are still to come."""

    id: UUID
    token_id: UUID
    patient_id: UUID
    state: str
    arrival: Arrival
    presence: Presence
    seconds: int = 0
    tested: bool = False


@dataclass(slots=True)
class _Desk:
    """A doctor at work; idle while nobody waits for them."""

    practitioner: Practitioner
    session: Session
    breaks: list[Break]
    idle: bool = False


class Player:
    """One playing of a plan. `reached` is called with each virtual moment before it happens; it may wait."""

    def __init__(
        self, plan: Plan, cast: Cast, opens_at: datetime, reached: Callable[[datetime], None] = lambda _: None
    ) -> None:
        self.plan = plan
        self.cast = cast
        self.opens_at = opens_at
        self.reached = reached
        self.commands = 0
        self.ended = 0
        self._at = 0
        self._agenda: list[tuple[int, int, Act]] = []
        self._order = count()
        self._visits: dict[UUID, Seen] = {}
        self._booked = Booked(self)
        self._tour = Tour(self, self._wake)
        self._desks = [_Desk(cast.practitioners[s.key], s, list(s.breaks)) for s in plan.sessions]
        self._expected = Counter(arrival.department for arrival in plan.arrivals)

    @property
    def now(self) -> datetime:
        """The virtual moment."""
        return self.opens_at + timedelta(seconds=self._at)

    def play(self) -> None:
        """Play the whole day, until the last doctor has gone home."""
        for desk in self._desks:
            self.later(desk.session.begins, partial(self._begin, desk))
        for booking in self.plan.bookings:
            self.later(-booking.before, partial(self._booked.book, booking))
        for arrival in self.plan.arrivals:
            self.later(arrival.at, partial(self._arrive, arrival))
        with scope(facility=self.cast.facility_id):
            self._tour.begin()
            while self._agenda:
                self._at, _, act = heapq.heappop(self._agenda)
                self.reached(self.now)
                start_trace()
                act()

    def later(self, seconds: float, act: Act) -> None:
        """Put an act on the agenda."""
        heapq.heappush(self._agenda, (self._at + round(seconds), next(self._order), act))

    def do(self, command: Command[..., R], **arguments: Any) -> R:
        """One command at the virtual moment."""
        self.commands += 1
        return command(now=self.now, **arguments)

    def _move(self, command: Command[..., Any], visit: Seen, **arguments: Any) -> Any:
        """Do something to a visit, and note where it stands then."""
        row = self.do(command, visit_id=visit.id, **arguments)
        visit.state = row.state
        return row

    # Doctors

    def _begin(self, desk: _Desk) -> None:
        self._set(desk, Availability.AVAILABLE)
        self._next(desk)

    def _next(self, desk: _Desk) -> None:
        """The doctor is free: for a break that is due, else for the next patient, else to wait or to go home."""
        if desk.breaks and desk.breaks[0].at <= self._at:
            pause = desk.breaks.pop(0).seconds
            self._set(desk, Availability.PAUSED, reason=BREAK, back_at=self.now + timedelta(seconds=pause))
            self.later(pause, partial(self._begin, desk))
            return
        doctor = desk.practitioner
        row = self.do(call_next, actor=doctor.actor, doctor_id=doctor.id)
        if row:
            visit = self.person_of(row.id)
            visit.state = row.state
            self._called(desk, visit)
        elif self._expected[doctor.department]:
            desk.idle = True
        else:
            self._set(desk, Availability.OFFLINE)

    def _set(self, desk: _Desk, status: Availability, **more: Any) -> None:
        doctor = desk.practitioner
        self.do(set_availability, actor=doctor.actor, doctor_id=doctor.id, status=status, **more)

    def _free(self, desk: _Desk) -> None:
        self.later(BETWEEN_PATIENTS, partial(self._next, desk))

    def _wake(self, department: str, doctor_id: UUID | None) -> None:
        """Somebody waits for any doctor of a department, or for one: an idle one looks up."""
        for desk in self._desks:
            doctor = desk.practitioner
            if desk.idle and doctor.department == department and doctor_id in (None, doctor.id):
                desk.idle = False
                self._free(desk)
                return

    # Arriving, waiting, leaving

    def _arrive(self, arrival: Arrival) -> None:
        if arrival.self_check_in:
            visit = self._scan(arrival)
        elif patient_id := self._booked.who(arrival.number):
            row = self._booked.of_today(patient_id)
            if row and self._booked.is_too_early(row):  # had to give way meanwhile, and was told
                self._booked.at_clock(row.at, partial(self._arrive, arrival))
                return
            visit = self._come(arrival, row) if row else self._check_in(arrival, patient_id, arrival.presence)
        else:
            visit = self._check_in(arrival, self.enrol(arrival.person), arrival.presence)
        for after, act in ((arrival.late_after, self._go_out), (arrival.moved_after, self._put_forward)):
            if after is not None:
                self.later(after, partial(act, visit))
        if arrival.worse_after is not None:
            self.later(arrival.worse_after, partial(self._get_worse, visit))
        if arrival.leaves_after is not None:
            self.later(arrival.leaves_after, partial(self._leave, visit))

    def enrol(self, person: Person) -> UUID:
        """A record for somebody; its id."""
        self.commands += 1
        return enrol(self.cast.desk, self.now, person).id

    def _come(self, arrival: Arrival, row: Any) -> Seen:
        """By a booking: the visit goes on under its number."""
        arrived = self.do(arrive, actor=self.cast.desk, booking_id=row.id)
        visit = self._entered(arrived.visit, arrival, arrival.presence)
        self._tour.set_out(visit)
        return visit

    def _check_in(self, arrival: Arrival, patient_id: UUID, presence: Presence, *, again: bool = False) -> Seen:
        way = None if again else self._tour.way(arrival.way)
        arrived = self.do(
            check_in,
            actor=self.cast.nurse if arrival.source is Source.EMERGENCY else self.cast.desk,
            department_id=self.cast.departments[arrival.department],
            patient_id=patient_id,
            doctor_id=self.cast.practitioners[arrival.doctor].id if arrival.doctor else None,
            source=arrival.source,
            symptoms=list(arrival.symptoms),
            journey_id=way.id if way else None,
        )
        return self._entered(arrived.visit, arrival, presence)

    def _scan(self, arrival: Arrival) -> Seen:
        """By the hall's code: straight into the queue, or, with a printed one, once the desk has looked."""
        department_id = self.cast.departments[arrival.department]
        token, _ = self.do(
            create_checkin_link,
            actor=self.cast.desk,
            department_id=department_id,
            expires_in=LINK_SECONDS,
            printed=arrival.printed_code,
        )
        holder, link = comes_by(token)
        arrived = self.do(
            self_check_in,
            actor=replace(holder, via=VIA),
            link=link,
            department_id=department_id,
            name=arrival.person.name,
            age=arrival.person.age,
            symptoms=list(arrival.symptoms),
        )
        return self._entered(arrived.visit, arrival, arrival.presence)

    def _entered(self, row: Any, arrival: Arrival, presence: Presence) -> Seen:
        visit = self._visits[row.id] = Seen(row.id, row.token_id, row.patient_id, row.state, arrival, presence)
        if row.state == State.SCANNED:
            self.later(AT_THE_DESK, partial(self._confirm, visit))
        else:
            self._tour.follow(visit)
        return visit

    def seen(self, row: Any, before: Seen) -> Seen:
        """Somebody at another station: the same person, as they were at the one before."""
        if row.id not in self._visits:
            later = Seen(row.id, row.token_id, row.patient_id, row.state, before.arrival, before.presence)
            self._visits[row.id] = later
        return self._visits[row.id]

    def person_of(self, visit_id: UUID) -> Seen:
        """Whoever a visit is of, as this player last saw them."""
        return self._visits[visit_id]

    def _confirm(self, visit: Seen) -> None:
        if visit.state == State.SCANNED:
            self._move(confirm, visit, actor=self.cast.desk)
            self._wake(visit.arrival.department, None)

    def _get_worse(self, visit: Seen) -> None:
        if visit.state == State.WAITING:
            self._move(triage_up, visit, actor=self.cast.nurse, reason="Worse while waiting.")

    def _leave(self, visit: Seen) -> None:
        if visit.state in (State.SCANNED, State.WAITING, State.URGENT, State.ON_HOLD):
            self._move(cancel, visit, actor=self.cast.desk, reason="Left before being called.")
            self.went_on(visit)

    def _go_out(self, visit: Seen) -> None:
        """Somebody goes out for a while and says so; they are back a little before."""
        if visit.state in (State.WAITING, State.URGENT):
            minutes = 2 + visit.arrival.back_after // 60
            self._move(say_late, visit, actor=self.cast.nurse, minutes=minutes)
            self.later(visit.arrival.back_after, partial(self._come_back, visit))

    def _put_forward(self, visit: Seen) -> None:
        """The desk puts somebody at another place by hand."""
        if visit.state == State.WAITING:
            where = {"some_id": visit.token_id, "new_position": 1}
            self.do(move_in_queue, actor=self.cast.desk, reason="The ambulance home waits.", **where)

    def went_on(self, visit: Seen) -> None:
        """A station has ended: whoever has no other one is done with."""
        if not self._tour.follow(visit):
            self._end(visit)

    def _end(self, visit: Seen) -> None:
        """This person is done with. After a department's last one, its idle doctors look up and go home."""
        self.ended += 1
        department = visit.arrival.department
        self._expected[department] -= 1
        while not self._expected[department] and self._idle_in(department):
            self._wake(department, None)

    def _idle_in(self, department: str) -> bool:
        return any(desk.idle and desk.practitioner.department == department for desk in self._desks)

    # Called

    def _called(self, desk: _Desk, visit: Seen) -> None:
        """Here at once, at the second call, or not at all."""
        if visit.presence is Presence.HERE:
            self.later(visit.arrival.walk, partial(self._start, desk, visit))
            return
        self.later(PATIENCE, partial(self._move, recall, visit, actor=desk.practitioner.actor))
        if visit.presence is Presence.SLOW:
            self.later(PATIENCE + visit.arrival.walk, partial(self._start, desk, visit))
        else:
            self.later(2 * PATIENCE, partial(self._miss, desk, visit))

    def _miss(self, desk: _Desk, visit: Seen) -> None:
        """Not there: set aside until they are back, or taken off the queue, perhaps to come to the desk later."""
        doctor = desk.practitioner.actor
        if visit.presence is Presence.AWAY:
            visit.presence = Presence.HERE
            self._move(hold, visit, actor=doctor, reason="Did not come when called.")
            self.later(visit.arrival.back_after, partial(self._come_back, visit))
        else:
            self._move(no_show, visit, actor=doctor)
            if visit.presence is Presence.TOO_LATE:
                again = partial(self._check_in, visit.arrival, visit.patient_id, Presence.HERE, again=True)
                self.later(visit.arrival.back_after, again)
            else:
                self.went_on(visit)
        self._free(desk)

    def _come_back(self, visit: Seen) -> None:
        if visit.state == State.ON_HOLD:
            row = self._move(say_here, visit, actor=self.cast.nurse)
            self._wake(visit.arrival.department, row.doctor_id)

    # With the doctor

    def _start(self, desk: _Desk, visit: Seen) -> None:
        arrival = visit.arrival
        self._move(start, visit, actor=desk.practitioner.actor, doctor_id=desk.practitioner.id)
        if not visit.tested:
            visit.seconds = desk.session.seconds(arrival)
        if arrival.test_seconds and not visit.tested:
            self.later(visit.seconds * BEFORE_TEST, partial(self._send_for_test, desk, visit, arrival.test_seconds))
        else:
            self.later(visit.seconds, partial(self._complete, desk, visit))

    def _send_for_test(self, desk: _Desk, visit: Seen, test_seconds: int) -> None:
        self._move(hold, visit, actor=desk.practitioner.actor, reason="Sent for a blood test.")
        visit.tested, visit.seconds = True, round(visit.seconds * (1 - BEFORE_TEST))
        self.later(test_seconds, partial(self._come_back, visit))
        self._free(desk)

    def _complete(self, desk: _Desk, visit: Seen) -> None:
        arrival = visit.arrival
        text = PRESCRIPTIONS[arrival.number % len(PRESCRIPTIONS)] if arrival.prescribed else ""
        row, _ = self.do(
            complete,
            actor=desk.practitioner.actor,
            visit_id=visit.id,
            doctor_id=desk.practitioner.id,
            prescription_text=text,
        )
        visit.state = row.state
        self.went_on(visit)
        self._free(desk)
