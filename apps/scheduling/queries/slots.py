"""Slots with whoever has a place in them, as plain values for the rules and as the contract's JSON."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from rest_framework import serializers

from apps.core.shapes import Shape
from apps.core.statements import any_of, prepared
from apps.scheduling.models import Appointment, Slot
from apps.scheduling.rules.allocation import BookingSource, Holder, OpenSlot
from apps.scheduling.rules.appointments import LIVE, AppointmentState
from apps.scheduling.rules.capacity import NORMAL
from apps.scheduling.rules.offers import has_lapsed
from apps.scheduling.rules.slots import free_place, places_needed, times_in


@prepared
def open_department(doctor_id: UUID, now: datetime) -> QuerySet[Slot, UUID]:
    """Where a doctor's next slot is that can be booked."""
    return bookable(doctor_id, now).values_list("department_id", flat=True)[:1]


@prepared
def locked_slots(department_id: UUID, doctor_id: UUID, now: datetime, first: date, last: date) -> QuerySet[Slot]:
    """A doctor's slots in a department, of the days from one to another, that can be booked; in order, locked."""
    return bookable(doctor_id, now).filter(department_id=department_id, day__range=(first, last)).select_for_update()


@prepared
def locked_slot(slot_id: UUID) -> QuerySet[Slot]:
    """A slot, locked."""
    return Slot.objects.filter(id=slot_id).select_for_update()


def slots_of_day(doctor_id: UUID, day: date) -> QuerySet[Slot]:
    """A doctor's slots of one day, closed ones too, in order."""
    return Slot.objects.filter(doctor_id=doctor_id, day=day).order_by("starts_at")


def bookable(doctor_id: UUID, now: datetime) -> QuerySet[Slot]:
    """A doctor's slots that are neither over nor closed, in order."""
    return Slot.objects.filter(doctor_id=doctor_id, ends_at__gt=now, closed_at__isnull=True).order_by("starts_at")


def slots_of_doctors(doctor_ids: Iterable[UUID], day: date) -> QuerySet[Slot]:
    """The slots of several doctors on a day, in order of time."""
    return Slot.objects.filter(doctor_id__in=list(doctor_ids), day=day).order_by("starts_at", "id")


def slots() -> QuerySet[Slot]:
    """All slots of the facility in scope."""
    return Slot.objects.all()


def current_slot(doctor_id: UUID, now: datetime) -> Slot | None:
    """The slot in which a doctor sees people now."""
    return bookable(doctor_id, now).filter(starts_at__lte=now).first()


def next_slot(doctor_id: UUID, now: datetime) -> Slot | None:
    """The first slot of a doctor's that has not begun."""
    return bookable(doctor_id, now).filter(starts_at__gt=now).first()


def over_stretched(now: datetime) -> QuerySet[Slot]:
    """Slots that are over and still have more places than usual."""
    return Slot.objects.filter(ends_at__lte=now).exclude(emergency_level="")


def slot_value(slot: Slot, now: datetime) -> dict[str, Any]:
    """A slot for `StaffSlotOut` to tell. What is over has its usual places, swept or not."""
    stretched = bool(slot.emergency_level) and slot.ends_at > now
    usual = slot.usual_capacity or slot.capacity
    return {
        "slot": slot,
        "capacity": slot.capacity if stretched else usual,
        "usual": usual,
        "free": max(slot.capacity - slot.taken, 0) if slot.ends_at > now and not slot.closed_at else 0,
        "level": slot.emergency_level if stretched else NORMAL,
    }


TAKE_THE_RESERVE = (BookingSource.WALK_IN, BookingSource.EMERGENCY)
"""Sources that may also have the places kept for walk-ins."""


def with_room(slots: QuerySet[Slot], source: BookingSource) -> QuerySet[Slot]:
    """Those of the slots in which a source could surely take a place without displacing anybody."""
    kept = 0 if source in TAKE_THE_RESERVE else F("walk_in_reserve")
    return slots.filter(taken__lt=F("capacity") - kept)


_COUNTED = (
    *("slot_id", "patient_id", "state", "source", "booked_at", "displaced"),
    *("place", "places", "minutes", "overflow", "hold_expires_at"),
)
"""What of a booking counts in its slot."""


def live_appointments(slot_ids: Iterable[UUID]) -> dict[UUID, list[Appointment]]:
    """Who has a place, by slot, in order of place."""
    return _by_slot(_live_in(list(slot_ids)))


def counted_appointments(slot_ids: Iterable[UUID]) -> dict[UUID, list[Appointment]]:
    """Who has a place, by slot, in order of place; of each only what counts there: a day's are read at each booking."""
    return _by_slot(_counted_in(list(slot_ids)))


def live_with_numbers(slot_ids: Iterable[UUID]) -> dict[UUID, list[Appointment]]:
    """Who has a place, with the number they were given, by slot, in order of place."""
    return _by_slot(_live_in_with_numbers(list(slot_ids)))


@prepared
def _live_in(slot_ids: list[UUID]) -> QuerySet[Appointment]:
    return Appointment.objects.filter(slot_id=any_of(slot_ids), state__in=sorted(LIVE)).order_by("place")


@prepared
def _live_in_with_numbers(slot_ids: list[UUID]) -> QuerySet[Appointment]:
    return _live_in.build(slot_ids).select_related("token")


@prepared
def _counted_in(slot_ids: list[UUID]) -> QuerySet[Appointment]:
    return _live_in.build(slot_ids).only(*_COUNTED)


