"""Bookings that are somebody's own, and what people may book by themselves: the one rule for it."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.commands import hidden_from
from apps.core.errors import Conflict, Forbidden, Invalid, sentence
from apps.core.policy import Actor, ActorType, Permission
from apps.core.queries import one
from apps.patients.queries import patients_of
from apps.patients.rules.people import Status
from apps.queue.models import Visit
from apps.queue.queries.own import own_visits
from apps.queue.rules.states import State
from apps.scheduling.queries import appointments, waiting_entries, waiting_entry_of
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import OPEN, AppointmentState
from apps.scheduling.rules.giving_up import giving_up

OWN_SOURCES = (BookingSource.ONLINE, BookingSource.FOLLOW_UP, BookingSource.PAID_PRIORITY)
"""How patients may book; the rest is for staff to say."""

FOLLOW_UP_WITHIN = timedelta(days=30)
"""How long after a finished visit somebody may come back to the department for a follow-up."""

MOST_AHEAD = 10
"""Bookings and places on waiting lists that one person may hold by themselves at a time."""


class StaffSaySo(Forbidden):
    code = "source_for_staff"
    detail = sentence("Only the desk can book in this way.")


class FollowUpOfNothing(Forbidden):
    code = "no_visit_to_follow_up"
    detail = sentence("There was no visit in this department in the last 30 days that could be followed up.")


class TooManyBookings(Conflict):
    code = "too_many_bookings"
    detail = sentence("This person has many bookings already. Give one up first, or ask at the desk.")


class TooLate(Conflict):
    code = "too_late"
    detail = sentence("Less than 30 minutes are left. Please call the desk.")


def own_people(actor: Actor) -> list[UUID]:
    """The people somebody acts for: those under the phone they proved to hold; of who came back by a restore token,
    the person of that visit."""
    if actor.phone_index:
        return list(patients_of(actor).values_list("id", flat=True))
    return list(own_visits(actor).values_list("patient_id", flat=True))


def whom_to_book(actor: Actor, patient_id: UUID | None) -> UUID:
    """For whom somebody books. A patient who is the only one under their phone need not say so.

    Raises `Invalid` when it has to be said, `NotFound` for people of others.
    """
    if not actor.may(Permission.BOOKING_CREATE_OWN):
        if patient_id is None:
            raise Invalid({"patientId": [sentence("Say for whom.")]})
        return patient_id
    people = own_people(actor)
    if patient_id is None and len(people) != 1:
        raise Invalid({"patientId": [sentence("Say for whom.")]})
    if patient_id is not None and patient_id not in people:
        raise hidden_from(actor, Permission.BOOKING_CREATE_OWN)
    return patient_id or people[0]


def require_own(actor: Actor, found: Any, permission: Permission) -> None:
    """Refuse whoever may not do this with a booking or a place on a waiting list, as if there were none."""
    if not actor.may(permission) or not _is_own(actor, found):
        raise hidden_from(actor, permission)


def _is_own(actor: Actor, found: Any) -> bool:
    """A link is for one booking; a patient's sign-in is for everything of their people."""
    if actor.type is ActorType.LINK:
        return bool(found.id == actor.subject_id)
    return found.patient_id in own_people(actor)


def require_own_wish(patient_id: UUID, department_id: UUID, source: BookingSource, now: datetime) -> None:
    """What holds for a booking that somebody makes for themselves.

    Raises `StaffSaySo`, `FollowUpOfNothing`, `TooManyBookings`.
    """
    if source not in OWN_SOURCES:
        raise StaffSaySo(permission=Permission.BOOKING_CREATE)
    if source is BookingSource.FOLLOW_UP and last_visit(patient_id, department_id, now) is None:
        raise FollowUpOfNothing(permission=Permission.BOOKING_CREATE)
    ahead = appointments().filter(patient_id=patient_id, state__in=sorted(OPEN)).count()
    waiting = waiting_entries(now).filter(patient_id=patient_id).count()
    if ahead + waiting >= MOST_AHEAD:
        raise TooManyBookings


def require_notice(row: Any, now: datetime) -> None:
    """Refuse what comes too late for somebody to do by themselves. Raises `TooLate`."""
    if row.state == AppointmentState.BOOKED and not giving_up(row.at, now).allowed:
        raise TooLate(extra={"state": row.state, "version": row.version})


def last_visit(patient_id: UUID, department_id: UUID, now: datetime) -> date | None:
    """The day of the last finished visit that may be followed up in a department."""
    finished = Visit.objects.filter(
        patient_id=patient_id,
        department_id=department_id,
        state=State.COMPLETED,
        completed_at__gt=now - FOLLOW_UP_WITHIN,
    )
    return finished.order_by("-day").values_list("day", flat=True).first()


def own_bookings(actor: Actor) -> QuerySet[Any]:
    """Somebody's own bookings, the latest day first, with all that is shown beside them."""
    shown = appointments().select_related("slot", "token", "doctor__room", "department", "patient")
    return shown.defer("patient__phone", "patient__address").filter(_mine(actor))


def _mine(actor: Actor) -> Q:
    """What is about `own_people`, asked in the same statement where that can be."""
    by_phone = Q(patient__phone_index=actor.phone_index) & ~Q(patient__status=Status.MERGED)
    return by_phone if actor.phone_index else Q(patient_id__in=own_people(actor))


def own_booking_of(actor: Actor, booking_id: UUID) -> Any:
    """One of somebody's own bookings. Raises `NotFound` for anybody else's, as for none."""
    row = one(own_bookings(actor).filter(id=booking_id))
    if row is None:
        raise hidden_from(actor, Permission.BOOKING_READ_OWN)
    return row


def own_waiting(actor: Actor, now: datetime) -> QuerySet[Any]:
    """Somebody's own places on waiting lists, the next day first."""
    rows = waiting_entries(now).filter(_mine(actor)).select_related("doctor", "patient")
    return rows.defer("patient__phone", "patient__address").order_by("preferred_day", "since", "id")


def own_waiting_of(actor: Actor, waiting_id: UUID) -> Any:
    """One of somebody's own places on waiting lists, also a former one. Raises `NotFound` for anybody else's, as for
    none."""
    entry = waiting_entry_of(waiting_id)
    require_own(actor, entry, Permission.BOOKING_READ_OWN)
    return entry
