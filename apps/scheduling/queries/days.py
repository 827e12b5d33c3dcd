"""A doctor's coming days for whoever books: what is free, what comes next, who has a place."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from apps.core.statements import prepared
from apps.scheduling.models import Appointment, Slot, WaitingEntry
from apps.scheduling.queries.slots import TAKE_THE_RESERVE, bookable, with_room
from apps.scheduling.queries.waiting import waiting_entries
from apps.scheduling.rules.allocation import BookingSource, free_places
from apps.scheduling.rules.appointments import LIVE, AppointmentState
from apps.scheduling.rules.slots import places_needed, visits_that_fit

NEAREST = 3
"""Free slots that are offered in place of one that is gone."""

NEAR = timedelta(days=7)
"""How far away those may be."""

_LIVE = Q(appointments__state__in=sorted(LIVE))
_WALK_INS = Sum("appointments__places", filter=_LIVE & Q(appointments__source=BookingSource.WALK_IN), default=0)
_HELD = {
    name: ArrayAgg(f"appointments__{column}", filter=_LIVE, order_by="appointments__place", default=[])
    for name, column in (("held_from", "place"), ("held_places", "places"))
}


def open_slots(doctor_id: UUID, now: datetime) -> QuerySet[Slot]:
    """A doctor's slots that can be booked, each with how many places `walk_ins` have, and from which place on
    (`held_from`) who has how many (`held_places`); in order."""
    return bookable(doctor_id, now).annotate(walk_ins=_WALK_INS, **_HELD)


def slots_to_book(doctor_id: UUID) -> QuerySet[Slot]:
    """All slots of a doctor, over and closed ones too: what somebody looks at may have gone meanwhile."""
    return Slot.objects.filter(doctor_id=doctor_id)


def free_in(slot: Any, source: BookingSource, minutes: int | None = None) -> int:
    """How many people of a source, with visits of so many minutes, could come in one of `open_slots` without
    displacing anybody."""
    free = free_places(source, slot.capacity - slot.taken, slot.walk_in_reserve - slot.walk_ins)
    held = (p for first, many in zip(slot.held_from, slot.held_places, strict=True) for p in range(first, first + many))
    needed = places_needed(minutes, slot.ends_at - slot.starts_at, slot.capacity)
    return visits_that_fit(needed, free, slot.capacity, held)


def first_day_with_room(
    doctor_id: UUID, source: BookingSource, now: datetime, minutes: int | None = None
) -> date | None:
    """The first day on which a source could take a place without displacing anybody; None when there is none."""
    if minutes is None:
        first = _first_with_a_place if source in TAKE_THE_RESERVE else _first_beside_the_reserve
        return first.one(doctor_id, now)
    return next((slot.day for slot in open_slots(doctor_id, now) if free_in(slot, source, minutes)), None)


@prepared
def _first_with_a_place(doctor_id: UUID, now: datetime) -> QuerySet[Slot, date]:
    return with_room(bookable(doctor_id, now), BookingSource.WALK_IN).values_list("day", flat=True)[:1]


@prepared
def _first_beside_the_reserve(doctor_id: UUID, now: datetime) -> QuerySet[Slot, date]:
    return with_room(bookable(doctor_id, now), BookingSource.ONLINE).values_list("day", flat=True)[:1]


def free_by_day(
    doctor_id: UUID,
    department_ids: Iterable[UUID],
    source: BookingSource,
    now: datetime,
    first: date,
    last: date,
    minutes: int | None = None,
) -> dict[date, int]:
    """Free places for visits of so many minutes, on each of these days on which a doctor sees people in these
    departments; 0 on a full one."""
    free: Counter[date] = Counter()
    for slot in open_slots(doctor_id, now).filter(day__range=(first, last), department_id__in=list(department_ids)):
        free[slot.day] += free_in(slot, source, minutes)
    return dict(free)


def next_free(doctor_ids: Iterable[UUID], source: BookingSource, now: datetime) -> dict[UUID, Slot]:
    """The first slot of each doctor with a place for a source, by doctor; none of who has no free place at all."""
    coming = Slot.objects.filter(doctor_id__in=list(doctor_ids), ends_at__gt=now, closed_at__isnull=True)
    first = with_room(coming, source).order_by("doctor_id", "day", "starts_at").distinct("doctor_id")
    return {slot.doctor_id: slot for slot in first}


def nearest_free(
    doctor_id: UUID,
    source: BookingSource,
    around: datetime,
    now: datetime,
    minutes: int | None = None,
    *,
    instead_of: Appointment | None = None,
) -> list[Slot]:
    """The slots with a place for a source that lie nearest to a moment, in order of time.

    `instead_of`: those only that its person may have in its place, in that department and on a day without another
    booking there or with that doctor.
    """
    near = open_slots(doctor_id, now).filter(starts_at__range=(around - NEAR, around + NEAR))
    if instead_of:
        theirs = Appointment.objects.filter(patient_id=instead_of.patient_id, state__in=sorted(LIVE))
        there = theirs.filter(Q(doctor_id=doctor_id) | Q(department_id=instead_of.department_id))
        near = near.filter(department_id=instead_of.department_id).exclude(day__in=there.values("day"))
    free = [slot for slot in near if free_in(slot, source, minutes)]
    nearest = sorted(free, key=lambda slot: abs(slot.starts_at - around))[:NEAREST]
    return sorted(nearest, key=lambda slot: slot.starts_at)


def positions_of(entries: Iterable[WaitingEntry], now: datetime) -> dict[UUID, int]:
    """Who is promoted when, by entry: 1 for the next of that doctor and day. One statement for all of them."""
    wanted = [entry.id for entry in entries]
    beside = WaitingEntry.objects.filter(id__in=wanted, doctor_id=OuterRef("doctor_id"))
    waiting = waiting_entries(now).filter(Exists(beside.filter(preferred_day=OuterRef("preferred_day"))))
    order = [F("sort_key"), F("since"), F("id")]
    numbered = waiting.annotate(
        position=Window(RowNumber(), partition_by=[F("doctor_id"), F("preferred_day")], order_by=order)
    )
    return dict(numbered.filter(id__in=wanted).values_list("id", "position")) if wanted else {}


def bookings_of_day(doctor_id: UUID, day: date) -> QuerySet[Appointment]:
    """Who has a place with a doctor on a day or had one and did not come, in order of time."""
    shown = [*sorted(LIVE), AppointmentState.NO_SHOW]
    rows = Appointment.objects.filter(doctor_id=doctor_id, day=day, state__in=shown)
    return (
        rows.select_related("token", "patient", "doctor", "visit_type")
        .defer("patient__phone", "patient__address")
        .order_by("at", "place")
    )
