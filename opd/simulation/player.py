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
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from django_scopes import scope

from apps.core.commands import Command
from apps.core.trace import start_trace
from apps.encounters.commands import take_vitals
from apps.queue.commands import (
    arrive,
    cancel,
    check_in,
    confirm,
    create_checkin_link,
    move_in_queue,
    say_here,
    say_late,
    self_check_in,
    triage_up,
)
from apps.queue.queries.links import comes_by
from apps.queue.rules.order import Source
from apps.queue.rules.states import State
from opd.demo.loading import enrol
from opd.simulation.bedside import MEASURED_EVERY, measured
from opd.simulation.booked import Act, Booked
from opd.simulation.cast import VIA, Cast
from opd.simulation.doctors import Doctors
from opd.simulation.people import Person
from opd.simulation.plan import Arrival, Plan, Presence
from opd.simulation.touring import Tour

R = TypeVar("R")

AT_THE_DESK = 90
"""Seconds until the desk looks at somebody who scanned a printed code."""

LINK_SECONDS = 600


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


class Player:
    """One playing of a plan. `reached` is called with each virtual moment before it happens; it may wait. `at` is the
    moment in seconds since the opening; `expected` counts who has yet to be done with, by department."""

    def __init__(
        self, plan: Plan, cast: Cast, opens_at: datetime, reached: Callable[[datetime], None] = lambda _: None
    ) -> None:
        self.plan = plan
        self.cast = cast
        self.opens_at = opens_at
        self.reached = reached
        self.commands = 0
        self.ended = 0
        self.at = 0
        self._agenda: list[tuple[int, int, Act]] = []
        self._order = count()
        self._visits: dict[UUID, Seen] = {}
        self._booked = Booked(self)
        self._doctors = Doctors(self)
        self._tour = Tour(self, self._doctors.wake)
        self.expected = Counter(arrival.department for arrival in plan.arrivals)

    @property
    def now(self) -> datetime:
        """The virtual moment."""
        return self.opens_at + timedelta(seconds=self.at)

    def play(self) -> None:
        """Play the whole day, until the last doctor has gone home."""
        self._doctors.begin()
        for booking in self.plan.bookings:
            self.later(-booking.before, partial(self._booked.book, booking))
        for arrival in self.plan.arrivals:
            self.later(arrival.at, partial(self._arrive, arrival))
        with scope(facility=self.cast.facility_id):
            self._tour.begin()
            while self._agenda:
                self.at, _, act = heapq.heappop(self._agenda)
                self.reached(self.now)
                start_trace()
                act()

    def later(self, seconds: float, act: Act) -> None:
        """Put an act on the agenda."""
        heapq.heappush(self._agenda, (self.at + round(seconds), next(self._order), act))

    def do(self, command: Command[..., R], **arguments: Any) -> R:
        """One command at the virtual moment."""
        self.commands += 1
        return command(now=self.now, **arguments)

    def move(self, command: Command[..., Any], visit: Seen, **arguments: Any) -> Any:
        """Do something to a visit, and note where it stands then."""
        row = self.do(command, visit_id=visit.id, **arguments)
        visit.state = row.state
        return row

    # Arriving, waiting, leaving

    def _arrive(self, arrival: Arrival) -> None:
        if arrival.self_check_in:
            visit = self._scan(arrival)
        elif patient_id := self._booked.who(arrival.number):
            row = self._booked.of_today(patient_id)
            if row and self._booked.is_too_early(row):  # had to give way meanwhile, and was told
                self._booked.at_clock(row.at, partial(self._arrive, arrival))
                return
            visit = self._come(arrival, row) if row else self.check_in(arrival, patient_id, arrival.presence)
        else:
            visit = self.check_in(arrival, self.enrol(arrival.person), arrival.presence)
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

    def check_in(self, arrival: Arrival, patient_id: UUID, presence: Presence, *, again: bool = False) -> Seen:
        """The desk gives somebody a number; `again` who came too late."""
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
        if arrival.number % MEASURED_EVERY == 0 and not again:
            signs = measured(Random(f"signs:{arrival.number}"), arrival.person.age)
            self.do(take_vitals, actor=self.cast.nurse, visit_id=arrived.visit.id, **signs)
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
            self.move(confirm, visit, actor=self.cast.desk)
            self._doctors.wake(visit.arrival.department, None)

    def _get_worse(self, visit: Seen) -> None:
        if visit.state == State.WAITING:
            self.move(triage_up, visit, actor=self.cast.nurse, reason="Worse while waiting.")

    def _leave(self, visit: Seen) -> None:
        if visit.state in (State.SCANNED, State.WAITING, State.URGENT, State.ON_HOLD):
            self.move(cancel, visit, actor=self.cast.desk, reason="Left before being called.")
            self.went_on(visit)

    def _go_out(self, visit: Seen) -> None:
        """Somebody goes out for a while and says so; they are back a little before."""
        if visit.state in (State.WAITING, State.URGENT):
            minutes = 2 + visit.arrival.back_after // 60
            self.move(say_late, visit, actor=self.cast.nurse, minutes=minutes)
            self.later(visit.arrival.back_after, partial(self.come_back, visit))

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
        self.expected[department] -= 1
        while not self.expected[department] and self._doctors.idle_in(department):
            self._doctors.wake(department, None)

    def come_back(self, visit: Seen) -> None:
        """Whoever was set aside says that they are there again."""
        if visit.state == State.ON_HOLD:
            row = self.move(say_here, visit, actor=self.cast.nurse)
            self._doctors.wake(visit.arrival.department, row.doctor_id)
