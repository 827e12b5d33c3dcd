"""Two people of a slot exchange their times."""

from typing import Any

from apps.core.commands import step
from apps.core.errors import Conflict, sentence
from apps.scheduling import events
from apps.scheduling.commands.booking import (
    change,
    tell,
)
from apps.scheduling.commands.hall import (
    NotPossibleNow,
)
from apps.scheduling.models import Appointment
from apps.scheduling.queries import live_appointments, time_in
from apps.scheduling.rules.appointments import AppointmentState

_ASIDE = 30_000
"""A place that no slot has, for the moment in which two people exchange theirs."""


class LengthsDiffer(Conflict):
    code = "lengths_differ"
    detail = sentence("These two visits are not of the same length. Move the booking to another time instead.")


@step
def exchange_places(row: Appointment, position: int, reason: str) -> Appointment:
    """Give somebody the time of whoever stands at a position of their slot, counted from 1, and that person theirs.
    Nobody else's time changes. Raises `NotPossibleNow` when either has arrived or only holds the place, and
    `LengthsDiffer`."""
    live = live_appointments([row.slot_id])[row.slot_id]
    other = live[min(position, len(live)) - 1] if live else row
    if {row.state, other.state} != {AppointmentState.BOOKED}:
        raise NotPossibleNow(extra={"state": row.state, "version": row.version})
    if other.id == row.id:
        return row
    if other.places != row.places:
        raise LengthsDiffer
    mine, theirs = row.place, other.place
    change(row, place=_ASIDE)
    change(other, **_at(row, mine))
    change(row, **_at(row, theirs))
    for moved in (row, other):
        tell(moved, "appointment.moved", events.MOVED, reason)
    return row


def _at(row: Appointment, place: int) -> dict[str, Any]:
    return {"place": place, "at": time_in(row.slot, place)}
