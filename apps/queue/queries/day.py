"""A doctor's day at the desk, and the times that can be chosen: few statements, however many are booked."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from apps.accounts.queries import FacilityFacts
from apps.core.policy import Actor
from apps.patients.queries import brief
from apps.queue.queries.bookings import booking_row, clock_range
from apps.scheduling.queries import (
    bookings_of_day,
    free_by_day,
    free_in,
    nearest_free,
    open_offers,
    open_slots,
    slots_of_day,
    waiting_list,
)
from apps.scheduling.rules.allocation import SOURCE_NAMES, BookingSource

WINDOW = timedelta(days=14)
"""Days that are offered at once."""


def day_at_desk(
    doctor: Any, day: date, department_ids: Collection[UUID], actor: Actor, now: datetime, facility: FacilityFacts
) -> dict[str, Any]:
    """A doctor's slots of a day in these departments with who is booked in each, and who waits for a place.

    Slots without anybody that are over or closed are left out; `shut` says why some are closed. Three statements, and a
    fourth where somebody waits.
    """
    booked: dict[UUID, list[Any]] = defaultdict(list)
    for row in bookings_of_day(doctor.id, day):
        booked[row.slot_id].append(row)
    slots = list(slots_of_day(doctor.id, day).filter(department_id__in=department_ids))
    shown = [slot for slot in slots if booked[slot.id] or (slot.ends_at > now and not slot.closed_at)]
    shut = [slot.closed_reason or gettext("no reason given") for slot in slots if slot.closed_at]
    return {
        "shut": list(dict.fromkeys(shut)),
        "slots": [_slot(slot, booked[slot.id], actor, now, facility) for slot in shown],
        "waiting": _waiting(doctor, day, department_ids, actor, now, facility),
    }


def _slot(slot: Any, booked: list[Any], actor: Actor, now: datetime, facility: FacilityFacts) -> dict[str, Any]:
    walk_ins = sum(row.source == BookingSource.WALK_IN for row in booked)
    return {
        "id": slot.id,
        "hours": clock_range(slot.starts_at, slot.ends_at, facility),
        "taken": slot.taken,
        "capacity": slot.capacity,
        "full": slot.taken >= slot.capacity,
        "extra": slot.overflow,
        "kept": max(slot.walk_in_reserve - walk_ins, 0),
        "closed": slot.closed_reason or gettext("Closed") if slot.closed_at else "",
        "delay": slot.delay_minutes,
        "over": slot.ends_at <= now,
        "people": [booking_row(row, actor, now) for row in booked],
    }


def _waiting(
    doctor: Any, day: date, department_ids: Collection[UUID], actor: Actor, now: datetime, facility: FacilityFacts
) -> list[dict[str, Any]]:
    """Who waits for a place on a day, in the order in which they get one."""
    entries = waiting_list(doctor.id, now).filter(preferred_day=day).select_related("patient")
    waiting = list(entries.defer("patient__phone", "patient__address"))
    offers = open_offers((entry.id for entry in waiting), now) if waiting else {}
    return [
        waiting_row(entry, position, actor, now, facility, offers.get(entry.id))
        for position, entry in enumerate(waiting, start=1)
        if entry.department_id in department_ids
    ]


def waiting_row(
    entry: Any, position: int, actor: Actor, now: datetime, facility: FacilityFacts, offer: Any = None
) -> dict[str, Any]:
    """Somebody on a waiting list, as the desk sees them, with the place they are asked about, if they are."""
    person = brief(entry.patient, now, actor)
    return {
        "waiting_id": entry.id,
        "position": position,
        "name": person["name"],
        "age_sex": person["age_sex"],
        "phone_last4": person.get("phone_last4", ""),
        "source": gettext(SOURCE_NAMES[BookingSource(entry.source)]),
        "since": _moment(entry.since, facility),
        "until": _moment(entry.expires_at, facility),
        "offered": facility.clock(offer.hold.at) if offer else "",
        "answer_by": facility.clock(offer.expires_at) if offer else "",
    }


def _moment(at: datetime, facility: FacilityFacts) -> str:
    return f"{date_format(facility.day_of(at), 'D j M')}, {facility.clock(at)}"


def window_of(day: date | None, today: date) -> date:
    """The first of the days that are offered together with a day."""
    ahead = max((day - today).days, 0) if day else 0
    return today + timedelta(days=ahead - ahead % WINDOW.days)


def days_to_choose(
    doctor_id: UUID,
    department_ids: Collection[UUID],
    source: BookingSource,
    now: datetime,
    first: date,
    minutes: int | None = None,
) -> dict[date, int]:
    """Free places for visits of so many minutes by day, of the days from `first` on that are offered together."""
    found = free_by_day(doctor_id, department_ids, source, now, first, first + WINDOW - timedelta(days=1), minutes)
    return dict(sorted(found.items()))


def times_of_day(
    doctor_id: UUID,
    day: date,
    department_ids: Collection[UUID],
    source: BookingSource,
    now: datetime,
    facility: FacilityFacts,
    minutes: int | None = None,
) -> list[dict[str, Any]]:
    """A doctor's times of a day that are not over, with how many places are free for a source."""
    slots = open_slots(doctor_id, now).filter(day=day, department_id__in=department_ids)
    return [time_row(slot, source, facility, minutes) for slot in slots]


def nearest_times(
    doctor_id: UUID,
    source: BookingSource,
    around: datetime,
    now: datetime,
    facility: FacilityFacts,
    minutes: int | None = None,
    *,
    instead_of: Any = None,
) -> list[dict[str, Any]]:
    """Free times near one that is gone, with their days; `instead_of` a booking, those that can take its place."""
    near = nearest_free(doctor_id, source, around, now, minutes, instead_of=instead_of)
    return [time_row(slot, source, facility, minutes) for slot in near]


def time_row(slot: Any, source: BookingSource, facility: FacilityFacts, minutes: int | None) -> dict[str, Any]:
    """A time that can be chosen for a visit of so many minutes: `{id, day, hours, free, label}`."""
    free = free_in(slot, source, minutes)
    return {
        "id": str(slot.id),
        "iso_day": slot.day.isoformat(),
        "day": date_format(slot.day, "D j M"),
        "hours": clock_range(slot.starts_at, slot.ends_at, facility),
        "free": free,
        "label": ngettext("%(places)s free", "%(places)s free", free) % {"places": free} if free else gettext("full"),
    }
