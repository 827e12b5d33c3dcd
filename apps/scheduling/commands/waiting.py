"""Who waits for a place: onto the list, along it, and off it."""

from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import step, unit
from apps.core.errors import Conflict, sentence
from apps.core.outbox import emit
from apps.scheduling import events
from apps.scheduling.commands.hall import NotPossibleNow, Wish
from apps.scheduling.models import Appointment, WaitingEntry
from apps.scheduling.queries import (
    department_of,
    keys_of_others,
    own_wait_locked,
    own_waits_locked,
    waiting_list,
)
from apps.scheduling.rules.allocation import (
    SCORES,
    BookingSource,
)
from apps.scheduling.rules.lengths import Length
from apps.scheduling.rules.offers import OfferState
from apps.scheduling.rules.waiting import WAITS_FOR, WaitingState, key_at, waiting_key


class AlreadyWaiting(Conflict):
    code = "already_on_waiting_list"
    detail = sentence("This person already waits for a place with this doctor on this day.")


def wish_of(entry: WaitingEntry) -> Wish:
    """What somebody on the waiting list wants."""
    return Wish(
        entry.department_id,
        entry.doctor_id,
        entry.patient_id,
        BookingSource(entry.source),
        entry.preferred_day,
        reason=entry.reason,
        length=Length(entry.visit_type_id, entry.minutes),
    )


@step
def end_waiting(entry: WaitingEntry, state: WaitingState, **more: Any) -> WaitingEntry:
    """Take somebody off the waiting list, with what became of them."""
    changes = {"state": state, "ended_at": unit().now, "version": entry.version + 1} | more
    for name, value in changes.items():
        setattr(entry, name, value)
    entry.save(update_fields=list(changes))
    record(action=f"waiting.{state.lower()}", entity_type="waiting_entry", entity_id=entry.id, after={"state": state})
    emit(events.waiting_changed(entry.department_id, entry.id, entry.version, state))
    return entry


@step
def wait_no_more(row: Appointment, *, any_day: bool = False) -> None:
    """Whoever has got a place with a doctor on a day, however they came by it, waits for none there any more; with
    `any_day`, on no other day of that department either."""
    now = unit().now
    one_day = (row.patient_id, row.doctor_id, row.day, now)
    for entry in own_waits_locked(row, now) if any_day else own_wait_locked(*one_day):
        entry.offers.filter(state=OfferState.OPEN).update(state=OfferState.DECLINED, ended_at=unit().now)
        end_waiting(entry, WaitingState.ALLOCATED, appointment=row)


@step
def note_waiting(entry: WaitingEntry, notes: str) -> WaitingEntry:
    """Write something down about somebody who waits. What it says is not told to others."""
    entry.notes, entry.version = notes, entry.version + 1
    entry.save(update_fields=["notes", "version"])
    record(action="waiting.noted", entity_type="waiting_entry", entity_id=entry.id)
    emit(events.waiting_changed(entry.department_id, entry.id, entry.version, entry.state))
    return entry


@step
def rank_waiting(entry: WaitingEntry, position: int) -> WaitingEntry:
    """Put somebody at a position of the waiting list, counted from 1."""
    entry.sort_key = key_at(position, keys_of_others(entry, unit().now))
    entry.version += 1
    entry.save(update_fields=["sort_key", "version"])
    emit(events.waiting_changed(entry.department_id, entry.id, entry.version, entry.state))
    return entry


@step
def locked_waiting(waiting_id: UUID) -> WaitingEntry:
    """Somebody on a waiting list, locked. Raises `NotPossibleNow` when they wait no more."""
    entry = WaitingEntry.objects.select_for_update().get(id=waiting_id)
    if entry.state != WaitingState.WAITING:
        raise NotPossibleNow(extra={"state": entry.state, "version": entry.version})
    return entry


@step
def enlist(wish: Wish) -> WaitingEntry:
    """Put somebody onto a doctor's waiting list. Raises `AlreadyWaiting`."""
    now = unit().now
    there = waiting_list(wish.doctor_id, now).filter(patient_id=wish.patient_id, preferred_day=wish.day)
    if there.exists():
        raise AlreadyWaiting
    entry = WaitingEntry.objects.create(
        facility_id=department_of(wish.department_id).facility_id,
        doctor_id=wish.doctor_id,
        department_id=wish.department_id,
        patient_id=wish.patient_id,
        source=wish.source,
        visit_type_id=wish.length.visit_type_id,
        minutes=wish.length.minutes,
        preferred_day=wish.day,
        state=WaitingState.WAITING,
        sort_key=waiting_key(SCORES[wish.source], now),
        reason=wish.reason,
        since=now,
        expires_at=now + WAITS_FOR,
    )
    record(
        action="waiting.enlisted",
        entity_type="waiting_entry",
        entity_id=entry.id,
        after={"doctorId": str(wish.doctor_id), "source": wish.source, "preferredDate": str(wish.day)},
    )
    emit(events.waiting_changed(wish.department_id, entry.id, entry.version, entry.state))
    return entry
