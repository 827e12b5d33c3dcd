"""A place is held, confirmed, offered and accepted; how long waiting lists are."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField, explain
from apps.core.policy import Permission, either
from apps.queue import commands
from apps.queue.api.booking import OWN_OR_CHANGED, SOURCES, DoctorIn, moved_json, of_own_departments
from apps.queue.queries.shapes.bookings import ConfirmedOut, HeldOut, MovedOut, SeriesOut
from apps.scheduling.queries import (
    BookingOut,
    WaitingCountsOut,
    WaitingOut,
    booking_json,
    doctor_of,
    waiting_counts,
    waiting_json,
)
from apps.scheduling.rules.allocation import BookingSource


class RequestIn(serializers.Serializer[Any]):
    """Which place, for whom; a patient who is the only one under their phone need not say so."""

    doctorId = serializers.UUIDField(source="doctor_id")
    slotId = serializers.UUIDField(source="slot_id")
    patientId = serializers.UUIDField(source="patient_id", required=False)
    source = serializers.ChoiceField(SOURCES, default=str(BookingSource.ONLINE))  # type: ignore[assignment]
    reason = TextField(max_length=200, required=False, allow_blank=True)
    visitTypeId = serializers.UUIDField(source="visit_type_id", required=False, allow_null=True)


class Request(Endpoint):
    """Holding a place."""

    policy = either(Permission.BOOKING_CREATE, Permission.BOOKING_CREATE_OWN)

    @extend_schema(request=RequestIn, responses={201: HeldOut})
    def post(self, request: HttpRequest) -> Response:
        """Hold a free place for a few minutes; nobody else gets it meanwhile."""
        return self.run(commands.request_hold, HeldOut.of, success=201, **self.read(RequestIn))


class Confirm(Endpoint):
    """Booking what is held."""

    policy = either(Permission.BOOKING_CREATE, Permission.BOOKING_CREATE_OWN)

    @extend_schema(request=None, responses=ConfirmedOut)
    def post(self, request: HttpRequest, booking_id: UUID) -> Response:
        """Book the place that is held; it gets its number. 409 `hold_expired` when its time is over."""
        return self.run(commands.confirm_booking, lambda row: ConfirmedOut.of({"token": row}), booking_id=booking_id)


class Accept(Endpoint):
    """Taking what was offered."""

    policy = OWN_OR_CHANGED

    @extend_schema(request=None, responses=MovedOut)
    def post(self, request: HttpRequest, waiting_id: UUID) -> Response:
        """Take the place that somebody who waits is asked about; of several who are asked the first gets it."""
        return self.run(commands.accept_place, moved_json, waiting_id=waiting_id)


class Decline(Endpoint):
    """Not taking what was offered."""

    policy = OWN_OR_CHANGED

    @extend_schema(request=None, responses=WaitingOut)
    def post(self, request: HttpRequest, waiting_id: UUID) -> Response:
        """Let the offered place go; the person goes on waiting."""
        return self.run(commands.decline_place, lambda entry: waiting_json(entry, self.now), waiting_id=waiting_id)


class SeriesIn(RequestIn):
    """The first week's slot, and for how many weeks."""

    patientId = serializers.UUIDField(source="patient_id")
    weeks = serializers.IntegerField(min_value=2, max_value=26)
    reason = None  # type: ignore[assignment]


def series_json(series: Any) -> dict[str, Any]:
    """Every week of a series: its booking, or why there is none."""
    weeks = [
        {"date": one.day, "token": one.row, "problem": explain(one.refusal) if one.refusal else None}
        for one in series.weeks
    ]
    booked = sum(1 for one in series.weeks if one.row)
    return SeriesOut.of({"seriesId": series.id, "booked": booked, "weeks": weeks})


class Recurring(Endpoint):
    """The same time every week."""

    policy = Permission.BOOKING_CREATE

    @extend_schema(request=SeriesIn, responses={201: SeriesOut})
    def post(self, request: HttpRequest) -> Response:
        """Book the same time for several weeks; each is booked, or it is said why it is not."""
        return self.run(commands.book_series, series_json, success=201, **self.read(SeriesIn))


class Meeting(Endpoint):
    """Meeting by video."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=None, responses=BookingOut)
    def post(self, request: HttpRequest, booking_id: UUID) -> Response:
        """Give a booking an address to meet by video; again, the same one."""
        return self.run(commands.give_meeting_link, booking_json, booking_id=booking_id)


class NotesIn(serializers.Serializer[Any]):
    """What to remember about somebody who waits."""

    notes = TextField(max_length=200, allow_blank=True)


class WaitingNotes(Endpoint):
    """What to remember."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=NotesIn, responses=WaitingOut)
    def put(self, request: HttpRequest, waiting_id: UUID) -> Response:
        """Write something down about somebody who waits, in place of what stood there."""
        return self.run(
            commands.note_in_waiting_list,
            lambda entry: waiting_json(entry, self.now),
            waiting_id=waiting_id,
            **self.read(NotesIn),
        )


class WaitingStatistics(Endpoint):
    """How long a doctor's waiting list is."""

    policy = Permission.QUEUE_READ

    @extend_schema(parameters=[DoctorIn], responses=WaitingCountsOut)
    def get(self, request: HttpRequest) -> Response:
        """Count who waits for a doctor, by source and day, and what became of those before."""
        doctor = doctor_of(self.read_query(DoctorIn)["doctorId"])
        return Response(waiting_counts(doctor.id, self.now, lambda rows: of_own_departments(rows, self.actor)))
