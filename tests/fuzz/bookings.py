"""Slots, bookings and people on the waiting list, for requests to be about."""

from datetime import datetime, timedelta
from uuid import uuid4

from apps.queue import commands
from apps.scheduling.models import AllocationPolicy, Appointment, Doctor, Leave, Slot, WaitingEntry
from tests.bookings import book, cancel, open_slot
from tests.ward import Ward

ROOMY = 500
"""As many as a slot may have."""


def roomy_slot(ward: Ward, days: int = 0) -> Slot:
    """A slot of the first doctor with room for everybody, so many days from now; one is made if there is none."""
    day = ward.facility.day_of(ward.now) + timedelta(days=days)
    known = Slot.objects.filter(doctor=ward.doctor, day=day, capacity=ROOMY, closed_at=None)
    slots = known.order_by("-starts_at")
    last = slots.first()
    if last and last.taken < ROOMY:
        return last
    after = last.ends_at - ward.now if last else timedelta(days=days, hours=12)
    made = open_slot(ward, hours=after / timedelta(hours=1), capacity=ROOMY)
    Slot.objects.filter(id=made.id).update(day=day)
    return Slot.objects.get(id=made.id)


def another_slot(ward: Ward, capacity: int = 4) -> Slot:
    """A small slot that nobody else uses, days from now."""
    return open_slot(ward, hours=24 * 6 + Slot.objects.filter(doctor=ward.doctor).count(), capacity=capacity)


def free_day(ward: Ward) -> datetime:
    """When nobody has taken a leave yet, months from now."""
    last = Leave.objects.order_by("-ends_at").values_list("ends_at", flat=True).first()
    return max(last or ward.now, ward.now + timedelta(days=90)) + timedelta(days=1)


def some_leave(ward: Ward, doctor: Doctor) -> Leave:
    """A leave of this doctor, months from now."""
    starts = free_day(ward)
    about = {"doctor_id": doctor.id, "starts_at": starts, "ends_at": starts + timedelta(hours=2)}
    taken: Leave = commands.take_leave(actor=ward.meera, now=ward.now, reason="training", **about).leave
    return taken


def somebody_booked(ward: Ward, action: str) -> Appointment:
    """A booking of somebody new, where what is done to it needs it: held, late, given up, without a place."""
    patient = ward.register(name=f"Booked {uuid4().hex[:8]}")
    if action == "confirm":
        held = {
            "doctor_id": ward.doctor.id,
            "slot_id": roomy_slot(ward).id,
            "patient_id": patient.id,
            "source": "online",
        }
        return commands.request_hold(actor=ward.meera, now=ward.now, **held)
    slot = another_slot(ward) if action == "escalations" else roomy_slot(ward)
    appointment: Appointment = book(ward, slot, patient=patient).appointment
    if action == "no-show":
        Appointment.objects.filter(id=appointment.id).update(at=ward.now - timedelta(hours=1))
    if action == "refund":
        cancel(ward, appointment)
    if action == "escalations":
        Slot.objects.filter(id=slot.id).update(closed_at=ward.now)
    return appointment


def somebody_asked(ward: Ward) -> WaitingEntry:
    """Somebody who waits and is asked whether they want a place."""
    policy, _ = AllocationPolicy.objects.get_or_create(facility=ward.facility, department=ward.department)
    policy.asks_first = True
    policy.save()
    slot = open_slot(ward, hours=24 * (30 + WaitingEntry.objects.count()), capacity=1)
    first = book(ward, slot, patient=ward.register(name=f"First {uuid4().hex[:8]}")).appointment
    asked = ward.register(name=f"Asked {uuid4().hex[:8]}")
    entry: WaitingEntry | None = book(ward, slot, patient=asked).waiting
    cancel(ward, first)
    policy.asks_first = False
    policy.save()
    return entry or somebody_waiting(ward)


def somebody_waiting(ward: Ward) -> WaitingEntry:
    """Somebody new on the waiting list of a day that is full."""
    hours = 24 * 3 + 12
    day = ward.facility.day_of(ward.now + timedelta(hours=hours))
    slot = Slot.objects.filter(doctor=ward.doctor, day=day).first() or open_slot(ward, hours=hours, capacity=1)
    for _ in range(2):
        outcome = book(ward, slot, patient=ward.register(name=f"Waits {uuid4().hex[:8]}"))
        if outcome.waiting:
            break
    entry: WaitingEntry = outcome.waiting
    return entry
