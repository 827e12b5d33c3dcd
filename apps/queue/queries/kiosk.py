"""Who stands before a kiosk, by the code of their slip or message, or by their phone. Initials only: halls look on."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from apps.accounts.queries import actor_of_tracking, facility_facts
from apps.core.languages import named
from apps.core.policy import Actor
from apps.patients.queries import facts, people_of_phone
from apps.queue.models import Visit
from apps.queue.queries.links import code_in
from apps.queue.rules.states import OPEN
from apps.scheduling.queries import appointments
from apps.scheduling.rules.appointments import AppointmentState

Found = tuple[list[Any], list[Visit]]
"""Bookings of today that nobody has come for yet, and visits that are going on."""


def found_by_code(typed: str, kiosk: Actor, now: datetime) -> Found:
    """What the code of a slip or message opens, if it is of this kiosk's hall."""
    holder = actor_of_tracking(code_in(typed), now)
    if holder is None or holder.subject_id is None or holder.facility_id != kiosk.facility_id:
        return [], []
    visits = _visits(kiosk).filter(token__visits__id=holder.subject_id)
    return list(_bookings(kiosk, now).filter(id=holder.subject_id)), list(visits)


def found_by_phone(phone: str, kiosk: Actor, now: datetime) -> Found:
    """What the people under a phone (E.164) have today in this kiosk's hall."""
    people = people_of_phone(phone)
    bookings = _bookings(kiosk, now).filter(patient_id__in=people)
    return list(bookings), list(_visits(kiosk).filter(patient_id__in=people))


def visit_at_kiosk(visit_id: UUID, kiosk: Actor) -> Visit:
    """A visit of this kiosk's hall, with all that its slip shows."""
    return _visits(kiosk).get(id=visit_id)


def choice(row: Any, now: datetime) -> dict[str, Any]:
    """A booking as somebody finds themselves in it."""
    facility, person = facility_facts(row.facility_id), facts(row.patient, now)
    return {
        "booking_id": row.id,
        "token": row.token.label,
        "initials": person["initials"],
        "age_sex": person["age_sex"],
        "doctor": named(row.doctor),
        "time": f"{row.at.astimezone(ZoneInfo(facility.time_zone)):%H:%M}",
    }


def _bookings(kiosk: Actor, now: datetime) -> QuerySet[Any]:
    today = facility_facts(kiosk.facility_id).day_of(now)  # type: ignore[arg-type]  # a kiosk has a facility
    rows = appointments().filter(day=today, state=AppointmentState.BOOKED, department_id__in=kiosk.department_ids)
    shown = rows.select_related("token", "doctor", "patient", "department")
    return shown.defer("patient__phone", "patient__address").order_by("at", "place", "id")


def _visits(kiosk: Actor) -> QuerySet[Visit]:
    """Open visits of this hall, and those at other stations under a number of this hall: a journey may begin there."""
    of_this_hall = Q(department_id__in=kiosk.department_ids) | Q(token__department_id__in=kiosk.department_ids)
    rows = Visit.objects.filter(of_this_hall, state__in=sorted(OPEN))
    shown = rows.select_related("token", "doctor__room", "room", "department", "patient")
    return shown.defer("patient__phone", "patient__address").order_by("-scanned_at")
