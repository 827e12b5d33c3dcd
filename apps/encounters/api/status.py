"""Which command leads a number to a status: of its booking as long as nobody has come, of its visit afterwards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.commands import Command, hidden_from
from apps.core.errors import NotFound
from apps.core.policy import Actor, Permission, Scope
from apps.encounters.api import completed_json
from apps.encounters.commands import complete
from apps.queue import commands
from apps.queue.queries.shapes.visits import SnapshotOut
from apps.queue.queries.slots import latest_visits, status_of
from apps.queue.queries.visits import snapshot
from apps.queue.rules.states import State
from apps.scheduling.commands import NotPossibleNow
from apps.scheduling.queries import BookingOut, booking_json, booking_or_none
from apps.scheduling.rules.appointments import AppointmentState

CHECKED_IN = "CHECKED_IN"
BOOKED = "BOOKED"
SYNONYMS = (BOOKED, CHECKED_IN)
"""Statuses that are no state of a visit."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A command, what it is called with, and what is told of its result."""

    command: Command[Any, Any]
    told: Callable[[Any], dict[str, Any]]
    arguments: dict[str, Any] = field(default_factory=dict)


class StatusIn(serializers.Serializer[Any]):
    """The status that a number should have, as the public knows it, or the visit's own."""

    status = serializers.ChoiceField(sorted({*SYNONYMS, *(str(state) for state in State)}))
    reason = TextField(max_length=200, required=False, allow_blank=True, default="")
    expectedVersion = serializers.IntegerField(
        min_value=1, max_value=2_147_483_647, source="expected_version", required=False
    )


class TokenStatus(Endpoint):
    """A number's status, whatever stands for it now: its booking, then its visit."""

    policy = Permission.QUEUE_READ

    @extend_schema(
        request=StatusIn,
        responses=PolymorphicProxySerializer(
            "StatusChangedOut", [BookingOut, SnapshotOut], resource_type_field_name=None
        ),
    )
    def patch(self, request: Request, booking_id: UUID) -> Response:
        """Do what leads to a status: the same as the command of that edge, which asks for its own permission. 409
        with what is allowed when there is no such edge."""
        asked = self.read(StatusIn)
        deed = deed_for(self.actor, booking_id, asked["status"], asked["reason"], asked.get("expected_version"))
        return self.run(deed.command, lambda done: deed.told(done), **deed.arguments)


def deed_for(actor: Actor, some_id: UUID, status: str, reason: str, expected_version: int | None) -> Deed:
    """What leads a number, or a booking, to a status. Raises `NotFound`, `NotPossibleNow` with what is allowed."""
    booking = booking_or_none(some_id)
    token_id = booking.token_id if booking else some_id
    visit = latest_visits([token_id]).get(token_id) if token_id else None
    thing = visit or booking
    if thing is None:
        raise NotFound
    if not actor.may(Permission.QUEUE_READ, Scope(thing.facility_id, thing.department_id)):
        raise hidden_from(actor, Permission.QUEUE_READ)
    version = {"expected_version": expected_version} if expected_version is not None else {}
    about = {"reason": reason} if reason else {}
    deeds = _of_visit(visit, about, version) if visit else _of_booking(booking, about, version)
    found = deeds.get(status)
    if found is None:
        raise NotPossibleNow(extra={"state": status_of(booking or visit, visit), "version": thing.version})
    return found


def _of_booking(row: Any, about: dict[str, Any], version: dict[str, Any]) -> dict[str, Deed]:
    one = {"booking_id": row.id}
    if row.state == AppointmentState.HELD:
        return {BOOKED: Deed(commands.confirm_booking, lambda done: booking_json(done), one)}
    gone = {"reason": "", **about}
    return {
        CHECKED_IN: Deed(commands.arrive, lambda done: snapshot(done.visit), one),
        State.CANCELLED: Deed(commands.cancel_booking, lambda done: booking_json(done[0]), one | gone | version),
        State.NO_SHOW: Deed(commands.miss_booking, lambda done: booking_json(done[0]), one),
    }


def _of_visit(visit: Any, about: dict[str, Any], version: dict[str, Any]) -> dict[str, Deed]:
    one = {"visit_id": visit.id} | version
    with_reason = one | {"reason": "", **about}
    found = {
        State.URGENT: Deed(commands.triage_up, snapshot, with_reason),
        State.IN_CONSULTATION: Deed(commands.start, snapshot, one),
        State.COMPLETED: Deed(complete, completed_json, one),
        State.NO_SHOW: Deed(commands.no_show, snapshot, one),
        State.ON_HOLD: Deed(commands.hold, snapshot, with_reason),
        State.CANCELLED: Deed(commands.cancel, snapshot, with_reason),
    }
    if back := _BACK.get(visit.state):
        found[State.WAITING] = Deed(back, snapshot, with_reason if visit.state == State.URGENT else one)
    if visit.doctor_id:
        found[State.CALLED] = Deed(commands.call, snapshot, one | {"doctor_id": visit.doctor_id})
    return {str(state): deed for state, deed in found.items()}


_BACK: dict[str, Command[Any, Any]] = {
    State.SCANNED: commands.confirm,
    State.URGENT: commands.triage_down,
    State.CALLED: commands.put_back,
    State.ON_HOLD: commands.resume,
}
"""What leads to WAITING, by where the visit stands."""
