"""What giving up means, what was given up, and what comes back (a figure: nothing is paid here)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import facility_facts
from apps.core.api import Endpoint
from apps.core.errors import Invalid, sentence
from apps.core.policy import Permission
from apps.queue import commands
from apps.queue.api.booking import OWN_OR_CHANGED, OWN_OR_SEEN, CancelIn, of_own_departments, seen, told_to
from apps.queue.queries.bookings import check_json
from apps.queue.queries.shapes.bookings import CancelledOut, CheckOut
from apps.scheduling.queries import (
    GivenUpOut,
    GivingUpCountsOut,
    RefundOut,
    appointment_of,
    appointments,
    given_up,
    given_up_json,
    giving_up_counts,
    refund_json,
)

LONGEST = 366
"""Days that statistics may cover."""


class PeriodIn(serializers.Serializer[Any]):
    """`?doctorId=&from=&to=`; without dates the last thirty days."""

    doctorId = serializers.UUIDField(source="doctor_id", required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python."""
        days = {
            "from": serializers.DateField(source="first", required=False),
            "to": serializers.DateField(source="last", required=False),
        }
        return super().get_fields() | days


class HistoryIn(PeriodIn):
    """`?doctorId=&patientId=&from=&to=`"""

    patientId = serializers.UUIDField(source="patient_id", required=False)


def cancelled_json(moved: Any) -> dict[str, Any]:
    """A booking that was given up, whose place that was, and who got it."""
    row, promoted = moved
    return CancelledOut.of({"token": row, "promoted": promoted})


class CancellationCheck(Endpoint):
    """What giving up would mean."""

    policy = OWN_OR_SEEN

    @extend_schema(responses=CheckOut)
    def get(self, request: Request, booking_id: UUID) -> Response:
        """Whether a booking can be given up, and what comes back."""
        row = seen(appointment_of(booking_id), self.actor)
        return Response(check_json(row, self.now))


class Cancellation(Endpoint):
    """Giving up."""

    policy = OWN_OR_CHANGED

    @extend_schema(request=CancelIn, responses={200: CancelledOut})
    def delete(self, request: Request, booking_id: UUID) -> Response:
        """Cancel a booking; the freed place goes to the waiting list."""
        told = told_to(self.actor, cancelled_json)
        return self.run(commands.cancel_booking, told, booking_id=booking_id, **self.read(CancelIn))


class Refund(Endpoint):
    """What comes back."""

    policy = Permission.BOOKING_CHANGE

    @extend_schema(request=None, responses=RefundOut)
    def post(self, request: Request, booking_id: UUID) -> Response:
        """Ask what comes back for a booking that was given up; the figure is kept in the audit trail."""
        return self.run(commands.ask_refund, lambda row: refund_json(row, self.now), booking_id=booking_id)


class History(Endpoint):
    """What was given up."""

    policy = Permission.QUEUE_READ

    @extend_schema(parameters=[HistoryIn], responses=GivenUpOut(many=True))
    def get(self, request: Request) -> Response:
        """List cancelled bookings, the latest first."""
        asked = self.read_query(HistoryIn)
        first, last = asked.pop("first", None), asked.pop("last", None)
        rows = given_up().filter(**asked)
        rows = rows.filter(day__gte=first) if first else rows
        rows = rows.filter(day__lte=last) if last else rows
        return self.page(of_own_departments(rows, self.actor), given_up_json)


class Statistics(Endpoint):
    """How often bookings are given up."""

    policy = Permission.QUEUE_READ

    @extend_schema(parameters=[PeriodIn], responses=GivingUpCountsOut)
    def get(self, request: Request) -> Response:
        """Count the bookings of some days: cancelled, late, missed, moved, given on."""
        asked = self.read_query(PeriodIn)
        today = facility_facts(self.actor.facility_id).day_of(self.now)  # type: ignore[arg-type]  # staff have one
        last = asked.pop("last", today)
        first = asked.pop("first", last - timedelta(days=30))
        if not timedelta() <= last - first <= timedelta(days=LONGEST):
            raise Invalid({"from": [sentence("Ask for one to 366 days, in order.")]})
        rows = of_own_departments(appointments().filter(**asked), self.actor)
        return Response(giving_up_counts(rows, first, last))
