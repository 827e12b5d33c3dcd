"""Slots for tests, and short words for what happens in them."""

from datetime import datetime, timedelta
from typing import Any

from apps.core.policy import system_actor
from apps.queue import commands
from apps.scheduling.models import Appointment, Department, Slot, VisitType
from tests.ward import Ward

SOON = timedelta(days=1)


def open_slot(ward: Ward, hours: float = 24, capacity: int = 2, **more: Any) -> Slot:
    """An hour of the first doctor's, so many hours from now."""
    starts = ward.now + timedelta(hours=hours)
    values = {"doctor": ward.doctor, "department": ward.department} | more
    return Slot.objects.create(
        facility=ward.facility,
        day=ward.facility.day_of(starts),
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        capacity=capacity,
        **values,
    )


def book(ward: Ward, slot: Slot | None = None, source: str = "online", patient: Any = None, **how: Any) -> Any:
    """Meera books for somebody; the outcome."""
    return commands.book(
        actor=ward.meera,
        now=ward.now,
        doctor_id=how.pop("doctor_id", ward.doctor.id),
        patient_id=(patient or ward.register(name=f"Somebody {Appointment.objects.count()}")).id,
        source=source,
        preferred_slot_id=slot.id if slot else None,
        **how,
    )


def cancel(ward: Ward, row: Appointment, reason: str = "cannot come", **more: Any) -> Any:
    """Meera gives a booking up; (the booking, who was promoted)."""
    return commands.cancel_booking(actor=ward.meera, now=ward.now, booking_id=row.id, reason=reason, **more)


def clock(ward: Ward, at: datetime) -> datetime:
    """Move the ward's time to a moment."""
    ward.now = at
    return at


def visit_type(department: Department, minutes: int, name: str = "", **more: Any) -> VisitType:
    """Something people come for that takes so many minutes."""
    name = name or f"Visit {VisitType.objects.count()}"
    return VisitType.objects.create(
        facility=department.facility, department=department, name=name, minutes=minutes, **more
    )


def hold(ward: Ward, slot: Slot, patient: Any = None, source: str = "online", **more: Any) -> Any:
    """Meera holds a place for somebody."""
    return commands.request_hold(
        actor=ward.meera,
        now=ward.now,
        doctor_id=slot.doctor_id,
        slot_id=slot.id,
        patient_id=(patient or ward.register(name=f"Somebody {Appointment.objects.count()}")).id,
        source=source,
        **more,
    )


def confirm(ward: Ward, row: Appointment) -> Any:
    """Meera books what was held."""
    return commands.confirm_booking(actor=ward.meera, now=ward.now, booking_id=row.id)


def sweep(ward: Ward) -> int:
    """The house ends what is over; how many got a place by it."""
    actor = system_actor("booking sweeper", ward.facility.id)
    return commands.sweep(actor=actor, now=ward.now, department_id=ward.department.id)
