"""Bookings: found, counted, locked."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.errors import NotFound
from apps.core.queries import one
from apps.core.statements import prepared
from apps.scheduling.models import AllocationPolicy, Appointment, Doctor, Slot, Token, WaitingEntry
from apps.scheduling.queries.shapes import BookingOut, EmergencyCountsOut
from apps.scheduling.queries.waiting import overdue_entries
from apps.scheduling.rules.allocation import BookingSource, Limits, Rules
from apps.scheduling.rules.appointments import LIVE, AppointmentState
from apps.scheduling.rules.capacity import Stretch
from apps.scheduling.rules.offers import Consent


def appointments() -> QuerySet[Appointment]:
    """All bookings of the facility in scope with slot, number and doctor, the latest day first."""
    return Appointment.objects.select_related("slot", "token", "doctor").order_by("-day", "at", "id")


def appointment_of(some_id: UUID) -> Appointment:
    """A booking by its own id, or the present one of a number's. Raises `NotFound`."""
    found = booking_or_none(some_id)
    if found is None:
        raise NotFound
    return found


def booking_or_none(some_id: UUID) -> Appointment | None:
    """A booking by its own id, or the present one of a number's; None for a number of somebody who never booked."""
    return _named.one(some_id)


def chain_of(row: Appointment) -> list[UUID]:
    """A booking and those it was moved from, the newest first."""
    found, earlier = [row.id], row.moved_from_id
    while earlier:
        found.append(earlier)
        earlier = Appointment.objects.values_list("moved_from_id", flat=True).get(id=earlier)
    return found


@prepared
def _named(some_id: UUID) -> QuerySet[Appointment]:
    return appointments().filter(Q(id=some_id) | Q(token_id=some_id)).order_by("-booked_at")[:1]


@prepared
def locked_appointment(booking_id: UUID) -> QuerySet[Appointment]:
    """A booking with slot and number, locked."""
    rows = Appointment.objects.select_related("slot", "token").filter(id=booking_id)
    return rows.select_for_update(of=("self",))


def department_of_token(token_id: UUID) -> UUID:
    """Where a number was given. Raises `NotFound`."""
    found = one(Token.objects.filter(id=token_id).values_list("department_id", flat=True))
    if found is None:
        raise NotFound
    return found


def tracked_booking(booking_id: UUID) -> Appointment:
    """A booking with all that its own page shows; of the person what stands sealed stays so."""
    rows = appointments().select_related("slot", "token", "patient", "doctor__room", "department")
    return rows.defer("patient__phone", "patient__address").get(id=booking_id)


def booked_before(row: Appointment) -> list[tuple[datetime, int | None]]:
    """When those come whom the same doctor sees before somebody, that day, and how many minutes each takes where a
    length was agreed."""
    live = Appointment.objects.filter(doctor_id=row.doctor_id, day=row.day, state__in=sorted(LIVE))
    earlier = Q(at__lt=row.at) | Q(at=row.at, place__lt=row.place)
    return list(live.filter(earlier).order_by("at").values_list("at", "minutes"))


