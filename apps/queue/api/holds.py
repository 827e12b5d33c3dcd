"""A place is held, confirmed, offered and accepted; how long waiting lists are."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission
from apps.queue import commands
from apps.queue.api.booking import SOURCES, DoctorIn, booked_json, moved_json, of_own_departments
from apps.scheduling.queries import doctor_of, waiting_counts, waiting_json
from apps.scheduling.rules.allocation import BookingSource


class RequestIn(serializers.Serializer[Any]):
    """Which place, for whom."""

    doctorId = serializers.UUIDField(source="doctor_id")
    slotId = serializers.UUIDField(source="slot_id")
    patientId = serializers.UUIDField(source="patient_id")
    source = serializers.ChoiceField(SOURCES, default=str(BookingSource.ONLINE))  # type: ignore[assignment]
    reason = TextField(max_length=200, required=False, allow_blank=True)


def held_json(row: Any) -> dict[str, Any]:
    """A place that is held."""
    return {
        "appointmentId": str(row.id),
        "holdExpiresAt": row.hold_expires_at.isoformat(),
        "slotId": str(row.slot_id),
        "appointmentTime": row.at.isoformat(),
        "status": row.state,
        "version": row.version,
    }


class Request(Endpoint):
    """Holding a place."""

    policy = Permission.BOOKING_CREATE

    @extend_schema(request=RequestIn)
    def post(self, request: HttpRequest) -> Response:
        """Hold a free place for a few minutes; nobody else gets it meanwhile."""
        return self.run(commands.request_hold, held_json, success=201, **self.read(RequestIn))


class Confirm(Endpoint):
    """Booking what is held."""

    policy = Permission.BOOKING_CREATE

    @extend_schema(request=None)
    def post(self, request: HttpRequest, booking_id: UUID) -> Response:
        """Book the place that is held; it gets its number. 409 `hold_expired` when its time is over."""
        return self.run(commands.confirm_booking, lambda row: {"token": booked_json(row)}, booking_id=booking_id)


class Accept(Endpoint):
    """Taking what was offered."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=None)
    def post(self, request: HttpRequest, waiting_id: UUID) -> Response:
        """Take the place that somebody who waits is asked about; of several who are asked the first gets it."""
        return self.run(commands.accept_place, moved_json, waiting_id=waiting_id)


class Decline(Endpoint):
    """Not taking what was offered."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=None)
    def post(self, request: HttpRequest, waiting_id: UUID) -> Response:
        """Let the offered place go; the person goes on waiting."""
        return self.run(commands.decline_place, lambda entry: waiting_json(entry, self.now), waiting_id=waiting_id)


class WaitingStatistics(Endpoint):
    """How long a doctor's waiting list is."""

    policy = Permission.QUEUE_READ

    @extend_schema(parameters=[DoctorIn])
    def get(self, request: HttpRequest) -> Response:
        """Count who waits for a doctor, by source and day, and what became of those before."""
        doctor = doctor_of(self.read_query(DoctorIn)["doctorId"])
        return Response(waiting_counts(doctor.id, self.now, lambda rows: of_own_departments(rows, self.actor)))
