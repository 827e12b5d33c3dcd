"""What somebody says about a booking before they come: that it will be later, or at another time altogether."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.core.commands import command
from apps.core.errors import Invalid, sentence
from apps.core.policy import Actor, Permission
from apps.queue.commands.aside import LATEST
from apps.queue.commands.booking import OtherDay
from apps.queue.commands.reaching import locked_by
from apps.queue.commands.telling import REBOOKED, tell_booked
from apps.scheduling.commands import NotPossibleNow, note_late, place_again
from apps.scheduling.queries import was_cancelled_by_us


@command
def come_late(
    *, actor: Actor, now: datetime, booking_id: UUID, minutes: int, expected_version: int | None = None
) -> Any:
    """Somebody comes so many minutes after their time today, or from now where that is past.

    They keep number and place until then; who comes by what they said stands by that time, without a penalty. Raises
    `OtherDay`, `NotPossibleNow` once they are here, `NotFound` for anybody else's booking.
    """
    own = Permission.BOOKING_CHANGE_OWN
    row = locked_by(booking_id, Permission.BOOKING_CHANGE, expected_version, own=own, in_time=False)
    if not 1 <= minutes <= LATEST:
        raise Invalid({"minutes": [sentence("From 1 to 240 minutes. For more, cancel and come another day.")]})
    if row.day != facility_facts(row.facility_id).day_of(now):
        raise OtherDay
    return note_late(row, max(row.at, now) + timedelta(minutes=minutes))


@command
def take_other_time(*, actor: Actor, now: datetime, booking_id: UUID, slot_id: UUID) -> Any:
    """Somebody whose booking the hospital has cancelled takes another time with the same doctor; the link goes along.

    Raises `SlotGone`, `NotPossibleNow` for what was not cancelled by the hospital or has another time already,
    `NotFound` for anybody else's booking.
    """
    own = Permission.BOOKING_CHANGE_OWN
    row = locked_by(booking_id, Permission.BOOKING_CHANGE, own=own, in_time=False)
    if not was_cancelled_by_us(row):
        raise NotPossibleNow(extra={"state": row.state, "version": row.version})
    fresh = place_again(row, slot_id)
    tell_booked(fresh, REBOOKED)
    return fresh
