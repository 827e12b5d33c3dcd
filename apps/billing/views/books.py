"""The day book: what came and went back, the sums of the books, and what the gateway told that cannot be right."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.billing import commands
from apps.billing.forms import DayForm, FindingForm
from apps.billing.models import GatewayEvent
from apps.billing.queries.books import payments_on, refunds_on, sums_of, taken_on
from apps.billing.queries.faults import FAULT_NAMES
from apps.billing.queries.gateway import refused_refunds, set_aside
from apps.billing.queries.invoices import of_departments
from apps.billing.queries.papers import METHOD_NAMES
from apps.billing.rules.money import of_paise
from apps.core.errors import Conflict, Invalid
from apps.core.policy import Actor, Permission, Role
from apps.core.views import actor_of, page, run_form, said
from apps.patients.queries import brief

ROWS = 30
"""Rows of a kind on the page."""

OF_PAYMENT = "invoice__"
OF_REFUND = "payment__invoice__"
OF_SENT = "refund__payment__invoice__"
"""Where the invoice stands, from a payment, a refund, and what of it is at the gateway."""


@page(policy=Permission.LEDGER_READ)
def day_book(request: HttpRequest) -> HttpResponse:
    """What came and went back in a day: by method, each payment, and the sums of the books."""
    return _day_book(request)


@page(policy=Permission.PAYMENT_REFUND, methods=("POST",))
def look_into(request: HttpRequest, event_id: int) -> HttpResponse:
    """Somebody has looked into what was set aside, and says what it was."""
    form = FindingForm(request.POST)
    if not form.is_valid():
        return _day_book(request, gettext("Say what it was."), 400)
    try:
        run_form(request, commands.look_into, lambda _: {}, event_id=event_id, **form.cleaned_data)
    except (Conflict, Invalid) as refusal:
        return _day_book(request, said(refusal), refusal.status)
    messages.success(request, gettext("This is done and stands in the audit trail."))
    return redirect("admin:day_book")


def _day_book(request: HttpRequest, mistake: str = "", status: int = 200) -> HttpResponse:
    """The page. Whoever serves some departments sees their payments, and nothing of the whole hospital's books."""
    actor, now = actor_of(request), timezone.now()
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    form = DayForm(request.GET)
    day = (form.cleaned_data["day"] if form.is_valid() else None) or facility.day_of(now)
    whole = actor.all_departments
    debits, credited = sums_of(day) if whole else (Decimal(0), Decimal(0))
    payments = of_departments(payments_on(day), actor, OF_PAYMENT)
    refunds = of_departments(refunds_on(day), actor, OF_REFUND)
    shown = Paginator(payments, ROWS).get_page(request.GET.get("page"))
    context = admin.site.each_context(request) | {
        "title": gettext("Day book"),
        "mistake": mistake,
        "day": day,
        "currency": facility.currency,
        "taken": [(METHOD_NAMES[taken.method], taken) for taken in taken_on(payments, refunds)],
        "rows": [_paid(payment, facility, actor, now) for payment in shown],
        "refunds": [(row, facility.clock(row.refunded_at)) for row in refunds[:ROWS]],
        "set_aside": _set_aside(facility.id) if whole else [],
        "unassigned": _set_aside(None) if actor.role is Role.ADMIN else [],
        "may_look_into": Permission.PAYMENT_REFUND in actor.permissions,
        "refused": of_departments(refused_refunds(), actor, OF_SENT)[:ROWS],
        "whole": whole,
        "debits": debits,
        "credits": credited,
        "page": shown,
    }
    return render(request, "billing/day_book.html", context, status=status)


def _set_aside(facility_id: Any) -> list[tuple[GatewayEvent, Decimal, Any, FindingForm]]:
    """What was set aside, with its sum, why, and the form that says what it was."""
    return [
        (row, of_paise(max(row.paise, 0)), FAULT_NAMES[row.fault], FindingForm(auto_id=f"id_{row.id}_%s"))
        for row in set_aside(facility_id)[:ROWS]
    ]


def _paid(payment: Any, facility: Any, actor: Actor, now: Any) -> dict[str, Any]:
    return {
        "invoice": payment.invoice,
        "name": brief(payment.invoice.patient, now, actor)["name"],
        "payment": payment,
        "method": METHOD_NAMES[payment.method],
        "clock": facility.clock(payment.received_at),
    }
