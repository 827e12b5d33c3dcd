"""Ordering tests: written down while the patient is with the doctor; done at once, by sending them, or another day."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.outbox import emit
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.encounters import events
from apps.encounters.models import Investigation, Order
from apps.encounters.queries.investigations import investigations_called, still_to_be_done
from apps.encounters.queries.medicines import ID
from apps.encounters.rules.investigations import LONGEST_QUESTION, MOST_AT_ONCE, OrderState
from apps.queue.commands.consulting import raise_triage
from apps.queue.commands.journeying import order_tests, spare_station
from apps.queue.commands.moving import expect, locked_visit, require_locked, require_own_hands
from apps.queue.queries.visits import open_visit_of
from apps.queue.rules.states import State

URGENT = "urgent tests"
TAKEN_BACK = "the tests were taken back"
"""Why a visit moved, as its history keeps it."""


class NotOrdering(Conflict):
    code = "not_in_consultation"
    detail = sentence("Tests are ordered while the patient is with the doctor, and this one is not.")


class UnknownTest(Conflict):
    code = "unknown_test"
    detail = sentence("%(test)s is not on the list of tests. Choose one from the list.")


class AlreadyOrdered(Conflict):
    code = "already_ordered"
    detail = sentence("%(test)s is ordered for this visit already.")


class NothingOrdered(Conflict):
    code = "nothing_ordered"
    detail = sentence("No test waits to be done. Order one first.")


class OrderBegun(Conflict):
    code = "order_begun"
    detail = sentence("This test has begun, is done, or was taken back already.")


@command
def order_investigations(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    tests: Sequence[str] = (),
    urgent: bool = False,
    question: str = "",
    send: bool = False,
    reason: str = "",
    expected_version: int | None = None,
) -> tuple[Any, list[Order]]:
    """Order tests by their codes, names or ids, for the person in the room; `question` is what they are to answer.

    With `send` the person goes there now, with all that is still to be done on this visit, and comes back with the last
    result by themselves; without it the tests wait until they go there, on whatever day. Returns the visit and what was
    ordered. Raises `NotOrdering`, `UnknownTest`, `AlreadyOrdered`, `NothingOrdered`, `Invalid`, what sending raises.
    """
    wanted = tests_called(tests)
    if len(question) > LONGEST_QUESTION:
        raise Invalid({"question": [sentence("This question is too long: at most 300 characters.")]})
    if not wanted and not send:
        raise NothingOrdered
    places = {test.department_id for test in wanted}
    if send:
        places |= set(still_to_be_done(visit_id).values_list("department_id", flat=True))
    visit = locked_visit(visit_id, Permission.VISIT_CONSULT, also=tuple(places) if send else ())
    require_own_hands(actor, visit.doctor)
    expect(visit, expected_version)
    if visit.state != State.IN_CONSULTATION:
        raise NotOrdering
    orders = [_order(visit, test, urgent=urgent, question=question.strip()) for test in wanted]
    if orders:
        emit(events.tests_ordered(visit.department_id, visit.id))
    if send:
        _send(visit, reason)
    return visit, orders


@step
def order_what_is_left(visit: Any, codes: Sequence[str]) -> list[str]:
    """Order those of these tests that are offered and not ordered yet, for the person in the room. The codes that are
    offered no more."""
    known = investigations_called(codes)
    waiting = set(still_to_be_done(visit.id).values_list("investigation_id", flat=True))
    wanted = [known[code.lower()] for code in codes if code.lower() in known]
    new = [_order(visit, test, urgent=False, question="") for test in wanted if test.id not in waiting]
    if new:
        emit(events.tests_ordered(visit.department_id, visit.id))
    return [code for code in codes if code.lower() not in known]


@step
def _order(visit: Any, test: Investigation, *, urgent: bool, question: str) -> Order:
    running = unit()
    assert running.actor.id, "who may consult is of the staff"
    if still_to_be_done(visit.id).filter(investigation=test).exists():
        raise AlreadyOrdered(test=test.name)
    order = Order(
        facility_id=visit.facility_id,
        visit_id=visit.id,
        patient_id=visit.patient_id,
        doctor_id=visit.doctor_id,
        department_id=test.department_id,
        investigation=test,
        urgent=urgent,
        question=question,
        state=OrderState.ORDERED,
        ordered_at=running.now,
        ordered_by_id=running.actor.id,
    )
    order.save(force_insert=True)
    record(
        action="test.ordered",
        entity_type="order",
        entity_id=order.id,
        after={"visitId": str(visit.id), "code": test.code, "urgent": urgent},
    )
    return order


@step
def _send(visit: Any, reason: str) -> None:
    """Send somebody for all that is still to be done; where something is urgent, they are called before others."""
    orders = list(still_to_be_done(visit.id))
    places = sorted({order.department_id for order in orders})
    if not places:
        raise NothingOrdered
    require_locked(places)
    order_tests(visit, places, reason)
    for place in sorted({order.department_id for order in orders if order.urgent}):
        there = open_visit_of(visit.patient_id, place)
        if there and there.state == State.WAITING:
            raise_triage(there, URGENT, emergency=False)


@command
def take_back_order(*, actor: Actor, now: datetime, order_id: UUID) -> Order:
    """A test is not wanted after all, and was not begun. Whoever waits for nothing else there goes on, or comes back.

    Raises `OrderBegun`, `NotFound`.
    """
    found = one(Order.objects.filter(id=order_id))
    if found is None:
        raise NotFound
    visit = locked_visit(found.visit_id, Permission.VISIT_CONSULT, also=(found.department_id,))
    order = Order.objects.select_related("doctor").select_for_update(of=("self",)).get(id=order_id)
    require_own_hands(actor, order.doctor)
    there = open_visit_of(order.patient_id, order.department_id)
    if order.state != OrderState.ORDERED or (there and there.state == State.IN_CONSULTATION):
        raise OrderBegun
    order.state = OrderState.CANCELLED
    order.save(update_fields=["state"])
    record(action="test.taken_back", entity_type="order", entity_id=order.id, after={"visitId": str(visit.id)})
    emit(events.tests_ordered(visit.department_id, visit.id))
    left = Order.objects.filter(patient_id=order.patient_id, department_id=order.department_id)
    if not left.filter(state=OrderState.ORDERED).exists():
        spare_station(visit, order.department_id, TAKEN_BACK)
    return order


def tests_called(tests: Sequence[str]) -> list[Investigation]:
    """Tests of the list by what they were called, each once. Raises `UnknownTest`, `NotFound` for an id, `Invalid`."""
    names = [name.strip() for name in tests if name.strip()]
    if len(names) > MOST_AT_ONCE:
        raise Invalid({"tests": [sentence("Order at most 20 tests at once.")]})
    known = investigations_called(names)
    for name in names:
        if name.lower() not in known:
            raise NotFound if ID.fullmatch(name.lower()) else UnknownTest(test=name)
    return list({known[name.lower()].id: known[name.lower()] for name in names}.values())
