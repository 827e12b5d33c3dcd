"""The doctors of a planned day: they call, see people, send them for tests, take breaks and go home."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.encounters.commands import add_diagnosis, complete
from apps.queue.commands import call_next, hold, no_show, recall, set_availability, start
from apps.scheduling.rules import Availability
from opd.simulation import till
from opd.simulation.afterwards import comes_after
from opd.simulation.bedside import diagnosed_beside, note_beside
from opd.simulation.cast import Practitioner
from opd.simulation.opinions import LOOKS_BACK, SAYS_EVERY, say
from opd.simulation.plan import PRESCRIPTIONS, Break, Presence, Session

if TYPE_CHECKING:
    from opd.simulation.player import Player, Seen

BETWEEN_PATIENTS = 25
"""Seconds a doctor needs from one patient to the next call."""

PATIENCE = 75
"""Seconds a called person has before the call is repeated, and again before they count as not there."""

BEFORE_TEST = 0.6
"""Share of a consultation that comes before the test; the rest follows with the result."""

BREAK = "Tea"


@dataclass(slots=True)
class _Desk:
    """A doctor at work; idle while nobody waits for them."""

    practitioner: Practitioner
    session: Session
    breaks: list[Break]
    idle: bool = False


class Doctors:
    """The doctors at work that a player plays."""

    def __init__(self, player: "Player") -> None:
        self._player = player
        practitioners = player.cast.practitioners
        self._desks = [_Desk(practitioners[s.key], s, list(s.breaks)) for s in player.plan.sessions]

    def begin(self) -> None:
        """Each comes when their session begins."""
        for desk in self._desks:
            self._player.later(desk.session.begins, partial(self._begin, desk))

    def _begin(self, desk: _Desk) -> None:
        self._set(desk, Availability.AVAILABLE)
        self._next(desk)

    def _next(self, desk: _Desk) -> None:
        """The doctor is free: for a break that is due, else for the next patient, else to wait or to go home."""
        if desk.breaks and desk.breaks[0].at <= self._player.at:
            pause = desk.breaks.pop(0).seconds
            self._set(desk, Availability.PAUSED, reason=BREAK, back_at=self._player.now + timedelta(seconds=pause))
            self._player.later(pause, partial(self._begin, desk))
            return
        doctor = desk.practitioner
        row = self._player.do(call_next, actor=doctor.actor, doctor_id=doctor.id)
        if row:
            visit = self._player.person_of(row.id)
            visit.state = row.state
            self._called(desk, visit)
        elif self._player.expected[doctor.department]:
            desk.idle = True
        else:
            self._set(desk, Availability.OFFLINE)

    def _set(self, desk: _Desk, status: Availability, **more: Any) -> None:
        doctor = desk.practitioner
        self._player.do(set_availability, actor=doctor.actor, doctor_id=doctor.id, status=status, **more)

    def _free(self, desk: _Desk) -> None:
        self._player.later(BETWEEN_PATIENTS, partial(self._next, desk))

    def wake(self, department: str, doctor_id: UUID | None) -> None:
        """Somebody waits for any doctor of a department, or for one: an idle one looks up."""
        for desk in self._desks:
            doctor = desk.practitioner
            if desk.idle and doctor.department == department and doctor_id in (None, doctor.id):
                desk.idle = False
                self._free(desk)
                return

    def idle_in(self, department: str) -> bool:
        """Whether a doctor of a department waits for somebody."""
        return any(desk.idle and desk.practitioner.department == department for desk in self._desks)

    def _called(self, desk: _Desk, visit: "Seen") -> None:
        """Here at once, at the second call, or not at all."""
        if visit.presence is Presence.HERE:
            self._player.later(visit.arrival.walk, partial(self._start, desk, visit))
            return
        self._player.later(PATIENCE, partial(self._player.move, recall, visit, actor=desk.practitioner.actor))
        if visit.presence is Presence.SLOW:
            self._player.later(PATIENCE + visit.arrival.walk, partial(self._start, desk, visit))
        else:
            self._player.later(2 * PATIENCE, partial(self._miss, desk, visit))

    def _miss(self, desk: _Desk, visit: "Seen") -> None:
        """Not there: set aside until they are back, or taken off the queue, perhaps to come to the desk later."""
        doctor = desk.practitioner.actor
        if visit.presence is Presence.AWAY:
            visit.presence = Presence.HERE
            self._player.move(hold, visit, actor=doctor, reason="Did not come when called.")
            self._player.later(visit.arrival.back_after, partial(self._player.come_back, visit))
        else:
            self._player.move(no_show, visit, actor=doctor)
            if visit.presence is Presence.TOO_LATE:
                again = partial(self._player.check_in, visit.arrival, visit.patient_id, Presence.HERE, again=True)
                self._player.later(visit.arrival.back_after, again)
            else:
                self._player.went_on(visit)
        self._free(desk)

    def _start(self, desk: _Desk, visit: "Seen") -> None:
        arrival = visit.arrival
        self._player.move(start, visit, actor=desk.practitioner.actor, doctor_id=desk.practitioner.id)
        if not visit.tested:
            visit.seconds = desk.session.seconds(arrival)
        if arrival.test_seconds and not visit.tested:
            self._player.later(
                visit.seconds * BEFORE_TEST, partial(self._send_for_test, desk, visit, arrival.test_seconds)
            )
        else:
            self._player.later(visit.seconds, partial(self._complete, desk, visit))

    def _send_for_test(self, desk: _Desk, visit: "Seen", test_seconds: int) -> None:
        self._player.move(hold, visit, actor=desk.practitioner.actor, reason="Sent for a blood test.")
        visit.tested, visit.seconds = True, round(visit.seconds * (1 - BEFORE_TEST))
        self._player.later(test_seconds, partial(self._player.come_back, visit))
        self._free(desk)

    def _complete(self, desk: _Desk, visit: "Seen") -> None:
        arrival = visit.arrival
        text = PRESCRIPTIONS[arrival.number % len(PRESCRIPTIONS)] if arrival.prescribed else ""
        if text and (code := diagnosed_beside(arrival.number)):
            self._player.do(add_diagnosis, actor=desk.practitioner.actor, visit_id=visit.id, text=code)
        if text:
            for command, told in comes_after(arrival.number % len(PRESCRIPTIONS), arrival.number // len(PRESCRIPTIONS)):
                self._player.do(command, actor=desk.practitioner.actor, visit_id=visit.id, **told)
        row, _ = self._player.do(
            complete,
            actor=desk.practitioner.actor,
            visit_id=visit.id,
            doctor_id=desk.practitioner.id,
            prescription_text=text,
            note=note_beside(arrival.number) if text else None,
        )
        visit.state = row.state
        if self._player.cast.cashier and not till.pays_later(visit.id):
            self._player.later(
                till.AFTER.total_seconds(), partial(till.settle, self._player.do, self._player.cast.cashier, visit.id)
            )
        if arrival.number % SAYS_EVERY == 0:
            self._player.later(LOOKS_BACK.total_seconds(), partial(self._say_how_it_was, visit))
        self._player.went_on(visit)
        self._free(desk)

    def _say_how_it_was(self, visit: "Seen") -> None:
        say(self._player.do, visit.id, visit.arrival.number // SAYS_EVERY, self._player.now)
