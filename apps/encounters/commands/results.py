"""Results of tests: signed by who enters them, corrected by a new version, looked at by the doctor."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import collect, command, step, unit
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.events import department_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.encounters import events
from apps.encounters.models import Order, Result
from apps.encounters.queries.investigations import measures_of
from apps.encounters.rules.investigations import SHORTEST_REASON, Measured, OrderState, checked_result
from apps.encounters.rules.notes import note_hash
from apps.patients.rules.people import age_on
from apps.queue.commands.moving import require_locked
from apps.queue.queries.visits import open_under


class OrderGone(Conflict):
    code = "order_taken_back"
    detail = sentence("The doctor has taken this test back.")


class ResultChanged(Conflict):
    code = "result_changed"
    detail = sentence("Somebody signed another version of this result meanwhile. Look again.")


@command
def report_result(
    *,
    actor: Actor,
    now: datetime,
    order_id: UUID,
    values: Mapping[str, Decimal | None],
    report: str = "",
    version: int = 0,
    reason: str = "",
) -> Result:
    """Sign what came of a test: values in the units of the list, or a report in words. From then on it stays.

    `version` is the latest that was seen, 0 for none; over one that is signed a `reason` is needed. The doctor's list
    shows it, and every station where the person waits is told of a critical value, by the visit's id alone. Raises
    `OrderGone`, `ResultChanged`, `Invalid`, `NotFound`.
    """
    order = _locked(order_id, Permission.RESULT_ENTER)
    if order.state == OrderState.CANCELLED:
        raise OrderGone
    if order.reported != version:
        raise ResultChanged(extra={"version": order.reported})
    if version and len(reason.strip()) < SHORTEST_REASON:
        raise Invalid({"reason": [sentence("Say why the result is corrected.")]})
    patient = order.patient
    age = age_on(patient.birth_date, facility_facts(order.facility_id).day_of(now))
    measured = checked_result(measures_of(order.investigation, patient.sex), values, report, age)
    order.state, order.reported = OrderState.DONE, version + 1
    order.critical = any(value.dangerous for value in measured)
    order.save(update_fields=["state", "reported", "critical"])
    result = _signed(order, measured, report.strip(), age, reason.strip() if version else "")
    _tell(order)
    return result


@command
def see_result(*, actor: Actor, now: datetime, order_id: UUID, version: int, reason: str = "") -> Order:
    """The doctor who ordered a test has looked at its result; from then on the patient may read it. Another doctor of
    the department does it in their place with a `reason`, so that nothing waits for somebody who is away.

    Raises `ResultChanged` for another version than the latest, `Invalid`, `NotFound`.
    """
    order = _locked(order_id, Permission.VISIT_CONSULT)
    why = reason.strip()
    if order.doctor.staff_id != actor.id and len(why) < SHORTEST_REASON:
        raise Invalid({"reason": [sentence("Say why you look at it in place of the doctor who ordered it.")]})
    if not version or order.reported != version:
        raise ResultChanged(extra={"version": order.reported})
    if order.seen != version:
        order.seen = version
        order.save(update_fields=["seen"])
        record(action="result.seen", entity_type="order", entity_id=order.id, after={"version": version}, reason=why)
        emit(events.result_reported(order.visit.department_id, order.visit_id, order.id, critical=False))
    return order


@step
def _locked(order_id: UUID, permission: Permission) -> Order:
    """An order for somebody who may do this where it is done, or where it was ordered; locked after the queues of all
    stations at which the person is. Raises `NotFound`."""
    with_all = Order.objects.select_related("visit", "patient", "doctor", "investigation")
    found = one(with_all.filter(id=order_id))
    if found is None:
        raise NotFound
    there = found.department_id if permission == Permission.RESULT_ENTER else found.visit.department_id
    unit().actor.require(permission, Scope(found.facility_id, there))
    places = open_under(found.visit.token_id).values_list("department_id", flat=True)
    lock_streams(*(department_stream(place) for place in {found.visit.department_id, *places}))
    return with_all.select_for_update(of=("self",)).get(id=order_id)


@step
def _signed(order: Order, measured: Sequence[Measured], report: str, age: int, reason: str) -> Result:
    running = unit()
    assert running.actor.id, "who enters results is of the staff"
    content: dict[str, Any] = {
        "orderId": str(order.id),
        "patientId": str(order.patient_id),
        "test": order.investigation.name,
        "version": order.reported,
        "age": age,
        "values": [value.values() for value in measured],
        "report": report,
        "reason": reason,
        "critical": order.critical,
        "signedAt": running.now.isoformat(),
        "signedBy": str(running.actor.id),
        "salt": token_hex(16),
    }
    result = Result(
        facility_id=order.facility_id,
        order=order,
        version=order.reported,
        content=content,
        reason=reason,
        hash=note_hash(content),
        critical=order.critical,
        signed_at=running.now,
        signed_by_id=running.actor.id,
    )
    collect(result)
    record(
        action="result.corrected" if order.reported > 1 else "result.signed",
        entity_type="order",
        entity_id=order.id,
        after={"version": result.version, "hash": result.hash},
    )
    return result


@step
def _tell(order: Order) -> None:
    """The doctor's screens hear of every result; those of all stations at which the person is, of a critical one."""
    places = {order.visit.department_id: order.visit_id}
    if order.critical:
        places = {place.department_id: place.id for place in open_under(order.visit.token_id)} | places
    require_locked(places)
    for department_id, visit_id in places.items():
        emit(events.result_reported(department_id, visit_id, order.id, critical=order.critical))
