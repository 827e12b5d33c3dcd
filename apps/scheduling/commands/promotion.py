"""A place is free: it goes to whoever of the waiting list it fits, or is offered to them first."""

from datetime import date
from uuid import UUID

from apps.core.commands import step, unit
from apps.scheduling.commands.booking import (
    seat,
)
from apps.scheduling.commands.hall import (
    Hall,
    Wish,
)
from apps.scheduling.commands.offers import offer_places
from apps.scheduling.commands.waiting import (
    end_waiting,
    wish_of,
)
from apps.scheduling.models import Appointment, WaitingEntry
from apps.scheduling.queries import consent_of, has_booking, waiting_for_day
from apps.scheduling.rules.allocation import Place
from apps.scheduling.rules.waiting import WaitingState


@step
def promote(department_id: UUID, doctor_id: UUID, day: date) -> list[Appointment]:
    """Give every free place of a doctor's day to whoever of the waiting list it fits, in the list's order: the new
    bookings. Where the department asks first, the places are offered and held instead, and nobody is booked yet."""
    waiting = [one for one in waiting_for_day(doctor_id, day, unit().now) if one.department_id == department_id]
    if not waiting:
        return []
    hall = Hall(department_id, doctor_id, unit().now)
    consent = consent_of(department_id)
    if consent.asks_first:
        offer_places(hall, waiting, consent)
        return []
    return [row for entry in waiting if (row := _promoted(hall, entry, wish_of(entry)))]


def _promoted(hall: Hall, entry: WaitingEntry, wish: Wish) -> Appointment | None:
    decision = hall.decide(wish, gently=True)
    if not isinstance(decision, Place):
        return None
    if has_booking(entry.patient_id, entry.doctor_id, entry.preferred_day):
        return None
    row = seat(hall.slots[decision.slot_id], hall.live[decision.slot_id], wish)
    end_waiting(entry, WaitingState.ALLOCATED, appointment=row)
    return row
