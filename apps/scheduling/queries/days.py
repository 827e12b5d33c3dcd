"""A doctor's coming days for whoever books: what is free, what comes next, who has a place."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.scheduling.models import Appointment, Slot, WaitingEntry
from apps.scheduling.queries.bookings import waiting_entries
from apps.scheduling.queries.slots import bookable, with_room
from apps.scheduling.rules.allocation import BookingSource, free_places
from apps.scheduling.rules.appointments import LIVE, AppointmentState

NEAREST = 3
"""Free slots that are offered in place of one that is gone."""

NEAR = timedelta(days=7)
"""How far away those may be."""

_WALK_INS = Count(
    "appointments", filter=Q(appointments__state__in=sorted(LIVE), appointments__source=BookingSource.WALK_IN)
)


def open_slots(doctor_id: UUID, now: datetime) -> QuerySet[Slot]:
    """A doctor's slots that can be booked, each with its `walk_ins`, in order."""
    return bookable(doctor_id, now).annotate(walk_ins=_WALK_INS)


def slots_to_book(doctor_id: UUID) -> QuerySet[Slot]:
    """All slots of a doctor, over and closed ones too: what somebody looks at may have gone meanwhile."""
    return Slot.objects.filter(doctor_id=doctor_id)


def free_in(slot: Slot, source: BookingSource) -> int:
    """How many places of one of `open_slots` a source could take without displacing anybody."""
    kept = slot.walk_in_reserve - slot.walk_ins  # type: ignore[attr-defined]  # annotated
    return free_places(source, slot.capacity - slot.taken, kept)


def free_by_day(
    doctor_id: UUID, department_ids: Iterable[UUID], source: BookingSource, now: datetime, first: date, last: date
) -> dict[date, int]:
    """Free places on each of these days on which a doctor sees people in these departments; 0 on a full one."""
    free: Counter[date] = Counter()
    for slot in open_slots(doctor_id, now).filter(day__range=(first, last), department_id__in=list(department_ids)):
        free[slot.day] += free_in(slot, source)
    return dict(free)


def next_free(doctor_ids: Iterable[UUID], source: BookingSource, now: datetime) -> dict[UUID, Slot]:
    """The first slot of each doctor with a place for a source, by doctor; none of who has no free place at all."""
    coming = Slot.objects.filter(doctor_id__in=list(doctor_ids), ends_at__gt=now, closed_at__isnull=True)
    first = with_room(coming, source).order_by("doctor_id", "day", "starts_at").distinct("doctor_id")
    return {slot.doctor_id: slot for slot in first}


def nearest_free(doctor_id: UUID, source: BookingSource, around: datetime, now: datetime) -> list[Slot]:
    """The slots with a place for a source that lie nearest to a moment, in order of time."""
    near = open_slots(doctor_id, now).filter(starts_at__range=(around - NEAR, around + NEAR))
    free = [slot for slot in near if free_in(slot, source)]
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
        rows.select_related("token", "patient", "doctor")
        .defer("patient__phone", "patient__address")
        .order_by("at", "place")
    )
