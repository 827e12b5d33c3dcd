"""Bookings and the waiting list."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.errors import NotFound
from apps.scheduling.models import AllocationPolicy, Appointment, WaitingEntry
from apps.scheduling.rules.allocation import SCORES, BookingSource, Rules
from apps.scheduling.rules.appointments import LIVE
from apps.scheduling.rules.waiting import WaitingState


def appointments() -> QuerySet[Appointment]:
    """All bookings of the facility in scope with slot, number and doctor, the latest day first."""
    return Appointment.objects.select_related("slot", "token", "doctor").order_by("-day", "at", "id")


def appointment_of(some_id: UUID) -> Appointment:
    """A booking by its own id, or the present one of a number's. Raises `NotFound`."""
    found = appointments().filter(Q(id=some_id) | Q(token_id=some_id)).order_by("-booked_at").first()
    if found is None:
        raise NotFound
    return found


def has_booking(patient_id: UUID, doctor_id: UUID, day: date) -> bool:
    """Whether somebody already has a place with a doctor that day."""
    live = Appointment.objects.filter(state__in=sorted(LIVE))
    return live.filter(patient_id=patient_id, doctor_id=doctor_id, day=day).exists()


def waiting_list(doctor_id: UUID, now: datetime) -> QuerySet[WaitingEntry]:
    """Who waits for a place with a doctor, in the order of promotion."""
    waiting = WaitingEntry.objects.filter(doctor_id=doctor_id, state=WaitingState.WAITING, expires_at__gt=now)
    return waiting.order_by("sort_key", "since", "id")


def waiting_entry_of(waiting_id: UUID) -> WaitingEntry:
    """An entry of a waiting list, still waiting or not. Raises `NotFound`."""
    found = WaitingEntry.objects.select_related("doctor").filter(id=waiting_id).first()
    if found is None:
        raise NotFound
    return found


def position_of(entry: WaitingEntry, now: datetime) -> int | None:
    """Who is promoted before: 1 for the next of that day; None when not waiting any more."""
    if entry.state != WaitingState.WAITING or entry.expires_at <= now:
        return None
    ahead = waiting_list(entry.doctor_id, now).filter(preferred_day=entry.preferred_day)
    same = Q(sort_key=entry.sort_key)
    before = (
        Q(sort_key__lt=entry.sort_key) | same & Q(since__lt=entry.since) | same & Q(since=entry.since, id__lt=entry.id)
    )
    return 1 + ahead.filter(before).count()


def keys_of_others(entry: WaitingEntry, now: datetime) -> list[Decimal]:
    """The keys of everybody else who waits for the same doctor and day, in order."""
    others = waiting_list(entry.doctor_id, now).filter(preferred_day=entry.preferred_day).exclude(id=entry.id)
    return list(others.values_list("sort_key", flat=True))


def rules_of(department_id: UUID) -> Rules:
    """How a department allocates: its own policy, or the defaults of D5."""
    policy = AllocationPolicy.objects.filter(department_id=department_id).first()
    return policy.rules() if policy else Rules()


def booking_json(row: Appointment) -> dict[str, Any]:
    """A booking as the contract's `token`."""
    number = row.token
    return {
        "tokenId": str(number.id) if number else None,
        "appointmentId": str(row.id),
        "tokenNumber": number.token_number if number else None,
        "tokenLabel": number.label if number else None,
        "source": row.source,
        "priorityScore": SCORES[BookingSource(row.source)],
        "status": row.state,
        "slotId": str(row.slot_id),
        "doctorId": str(row.doctor_id),
        "departmentId": str(row.department_id),
        "patientId": str(row.patient_id),
        "appointmentTime": row.at.isoformat(),
        "isReallocation": row.displaced > 0,
        "originalSlotId": str(row.first_slot_id) if row.first_slot_id else None,
        "overflow": row.overflow,
        "etaFrom": None,
        "etaTo": None,
        "version": row.version,
    }


def waiting_json(entry: WaitingEntry, now: datetime) -> dict[str, Any]:
    """An entry of a waiting list as the contract's `waiting`."""
    return {
        "waitingId": str(entry.id),
        "doctorId": str(entry.doctor_id),
        "patientId": str(entry.patient_id),
        "source": entry.source,
        "status": entry.state,
        "preferredDate": entry.preferred_day.isoformat(),
        "queuePosition": position_of(entry, now),
        "expiresAt": entry.expires_at.isoformat(),
        "tokenId": str(entry.appointment.token_id) if entry.appointment else None,
    }
