"""Results of tests as pages: entered and corrected where the test is done, looked at by the doctor who ordered it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.policy import Actor, Permission, Scope, either
from apps.core.views import actor_of, page, run_form, said, version_of, wanted_path
from apps.encounters.commands.alerting import choose_alert_phone
from apps.encounters.commands.ordering import take_back_order
from apps.encounters.commands.results import report_result, see_result
from apps.encounters.models import Order
from apps.encounters.queries.investigations import (
    alert_phone,
    awaited,
    left_waiting,
    measures_of,
    not_seen,
    order_of,
    result_shown,
    signed_here,
    to_do_in,
    versions_of,
)
from apps.encounters.queries.notes import require_sight
from apps.encounters.rules.investigations import LONGEST_REPORT, OrderState, usual_words
from apps.encounters.views.typing import measured, typed
from apps.patients.commands import note_listed, note_opened
from apps.patients.queries import brief
from apps.patients.rules.people import age_on
from apps.scheduling.queries import departments, doctor_of_staff

ROWS = 20
LONGEST_REASON = 200
MEASURE = "measure-"
"""What stands before the place of a measured thing in the name of its field."""

BOTH = either(Permission.VISIT_CONSULT, Permission.RESULT_ENTER)


@page(policy=Permission.VISIT_CONSULT)
def mine(request: HttpRequest) -> HttpResponse:
    """What came back to a doctor and was not looked at yet, and what is still awaited; no values."""
    actor = actor_of(request)
    doctor = doctor_of_staff(actor.id) if actor.id else None
    if doctor is None:
        raise NotFound
    beside = list(left_waiting(doctor.id, _departments(actor, Permission.VISIT_CONSULT), timezone.now())[:ROWS])
    more = {"phone_end": alert_phone(doctor.id)[-4:], "beside": beside}
    found = {"new": not_seen(doctor.id), "awaited": awaited(doctor.id)}
    return _lists(request, "console/results.html", found, more, by="results list")


@page(policy=Permission.RESULT_ENTER)
def here(request: HttpRequest) -> HttpResponse:
    """What is to be done where somebody works, and what was signed there: by numbers and names of tests, no values."""
    places = _departments(actor_of(request), Permission.RESULT_ENTER)
    return _lists(request, "console/results_here.html", {"todo": to_do_in(places), "signed": signed_here(places)})


def _departments(actor: Actor, permission: Permission) -> list[UUID]:
    return [place.id for place in departments() if actor.may(permission, Scope(place.facility_id, place.id))]


def _lists(
    request: HttpRequest, template: str, found: dict[str, Any], more: dict[str, Any] | None = None, by: str = ""
) -> HttpResponse:
    """The second list in pages, the first from its top on. `by`: it counts as an opening of everybody's record."""
    first, second = found
    rows = list(found[first][: ROWS + 1])
    shown = Paginator(found[second], ROWS).get_page(request.GET.get("page"))
    told: dict[str, Any] = {first: rows[:ROWS], "more": len(rows) > ROWS, second: list(shown), "page": shown} | (
        more or {}
    )
    if by:
        ids = [order.patient_id for order in (*told[first], *told[second], *told["beside"])]
        note_listed(actor=actor_of(request), now=timezone.now(), patient_ids=ids, by=by)
    return render(request, template, told)


