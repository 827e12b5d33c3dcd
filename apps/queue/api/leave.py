"""Doctors who are away or late, sessions that are cancelled, and people for whom a person has to find a place."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import facility_facts
from apps.core.api import Endpoint, TextField
from apps.core.policy import Actor, Permission, Scope
from apps.queue import commands
from apps.queue.commands.closing import slots_to_close
from apps.queue.queries.leave import left_waiting, plan_leave, require_schedule
from apps.queue.queries.shapes.bookings import (
    BackOut,
    ClosingOut,
    DelayedOut,
    EscalationsOut,
    LeaveOut,
    LeavePlanOut,
    TakenOut,
    UndoneOut,
    UntoldOut,
)
from apps.scheduling.queries import (
    BookingOut,
    booking_json,
    leaves,
    plan_closing,
    slot_of,
    stranded,
    waiting_in_vain,
    waiting_value,
)
from apps.scheduling.rules.leave import LONGEST_DELAY, span


@extend_schema_field({"type": "string", "description": "a day, or a moment with its offset"})
class DayOrMomentField(serializers.Field[Any, Any, Any, Any]):
    """`2026-11-23`, or `2026-11-23T10:00:00+05:30`."""

    def to_internal_value(self, data: Any) -> date | datetime:
        """A `date` or an aware `datetime`."""
        try:
            found = isinstance(data, str) and (parse_date(data) if len(data) == 10 else parse_datetime(data))
        except ValueError:
            found = None
        if not found or (isinstance(found, datetime) and found.tzinfo is None):
            raise serializers.ValidationError(gettext("Write a day, or a time with its offset from UTC."))
        return found


class SpanIn(serializers.Serializer[Any]):
    """`?from=&to=`: days, the last one included, or moments."""

    to = DayOrMomentField(source="last")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so that it cannot be written as the others are."""
        return {"from": DayOrMomentField(source="first"), **super().get_fields()}


class LeaveIn(SpanIn):
    """When a doctor is away, and why; `preview` only asks what it would mean."""

    reason = TextField(max_length=200)
    preview = serializers.BooleanField(default=False)


class DelayIn(serializers.Serializer[Any]):
    """How late a doctor is in all; 0 is on time. With a slot: it and those after it."""

    minutes = serializers.IntegerField(min_value=0, max_value=LONGEST_DELAY)
    reason = TextField(max_length=200, required=False, allow_blank=True)
    slotId = serializers.UUIDField(source="slot_id", required=False, allow_null=True)


class CloseIn(serializers.Serializer[Any]):
    """Why a slot is cancelled, and whether all that hang together with it are."""

    reason = TextField(max_length=200)
    session = serializers.BooleanField(default=False)
    preview = serializers.BooleanField(default=False)


class PlaceIn(serializers.Serializer[Any]):
    """The slot that the desk has found."""

    slotId = serializers.UUIDField(source="slot_id")


class GiveUpIn(serializers.Serializer[Any]):
    """Why there is no place."""

    reason = TextField(max_length=200)


def taken_json(taken: Any) -> dict[str, Any]:
    """A leave that was taken, and what became of everybody."""
    return LeaveOut.of(taken.leave) | LeavePlanOut.of(taken.plan) | UntoldOut.of(taken)


def undone_json(undone: Any) -> dict[str, Any]:
    """A leave that was withdrawn, and who is back or has a place by it."""
    return LeaveOut.of(undone.leave) | BackOut.of(undone)


def closing_json(plan: Any, **done: Any) -> dict[str, Any]:
    """Slots that are cancelled, who gets another place, and who waits for one."""
    told = {
        "slots": [slot.id for slot in plan.closed],
        "affected": len(plan.decided),
        "rebooked": [one for one in plan.decided if one.slot],
        "waitlisted": [one for one in plan.decided if not one.slot],
        "arrived": plan.arrived,
    }
    return ClosingOut.of(told | done)


class Leaves(Endpoint):
    """When a doctor is away."""

    policy = Permission.SCHEDULE_CHANGE

    @extend_schema(responses=LeaveOut(many=True))
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """Leaves that hold and are not over, by their beginning."""
        require_schedule(self.actor, doctor_id)
        return self.page(leaves().filter(doctor_id=doctor_id, ends_at__gt=self.now), LeaveOut.of)

    @extend_schema(request=LeaveIn, responses={200: LeavePlanOut, 201: TakenOut})
    def post(self, request: Request, doctor_id: UUID) -> Response:
        """Let a doctor be away, or ask what it would mean."""
        asked = self.read(LeaveIn)
        starts, ends = _moments(self.actor, asked)
        if asked["preview"]:
            return Response(_preview(self.actor, doctor_id, starts, ends, self.now))
        return self.run(
            commands.take_leave,
            taken_json,
            success=201,
            doctor_id=doctor_id,
            starts_at=starts,
            ends_at=ends,
            reason=asked["reason"],
        )


