"""Booking: places with doctors, the waiting list, giving up. What a number stands for is its present booking."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.errors import NotFound
from apps.core.policy import Actor, ActorType, Permission, Scope, either
from apps.queue import commands
from apps.queue.api.shapes import Expecting, VersionField
from apps.queue.api.staff import arrived_json
from apps.queue.queries.bookings import bookings_json
from apps.queue.queries.own_bookings import require_own
from apps.queue.queries.shapes.bookings import MovedOut, OutcomeOut
from apps.queue.queries.shapes.visits import ArrivedOut
from apps.queue.rules.geofence import Position
from apps.scheduling.queries import (
    AvailabilityOut,
    BookingOut,
    WaitingOut,
    agreed_length,
    appointment_of,
    appointments,
    availability,
    doctor_of,
    waiting_entry_of,
    waiting_json,
    waiting_list,
    waiting_value,
)
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import AppointmentState

OWN_OR_SEEN = either(Permission.QUEUE_READ, Permission.BOOKING_READ_OWN)
OWN_OR_CHANGED = either(Permission.BOOKING_CHANGE, Permission.BOOKING_CHANGE_OWN)
"""Of routes that staff use for their departments, and patients for those under their phone."""

SOURCES = [str(source) for source in BookingSource]
STATES = [str(state) for state in AppointmentState]


class BookingIn(serializers.Serializer[Any]):
    """A wish for a place."""

    doctorId = serializers.UUIDField(source="doctor_id")
    patientId = serializers.UUIDField(source="patient_id", required=False, allow_null=True)
    source = serializers.ChoiceField(SOURCES)  # type: ignore[assignment]  # a field of our own, not DRF's
    preferredSlotId = serializers.UUIDField(source="preferred_slot_id", required=False, allow_null=True)
    appointmentTime = serializers.DateTimeField(source="appointment_time", required=False, allow_null=True)
    visitTypeId = serializers.UUIDField(source="visit_type_id", required=False, allow_null=True)
    reason = TextField(max_length=200, required=False, allow_blank=True)


class BookingFilter(serializers.Serializer[Any]):
    """`?patient=&doctor=&date=&slot=&status=`"""

    patient = serializers.UUIDField(source="patient_id", required=False)
    doctor = serializers.UUIDField(source="doctor_id", required=False)
    date = serializers.DateField(source="day", required=False)
    slot = serializers.UUIDField(source="slot_id", required=False)
    status = serializers.ChoiceField(STATES, source="state", required=False)


class DayOfDoctor(serializers.Serializer[Any]):
    """`?doctorId=&date=&source=&visitTypeId=`; the source that asks, and how long the visit takes, decide what is
    free."""

    doctorId = serializers.UUIDField()
    date = serializers.DateField()
    source = serializers.ChoiceField(SOURCES, default=str(BookingSource.ONLINE))  # type: ignore[assignment]
    visitTypeId = serializers.UUIDField(required=False)


class DayIn(serializers.Serializer[Any]):
    """`?date=&source=`"""

    date = serializers.DateField()
    source = serializers.ChoiceField(SOURCES, default=str(BookingSource.ONLINE))  # type: ignore[assignment]


class DoctorIn(serializers.Serializer[Any]):
    """`?doctorId=`"""

    doctorId = serializers.UUIDField()


class RescheduleIn(Expecting):
    """Another slot."""

    slotId = serializers.UUIDField(source="slot_id")


class NoShowIn(serializers.Serializer[Any]):
    """How many minutes after the appointment somebody may still come."""

    gracePeriod = serializers.IntegerField(min_value=0, max_value=240, source="grace_minutes", required=False)


class MoveIn(serializers.Serializer[Any]):
    """Another place on the waiting list, and why."""

    newPosition = serializers.IntegerField(min_value=1, max_value=100_000, source="new_position")
    reason = TextField(max_length=200)


class CancelIn(serializers.Serializer[Any]):
    """Why a booking is given up; programs that cannot send a body with DELETE leave it out."""

    reason = TextField(max_length=200, required=False, default="", allow_blank=True)
    patientWishes = serializers.BooleanField(
        source="wished", default=False, help_text="The person asked for it, and is not told that the hospital had to."
    )
    expectedVersion = VersionField(source="expected_version")


def outcome_json(outcome: Any) -> dict[str, Any]:
    """What came of a wish: `{token, moved}`, `{waiting}` or `{payment}`."""
    if outcome.to_pay:
        return OutcomeOut.of({"to_pay": outcome.to_pay})
    if outcome.appointment is None:
        return OutcomeOut.of({"waiting": waiting_value(outcome.waiting, outcome.waiting.since)})
    return OutcomeOut.of({"appointment": outcome.appointment, "moved": outcome.moved})


def moved_json(moved: Any) -> dict[str, Any]:
    """A booking that was given up or moved, and who got a place by it: `{token, promoted}`."""
    row, promoted = moved
    return MovedOut.of({"token": row, "promoted": promoted})


def told_to(actor: Actor, render: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Whose place changed by what somebody did is told to staff only."""
    if actor.type is ActorType.STAFF:
        return render
    return lambda result: {name: told for name, told in render(result).items() if name not in ("moved", "promoted")}