def departments_of_bookings(booking_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Where people are booked, of those ids that are bookings."""
    rows = Appointment.objects.filter(id__in=booking_ids).values_list("id", "department_id") if booking_ids else ()
    return dict(rows)


def booking_versions(booking_ids: Collection[UUID]) -> dict[UUID, tuple[int, str]]:
    """Version and state of those of these ids that are bookings."""
    rows = Appointment.objects.filter(id__in=booking_ids).values_list("id", "version", "state") if booking_ids else ()
    return {booking_id: (version, state) for booking_id, version, state in rows}


def places_taken(day: date, **whose: UUID) -> int:
    """How many places somebody has on a day, or how many a doctor's people have."""
    return Appointment.objects.filter(state__in=sorted(LIVE), day=day, **whose).count()


def places_held_by(patient_id: UUID) -> set[UUID]:
    """Departments in which somebody has or had a booking, or waits or waited for one."""
    of = {"patient_id": patient_id}
    booked = Appointment.objects.filter(**of).values_list("department_id", flat=True)
    return set(booked.union(WaitingEntry.objects.filter(**of).values_list("department_id", flat=True)))


def booking_today(patient_id: UUID, doctor_id: UUID, day: date) -> Appointment | None:
    """What somebody has booked with a doctor on a day and has not come for yet."""
    booked = Appointment.objects.filter(state=AppointmentState.BOOKED, patient_id=patient_id, doctor_id=doctor_id)
    return booked.filter(day=day).first()


def emergency_counts(rows: QuerySet[Appointment], slots: QuerySet[Slot], day: date) -> dict[str, Any]:
    """How many emergencies some bookings of a day are, how bad, and how far slots were stretched. Two queries."""
    of_day = rows.filter(day=day, source=BookingSource.EMERGENCY).order_by()
    found = of_day.values_list("severity", "state", "overflow")
    counts = {
        "date": day,
        "total": len(found),
        "bySeverity": dict(Counter(severity or "unknown" for severity, _, _ in found)),
        "byStatus": dict(Counter(state for _, state, _ in found)),
        "overflow": sum(1 for *_, overflow in found if overflow),
        "displaced": rows.filter(day=day, displaced__gt=0).count(),
        "stretchedSlots": slots.filter(day=day, emergency_level__in=list(Stretch)).count(),
    }
    return EmergencyCountsOut.of(counts)


def has_booking(patient_id: UUID, doctor_id: UUID, day: date) -> bool:
    """Whether somebody already has a place with a doctor that day."""
    return bool(_booking(patient_id, doctor_id, day))


@prepared
def _booking(patient_id: UUID, doctor_id: UUID, day: date) -> QuerySet[Appointment, UUID]:
    live = Appointment.objects.filter(state__in=sorted(LIVE))
    return live.filter(patient_id=patient_id, doctor_id=doctor_id, day=day).values_list("id", flat=True)


def rules_of(department_id: UUID) -> tuple[Rules, Limits]:
    """How a department allocates, and how many bookings it lets there be: its own policy, or the defaults of D5 and
    no limit."""
    policy = _policy_of(department_id)
    return (policy.rules(), policy.limits()) if policy else (Rules(), Limits())


def consent_of(department_id: UUID) -> Consent:
    """How a department holds and offers places: its own policy, or the defaults."""
    policy = _policy_of(department_id)
    return policy.consent() if policy else Consent()


def _policy_of(department_id: UUID) -> AllocationPolicy | None:
    return _policy.one(department_id)


@prepared
def _policy(department_id: UUID) -> QuerySet[AllocationPolicy]:
    return AllocationPolicy.objects.filter(department_id=department_id)


def lapsed_holds(now: datetime, spare: timedelta = timedelta()) -> QuerySet[Appointment]:
    """Holds whose time is over, which nobody has ended yet; without those made within the last `spare`."""
    over = Appointment.objects.filter(state=AppointmentState.HELD, hold_expires_at__lte=now)
    return over.filter(booked_at__lte=now - spare) if spare else over


def has_lapsed_holds(department_id: UUID, now: datetime) -> bool:
    """Whether a department has holds whose time is over, which nobody has ended yet."""
    return bool(_lapsed_holds_in(department_id, now))


@prepared
def _lapsed_holds_in(department_id: UUID, now: datetime) -> QuerySet[Appointment, UUID]:
    return lapsed_holds(now).filter(department_id=department_id).values_list("id", flat=True)[:1]


def never_came(today: date) -> QuerySet[Appointment]:
    """Bookings of days before for which nobody came, and which nobody has ended; not those whose slot was closed:
    they wait for a person to decide."""
    return appointments().filter(state=AppointmentState.BOOKED, day__lt=today, slot__closed_at__isnull=True)


def booked_between(since: datetime, until: datetime) -> QuerySet[Appointment]:
    """Bookings whose time is from then until then, the earliest first; found by doctor and day. Not those whose slot
    was closed: they wait for a person to decide."""
    days = [since.date() + timedelta(days=n) for n in range(-1, (until.date() - since.date()).days + 2)]
    rows = appointments().filter(doctor__in=Doctor.objects.values("id"), day__in=days, at__gt=since, at__lte=until)
    booked = rows.filter(state=AppointmentState.BOOKED, token__isnull=False, slot__closed_at__isnull=True)
    return booked.order_by("at", "id")


def departments_to_sweep(now: datetime, spare: timedelta = timedelta()) -> list[UUID]:
    """Where a hold, an offer or a wait is over that nobody has ended yet; what is younger than `spare` aside."""
    holds = lapsed_holds(now, spare).values_list("department_id", flat=True)
    waits = overdue_entries(now, spare).values_list("department_id", flat=True)
    return sorted({*holds, *waits})


def booking_json(row: Appointment) -> dict[str, Any]:
    """A booking as the contract's `token`."""
    return BookingOut.of(row)
