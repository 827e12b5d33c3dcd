"""The simulator beside people: every second it looks at the hospital as it is, and does what is due.

All that it knows is in the database, where its moves are told from people's by their `via`. So it can be killed,
started again, or outrun by a person at any moment: it looks again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from threading import Event
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, InterfaceError, connection
from django_scopes import scope

from apps.core.commands import Command
from apps.core.errors import Conflict, DomainError
from apps.core.policy import Actor
from apps.core.trace import start_trace
from apps.encounters.commands import add_diagnosis, complete, take_vitals
from apps.encounters.commands.ordering import order_investigations
from apps.encounters.commands.results import see_result
from apps.encounters.queries.investigations import investigations, not_seen
from apps.patients.queries import search
from apps.queue import commands
from apps.queue.queries.journeys import templates, test_departments
from apps.queue.queries.sending import unserved
from apps.queue.rules.order import Source
from apps.scheduling.rules import Availability, DepartmentKind
from opd.demo.loading import enrol
from opd.demo.shapes import Hospital
from opd.simulation.afterwards import EVERY_AGAIN, EVERY_DIET, EVERY_LETTER, comes_after
from opd.simulation.ahead import Ahead
from opd.simulation.bedside import MEASURED_EVERY, URGENT_TESTS, diagnosed_beside, measured, note_beside, usual
from opd.simulation.cast import Cast, cast_of
from opd.simulation.looking import look_at
from opd.simulation.opinions import Opinions
from opd.simulation.people import Person, person
from opd.simulation.plan import ALARMING, PRESCRIPTIONS, SOURCES, SYMPTOMS, weighted
from opd.simulation.rounds import (
    ALARMED,
    DID_NOT_COME,
    EMERGENCIES,
    FEWEST,
    LONGEST_BREAK,
    SENT_FOR_TEST,
    Decision,
    Deed,
    Doctor,
    Look,
    Seen,
    decide,
)
from opd.simulation.stations import Stations
from opd.simulation.till import Till

POOL = 400
"""Invented people who come again and again."""

CHILD_EVERY = 3
"""One in so many of them is a child."""

ON_A_JOURNEY = 0.5
"""Share of people who go through several stations."""

CAST_KEPT = timedelta(minutes=1)
LONGEST_PAUSE = 10.0
"""Seconds between two tries while the database is away."""

log = logging.getLogger(__name__)


CHILD, ADULT = 6, 55
"""Years: whose vital signs are made up, as nearly as it matters."""


class LivePlayer:
    """One simulator beside people. `clock` tells the time; `random` decides who arrives when. With `ahead` it also
    keeps the coming two weeks booked."""

    def __init__(
        self, hospital: Hospital, clock: Callable[[], datetime], random: Random | None = None, *, ahead: bool = True
    ) -> None:
        self.hospital = hospital
        self.clock = clock
        self.random = random or Random()
        self._ahead = Ahead(hospital, clock, self.random) if ahead else None
        self._stations = Stations(clock)
        self._till = Till(clock)
        self._opinions = Opinions(clock)
        self._triage = {new.code for new in hospital.departments if new.kind is DepartmentKind.TRIAGE}
        self._children = {new.code for new in hospital.departments if new.sees_children}
        self._cast: Cast | None = None
        self._cast_at: datetime | None = None

    def run(self, stop: Event) -> None:
        """Act about every second until told to stop, through every failure of the database."""
        pause = 0.5
        while not stop.is_set():
            try:
                connection.close_if_unusable_or_obsolete()
                self.tick()
                pause = 0.5
                stop.wait(1.0)
            except (DatabaseError, InterfaceError) as error:
                log.warning("simulator without database", extra={"error": type(error).__name__})
                self._cast = None
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        connection.close()

    def tick(self) -> int:
        """Look once and do what is due; the number of deeds that were done. 0 while there is no such hospital."""
        cast = self._present_cast()
        if cast is None:
            return 0
        with scope(facility=cast.facility_id):
            look = look_at(cast, self.clock())
            if not look.doctors:  # the hospital was removed, perhaps to be loaded anew
                self._cast = None
            busy = {visit.patient_id for visit in look.visits}
            done = sum(self._try(cast, look, decision, busy) for decision in decide(look, self.random))
            done += self._stations.tick(cast, look) + self._till.tick(cast) + self._opinions.tick(cast)
            return done + (self._ahead.tick(cast) if self._ahead and look.doctors else 0)

    def _present_cast(self) -> Cast | None:
        """The people to act for, read anew every minute: accounts change, and a demo is loaded again."""
        now = self.clock()
        if self._cast is None or self._cast_at is None or now - self._cast_at > CAST_KEPT:
            try:
                self._cast, self._cast_at = cast_of(self.hospital), now
            except (LookupError, ObjectDoesNotExist):
                self._cast = None
        return self._cast

    def _try(self, cast: Cast, look: Look, decision: Decision, busy: set[UUID]) -> bool:
        """Do one thing. Somebody may have been faster; then the next look shows what there is to do."""
        start_trace()
        try:
            if decision.visit:
                self._move(cast, decision, decision.visit)
            elif decision.doctor:
                self._set(cast, decision.deed, decision.doctor)
            else:
                self._arrive(cast, look, decision.department, busy)
        except (DomainError, ObjectDoesNotExist) as refusal:
            log.debug("outrun", extra={"deed": str(decision.deed), "refusal": type(refusal).__name__})
            if not isinstance(refusal, Conflict):
                self._cast = None
            return False
        return True

    def _move(self, cast: Cast, decision: Decision, visit: Seen) -> None:
        """Move a visit if it still is as it was seen. Nobody is sent for tests while every counter there is closed."""
        tests = _tests_to_be_had() if decision.deed is Deed.TEST else []
        deed = Deed.COMPLETE if decision.deed is Deed.TEST and not tests else decision.deed
        command, details = _MOVES[deed]
        if decision.doctor:
            actor = cast.practitioners[decision.doctor.key].actor
        else:
            actor = cast.nurse if deed in _BY_NURSE else cast.desk
        if decision.doctor and deed in _NAMES_DOCTOR:
            details = details | {"doctor_id": decision.doctor.id}
        if tests:
            command, told = self._ordering(tests)
            details = details | told
        if deed is Deed.COMPLETE:
            self._look(cast, decision, visit)
            details = details | self._written(actor, visit)
        command(actor=actor, now=self.clock(), visit_id=visit.id, expected_version=visit.version, **details)

    def _ordering(self, places: list[UUID]) -> tuple[Command[..., Any], dict[str, Any]]:
        """A test or two of the list at each place; of a hospital without a list the person is sent without any."""
        listed = [(test.code, test.department_id) for test in investigations()]
        wanted = {self.random.choice(codes) for place in places if (codes := usual(listed, place))}
        if not wanted:
            return commands.send_for_tests, {"department_ids": places}
        urgent = self.random.random() < URGENT_TESTS
        return order_investigations, {"tests": sorted(wanted), "send": True, "urgent": urgent}

    def _look(self, cast: Cast, decision: Decision, visit: Seen) -> None:
        """Before somebody leaves, the doctor looks at what came back of them."""
        assert decision.doctor, "a doctor finishes a visit"
        actor = cast.practitioners[decision.doctor.key].actor
        for order in not_seen(decision.doctor.id).filter(visit_id=visit.id):
            see_result(actor=actor, now=self.clock(), order_id=order.id, version=order.reported)

    def _written(self, actor: Actor, visit: Seen) -> dict[str, Any]:
        """What a doctor writes: a note with most visits, and what goes with it."""
        number = self.random.randrange(-1, len(PRESCRIPTIONS))
        if number < 0:
            return {}
        if code := diagnosed_beside(number):
            add_diagnosis(actor=actor, now=self.clock(), visit_id=visit.id, text=code)
        for command, told in comes_after(number, self.random.randrange(EVERY_DIET * EVERY_AGAIN * EVERY_LETTER)):
            command(actor=actor, now=self.clock(), visit_id=visit.id, **told)
        return {"prescription_text": PRESCRIPTIONS[number], "note": note_beside(number)}

    def _set(self, cast: Cast, deed: Deed, doctor: Doctor) -> None:
        now, pauses = self.clock(), deed is Deed.PAUSE
        commands.set_availability(
            actor=cast.practitioners[doctor.key].actor,
            now=now,
            doctor_id=doctor.id,
            status=Availability.PAUSED if pauses else Availability.AVAILABLE,
            reason="Tea" if pauses else "",
            back_at=now + LONGEST_BREAK if pauses else None,
            expected_version=doctor.version,
        )

    def _arrive(self, cast: Cast, look: Look, department: str, busy: set[UUID]) -> None:
        """Somebody of the pool who is not here now comes to the desk."""
        patient_id = self._somebody(cast, department, busy)
        if patient_id is None:
            return
        busy.add(patient_id)
        emergency, alarming = self.random.random() < EMERGENCIES, self.random.random() < ALARMED
        source = Source.EMERGENCY if emergency else weighted(self.random, SOURCES)
        symptom = self.random.choice(ALARMING if alarming else SYMPTOMS)
        doctors = [d for d in look.attended() if d.department == department]
        asked = self.random.choice(doctors).id if doctors and self.random.random() < 0.1 else None
        arrived = commands.check_in(
            actor=cast.nurse if emergency else cast.desk,
            now=self.clock(),
            department_id=cast.departments[department],
            patient_id=patient_id,
            doctor_id=asked,
            source=source,
            symptoms=[symptom] if symptom else [],
            journey_id=None if emergency else self._journey(look, department),
        )
        if emergency or self.random.randrange(MEASURED_EVERY) == 0:
            signs = measured(self.random, CHILD if department in self._children else ADULT)
            take_vitals(actor=cast.nurse, now=self.clock(), visit_id=arrived.visit.id, **signs)

    def _journey(self, look: Look, department: str) -> UUID | None:
        """Every other person goes on to further stations. By way of triage only while nobody waits there and enough do
        for the doctors: whoever is at triage is not in the queue that is to be kept filled."""
        if self.random.random() >= ON_A_JOURNEY:
            return None
        busy = any(look.waiting(code) for code in self._triage) or len(look.waiting(department)) < FEWEST
        found = [row.id for row in templates().prefetch_related("stations") if not (busy and _begins_elsewhere(row))]
        return self.random.choice(found) if found else None

    def _somebody(self, cast: Cast, department: str, busy: set[UUID]) -> UUID | None:
        """A person of the pool without an open visit, registered at the first coming; None if none is found soon."""
        child = department in self._children
        for _ in range(20):
            chosen = pool_person(self.random.randrange(POOL), child=child)
            known = search(chosen.phone, cast.desk).first()
            if known is None:
                return enrol(cast.desk, self.clock(), chosen).id
            if known.id not in busy:
                return known.id
        return None


def _tests_to_be_had() -> list[UUID]:
    """The laboratories and imaging departments where somebody is at a counter."""
    places = [place.id for place in test_departments()]
    closed = unserved(places)
    return [place for place in places if place not in closed]


def _begins_elsewhere(template: Any) -> bool:
    """Whether a journey begins at another station than the consultation."""
    return any(station.step == 1 and station.department_id for station in template.stations.all())


def pool_person(number: int, *, child: bool) -> Person:
    """The n-th person of the pool, or the next to it who is a child, or none."""
    if child:
        number -= number % CHILD_EVERY
    elif number % CHILD_EVERY == 0:
        number += 1
    return person(Random(f"pool:{number}"), number, child=child)


_MOVES: dict[Deed, tuple[Command[..., Any], dict[str, Any]]] = {
    Deed.CALL_NEXT: (commands.call_if_next, {}),
    Deed.CALL: (commands.call, {}),
    Deed.RECALL: (commands.recall, {}),
    Deed.START: (commands.start, {}),
    Deed.TEST: (commands.send_for_tests, {"reason": SENT_FOR_TEST}),
    Deed.COMPLETE: (complete, {}),
    Deed.SET_ASIDE: (commands.hold, {"reason": DID_NOT_COME}),
    Deed.NO_SHOW: (commands.no_show, {}),
    Deed.CONFIRM: (commands.confirm, {}),
    Deed.WORSEN: (commands.triage_up, {"reason": "Worse while waiting."}),
    Deed.LEAVE: (commands.cancel, {"reason": "Left before being called."}),
    Deed.CLOSE: (commands.cancel, {"reason": "The day is over."}),
    Deed.COME_BACK: (commands.resume, {}),
}
"""The command of each deed that moves a visit, and what it is told besides the visit."""

_NAMES_DOCTOR = frozenset({Deed.CALL_NEXT, Deed.CALL, Deed.START, Deed.COMPLETE})
_BY_NURSE = frozenset({Deed.WORSEN, Deed.COME_BACK, Deed.NO_SHOW})
"""Of the deeds without a doctor; the desk does the others."""
