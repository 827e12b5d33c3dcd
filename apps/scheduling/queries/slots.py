"""Slots with whoever has a place in them, as plain values for the rules and as the contract's JSON."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from rest_framework import serializers

from apps.scheduling.models import Appointment, Slot
from apps.scheduling.rules.allocation import BookingSource, Holder, OpenSlot
from apps.scheduling.rules.appointments import LIVE, AppointmentState


def slots_of_day(doctor_id: UUID, day: date) -> QuerySet[Slot]:
    """A doctor's slots of one day, closed ones too, in order."""
    return Slot.objects.filter(doctor_id=doctor_id, day=day).order_by("starts_at")


def bookable(doctor_id: UUID, now: datetime) -> QuerySet[Slot]:
    """A doctor's slots that are neither over nor closed, in order."""
    return Slot.objects.filter(doctor_id=doctor_id, ends_at__gt=now, closed_at__isnull=True).order_by("starts_at")


def first_day_with_room(doctor_id: UUID, source: BookingSource, now: datetime) -> date | None:
    """The first day on which a source could take a place without displacing anybody; None when there is none."""
    return with_room(bookable(doctor_id, now), source).values_list("day", flat=True).first()


def with_room(slots: QuerySet[Slot], source: BookingSource) -> QuerySet[Slot]:
    """Those of the slots in which a source could surely take a place without displacing anybody."""
    kept = 0 if source in (BookingSource.WALK_IN, BookingSource.EMERGENCY) else F("walk_in_reserve")
    return slots.filter(taken__lt=F("capacity") - kept)


def live_appointments(slot_ids: Iterable[UUID]) -> dict[UUID, list[Appointment]]:
    """Who has a place, by slot, in order of place."""
    found: dict[UUID, list[Appointment]] = defaultdict(list)
    for row in Appointment.objects.filter(slot_id__in=list(slot_ids), state__in=sorted(LIVE)).order_by("place"):
        found[row.slot_id].append(row)
    return found


def as_value(slot: Slot, live: list[Appointment]) -> OpenSlot:
    """A slot as the rules of allocation take it."""
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
            )
            for row in live
        ),
    )


class SlotOut(serializers.Serializer[Any]):
    """A slot for whoever wants to book. `availableSpots` is what the asking source could take."""

    slotId = serializers.UUIDField()
    startTime = serializers.DateTimeField()
    endTime = serializers.DateTimeField()
    maxCapacity = serializers.IntegerField()
    currentOccupancy = serializers.IntegerField()
    overflow = serializers.IntegerField()
    availableSpots = serializers.IntegerField()
    status = serializers.ChoiceField(["available", "full", "closed", "past"])


class AvailabilityOut(serializers.Serializer[Any]):
    """A doctor's day for whoever wants to book."""

    totalSlots = serializers.IntegerField()
    availableSlots = serializers.IntegerField()
    slots = SlotOut(many=True)


def availability(doctor_id: UUID, day: date, source: BookingSource, now: datetime) -> dict[str, Any]:
    """A doctor's day for a source: `{totalSlots, availableSlots, slots}`. Two queries."""
    slots = list(slots_of_day(doctor_id, day))
    live = live_appointments(slot.id for slot in slots)
    rows = [_slot_json(slot, live[slot.id], source, now) for slot in slots]
    free = sum(1 for row in rows if row["status"] == "available")
    return dict(AvailabilityOut({"totalSlots": len(rows), "availableSlots": free, "slots": rows}).data)


def _slot_json(slot: Slot, live: list[Appointment], source: BookingSource, now: datetime) -> dict[str, Any]:
    spots = as_value(slot, live).free_for(source)
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
        "currentOccupancy": slot.taken,
        "overflow": slot.overflow,
        "availableSpots": spots if status == "available" else 0,
        "status": status,
    }
