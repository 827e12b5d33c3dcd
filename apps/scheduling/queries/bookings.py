"""Bookings and the waiting list."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from apps.core.errors import NotFound
from apps.core.queries import one
from apps.core.statements import prepared
from apps.scheduling.models import AllocationPolicy, Appointment, Doctor, Offer, Slot, Token, WaitingEntry
from apps.scheduling.queries.shapes import BookingOut, EmergencyCountsOut, WaitingCountsOut, WaitingOut
from apps.scheduling.rules.allocation import BookingSource, Limits, Rules
from apps.scheduling.rules.appointments import LIVE, AppointmentState
from apps.scheduling.rules.capacity import Stretch
from apps.scheduling.rules.offers import Consent, OfferState
from apps.scheduling.rules.waiting import WaitingState


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


def waiting_entries(now: datetime) -> QuerySet[WaitingEntry]:
    """Everybody who waits for a place."""
    return WaitingEntry.objects.filter(state=WaitingState.WAITING, expires_at__gt=now)


def waiting_list(doctor_id: UUID, now: datetime) -> QuerySet[WaitingEntry]:
    """Who waits for a place with a doctor, in the order of promotion."""
    return waiting_entries(now).filter(doctor_id=doctor_id).order_by("sort_key", "since", "id")


@prepared
def waiting_for_day(doctor_id: UUID, day: date, now: datetime) -> QuerySet[WaitingEntry]:
    """Who waits for a place with a doctor on a day, in the order of promotion."""
    return waiting_list(doctor_id, now).filter(preferred_day=day)


@prepared
def own_wait_locked(patient_id: UUID, doctor_id: UUID, day: date, now: datetime) -> QuerySet[WaitingEntry]:
    """Somebody's own wait for a place with a doctor on a day, locked."""
    return waiting_list(doctor_id, now).filter(patient_id=patient_id, preferred_day=day).select_for_update()


def own_waits_locked(row: Appointment, now: datetime) -> QuerySet[WaitingEntry]:
    """Every wait of a booking's person for a place with its doctor in its department, locked."""
    own = waiting_list(row.doctor_id, now).filter(patient_id=row.patient_id, department_id=row.department_id)
    return own.select_for_update()


def seated_since(row: Appointment) -> bool:
    """Whether the waiting list gave somebody a place with the same doctor after their booking had ended, which they
    still have."""
    given = WaitingEntry.objects.filter(state=WaitingState.ALLOCATED, ended_at__gte=row.ended_at)
    there = given.filter(patient_id=row.patient_id, doctor_id=row.doctor_id, department_id=row.department_id)
    return there.filter(appointment__state__in=sorted(LIVE)).exists()


def waiting_entry_of(waiting_id: UUID) -> WaitingEntry:
    """An entry of a waiting list, still waiting or not. Raises `NotFound`."""
    found = one(WaitingEntry.objects.select_related("doctor").filter(id=waiting_id))
    if found is None:
        raise NotFound
    return found


def waiting_counts(
    doctor_id: UUID, now: datetime, seen: Callable[[QuerySet[WaitingEntry]], QuerySet[WaitingEntry]]
) -> dict[str, Any]:
    """How many wait for a doctor, by source and day, and what became of the others; of what `seen` leaves."""
    entries = seen(WaitingEntry.objects.filter(doctor_id=doctor_id)).order_by()
    waiting = seen(waiting_list(doctor_id, now)).order_by()
    became = dict(entries.values_list("state").annotate(Count("id")))
    became.pop(WaitingState.WAITING, None)
    counts = {
        "doctorId": doctor_id,
        "totalWaiting": waiting.count(),
        "bySource": dict(waiting.values_list("source").annotate(Count("id"))),
        "byDate": {str(day): many for day, many in waiting.values_list("preferred_day").annotate(Count("id"))},
        "longestWaitingSince": waiting.aggregate(Min("since"))["since__min"],
        "nextExpiry": waiting.aggregate(Min("expires_at"))["expires_at__min"],
        "became": became,
    }
    return WaitingCountsOut.of(counts)


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


def overdue_entries(now: datetime, spare: timedelta = timedelta()) -> QuerySet[WaitingEntry]:
    """Who stands on a waiting list beyond their time there; without who came onto it within the last `spare`."""
    over = WaitingEntry.objects.filter(state=WaitingState.WAITING, expires_at__lte=now)
    return over.filter(since__lte=now - spare) if spare else over


def has_open_offer(entry_id: UUID) -> bool:
    """Whether somebody who waits is being asked about a place."""
    return Offer.objects.filter(entry_id=entry_id, state=OfferState.OPEN).exists()


def open_offers(entry_ids: Iterable[UUID], now: datetime) -> dict[UUID, Offer]:
    """The places that people who wait are being asked about, by entry, with what is held."""
    found = Offer.objects.filter(entry_id__in=list(entry_ids), state=OfferState.OPEN, expires_at__gt=now)
    return {offer.entry_id: offer for offer in found.select_related("hold")}


def asked_about(row: Appointment) -> WaitingEntry | None:
    """Who waits and is asked about the place that is held for them; None for a hold that nobody was asked about."""
    asked = Offer.objects.filter(hold_id=row.id, state=OfferState.OPEN, entry__patient_id=row.patient_id)
    offer = asked.select_related("entry").first()
    return offer.entry if offer else None


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


@dataclass(slots=True)
class Asked:
    """What somebody who waits was asked about: which slots ever, and whether they are being asked now."""

    slots: set[UUID] = field(default_factory=set)
    open: bool = False


@prepared
def offers_made_at(now: datetime) -> QuerySet[Offer]:
    """What was offered at a moment and is still open, with whoever was asked."""
    made = Offer.objects.filter(state=OfferState.OPEN, made_at=now)
    return made.select_related("entry__patient", "entry__doctor", "hold").order_by("id")


def offers_of(entry_ids: Iterable[UUID]) -> dict[UUID, Asked]:
    """What people who wait were asked about, by entry."""
    found: dict[UUID, Asked] = defaultdict(Asked)
    for entry_id, slot_id, state in Offer.objects.filter(entry_id__in=list(entry_ids)).values_list(
        "entry_id", "slot_id", "state"
    ):
        found[entry_id].slots.add(slot_id)
        found[entry_id].open |= state == OfferState.OPEN
    return found


def booking_json(row: Appointment) -> dict[str, Any]:
    """A booking as the contract's `token`."""
    return BookingOut.of(row)


def waiting_json(entry: WaitingEntry, now: datetime) -> dict[str, Any]:
    """An entry of a waiting list as the contract's `waiting`."""
    return WaitingOut.of(waiting_value(entry, now))


def waiting_value(entry: WaitingEntry, now: datetime) -> dict[str, Any]:
    """An entry with its position, for `WaitingOut` to tell."""
    return {"entry": entry, "position": position_of(entry, now)}
