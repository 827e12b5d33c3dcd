"""Visits for the desk, nurses and doctors."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, Nothing
from apps.core.commands import hidden_from
from apps.core.events import department_stream
from apps.core.outbox import stream_sequences
from apps.core.policy import Permission, Scope
from apps.queue import commands
from apps.queue.api import shapes
from apps.queue.queries.links import tracking_url
from apps.queue.queries.shapes.visits import ArrivedOut, NobodyOut, QueueOut, SnapshotOut
from apps.queue.queries.visits import department_queue, snapshot, visit_of
from apps.scheduling.queries import department_of


def arrived_json(arrived: Any) -> dict[str, Any]:
    """A new visit's snapshot with its tracking link."""
    return snapshot(arrived.visit) | {
        "trackingToken": arrived.tracking_token,
        "trackingUrl": tracking_url(arrived.tracking_code),
    }


class Visits(Endpoint):
    """Walk-ins."""

    policy = Permission.VISIT_CHECK_IN

    @extend_schema(request=shapes.WalkInIn, responses={201: ArrivedOut})
    def post(self, request: Request) -> Response:
        """Give somebody at the desk a number and a place in the queue."""
        return self.run(commands.check_in, arrived_json, success=201, **self.read(shapes.WalkInIn))


class VisitDetail(Endpoint):
    """One visit."""

    policy = Permission.QUEUE_READ

    @extend_schema(responses=SnapshotOut)
    def get(self, request: Request, visit_id: UUID) -> Response:
        """Read a visit's snapshot."""
        visit = visit_of(visit_id)
        if not self.actor.may(Permission.QUEUE_READ, Scope(visit.facility_id, visit.department_id)):
            raise hidden_from(self.actor, Permission.QUEUE_READ)
        return Response(snapshot(visit))


class DepartmentQueue(Endpoint):
    """The queue of a department."""

    policy = Permission.QUEUE_READ

    @extend_schema(responses=QueueOut)
    def get(self, request: Request, department_id: UUID) -> Response:
        """Who is being served and who waits, in order, for staff."""
        self.read_query(Nothing)
        department = department_of(department_id)
        self.actor.require(Permission.QUEUE_READ, Scope(department.facility_id, department_id))
        stream = department_stream(department_id)
        sequence = stream_sequences([stream])[stream]
        about = {"id": str(department.id), "code": department.code, "name": department.name}
        return Response({"department": about, "sequence": sequence} | department_queue(department_id))


class CallNext(Endpoint):
    """The doctor's one button."""

    policy = Permission.VISIT_CALL

    @extend_schema(
        request=shapes.CallNextIn,
        responses=PolymorphicProxySerializer("CalledOut", [SnapshotOut, NobodyOut], resource_type_field_name=None),
    )
    def post(self, request: Request) -> Response:
        """Call the first by order among this doctor's people and those without a doctor."""
        return self.run(commands.call_next, snapshot, **self.read(shapes.CallNextIn))


class VisitMove(Endpoint):
    """Base of the moves of one visit: reads `body`, runs `command`, answers with the snapshot."""

    policy = Permission.VISIT_CALL
    body: type[Any] = shapes.Expecting
    command: Any

    @extend_schema(responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Make the move and answer with the visit's new snapshot."""
        return self.run(self.command, snapshot, visit_id=visit_id, **self.read(self.body))


def _move(name: str, command: Any, body: type[Any], policy: Permission, doc: str) -> type[VisitMove]:
    """An endpoint class for one move, with its own body in the OpenAPI document."""

    @extend_schema(request=body, responses=SnapshotOut, description=doc, operation_id=name)
    def post(self: VisitMove, request: Request, visit_id: UUID) -> Response:
        return VisitMove.post(self, request, visit_id)

    return type(name, (VisitMove,), {"command": command, "body": body, "policy": policy, "__doc__": doc, "post": post})


P = Permission
CallIfNext = _move("visitCallNext", commands.call_if_next, shapes.CallIfNextIn, P.VISIT_CALL, "Call if still next.")
Call = _move("visitCall", commands.call, shapes.CallIn, P.VISIT_CALL, "Call this person.")
Recall = _move("visitRecall", commands.recall, shapes.Expecting, P.VISIT_CALL, "Call the same person again.")
PutBack = _move("visitPutBack", commands.put_back, shapes.Expecting, P.VISIT_CALL, "Back to the same place.")
Start = _move("visitStart", commands.start, shapes.AsDoctor, P.VISIT_CONSULT, "The person is in the room.")
NoShow = _move("visitNoShow", commands.no_show, shapes.Expecting, P.VISIT_NO_SHOW, "The person did not come.")
Hold = _move("visitHold", commands.hold, shapes.ReasonIn, P.VISIT_HOLD, "Set the person aside.")
Resume = _move("visitResume", commands.resume, shapes.Expecting, P.VISIT_HOLD, "The person is back.")
Cancel = _move("visitCancel", commands.cancel, shapes.ReasonIn, P.VISIT_CANCEL, "Take off the queue.")
Confirm = _move("visitConfirm", commands.confirm, shapes.ConfirmIn, P.VISIT_CHECK_IN, "Confirm a scanned visit.")
Urgent = _move("visitUrgent", commands.triage_up, shapes.TriageIn, P.VISIT_EMERGENCY, "Make urgent.")
NotUrgent = _move("visitNotUrgent", commands.triage_down, shapes.ReasonIn, P.VISIT_EMERGENCY, "Correct the triage.")
Reassign = _move("visitReassign", commands.reassign, shapes.ReassignIn, P.QUEUE_MOVE, "To another doctor, or any.")


class ConsultationStart(Endpoint):
    """Document 000's way to start a consultation."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=shapes.VisitStartIn, responses=SnapshotOut)
    def post(self, request: Request) -> Response:
        """Start the consultation of a called visit."""
        return self.run(commands.start, snapshot, **self.read(shapes.VisitStartIn))