class Bookings(Endpoint):
    """Bookings of the facility."""

    policy = {"GET": Permission.QUEUE_READ, "POST": either(Permission.BOOKING_CREATE, Permission.BOOKING_CREATE_OWN)}

    @extend_schema(parameters=[BookingFilter], responses=BookingOut(many=True))
    def get(self, request: Request) -> Response:
        """List bookings, the latest day first."""
        rows = appointments().filter(**self.read_query(BookingFilter))
        return self.page_of(of_own_departments(rows, self.actor), bookings_json)

    @extend_schema(request=BookingIn, responses={201: OutcomeOut})
    def post(self, request: Request) -> Response:
        """Book a place, or wait for one. Patients book for those under their phone; paid priority is booked when it is
        paid, on the page that is named."""
        told = told_to(self.actor, outcome_json)
        return self.run(commands.book, told, success=201, **self.read(BookingIn))


class BookingDetail(Endpoint):
    """One booking, by its number's id or its own."""

    policy = OWN_OR_SEEN

    @extend_schema(responses=BookingOut)
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Read a booking."""
        (told,) = bookings_json([seen(appointment_of(booking_id), self.actor)])
        return Response(told)


class Availability(Endpoint):
    """A doctor's day for whoever wants to book."""

    policy = either(Permission.QUEUE_READ, Permission.BOOKING_CREATE_OWN)

    @extend_schema(parameters=[DayOfDoctor], responses=AvailabilityOut)
    def get(self, request: Request) -> Response:
        """The day's slots and what the asking source could take."""
        asked = self.read_query(DayOfDoctor)
        doctor, source = doctor_of(asked["doctorId"]), BookingSource(asked["source"])
        length = agreed_length(
            asked.get("visitTypeId"),
            doctor_id=doctor.id,
            department_ids=doctor.department_ids,
            by_patient=self.actor.type is ActorType.PATIENT,
        )
        return Response(availability(doctor.id, asked["date"], source, self.now, length.minutes))


class DoctorSlots(Endpoint):
    """A doctor's slots."""

    policy = either(Permission.MASTERS_READ, Permission.DIRECTORY_READ)

    @extend_schema(parameters=[DayIn], responses=AvailabilityOut)
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """The slots of a day."""
        asked = self.read_query(DayIn)
        doctor, source = doctor_of(doctor_id), BookingSource(asked["source"])
        return Response(availability(doctor.id, asked["date"], source, self.now))


