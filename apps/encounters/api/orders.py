"""Tests over HTTP: what can be ordered, orders, results, and what a doctor has still to look at."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, Nothing
from apps.core.errors import NotFound
from apps.core.policy import Permission, Scope, either
from apps.encounters.api.order_shapes import (
    InvestigationOut,
    InvestigationPage,
    OrderIn,
    OrderOut,
    OrderPage,
    OrdersOut,
    OwnResultOut,
    OwnResultPage,
    ResultIn,
    ResultOut,
    SearchQuery,
    SeenIn,
)
from apps.encounters.commands.ordering import order_investigations, take_back_order
from apps.encounters.commands.results import report_result, see_result
from apps.encounters.queries.investigations import (
    being_corrected,
    investigations,
    not_seen,
    order_json,
    order_of,
    orders_of_visits,
    own_results,
    result_json,
    results_of,
    to_do_here,
)
from apps.encounters.queries.notes import require_sight
from apps.patients.commands import note_listed, note_opened
from apps.patients.queries import require_fresh_code
from apps.queue.queries.visits import visit_of
from apps.scheduling.queries import doctor_of_staff

PAGING = [OpenApiParameter("page", int), OpenApiParameter("pageSize", int, description="At most 100")]


class Investigations(Endpoint):
    """The hospital's list of tests."""

    policy = either(Permission.VISIT_CONSULT, Permission.RESULT_ENTER)

    @extend_schema(parameters=[SearchQuery, *PAGING], responses=InvestigationPage)
    def get(self, request: Request) -> Response:
        """Tests whose code or name holds what is searched, by name."""
        return self.page(investigations(self.read_query(SearchQuery)["search"]), InvestigationOut.of)


class VisitOrders(Endpoint):
    """The tests of a visit."""

    policy = {
        "GET": either(Permission.VISIT_CONSULT, Permission.BREAK_GLASS),
        "POST": Permission.VISIT_CONSULT,
    }

    @extend_schema(operation_id="encounter_orders", responses=OrdersOut)
    def get(self, request: Request, visit_id: UUID) -> Response:
        """What was ordered and what came of it, for who reads the notes of the visit; reading is audited."""
        visit = visit_of(visit_id)
        require_sight(self.actor, visit, self.now)
        orders = orders_of_visits([visit_id])
        results = results_of(orders)
        answer = OrdersOut.of({"orders": [order_json(order, results.get(order.id)) for order in orders]})
        note_opened(actor=self.actor, now=self.now, patient_id=visit.patient_id, by="results")
        return Response(answer)

    @extend_schema(operation_id="encounter_orders_add", request=OrderIn, responses={201: OrdersOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Order tests while the patient is in the room; with `send` and a `reason` they go there now, under the same
        number, and come back with the last result."""
        return self.run(order_investigations, _ordered, 201, visit_id=visit_id, **self.read(OrderIn))


class VisitOrdersHere(Endpoint):
    """What is to be done of the person on a visit to a laboratory or an imaging department."""

    policy = Permission.RESULT_ENTER

    @extend_schema(operation_id="counter_orders", responses=OrdersOut)
    def get(self, request: Request, visit_id: UUID) -> Response:
        """The tests that wait to be done there, urgent ones first; nothing else of the person."""
        visit = visit_of(visit_id)
        self.actor.require(Permission.RESULT_ENTER, Scope(visit.facility_id, visit.department_id))
        found = to_do_here(visit.patient_id, visit.department_id)
        return Response(OrdersOut.of({"orders": [order_json(order) for order in found]}))


class TakeBack(Endpoint):
    """Taking a test back."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=Nothing, responses=OrderOut)
    def post(self, request: Request, order_id: UUID) -> Response:
        """A test that has not begun is not wanted. Whoever waits for nothing else there goes on, or comes back."""
        self.read(Nothing)
        return self.run(take_back_order, _order, order_id=order_id)


class Results(Endpoint):
    """The result of a test."""

    policy = Permission.RESULT_ENTER

    @extend_schema(request=ResultIn, responses={201: ResultOut})
    def post(self, request: Request, order_id: UUID) -> Response:
        """Sign a result; from then on it stays, and a correction is a new version with a reason. 409 `result_changed`
        when somebody signed another version meanwhile."""
        told = self.read(ResultIn)
        values = {value["name"]: value["value"] for value in told.pop("values")}
        return self.run(report_result, _result, 201, order_id=order_id, values=values, **told)


class Seen(Endpoint):
    """Looking at a result."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=SeenIn, responses=OrderOut)
    def post(self, request: Request, order_id: UUID) -> Response:
        """The doctor who ordered the test has looked at this version, or with a `reason` another doctor of the
        department; from then on the patient may read it."""
        return self.run(see_result, _order, order_id=order_id, **self.read(SeenIn))


class NotSeen(Endpoint):
    """What a doctor has still to look at."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(operation_id="results_not_seen", parameters=PAGING, responses=OrderPage)
    def get(self, request: Request) -> Response:
        """The asking doctor's own orders with a result that was not looked at, critical ones first; without values."""
        doctor = doctor_of_staff(self.actor.id) if self.actor.id else None
        if doctor is None:
            raise NotFound

        def read(orders: list[Any]) -> list[dict[str, Any]]:
            note_listed(actor=self.actor, now=self.now, patient_ids=[o.patient_id for o in orders], by="results list")
            return [_listed(order) for order in orders]

        return self.page_of(not_seen(doctor.id), read)


class OwnResults(Endpoint):
    """A family's results."""

    policy = Permission.RESULT_READ_OWN

    @extend_schema(operation_id="patient_results", parameters=PAGING, responses=OwnResultPage)
    def get(self, request: Request) -> Response:
        """Results of everybody under one's phone that the doctor has looked at, the newest first; for who signed in by
        a code lately, and for nobody by a link."""
        require_fresh_code(self.actor, self.now)

        def read(orders: list[Any]) -> list[dict[str, Any]]:
            note_listed(actor=self.actor, now=self.now, patient_ids=[o.patient_id for o in orders], by="results")
            return _own(orders)

        return self.page_of(own_results(self.actor), read)


def _own(orders: list[Any]) -> list[dict[str, Any]]:
    results = results_of(orders, released=True)
    return [OwnResultOut.of(_own_values(order, results[order.id])) for order in orders]


def _own_values(order: Any, result: Any) -> dict[str, Any]:
    return {
        "orderId": order.id,
        "visitId": order.visit_id,
        "name": order.patient.name,
        "test": order.investigation.name,
        "day": order.visit.day,
        "beingCorrected": being_corrected(order),
        "result": result_json(result),
    }


def _ordered(done: tuple[Any, list[Any]]) -> dict[str, Any]:
    visit, _orders = done
    return OrdersOut.of({"orders": [order_json(order) for order in orders_of_visits([visit.id])]})


def _order(order: Any) -> dict[str, Any]:
    return _listed(order_of(order.id))


def _listed(order: Any) -> dict[str, Any]:
    return OrderOut.of(order_json(order))


def _result(result: Any) -> dict[str, Any]:
    return ResultOut.of(result_json(result))
