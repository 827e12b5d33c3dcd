"""People are sent on: to another department, for tests, along a journey; and served at counters."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, Nothing, TextField
from apps.core.commands import hidden_from
from apps.core.policy import Permission, Scope
from apps.queue import commands
from apps.queue.api import shapes
from apps.queue.api.staff import VisitMove
from apps.queue.queries.counters import counter_json, counters_of
from apps.queue.queries.journeys import journey_json, template_json, templates
from apps.queue.queries.shapes.journeys import CounterOut, JourneyOut, JourneyTemplatesOut, TransferredOut
from apps.queue.queries.shapes.visits import NobodyOut, SnapshotOut
from apps.queue.queries.visits import snapshot, visit_of
from apps.queue.rules.order import NeedsClass
from apps.scheduling.rules import Availability

P = Permission


class TransferIn(shapes.ReasonIn):
    """Where somebody is sent, and why."""

    departmentId = serializers.UUIDField(source="department_id")
    doctorId = serializers.UUIDField(source="doctor_id", required=False, allow_null=True)


class TestsIn(shapes.ReasonIn):
    """Where the person in the room is sent for tests, all at once."""

    departmentIds = serializers.ListField(
        source="department_ids", child=serializers.UUIDField(), min_length=1, max_length=8
    )


class JourneyIn(shapes.Expecting):
    """A journey for somebody who waits already."""

    journeyId = serializers.UUIDField(source="journey_id")


class ClassIn(shapes.Expecting):
    """What the triage station says of somebody."""

    urgency = serializers.ChoiceField(["", "urgent", "emergency"], allow_blank=True)
    needs = serializers.ChoiceField([str(n) for n in NeedsClass], allow_blank=True)
    reason = TextField(max_length=200, required=False, allow_blank=True, default="")


class CounterStatusIn(shapes.Expecting):
    """A counter opens, pauses or closes."""

    status = serializers.ChoiceField([str(a) for a in Availability])


def transferred_json(moved: tuple[Any, Any]) -> dict[str, Any]:
    """The visit that ended, with the one that goes on as `next`."""
    old, new = moved
    return snapshot(old) | {"next": snapshot(new)}


class Transfer(Endpoint):
    """Sending somebody to another department or doctor."""

    policy = P.VISIT_CALL

    @extend_schema(request=TransferIn, responses=TransferredOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Send somebody on under the same number; what they have waited counts there too."""
        return self.run(commands.transfer, transferred_json, visit_id=visit_id, **self.read(TransferIn))


class Tests(VisitMove):
    """Sending somebody for tests."""

    policy = P.VISIT_CONSULT
    body = TestsIn
    command = commands.send_for_tests

    @extend_schema(request=TestsIn, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Put the consultation on hold until the last result is there; then it is in the queue again by itself."""
        return super().post(request, visit_id)


class Skip(VisitMove):
    """Leaving a station out."""

    policy = P.VISIT_CANCEL
    body = shapes.ReasonIn
    command = commands.skip_station

    @extend_schema(request=shapes.ReasonIn, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Somebody does not need the station where they wait: they go on to the next one."""
        return super().post(request, visit_id)


class VisitJourney(Endpoint):
    """The way of one visit."""

    policy = P.QUEUE_READ

    @extend_schema(responses=JourneyOut)
    def get(self, request: Request, visit_id: UUID) -> Response:
        """The stations under this visit's number: where somebody was, is and goes, with the waits of each."""
        self.read_query(Nothing)
        visit = visit_of(visit_id)
        if not self.actor.may(P.QUEUE_READ, Scope(visit.facility_id, visit.department_id)):
            raise hidden_from(self.actor, P.QUEUE_READ)
        return Response(journey_json(visit, self.now))


class JourneyStart(Endpoint):
    """Sending somebody along a journey."""

    policy = P.VISIT_CHECK_IN

    @extend_schema(request=JourneyIn, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Send somebody who waits along a journey, from the station where they are."""
        return self.run(commands.start_journey, snapshot, visit_id=visit_id, **self.read(JourneyIn))


class Templates(Endpoint):
    """Journeys."""

    policy = P.QUEUE_READ

    @extend_schema(responses=JourneyTemplatesOut)
    def get(self, request: Request) -> Response:
        """The journeys that the desk offers, with their stations."""
        self.read_query(Nothing)
        return Response({"journeys": [template_json(row) for row in templates().prefetch_related("stations")]})


class Counters(Endpoint):
    """Counters of pharmacy, cashier, laboratory and so on."""

    policy = P.COUNTER_SERVE

    @extend_schema(responses=CounterOut(many=True))
    def get(self, request: Request) -> Response:
        """The counters that one's own role staffs, with how many wait for each."""
        return self.page(counters_of(self.actor), lambda found: counter_json(*found))


class CounterStatus(Endpoint):
    """Whether a counter is open."""

    policy = P.COUNTER_SERVE

    @extend_schema(request=CounterStatusIn, responses=CounterOut)
    def patch(self, request: Request, counter_id: UUID) -> Response:
        """Open a counter, pause or close it."""
        asked = self.read(CounterStatusIn)
        return self.run(commands.open_counter, counter_json, counter_id=counter_id, **asked)


class CounterCall(Endpoint):
    """The one button of a counter."""

    policy = P.COUNTER_SERVE

    @extend_schema(
        request=Nothing,
        responses=PolymorphicProxySerializer(
            "CounterCalledOut", [SnapshotOut, NobodyOut], resource_type_field_name=None
        ),
    )
    def post(self, request: Request, counter_id: UUID) -> Response:
        """Call the first who is not just being seen at another station."""
        self.read(Nothing)
        return self.run(commands.call_to_counter, snapshot, counter_id=counter_id)


def _move(name: str, command: Any, body: type[Any], doc: str) -> type[VisitMove]:
    """An endpoint class for one move at a counter."""

    @extend_schema(request=body, responses=SnapshotOut, description=doc, operation_id=name)
    def post(self: VisitMove, request: Request, visit_id: UUID) -> Response:
        return VisitMove.post(self, request, visit_id)

    made = {"command": command, "body": body, "policy": P.COUNTER_SERVE, "__doc__": doc, "post": post}
    return type(name, (VisitMove,), made)


COUNTER_MOVES = {
    "recall": _move("counterRecall", commands.call_again, shapes.Expecting, "Call the same person again."),
    "start": _move("counterStart", commands.start_at_counter, shapes.Expecting, "The person is at the counter."),
    "complete": _move("counterComplete", commands.finish_at_counter, shapes.Expecting, "The person is served."),
    "missed": _move("counterMissed", commands.missed_at_counter, shapes.ReasonIn, "The person did not come."),
    "resume": _move("counterResume", commands.resume_at_counter, shapes.Expecting, "The person is back."),
    "class": _move("counterClass", commands.set_class, ClassIn, "Set the class of the person at triage."),
}
"""What is done with somebody at a counter, by the last word of its address."""