class Reschedule(Endpoint):
    """Moving a booking."""

    policy = OWN_OR_CHANGED

    @extend_schema(request=RescheduleIn, responses=MovedOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Move a booking to a free place of another slot."""
        told = told_to(self.actor, moved_json)
        return self.run(commands.reschedule, told, booking_id=booking_id, **self.read(RescheduleIn))


class MissedBooking(Endpoint):
    """Not coming."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=NoShowIn, responses=MovedOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Note that somebody did not come, once the grace is over."""
        return self.run(commands.miss_booking, moved_json, booking_id=booking_id, **self.read(NoShowIn))


class ArriveIn(serializers.Serializer[Any]):
    """Where a phone says that it is, in degrees, and how many metres that may be wrong. Nothing of it is kept."""

    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    accuracy = serializers.FloatField(min_value=0, max_value=100_000, required=False, default=0.0)


class Arrive(Endpoint):
    """Coming."""

    policy = either(Permission.VISIT_CHECK_IN, Permission.BOOKING_CHANGE_OWN)

    @extend_schema(request=ArriveIn, responses=ArrivedOut)
    def patch(self, request: Request, booking_id: UUID) -> Response:
        """Check in who has a booking: it becomes a visit under the same number. Whoever's own it is says where their
        phone is: at the hospital they are in the queue, in doubt the desk looks (SCANNED), elsewhere it is 409."""
        told = self.read(ArriveIn)
        if self.actor.type is not ActorType.PATIENT:
            return self.run(commands.arrive, arrived_json, booking_id=booking_id)
        known = "latitude" in told and "longitude" in told
        phone = Position(told["latitude"], told["longitude"], told["accuracy"]) if known else None
        return self.run(commands.arrive_by_phone, arrived_json, booking_id=booking_id, phone=phone)


class WaitingStatus(Endpoint):
    """A doctor's waiting list."""

    policy = Permission.QUEUE_READ

    @extend_schema(parameters=[DoctorIn], responses=WaitingOut(many=True))
    def get(self, request: Request) -> Response:
        """Who waits for a place, in the order of promotion."""
        doctor = doctor_of(self.read_query(DoctorIn)["doctorId"])
        rows = of_own_departments(waiting_list(doctor.id, self.now), self.actor)
        return self.page(rows, lambda entry: waiting_json(entry, self.now))


class WaitingDetail(Endpoint):
    """One entry of a waiting list."""

    policy = {"GET": OWN_OR_SEEN, "DELETE": OWN_OR_CHANGED}

    @extend_schema(responses=WaitingOut)
    def get(self, request: Request, waiting_id: UUID) -> Response:
        """Read an entry with its position."""
        return Response(waiting_json(seen(waiting_entry_of(waiting_id), self.actor), self.now))

    @extend_schema(request=None, responses={200: WaitingOut})
    def delete(self, request: Request, waiting_id: UUID) -> Response:
        """Take somebody off the list."""
        return self.run(commands.leave_waiting_list, lambda entry: waiting_json(entry, self.now), waiting_id=waiting_id)


class WaitingMove(Endpoint):
    """Another place on the list."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=MoveIn, responses=WaitingOut)
    def post(self, request: Request, waiting_id: UUID) -> Response:
        """Move somebody on the waiting list, for a reason."""
        return self.run(
            commands.move_in_waiting_list,
            lambda entry: waiting_json(entry, self.now),
            waiting_id=waiting_id,
            **self.read(MoveIn),
        )


def seen(row: Any, actor: Actor) -> Any:
    """The booking or entry, if its department is one of the actor's or it is their own. Raises `NotFound`."""
    if actor.type is ActorType.PATIENT:
        require_own(actor, row, Permission.BOOKING_READ_OWN)
    elif not actor.may(Permission.QUEUE_READ, Scope(row.facility_id, row.department_id)):
        raise NotFound
    return row


def of_own_departments(rows: Any, actor: Actor) -> Any:
    """Those of some rows whose department is one of the actor's."""
    return rows if actor.all_departments else rows.filter(department_id__in=actor.department_ids)