@page(policy=BOTH)
def show(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One test with every version of its result. That it was opened is audited."""
    return _page(request, order_of(order_id))


@page(policy=BOTH, methods=("POST",))
def act(request: HttpRequest, order_id: UUID, action: str) -> HttpResponse:
    """A result is signed or was looked at, or a test is taken back."""
    deed = {"sign": _sign, "seen": _seen, "take-back": _take_back}.get(action)
    if deed is None:
        raise NotFound
    order = order_of(order_id)
    _require(actor_of(request), order)
    try:
        messages.success(request, deed(request, order))
    except (Conflict, Invalid) as refusal:
        shown = {"refusal": said(refusal), "typed": request.POST.dict()}
        return _page(request, order_of(order_id), shown, refusal.status)
    return redirect(wanted_path(request) or ("results" if action != "sign" else "results-here"))


@page(policy=Permission.VISIT_CONSULT, methods=("POST",))
def alerts(request: HttpRequest) -> HttpResponse:
    """A doctor says where to be told of what is dangerous."""
    try:
        run_form(request, choose_alert_phone, lambda _none: {}, phone=typed(request, "phone"))
    except Invalid as refusal:
        messages.warning(request, said(refusal))
    else:
        messages.success(request, gettext("It is noted."))
    return redirect("results")


def _sign(request: HttpRequest, order: Order) -> str:
    field = forms.DecimalField(max_digits=10, decimal_places=3, required=False)
    values = {
        measure.name: measured(request, f"{MEASURE}{at}", field)
        for at, measure in enumerate(measures_of(order.investigation, order.patient.sex))
    }
    run_form(
        request,
        report_result,
        lambda _result: {},
        order_id=order.id,
        values=values,
        report=typed(request, "report"),
        version=version_of(request),
        reason=_reason(request),
    )
    return gettext("The result is signed. The doctor sees it now.")


def _seen(request: HttpRequest, order: Order) -> str:
    run_form(
        request, see_result, lambda _order: {}, order_id=order.id, version=version_of(request), reason=_reason(request)
    )
    return gettext("It is noted that you have looked at this result. The patient can read it now.")


def _take_back(request: HttpRequest, order: Order) -> str:
    run_form(request, take_back_order, lambda _order: {}, order_id=order.id)
    return gettext("The test is taken back.")


def _reason(request: HttpRequest) -> str:
    return typed(request, "reason")[:LONGEST_REASON]


def _may_enter(actor: Actor, order: Order) -> bool:
    return actor.may(Permission.RESULT_ENTER, Scope(order.facility_id, order.department_id))


def _may_stand_in(actor: Actor, order: Order) -> bool:
    return actor.may(Permission.VISIT_CONSULT, Scope(order.facility_id, order.visit.department_id))


def _require(actor: Actor, order: Order) -> None:
    """Who sees a result: who may enter it, and who reads the notes of the visit. Raises `Forbidden`."""
    if not _may_enter(actor, order):
        require_sight(actor, order.visit, timezone.now())


def _page(request: HttpRequest, order: Order, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    _require(actor, order)
    note_opened(actor=actor, now=now, patient_id=order.patient_id, by="results")
    age = age_on(order.patient.birth_date, facility_facts(order.facility_id).day_of(now))
    versions = [result_shown(row) for row in versions_of(order.id)]
    signed = {row["name"]: row["value"] for row in versions[0]["rows"]} if versions else {}
    entered = (more or {}).get("typed")
    mine = order.doctor.staff_id == actor.id
    context = {
        "order": order,
        "patient": brief(order.patient, now, actor),
        "versions": versions,
        "may_enter": _may_enter(actor, order) and order.state != OrderState.CANCELLED,
        "may_see": order.reported > order.seen and (mine or _may_stand_in(actor, order)),
        "mine": mine,
        "may_take_back": mine and order.state == OrderState.ORDERED,
        "measures": [
            {
                "field": f"{MEASURE}{at}",
                "name": measure.name,
                "unit": measure.unit,
                "usual": usual_words(measure, age),
                "typed": signed.get(measure.name, "") if entered is None else entered.get(f"{MEASURE}{at}", ""),
            }
            for at, measure in enumerate(measures_of(order.investigation, order.patient.sex))
        ],
        "typed": entered or {"report": versions[0]["report"] if versions else ""},
        "longest": LONGEST_REPORT,
        "next": wanted_path(request),
    }
    return render(request, "console/result.html", context | (more or {}), status=status)
