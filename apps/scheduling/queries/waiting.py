"""Who waits for a place, in which order, and who has been asked about one."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from apps.core.errors import NotFound
from apps.core.queries import one
from apps.core.statements import prepared
from apps.scheduling.models import Appointment, Offer, WaitingEntry
from apps.scheduling.queries.shapes import WaitingCountsOut, WaitingOut
from apps.scheduling.rules.appointments import LIVE
from apps.scheduling.rules.offers import OfferState
from apps.scheduling.rules.waiting import WaitingState


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


def waiting_json(entry: WaitingEntry, now: datetime) -> dict[str, Any]:
    """An entry of a waiting list as the contract's `waiting`."""
    return WaitingOut.of(waiting_value(entry, now))


def waiting_value(entry: WaitingEntry, now: datetime) -> dict[str, Any]:
    """An entry with its position, for `WaitingOut` to tell."""
    return {"entry": entry, "position": position_of(entry, now)}
