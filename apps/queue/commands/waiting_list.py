"""The waiting list: off it, to another place on it, a word about somebody on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.policy import Actor, Permission
from apps.queue.commands.reaching import locked_entry
from apps.queue.commands.telling import give_on
from apps.scheduling.commands import decline_offer, end_waiting, note_waiting, promote, rank_waiting
from apps.scheduling.queries import has_open_offer, position_of
from apps.scheduling.rules.waiting import WaitingState


@command
def leave_waiting_list(*, actor: Actor, now: datetime, waiting_id: UUID) -> Any:
    """Take somebody off the waiting list."""
    entry = locked_entry(waiting_id, own=Permission.BOOKING_CHANGE_OWN)
    if has_open_offer(entry.id):
        decline_offer(entry)
    end_waiting(entry, WaitingState.CANCELLED)
    give_on(promote(entry.department_id, entry.doctor_id, entry.preferred_day))
    return entry


@command
def note_in_waiting_list(*, actor: Actor, now: datetime, waiting_id: UUID, notes: str) -> Any:
    """Write something down about somebody who waits."""
    return note_waiting(locked_entry(waiting_id), notes)


@command
def move_in_waiting_list(*, actor: Actor, now: datetime, waiting_id: UUID, new_position: int, reason: str) -> Any:
    """Put somebody at another place of the waiting list, for a reason that stands in the audit trail."""
    entry = locked_entry(waiting_id)
    before = position_of(entry, now)
    rank_waiting(entry, new_position)
    record(
        action="waiting.moved",
        entity_type="waiting_entry",
        entity_id=entry.id,
        before={"position": before},
        after={"position": position_of(entry, now)},
        reason=reason,
    )
    return entry