class LeavePreview(Endpoint):
    """What a leave would mean."""

    policy = Permission.SCHEDULE_CHANGE

    @extend_schema(parameters=[SpanIn], responses=LeavePlanOut)
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """Whom a leave would concern, and where they would go. Nothing is written."""
        return Response(_preview(self.actor, doctor_id, *_moments(self.actor, self.read_query(SpanIn)), self.now))


class LeaveDetail(Endpoint):
    """One leave."""

    policy = Permission.SCHEDULE_CHANGE

    @extend_schema(request=None, responses={200: UndoneOut})
    def delete(self, request: Request, doctor_id: UUID, leave_id: UUID) -> Response:
        """Withdraw a leave; who can be put back is."""
        return self.run(commands.undo_leave, undone_json, doctor_id=doctor_id, leave_id=leave_id)


class Delay(Endpoint):
    """How late a doctor is."""

    policy = Permission.SCHEDULE_CHANGE

    @extend_schema(request=DelayIn, responses=DelayedOut)
    def post(self, request: Request, doctor_id: UUID) -> Response:
        """Say how late a doctor is; everybody whose time changes is told once."""
        return self.run(commands.delay_doctor, DelayedOut.of, doctor_id=doctor_id, **self.read(DelayIn))


class BulkCancellation(Endpoint):
    """A slot or a session that does not take place."""

    policy = Permission.SCHEDULE_CHANGE

    @extend_schema(request=CloseIn, responses=ClosingOut)
    def post(self, request: Request, slot_id: UUID) -> Response:
        """Cancel a slot or its session, or ask what it would mean."""
        asked = self.read(CloseIn)
        if asked["preview"]:
            doctor_id = slot_of(slot_id).doctor_id
            require_schedule(self.actor, doctor_id)
            slots = slots_to_close(slot_id, self.now, whole_session=asked["session"])
            return Response(closing_json(plan_closing(doctor_id, slots, self.now, keep_doctor=True)))
        return self.run(
            commands.close_session,
            lambda closed: closing_json(closed.plan, untold=closed.untold),
            slot_id=slot_id,
            reason=asked["reason"],
            whole_session=asked["session"],
        )


class Escalations(Endpoint):
    """Those for whom a person has to decide."""

    policy = Permission.SCHEDULE_CHANGE

    @extend_schema(responses=EscalationsOut)
    def get(self, request: Request) -> Response:
        """Bookings without a place, those who wait in the hall for somebody who is away, and those who wait for a
        place on a day that was cancelled."""
        visits = [visit for visit in left_waiting(self.now) if _serves(self.actor, visit)]
        waiting = [entry for entry in waiting_in_vain(self.now) if _serves(self.actor, entry)]
        bookings = [row for row in stranded() if _serves(self.actor, row)]
        found = {"bookings": bookings, "visits": visits, "waiting": [waiting_value(one, self.now) for one in waiting]}
        return Response(EscalationsOut.of(found))


class Escalation(Endpoint):
    """One booking without a place."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=PlaceIn, responses=BookingOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Give the person the place that the desk has found."""
        return self.run(commands.place_escalated, booking_json, booking_id=booking_id, **self.read(PlaceIn))

    @extend_schema(request=GiveUpIn, responses={200: BookingOut})
    def delete(self, request: Request, booking_id: UUID) -> Response:
        """Cancel the booking, for a reason; the person is told."""
        return self.run(commands.give_up_escalated, booking_json, booking_id=booking_id, **self.read(GiveUpIn))


def _moments(actor: Actor, asked: dict[str, Any]) -> tuple[datetime, datetime]:
    assert actor.facility_id is not None  # staff have one
    return span(asked["first"], asked["last"], facility_facts(actor.facility_id).time_zone)


def _preview(actor: Actor, doctor_id: UUID, starts: datetime, ends: datetime, now: datetime) -> dict[str, Any]:
    require_schedule(actor, doctor_id)
    return LeavePlanOut.of(plan_leave(doctor_id, starts, ends, now))


def _serves(actor: Actor, row: Any) -> bool:
    return actor.may(Permission.BOOKING_CHANGE, Scope(row.facility_id, row.department_id))
