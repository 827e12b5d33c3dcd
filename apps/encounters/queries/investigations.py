"""Tests as they are read: what can be ordered, what is to be done, what came of it; and who still has to look."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Lower

from apps.core.errors import NotFound
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.core.statements import any_of, prepared
from apps.encounters.models import AlertPhone, Investigation, Order, Result
from apps.encounters.queries.medicines import ID
from apps.encounters.queries.vitals import cell
from apps.encounters.rules.investigations import (
    Measure,
    Measured,
    OrderState,
    Reference,
    measures_for,
    plain,
    range_words,
)
from apps.queue.queries.own import own_visits

USED_LATELY = timedelta(days=180)
FAVOURITES = 9

LEFT_WAITING = timedelta(days=1)
"""From then on a result that nobody looked at is for the other doctors, too."""

_NOT_SEEN = Q(reported__gt=F("seen"))


def investigations(search: str = "") -> QuerySet[Investigation]:
    """What can be ordered, by name; of which code or name hold what is searched."""
    offered = Investigation.objects.select_related("department").filter(active=True)
    return offered.filter(Q(name__icontains=search) | Q(code__icontains=search)).order_by("name", "code")


def investigations_called(names: Iterable[str]) -> dict[str, Investigation]:
    """Tests that can be ordered by what they are called: code, name, both as on the list, or id; in small letters."""
    wanted = {name.lower() for name in names}
    if not wanted:
        return {}
    ids = [UUID(word) for word in wanted if ID.fullmatch(word)]
    codes = {word.rpartition("(")[2].rstrip(")") for word in wanted}
    rows = investigations().alias(small_name=Lower("name"), small_code=Lower("code"))
    found = rows.filter(Q(small_name__in=wanted) | Q(small_code__in=codes) | Q(id__in=ids))
    return {word.lower(): test for test in found for word in (test.name, str(test), test.code, str(test.id))}


def favourite_tests(doctor_id: UUID, now: datetime) -> list[Investigation]:
    """What a doctor has ordered most lately, the most frequent first."""
    ids = [id_ for id_, _ in _ordered_often(doctor_id=doctor_id, since=now - USED_LATELY)]
    known = Investigation.objects.in_bulk(ids) if ids else {}
    return [known[id_] for id_ in ids]


@prepared
def _ordered_often(doctor_id: UUID, since: datetime) -> QuerySet[Order, tuple[UUID, int]]:
    lately = Order.objects.filter(doctor_id=doctor_id, ordered_at__gt=since, investigation__active=True)
    often = lately.values_list("investigation_id").annotate(times=Count("id"))
    return often.order_by("-times", "investigation_id")[:FAVOURITES]


def measures_of(test: Investigation, sex: str) -> list[Measure]:
    """What a test measures of somebody, with the ranges that hold for them."""
    names = ("name", "unit", "sex", "since_age", "low", "high", "critical_low", "critical_high")
    return measures_for((Reference(*row) for row in test.ranges.values_list(*names)), sex)


def still_to_be_done(visit_id: UUID) -> QuerySet[Order]:
    """What was ordered on a visit and has neither a result nor was taken back."""
    return Order.objects.filter(visit_id=visit_id, state=OrderState.ORDERED)


def _with_names() -> QuerySet[Order]:
    found = Order.objects.select_related("investigation", "department", "patient", "doctor", "visit__token")
    return found.defer("patient__phone", "patient__address")


def order_of(order_id: UUID) -> Order:
    """An order, with names. Raises `NotFound`."""
    found = one(_with_names().filter(id=order_id))
    if found is None:
        raise NotFound
    return found


def orders_of_visits(visit_ids: Iterable[UUID]) -> list[Order]:
    """What was ordered on visits and not taken back, in the order in which it was."""
    return _ordered_at(visit_ids=list(visit_ids))


@prepared
def _ordered_at(visit_ids: list[UUID]) -> QuerySet[Order]:
    found = _with_names().filter(visit_id=any_of(visit_ids)).exclude(state=OrderState.CANCELLED)
    return found.order_by("ordered_at", "investigation__name", "id")


def to_do_here(patient_id: UUID, department_id: UUID) -> list[Order]:
    """What is to be done of a person in a department, on whatever visit it was ordered; what is urgent first."""
    open_orders = _with_names().filter(patient_id=patient_id, department_id=department_id, state=OrderState.ORDERED)
    return list(open_orders.order_by("-urgent", "ordered_at", "investigation__name"))


def at_counter(actor: Actor, visit: Any) -> dict[str, Any]:
    """What was ordered of the person at a counter, for who enters results there: `{ordered}`. It says no more than what
    is to be done, so that it counts as no opening of their record."""
    if not actor.may(Permission.RESULT_ENTER, Scope(visit.facility_id, visit.department_id)):
        return {}
    return {"ordered": to_do_here(visit.patient_id, visit.department_id)}


def to_do_in(department_ids: Iterable[UUID]) -> QuerySet[Order]:
    """What is to be done in some departments; what is urgent first, then what was ordered first."""
    found = _with_names().filter(department_id__in=list(department_ids), state=OrderState.ORDERED)
    return found.order_by("-urgent", "ordered_at", "id")


def signed_here(department_ids: Iterable[UUID]) -> QuerySet[Result]:
    """The latest version of every result of some departments, the newest first."""
    found = Result.objects.filter(order__department_id__in=list(department_ids), version=F("order__reported"))
    with_names = found.select_related("order__investigation", "order__patient", "order__visit__token", "signed_by")
    return with_names.defer("order__patient__phone", "order__patient__address").order_by("-signed_at", "id")


def not_seen(doctor_id: UUID) -> QuerySet[Order]:
    """Orders of a doctor with a result that they have not looked at; what is critical first, then the oldest."""
    return _with_names().filter(_NOT_SEEN, doctor_id=doctor_id).order_by("-critical", "ordered_at", "id")


def left_waiting(doctor_id: UUID, department_ids: Iterable[UUID], now: datetime) -> QuerySet[Order]:
    """Results of the other doctors of some departments that are critical or wait since yesterday, for who stands in."""
    waits = Q(critical=True) | Q(ordered_at__lte=now - LEFT_WAITING)
    found = _with_names().filter(_NOT_SEEN & waits, visit__department_id__in=list(department_ids))
    return found.exclude(doctor_id=doctor_id).order_by("-critical", "ordered_at", "id")


def awaited(doctor_id: UUID) -> QuerySet[Order]:
    """Orders of a doctor that have no result yet, the newest first."""
    return _with_names().filter(doctor_id=doctor_id, state=OrderState.ORDERED).order_by("-ordered_at", "id")


def marked(doctor_id: UUID) -> dict[UUID, bool]:
    """Of whom there is a result that this doctor has not looked at, and whether one is critical."""
    found: dict[UUID, bool] = {}
    for patient_id, critical in _unseen(doctor_id=doctor_id):
        found[patient_id] = found.get(patient_id, False) or critical
    return found


@prepared
def _unseen(doctor_id: UUID) -> QuerySet[Order, tuple[UUID, bool]]:
    return Order.objects.filter(_NOT_SEEN, doctor_id=doctor_id).values_list("patient_id", "critical")


def alert_phone(doctor_id: UUID) -> str:
    """Where a doctor wants to be told of what is dangerous; "" for nowhere."""
    chosen = one(AlertPhone.objects.filter(doctor_id=doctor_id))
    return chosen.phone if chosen else ""


def critical_not_seen(now: datetime) -> set[UUID]:
    """Of whom a critical result came that their doctor has not looked at."""
    return set(Order.objects.filter(_NOT_SEEN, critical=True).values_list("patient_id", flat=True))


def results_of(orders: Iterable[Order], *, released: bool = False) -> dict[UUID, Result]:
    """The latest result of each of these orders that has one, by the order; `released`: the latest that the doctor has
    looked at, which is what the patient reads."""
    ids = [order.id for order in orders]
    rows = (_seen_last if released else _signed_last)(order_ids=ids) if ids else ()
    return {row.order_id: row for row in rows}


@prepared
def _signed_last(order_ids: list[UUID]) -> QuerySet[Result]:
    return _results(order_ids).filter(version=F("order__reported"))


@prepared
def _seen_last(order_ids: list[UUID]) -> QuerySet[Result]:
    return _results(order_ids).filter(version=F("order__seen"))


def _results(order_ids: list[UUID]) -> QuerySet[Result]:
    return Result.objects.select_related("signed_by").filter(order_id=any_of(order_ids))


def results_by_visit(visit_ids: Iterable[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """What came of the tests of some visits, `{name, result}` by the visit, results as `result_shown` has them; whoever
    asks has been let in to read what was written there."""
    orders = orders_of_visits(visit_ids)
    results = results_of(orders)
    found: dict[UUID, list[dict[str, Any]]] = {}
    for order in orders:
        if order.id in results:
            told = {"name": order.investigation.name, "result": result_shown(results[order.id])}
            found.setdefault(order.visit_id, []).append(told)
    return found


def own_results(actor: Actor) -> QuerySet[Order]:
    """Tests of the people under a phone that somebody proved to hold by a code, of which the doctor has looked at a
    result; the newest first. Nobody else has any: no link shows a result."""
    if not actor.phone_index:
        return Order.objects.none()
    mine = own_visits(actor).values("id")
    return _with_names().filter(visit_id__in=mine, seen__gt=0).order_by("-ordered_at", "id")


def being_corrected(order: Order) -> bool:
    """Whether the patient reads a version over which a newer one came that the doctor has not looked at yet."""
    return 0 < order.seen < order.reported


def versions_of(order_id: UUID) -> list[Result]:
    """Every version of a result, the latest first."""
    return list(Result.objects.select_related("signed_by").filter(order_id=order_id).order_by("-version"))


def result_shown(result: Result) -> dict[str, Any]:
    """A signed result for a page: `{rows, report, reason, critical, version, at, by, hash}`, the rows as those of vital
    signs, with what is usual as `usual`."""
    values = [Measured(**told) for told in result.content["values"]]
    return {
        "rows": [cell(v.name, plain(v.value), v.unit, v) | {"usual": range_words(v.low, v.high)} for v in values],
        "report": result.content["report"],
        "reason": result.reason,
        "critical": result.critical,
        "version": result.version,
        "at": result.signed_at,
        "by": result.signed_by.name,
        "hash": result.hash,
    }


def result_json(result: Result) -> dict[str, Any]:
    """A signed result for the API."""
    return {
        "version": result.version,
        "values": result.content["values"],
        "report": result.content["report"],
        "reason": result.reason,
        "critical": result.critical,
        "signedAt": result.signed_at,
        "signedBy": result.signed_by.name,
        "hash": result.hash,
    }


def order_json(order: Order, result: Result | None = None) -> dict[str, Any]:
    """An order for the API, with its result where there is one and its reader may see it."""
    return {
        "orderId": order.id,
        "visitId": order.visit_id,
        "code": order.investigation.code,
        "test": order.investigation.name,
        "departmentId": order.department_id,
        "urgent": order.urgent,
        "question": order.question,
        "state": order.state,
        "orderedAt": order.ordered_at,
        "version": order.reported,
        "seen": order.seen,
        "result": result_json(result) if result else None,
    }
