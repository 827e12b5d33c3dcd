"""Slots, bookings and people on the waiting list, for requests to be about."""

from datetime import timedelta
from uuid import uuid4

from apps.scheduling.models import Appointment, Slot, WaitingEntry
from tests.bookings import book, open_slot
from tests.ward import Ward

ROOMY = 500
"""As many as a slot may have."""


def roomy_slot(ward: Ward, days: int = 0) -> Slot:
    """A slot of the first doctor with room for everybody, so many days from now; one is made if there is none."""
    day = ward.facility.day_of(ward.now) + timedelta(days=days)
    slots = Slot.objects.filter(doctor=ward.doctor, day=day, capacity=ROOMY).order_by("-starts_at")
    last = slots.first()
    if last and last.taken < ROOMY:
        return last
    after = last.ends_at - ward.now if last else timedelta(days=days, hours=12)
    made = open_slot(ward, hours=after / timedelta(hours=1), capacity=ROOMY)
    Slot.objects.filter(id=made.id).update(day=day)
    return Slot.objects.get(id=made.id)


def somebody_booked(ward: Ward, action: str) -> Appointment:
    """A booking for today, of somebody new, who is late if it is about that."""
    patient = ward.register(name=f"Booked {uuid4().hex[:8]}")
    appointment: Appointment = book(ward, roomy_slot(ward), patient=patient).appointment
    if action == "no-show":
        Appointment.objects.filter(id=appointment.id).update(at=ward.now - timedelta(hours=1))
    return appointment


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