def _by_slot(live: Iterable[Appointment]) -> dict[UUID, list[Appointment]]:
    found: dict[UUID, list[Appointment]] = defaultdict(list)
    for row in live:
        found[row.slot_id].append(row)
    return found


def days_booked(doctor_id: UUID, patient_ids: Iterable[UUID], first: date, last: date) -> dict[UUID, frozenset[date]]:
    """The days on which these people have a place with a doctor, by patient."""
    live = Appointment.objects.filter(state__in=sorted(LIVE), doctor_id=doctor_id, day__range=(first, last))
    found: dict[UUID, set[date]] = defaultdict(set)
    for patient_id, day in live.filter(patient_id__in=list(patient_ids)).values_list("patient_id", "day"):
        found[patient_id].add(day)
    return {patient_id: frozenset(days) for patient_id, days in found.items()}


def as_value(slot: Slot, live: list[Appointment], elsewhere: Mapping[UUID, frozenset[date]] | None = None) -> OpenSlot:
    """A slot as the rules of allocation take it. `elsewhere`: by patient, other days with a place."""
    return OpenSlot(
        id=slot.id,
        day=slot.day,
        starts_at=slot.starts_at,
        capacity=slot.capacity,
        walk_in_reserve=slot.walk_in_reserve,
        holders=tuple(
            Holder(
                row.id,
                BookingSource(row.source),
                row.booked_at,
                row.displaced,
                movable=row.state == AppointmentState.BOOKED,
                elsewhere=(elsewhere or {}).get(row.patient_id, frozenset()),
                place=row.place,
                places=row.places,
                minutes=row.minutes,
                overflow=row.overflow,
            )
            for row in live
        ),
        length=slot.ends_at - slot.starts_at,
    )


class SlotOut(Shape):
    """A slot for whoever wants to book. `availableSpots` is how many of the asking source could come, with visits of
    the length that is asked for; the other figures count places."""

    slotId = serializers.UUIDField()
    startTime = serializers.DateTimeField()
    endTime = serializers.DateTimeField()
    maxCapacity = serializers.IntegerField()
    currentOccupancy = serializers.IntegerField()
    overflow = serializers.IntegerField()
    availableSpots = serializers.IntegerField()
    status = serializers.ChoiceField(["available", "full", "closed", "past"])


class AvailabilityOut(Shape):
    """A doctor's day for whoever wants to book."""

    totalSlots = serializers.IntegerField()
    availableSlots = serializers.IntegerField()
    slots = SlotOut(many=True)


def availability(
    doctor_id: UUID, day: date, source: BookingSource, now: datetime, minutes: int | None = None
) -> dict[str, Any]:
    """A doctor's day for a source, and for visits of so many minutes: `{totalSlots, availableSlots, slots}`. Two
    queries."""
    slots = _slots_on(doctor_id, day)
    live = counted_appointments(slot.id for slot in slots)
    rows = [_slot_json(slot, still_held(live[slot.id], now), source, now, minutes) for slot in slots]
    free = sum(1 for row in rows if row["status"] == "available")
    return AvailabilityOut.of({"totalSlots": len(rows), "availableSlots": free, "slots": rows})


@prepared
def _slots_on(doctor_id: UUID, day: date) -> QuerySet[Slot]:
    return slots_of_day(doctor_id, day)


def still_held(live: list[Appointment], now: datetime) -> list[Appointment]:
    """Without the holds that are over but that nobody has ended yet."""
    return [row for row in live if not has_lapsed(row.hold_expires_at, now)]


def place_in(
    slot: Slot, live: list[Appointment], earliest: datetime, minutes: int | None = None
) -> tuple[int, int, datetime]:
    """The first place nobody has, not one whose time is gone while there are others; how many a visit of so many
    minutes takes from there on; and its time, which a delay of the slot puts back."""
    taken = {place for row in live for place in range(row.place, row.place + row.places)}
    needed = places_needed(minutes, slot.ends_at - slot.starts_at, slot.capacity)
    delay = timedelta(minutes=slot.delay_minutes)
    place, at = free_place(slot.starts_at + delay, slot.ends_at + delay, slot.capacity, taken, earliest, needed)
    return place, needed, at


def time_in(slot: Slot, place: int) -> datetime:
    """When the holder of a place is expected, the slot's delay included."""
    times = times_in(slot.starts_at, slot.ends_at, max(slot.capacity, 1))
    return times[min(place, len(times) - 1)] + timedelta(minutes=slot.delay_minutes)


def first_free_time(slot: Slot, live: list[Appointment], now: datetime, minutes: int | None = None) -> datetime:
    """When whoever books next in a slot, for so many minutes, would have to come."""
    return place_in(slot, live, now, minutes)[2]


def _slot_json(
    slot: Slot, live: list[Appointment], source: BookingSource, now: datetime, minutes: int | None
) -> dict[str, Any]:
    value = as_value(slot, live)
    spots = value.free_for(source, minutes)
    status = "available" if spots else "full"
    if slot.closed_at:
        status = "closed"
    elif slot.ends_at <= now:
        status = "past"
    return {
        "slotId": slot.id,
        "startTime": slot.starts_at,
        "endTime": slot.ends_at,
        "maxCapacity": slot.capacity,
        "currentOccupancy": value.taken,
        "overflow": slot.overflow,
        "availableSpots": spots if status == "available" else 0,
        "status": status,
    }
