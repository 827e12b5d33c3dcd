"""The days before a demo hospital opens, as far as they taught it anything: how long its doctors take.

Without them the first people of the first day would be told times by the configured averages, which are those of a
real hospital; the simulator's consultations are shortened.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django_scopes import scope

from apps.accounts.queries import facility_facts
from apps.core.policy import system_actor
from apps.eta.commands import learn_days
from apps.eta.rules.queues import Lesson, Plan
from apps.scheduling.queries import doctors
from opd.demo.hospital import Hospital
from opd.simulation.cast import VIA, Cast, cast_of
from opd.simulation.rounds import (
    AGAIN,
    AT_FIRST_CALL,
    BREAK,
    CYCLE,
    LONGEST_BREAK,
    MOST,
    REST,
    WALK,
    consultation_seconds,
)

DAYS, PEOPLE = 5, 60
"""So many days, on which so many saw each doctor."""

LENGTH = 480.0
BREAK_EVERY = 11
"""People between two breaks."""


def remember(hospital: Hospital, now: datetime) -> int:
    """Teach the house what the days before it opened were like; the number of lessons."""
    cast = cast_of(hospital)
    with scope(facility=cast.facility_id):
        today = facility_facts(cast.facility_id).day_of(now)
        lessons = list(_lessons(cast, today, now, Random(hospital.code)))
        return learn_days(actor=system_actor(VIA, cast.facility_id), now=now, lessons=lessons)


def _lessons(cast: Cast, today: date, now: datetime, random: Random) -> Iterator[tuple[date, Lesson]]:
    averages = {doctor.id: float(doctor.average_consultation_minutes) for doctor in doctors()}
    for before in range(DAYS, 0, -1):
        for doctor in cast.practitioners.values():
            begins = now - timedelta(days=before)
            for lesson in _day(cast.facility_id, doctor.id, averages[doctor.id], begins, random):
                yield today - timedelta(days=before), lesson


def _day(facility_id: UUID, doctor_id: UUID, average: float, at: datetime, random: Random) -> Iterator[Lesson]:
    """One person after the other: called, in after a few steps or a second call, out again; now and then a break."""
    plan: Plan | None = Plan(at, LENGTH, 0)
    for number in range(PEOPLE):
        about: dict[str, Any] = {"doctor_id": doctor_id, "kind": "usual", "average": average}
        ready = at - timedelta(seconds=random.uniform(2, MOST / 2) * CYCLE)
        yield Lesson(facility_id, at, **about, plan=plan, newcomer="walk_in", ready=ready, called=at)
        plan, walked = None, random.uniform(*WALK) + AGAIN * (random.random() > AT_FIRST_CALL)
        at += timedelta(seconds=walked)
        yield Lesson(facility_id, at, **about, begun=at, ready=ready, walked=walked / 60)
        seconds = consultation_seconds(random)
        at += timedelta(seconds=seconds)
        yield Lesson(facility_id, at, **about, consulted=seconds / 60)
        if number % BREAK_EVERY == BREAK_EVERY - 1:
            yield Lesson(facility_id, at, doctor_id=doctor_id, left=True, said_back=at + LONGEST_BREAK)
            at += timedelta(seconds=random.uniform(*BREAK))
            yield Lesson(facility_id, at, doctor_id=doctor_id, back=True)
        at += timedelta(seconds=random.uniform(*REST))
