"""Bookings go to another doctor, one or several, for a reason: beyond a leave, which moves whoever it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.commands import command
from apps.core.errors import sentence
from apps.core.events import department_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue.commands.telling import give_on, tell_people
from apps.scheduling.commands import hand_over, locked_booking, promote
from apps.scheduling.queries import appointment_of

REASSIGNED = wording(
    "reassigned", Kind.BOOKING, sentence("{hospital}: another doctor sees you. {token} is now with {doctor} on {when}.")
)


@dataclass(slots=True)
class Reassigned:
    """Whose booking is another doctor's now, whose is not, and who of the former has no phone."""

    moved: list[Any] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)
    untold: list[Any] = field(default_factory=list)


@command
def reassign_bookings(
    *, actor: Actor, now: datetime, booking_ids: Sequence[UUID], doctor_id: UUID, reason: str
) -> Reassigned:
    """Give bookings to another doctor of their department, the same day at their time or the next that is free.

    Who is first chooses first. Whoever finds no free place there, has one with that doctor already, or has come
    meanwhile stays where they are: nobody is displaced, comes earlier, or is lost. Raises `NotFound`.
    """
    found = [appointment_of(id_) for id_ in booking_ids]
    places = sorted({row.department_id for row in found})
    for place in places:
        actor.require(Permission.BOOKING_CHANGE, Scope(actor.facility_id, place))
    lock_streams(*(department_stream(place) for place in places))
    result, freed = Reassigned(), set()
    for row in sorted((locked_booking(row.id) for row in found), key=lambda row: (row.at, row.place, row.id)):
        origin = (row.department_id, row.doctor_id, row.day)
        if hand_over(row, doctor_id, reason):
            result.moved.append(row)
            freed.add(origin)
        else:
            result.left.append(row)
    result.untold = tell_people(result.moved, REASSIGNED, f"reassigned {now.isoformat()}")
    for origin in sorted(freed):
        give_on(promote(*origin))
    return result
