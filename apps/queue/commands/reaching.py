"""Reaching a booking or somebody on a waiting list: who may, under which lock, and who comes off the list by it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from apps.core.commands import unit
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, ActorType, Permission, Scope
from apps.queue.commands.telling import give_on
from apps.queue.queries.own_bookings import require_notice, require_own
from apps.scheduling.commands import lapse, locked_booking, locked_waiting, promote
from apps.scheduling.queries import appointment_of, has_lapsed_holds, waiting_entry_of
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import AppointmentState

Moved = tuple[Any, list[Any]]
"""A booking, and the bookings of those who came off the waiting list because of it."""

HOLDERS = frozenset({ActorType.PATIENT, ActorType.LINK})
"""Whose own a booking may be: who signed in by its phone, or holds its link."""


def locked_by(
    booking_id: UUID,
    permission: Permission,
    expected_version: int | None = None,
    own: Permission | None = None,
    *,
    in_time: bool = True,
) -> Any:
    """A booking, read under the lock of its department. With `own` its holder may do it too, in time (`in_time`).

    Raises `NotFound`, `BookingChanged`, `TooLate`.
    """
    found = appointment_of(booking_id)
    _require_or_own(found, permission, own)
    lock_streams(department_stream(found.department_id))
    row = locked_booking(found.id, expected_version)
    if in_time and unit().actor.type in HOLDERS and row.state != AppointmentState.HELD:
        require_notice(row, unit().now)
    return row


def locked_entry(waiting_id: UUID, own: Permission | None = None) -> Any:
    """Somebody on a waiting list, read under the lock of the department; with `own`, for themselves too.

    Raises `NotFound`, `NotPossibleNow`.
    """
    found = waiting_entry_of(waiting_id)
    _require_or_own(found, Permission.BOOKING_CHANGE, own)
    lock_streams(department_stream(found.department_id))
    return locked_waiting(found.id)


def _require_or_own(found: Any, permission: Permission, own: Permission | None) -> None:
    """Let in who may do this there, or whose own it is; to a patient another's is as if it were not there."""
    actor = unit().actor
    if actor.type in HOLDERS and own:
        require_own(actor, found, own)
    else:
        actor.require(permission, Scope(actor.facility_id, found.department_id))


def require_to_book(actor: Actor, department_id: UUID, source: BookingSource) -> None:
    """Refuse who may not book there, or not from this source."""
    scope = Scope(actor.facility_id, department_id)
    actor.require(Permission.BOOKING_CREATE, scope)
    if source is BookingSource.EMERGENCY:
        actor.require(Permission.VISIT_EMERGENCY, scope)


def promoted_by(row: Any) -> list[Any]:
    """Who came off the waiting list for a place on this booking's day."""
    return give_on(promote(row.department_id, row.doctor_id, row.day))


def make_room(department_id: UUID, doctor_id: UUID | None = None, spare: timedelta = timedelta()) -> list[Any]:
    """End what is over before somebody else wants a place: who waits goes first. `spare` is as for `lapse`."""
    return give_on(lapse(department_id, doctor_id, spare)) if has_lapsed_holds(department_id, unit().now) else []
