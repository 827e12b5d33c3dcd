"""A booking that is given up, missed, or paid back."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, sentence
from apps.core.policy import Actor, ActorType, Permission
from apps.queue.commands.reaching import HOLDERS, Moved, locked_by, promoted_by
from apps.queue.commands.telling import tell_cancelled
from apps.scheduling.commands import end
from apps.scheduling.queries import what_giving_up_means
from apps.scheduling.rules.appointments import AppointmentState

NO_SHOW_GRACE = timedelta(minutes=15)
"""How long after the appointment somebody may still come before they count as missing."""


class NotMissingYet(Conflict):
    code = "grace_not_over"
    detail = sentence("This person may still come: the grace after the appointment is not over.")


class NotGivenUp(Conflict):
    code = "not_cancelled"
    detail = sentence("Only what was cancelled is paid back. Cancel this booking first.")


@command
def cancel_booking(
    *,
    actor: Actor,
    now: datetime,
    booking_id: UUID,
    reason: str,
    wished: bool = False,
    expected_version: int | None = None,
) -> Moved:
    """Give a booking up; whoever it fits comes off the waiting list at once: (the booking, who was promoted).

    `wished`: the desk does it because the person wants it, who is then not told that the hospital had to.
    Raises `NotPossibleNow` once the person has arrived: then the visit is cancelled.
    """
    row = locked_by(booking_id, Permission.BOOKING_CHANGE, expected_version, own=Permission.BOOKING_CHANGE_OWN)
    booked = row.state == AppointmentState.BOOKED
    own = wished or actor.type in HOLDERS
    end(row, AppointmentState.CANCELLED, reason, wish_of=ActorType.PATIENT if wished else None)
    if booked and not own:
        tell_cancelled(row)
    return row, promoted_by(row)


@command
def ask_refund(*, actor: Actor, now: datetime, booking_id: UUID) -> Any:
    """Somebody asks what comes back for a booking that was given up. Nothing is paid here: the figure is noted, and
    what was paid for it is on its way (billing).

    Raises `NotGivenUp`."""
    row = locked_by(booking_id, Permission.BOOKING_CHANGE)
    if row.state != AppointmentState.CANCELLED or row.token_id is None:
        raise NotGivenUp(extra={"state": row.state, "version": row.version})
    back = what_giving_up_means(row, now).refund_percent
    record(action="appointment.refund_asked", entity_type="appointment", entity_id=row.id, after={"percent": back})
    return row


@command
def miss_booking(*, actor: Actor, now: datetime, booking_id: UUID, grace_minutes: int | None = None) -> Moved:
    """Note that somebody did not come for their appointment. Raises `NotMissingYet` within the grace."""
    row = locked_by(booking_id, Permission.BOOKING_CHANGE)
    grace = NO_SHOW_GRACE if grace_minutes is None else timedelta(minutes=grace_minutes)
    if now < row.due + grace:
        raise NotMissingYet
    end(row, AppointmentState.NO_SHOW, "")
    return row, promoted_by(row)
