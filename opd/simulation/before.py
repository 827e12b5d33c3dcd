"""The days before a demo hospital opens, as far as they taught it anything: how long its doctors take, who goes first.

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
from apps.patients.rules.people import birth_date_of_age, needs_class
from apps.queue.queries.rules import policy_of
from apps.queue.rules.order import NeedsClass
from apps.scheduling.queries import department_of, doctors
from opd.demo.shapes import Hospital
from opd.simulation.cast import VIA, Cast, cast_of
from opd.simulation.live import POOL, pool_person
from opd.simulation.rounds import (
    AGAIN,
    ALARMED,
    AT_FIRST_CALL,
    BREAK,
    CYCLE,
    EMERGENCIES,
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
        children = {new.code for new in hospital.departments if new.sees_children}
        lessons = list(_lessons(cast, children, today, now, Random(hospital.code)))
        return learn_days(actor=system_actor(VIA, cast.facility_id), now=now, lessons=lessons)


def _lessons(
    cast: Cast, children: set[str], today: date, now: datetime, random: Random
) -> Iterator[tuple[date, Lesson]]:
    averages = {doctor.id: float(doctor.average_consultation_minutes) for doctor in doctors()}
    for before in range(DAYS, 0, -1):
        for doctor in cast.practitioners.values():
            begins, day = now - timedelta(days=before), today - timedelta(days=before)
            comers = _comers(cast.departments[doctor.department], doctor.department in children, day, random)
            for lesson in _day(cast.facility_id, doctor.id, averages[doctor.id], begins, random, comers):
                yield day, lesson


def _comers(department_id: UUID, child: bool, day: date, random: Random) -> Iterator[dict[str, Any]]:
    """People of the pool as they come: a few urgent, others with the head start that the department gives them."""
    policy = policy_of(department_of(department_id).policy)
    while True:
        who = pool_person(random.randrange(POOL), child=child)
        needs = needs_class(birth_date_of_age(who.age, day), day, pregnant=who.pregnant, disabled=who.disabled)
        urgent = random.random() < EMERGENCIES + ALARMED
        ahead = policy.head_start(NeedsClass(needs)) / timedelta(minutes=1)
        yield {"newcomer": "emergency"} if urgent else {"newcomer": "walk_in", "behind": -ahead}


def _day(
    facility_id: UUID,
    doctor_id: UUID,
    average: float,
    at: datetime,
    random: Random,
    comers: Iterator[dict[str, Any]],
) -> Iterator[Lesson]:
    """One person after the other: called, in after a few steps or a second call, out again; now and then a break."""
    plan: Plan | None = Plan(at, LENGTH, 0)
    for number in range(PEOPLE):
        about: dict[str, Any] = {"doctor_id": doctor_id, "kind": "usual", "average": average}
        ready = at - timedelta(seconds=random.uniform(2, MOST / 2) * CYCLE)
        yield Lesson(facility_id, at, **about, **next(comers), plan=plan, ready=ready, called=at)
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
