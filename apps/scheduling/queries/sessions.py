"""A day as predictions need it: when each doctor's session is planned, and who is booked and has not come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from apps.scheduling.models import Appointment, Slot
from apps.scheduling.rules.appointments import LIVE, AppointmentState


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """A doctor's slots of a day together."""

    starts_at: datetime
    ends_at: datetime
    booked: int
    delay: int


def planned_sessions(doctor_ids: Iterable[UUID], day: date) -> dict[UUID, PlannedSession]:
    """The session of each doctor who has slots that day, in one statement."""
    slots = Slot.objects.filter(doctor_id__in=list(doctor_ids), day=day, closed_at__isnull=True)
    counted = (
        slots.order_by()
        .values("doctor_id")
        .annotate(
            first=Min("starts_at"),
            last=Max("ends_at"),
            late=Max("delay_minutes"),
            people=Count("appointments", filter=Q(appointments__state__in=sorted(LIVE))),
        )
    )
    return {row["doctor_id"]: PlannedSession(row["first"], row["last"], row["people"], row["late"]) for row in counted}


def to_come(department_id: UUID, day: date) -> list[Any]:
    """Who is booked in a department that day and has not come: `{id, token_id, doctor_id, patient_id, at, source,
    booked_at}`."""
    rows = Appointment.objects.filter(department_id=department_id, day=day, state=AppointmentState.BOOKED)
    return list(rows.values("id", "token_id", "doctor_id", "patient_id", "at", "source", "booked_at"))


def past_of(patient_ids: Iterable[UUID], before: date) -> dict[UUID, tuple[int, int]]:
    """How many appointments each of these people kept and missed on days before, in one statement."""
    rows = Appointment.objects.filter(patient_id__in=list(patient_ids), day__lt=before).order_by()
    counted = rows.values("patient_id").annotate(
        kept=Count("id", filter=Q(state=AppointmentState.ARRIVED)),
        missed=Count("id", filter=Q(state=AppointmentState.NO_SHOW)),
    )
    return {row["patient_id"]: (row["kept"], row["missed"]) for row in counted}


def came_for(token_id: UUID) -> Any:
    """The booking that somebody who is here came for: `{at, booked_at, patient_id, day}`; None for a walk-in."""
    rows = Appointment.objects.filter(token_id=token_id, state=AppointmentState.ARRIVED)
    return rows.order_by("-booked_at").values("at", "booked_at", "patient_id", "day").first()


def booking_facts(appointment_id: UUID) -> Any:
    """Of a booking `{day, doctor_id, patient_id, at, booked_at}`; None when there is none."""
    rows = Appointment.objects.filter(id=appointment_id)
    return rows.values("day", "doctor_id", "patient_id", "at", "booked_at").first()


def times_of_tokens(token_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """The appointments that these numbers were given for, by number; nothing of walk-ins."""
    rows = Appointment.objects.filter(token_id__in=list(token_ids), state__in=sorted(LIVE))
    return dict(rows.values_list("token_id", "at"))
