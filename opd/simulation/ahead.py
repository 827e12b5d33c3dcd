"""The coming two weeks, kept booked: beside people, the simulator books, comes, stays away and gives up.

As with visits, all it knows is in the database. A booking that a person had a hand in is left alone.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count
from django_scopes import scope

from apps.accounts.queries import facility_facts
from apps.audit.queries import entries
from apps.core.errors import DomainError, NotFound
from apps.patients.queries import search
from apps.queue import commands
from apps.queue.queries.bookings import coming_of
from apps.scheduling.queries import appointments, leaves, slots_of_day, visit_types, waiting_entries
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import LIVE, AppointmentState
from apps.scheduling.rules.slots import moment
from opd.demo.loading import enrol
from opd.demo.shapes import Hospital
from opd.simulation.cast import VIA, Cast, Practitioner, cast_of
from opd.simulation.people import CHILDREN_BELOW, Person, person
from opd.simulation.plan import weighted
from opd.simulation.unusual import Unusual

DAYS = 14
AT_ONCE = 5
"""Bookings made at one look at most, so that people are never kept waiting."""

PAUSE = timedelta(seconds=10)
"""Between two looks once enough is booked."""

TODAY, SOON, LATER = 4, 8, 3
"""Bookings of a doctor still to come today, on each of the next three days, and on each day after."""

CROWDED = 2
"""How many days ahead the last of the doctors is booked out, with some people on the waiting list."""

WAITING = 4
"""So many of them."""

AWAY, AWAY_HOURS = 3, (10, 13)
"""In so many days one of the doctors is away, between these hours."""

FAMILIES = 6
"""Of the people whose phones are known, the first so many have a booking of their own."""

SOURCES = (
    (BookingSource.ONLINE, 45),
    (BookingSource.FOLLOW_UP, 20),
    (BookingSource.WALK_IN, 20),
    (BookingSource.PAID_PRIORITY, 12),
    (BookingSource.EMERGENCY, 3),
)
HOURS = ((9, 3), (10, 8), (11, 4), (12, 2), (14, 2), (15, 2), (16, 1))
"""When people want to come, by the clock: most of them at ten, so that some have to give way."""

COMES_FOR_SOMETHING = 0.4
POOL = 600
GIVES_UP, STAYS_AWAY = 0.08, 0.08
log = logging.getLogger(__name__)


class Ahead:
    """Books for one hospital. `clock` tells the time."""

    def __init__(self, hospital: Hospital, clock: Callable[[], datetime], random: Random) -> None:
        self.hospital = hospital
        self.clock = clock
        self.random = random
        self._children = {new.code for new in hospital.departments if new.sees_children}
        self._next_look: datetime | None = None
        self._unusual = Unusual(self._anybody, self._touched)

    def begin(self, cast: Cast) -> int:
        """Book a little of everything at once, before anybody looks: somebody with every doctor on every day, a family
        here and there, and what is not everyday. The number of deeds that were done."""
        now = self.clock()
        today = facility_facts(cast.facility_id).day_of(now)
        days = [(doctor, today + timedelta(days=d)) for doctor in cast.practitioners.values() for d in range(1, DAYS)]
        wanted = [*((doctor, day, None) for doctor, day in days), *self._families(cast, today)]
        done = sum(self._try(partial(self._book, cast, *wish, now)) for wish in wanted)
        return done + sum(self._try(deed) for deed in list(self._unusual.deeds(cast, today, now)))

    def tick(self, cast: Cast) -> int:
        """Look, if it is time to, and do what is due; the number of deeds that were done."""
        now = self.clock()
        if self._next_look and now < self._next_look:
            return 0
        facts = facility_facts(cast.facility_id)
        today = facts.day_of(now)
        done = sum(self._try(deed) for deed in self._of_today(cast, today, now))
        missing = list(self._missing(cast, today, now))
        self.random.shuffle(missing)
        wanted = [partial(self._book, cast, doctor, day, somebody, now) for doctor, day, somebody in missing[:AT_ONCE]]
        made = sum(self._try(deed) for deed in wanted)
        if not missing:
            made += self._try(partial(self._away, cast, today, now))
            made += sum(self._try(deed) for deed in list(self._unusual.deeds(cast, today, now)))
        self._next_look = None if len(missing) > AT_ONCE else now + PAUSE
        return done + made

    def _try(self, deed: Callable[[], object]) -> bool:
        """Do one thing. Somebody may have been faster, or there is no place; the next look shows."""
        try:
            deed()
        except (DomainError, ObjectDoesNotExist) as refusal:
            log.debug("outrun", extra={"refusal": type(refusal).__name__})
            return False
        return True

    def _away(self, cast: Cast, today: date, now: datetime) -> None:
        """Somebody of the doctors has a morning off soon: those who booked it are moved, and are told."""
        if leaves().filter(ends_at__gt=now).exists():
            raise NotFound
        zone = facility_facts(cast.facility_id).time_zone
        first, last = (moment(today + timedelta(days=AWAY), 60 * hour, zone) for hour in AWAY_HOURS)
        commands.take_leave(
            actor=cast.desk,
            now=now,
            doctor_id=list(cast.practitioners.values())[1].id,
            starts_at=first,
            ends_at=last,
            reason="Training",
        )

    # What is missing

    def _missing(self, cast: Cast, today: date, now: datetime) -> Iterator[tuple[Practitioner, date, Person | None]]:
        """Every booking that is wanted and not there: with whom, when, and for whom if it is somebody in particular."""
        last = today + timedelta(days=DAYS - 1)
        coming = appointments().filter(day__range=(today, last), at__gt=now, state__in=sorted(LIVE)).order_by()
        there = Counter({(r["doctor_id"], r["day"]): r["n"] for r in _counted(coming)})
        waiting = waiting_entries(now).filter(preferred_day__range=(today, last)).order_by()
        for row in waiting.values("doctor_id", "preferred_day").annotate(n=Count("id")):
            there[row["doctor_id"], row["preferred_day"]] += row["n"]
        practitioners = list(cast.practitioners.values())
        for place, doctor in enumerate(practitioners):
            for ahead in range(DAYS):
                day = today + timedelta(days=ahead)
                goal = TODAY if ahead == 0 else SOON if ahead <= 3 else LATER
                if place == len(practitioners) - 1 and ahead == CROWDED:
                    goal = _places(doctor.id, day) + WAITING
                for _ in range(goal - there[doctor.id, day]):
                    yield doctor, day, None
        yield from self._families(cast, today)

    def _families(self, cast: Cast, today: date) -> Iterator[tuple[Practitioner, date, Person | None]]:
        """People of the demo who have nothing booked: those who sign in by phone find something of their own."""
        for number, somebody in enumerate(self.hospital.patients[:FAMILIES]):
            known = search(somebody.phone, cast.desk).first()
            doctors = [d for d in cast.practitioners.values() if self._fits(somebody, d.department)]
            if known and doctors and not coming_of(known.id, today).exists():
                yield doctors[number % len(doctors)], today + timedelta(days=4 + number), somebody

    def _fits(self, somebody: Person, department: str) -> bool:
        return (department in self._children) == (somebody.age < CHILDREN_BELOW)

    def _book(self, cast: Cast, doctor: Practitioner, day: date, somebody: Person | None, now: datetime) -> None:
        slots = [slot for slot in slots_of_day(doctor.id, day) if slot.ends_at > now and not slot.closed_at]
        facts = facility_facts(cast.facility_id)
        hour = weighted(self.random, HOURS)
        if day == facts.day_of(now):
            slots = slots[:3]
        liked = [slot for slot in slots if int(facts.clock(slot.starts_at)[:2]) == hour] or slots
        if liked:
            source = BookingSource.ONLINE if somebody else weighted(self.random, SOURCES)
            commands.book(
                actor=cast.nurse if source is BookingSource.EMERGENCY else cast.desk,
                now=now,
                doctor_id=doctor.id,
                patient_id=self._patient(cast, doctor, somebody, now),
                source=source,
                preferred_slot_id=self.random.choice(liked).id,
                visit_type_id=self._kind(doctor, liked[0].department_id),
            )

    def _kind(self, doctor: Practitioner, department_id: UUID) -> UUID | None:
        """What somebody comes for: often nothing in particular."""
        if self.random.random() > COMES_FOR_SOMETHING:
            return None
        kinds = visit_types(doctor.id, [department_id], by_patient=False)
        return self.random.choice(kinds).id if kinds else None

    def _anybody(self, cast: Cast, doctor: Practitioner, now: datetime) -> UUID:
        return self._patient(cast, doctor, None, now)

    def _patient(self, cast: Cast, doctor: Practitioner, somebody: Person | None, now: datetime) -> UUID:
        child, number = doctor.department in self._children, self.random.randrange(POOL)
        chosen = somebody or person(
            Random(f"ahead:{child}:{number}"), number + POOL * child, child=child, series=SERIES
        )
        known = search(chosen.phone, cast.desk).first()
        return known.id if known else enrol(cast.desk, now, chosen).id

    # What becomes of those of today

    def _of_today(self, cast: Cast, today: date, now: datetime) -> Iterator[Callable[[], object]]:
        near = (now - timedelta(hours=2), now + timedelta(hours=2))
        rows = list(appointments().filter(day=today, at__range=near, state=AppointmentState.BOOKED).order_by("at"))
        people = self._touched(cast, [row.id for row in rows])
        for row in rows:
            deed = None if row.id in people else self._fate(cast, row, now)
            if deed:
                yield deed

    def _fate(self, cast: Cast, row: Any, now: datetime) -> Callable[[], object] | None:
        """What somebody who has booked does now: most come, about when they should."""
        draw = Random(f"{row.id}:fate")
        fate, minutes = draw.random(), draw.uniform(-12, 6)
        about: dict[str, Any] = {"actor": cast.desk, "now": now, "booking_id": row.id}
        if fate < GIVES_UP:
            early = timedelta(minutes=60 + 5 * minutes)
            why: dict[str, Any] = {"reason": "Cannot come.", "wished": True}
            return (lambda: commands.cancel_booking(**about, **why)) if now >= row.at - early else None
        if fate < GIVES_UP + STAYS_AWAY:
            return (lambda: commands.miss_booking(**about)) if now >= row.at + timedelta(minutes=16) else None
        return (lambda: commands.arrive(**about)) if now >= row.at + timedelta(minutes=minutes) else None

    def _touched(self, cast: Cast, ids: list[UUID]) -> set[UUID]:
        """Of these bookings, those that a person made or changed."""
        trail = entries(cast.facility_id, entity_type="appointment").filter(entity_id__in=[str(id_) for id_ in ids])
        return {UUID(id_) for id_ in trail.exclude(actor_via=VIA).values_list("entity_id", flat=True)}


def begin(hospital: Hospital, clock: Callable[[], datetime]) -> int:
    """Book the coming two weeks of a hospital a little, when it has just been loaded."""
    cast = cast_of(hospital)
    with scope(facility=cast.facility_id):
        return Ahead(hospital, clock, Random(hospital.code)).begin(cast)


SERIES = "+9190002"
"""Phones of people who exist only to book."""


def _counted(coming: Any) -> Any:
    return coming.values("doctor_id", "day").annotate(n=Count("id"))


def _places(doctor_id: UUID, day: date) -> int:
    """How many can be booked with a doctor on a day."""
    return sum(slot.capacity for slot in slots_of_day(doctor_id, day) if not slot.closed_at)
