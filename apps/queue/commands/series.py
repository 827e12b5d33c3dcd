"""Bookings that come again every week (requirements SCH-12)."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor
from apps.core.queries import one
from apps.patients.queries import get_active
from apps.queue.commands.reaching import make_room, require_to_book
from apps.queue.commands.telling import tell_booked
from apps.scheduling.commands import SlotGone, Wish, place_gently
from apps.scheduling.queries import agreed_length, bookable
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.slots import same_clock


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One week of a series: the booking, or why there is none."""

    day: date
    row: Any = None
    refusal: Conflict | None = None


@dataclass(slots=True)
class Series:
    """What came of a wish for several weeks."""

    id: UUID
    weeks: list[Occurrence] = field(default_factory=list)


@command
def book_series(
    *,
    actor: Actor,
    now: datetime,
    doctor_id: UUID,
    patient_id: UUID,
    slot_id: UUID,
    source: str,
    weeks: int,
    visit_type_id: UUID | None = None,
) -> Series:
    """Book the same time every week, beginning with a slot. Each week is booked or said to be not possible: nobody
    is displaced for it or put onto a waiting list. One transaction. Raises `SlotGone` when the first is none."""
    first = one(bookable(doctor_id, now).filter(id=slot_id))
    if first is None:
        raise SlotGone
    asked = BookingSource(source)
    require_to_book(actor, first.department_id, asked)
    lock_streams(department_stream(first.department_id))
    get_active(patient_id)
    length = agreed_length(visit_type_id, doctor_id=doctor_id, department_ids=[first.department_id])
    make_room(first.department_id, doctor_id)
    series, zone = Series(uuid4()), facility_facts(first.facility_id).time_zone
    for week in range(weeks):
        at, day = same_clock(first.starts_at, week * 7, zone), first.day + timedelta(days=week * 7)
        wish = Wish(first.department_id, doctor_id, patient_id, asked, day, length=length)
        series.weeks.append(_book_week(wish, at, series.id))
    record(
        action="series.booked",
        entity_type="series",
        entity_id=series.id,
        after={"weeks": weeks, "booked": sum(1 for one in series.weeks if one.row)},
    )
    return series


@step
def _book_week(wish: Wish, at: datetime, series_id: UUID) -> Occurrence:
    try:
        with transaction.atomic():
            row = place_gently(wish, at, series_id=series_id)
    except Conflict as refusal:
        return Occurrence(wish.day, refusal=refusal)
    tell_booked(row)
    return Occurrence(wish.day, row)
