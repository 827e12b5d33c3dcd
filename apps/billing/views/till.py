"""The till at the front desk: find what is to be paid, take money, give it back, print."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.billing import commands
from apps.billing.forms import (
    DiscountForm,
    LineForm,
    PaymentForm,
    PayOutForm,
    PriceForm,
    RefundForm,
    SendAgainForm,
)
from apps.billing.models import Invoice, RefundDue
from apps.billing.queries.invoices import (
    charged_in_vain,
    discount_asked,
    found_by,
    in_departments,
    invoices,
    of_departments,
    over,
    seen_by,
    taken_back_lines,
    to_be_paid,
)
from apps.billing.queries.papers import METHOD_NAMES, receipt_of
from apps.billing.queries.prepaid import refunds_due
from apps.billing.rules.invoices import NOT_CHARGED, InvoiceStatus
from apps.billing.rules.money import ZERO
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.once import Answer
from apps.core.policy import Actor, Permission
from apps.core.views import actor_of, page, run_form, said, version_of
from apps.patients.queries import brief
from apps.queue.queries.desk import Wanted, served_departments, today_of, with_people

ROWS = 30
"""Invoices on a page of the list."""

FOUND = 10
"""Visits without an invoice that a search shows."""


@page(policy=Permission.PAYMENT_TAKE, methods=("GET", "POST"))
def till(request: HttpRequest) -> HttpResponse:
    """What is to be paid, or what a search finds; the bill of a visit that has none yet is made by a button."""
    actor, now = actor_of(request), timezone.now()
    text, refused = request.GET.get("q", "").strip()[:100], ""
    if request.method == "POST":
        try:
            return _make(request)
        except Conflict as refusal:
            refused = said(refusal)
    facility = facility_facts(actor.facility_id)  # type: ignore[arg-type]  # staff have one
    day = facility.day_of(now)
    own = in_departments(invoices(), actor)
    due = to_be_paid(own)
    rows = found_by(text, actor, day) if text else due.filter(day=day)
    older, vain = due.filter(day__lt=day)[:ROWS], charged_in_vain(own, day)[:ROWS]
    shown = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    dues = Paginator(of_departments(refunds_due(), actor, "payment__invoice__"), ROWS).get_page(request.GET.get("dues"))
    context = admin.site.each_context(request) | {
        "title": gettext("Till"),
        "query": text,
        "refused": refused,
        "rows": [_row(invoice, actor, now) for invoice in shown],
        "older": [] if text else [_row(invoice, actor, now) for invoice in older],
        "vain": [] if text else [_row(invoice, actor, now) for invoice in vain],
        "dues": [] if text else _dues(dues, actor, now),
        "dues_page": dues,
        "visits": _without_invoice(text, facility, actor, now) if text else [],
        "page": shown,
    }
    return render(request, "billing/till.html", context, status=409 if refused else 200)


@page(policy=Permission.INVOICE_CHANGE)
def invoice(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """An invoice with everything on it, and what can be done to it."""
    return _invoice_page(request, invoice_id, {})


@page(policy=Permission.INVOICE_CHANGE, methods=("POST",))
def deed(request: HttpRequest, invoice_id: UUID, action: str) -> HttpResponse:
    """Do one thing to an invoice; what was refused is said on its page."""
    wanted = DEEDS.get(action)
    if wanted is None:
        raise NotFound
    seen_by(actor_of(request), invoice_id)
    form = wanted.form(request.POST)
    if not form.is_valid():
        return _invoice_page(request, invoice_id, {action: form}, 400)
    try:
        run_form(request, wanted.command, lambda _done: {}, **wanted.arguments(request, invoice_id, form.cleaned_data))
    except (Conflict, Invalid) as refusal:
        form.add_error(None, said(refusal))
        return _invoice_page(request, invoice_id, {action: form}, refusal.status)
    asked = wanted.command is commands.give_discount and discount_asked(invoice_id)
    messages.success(request, gettext(ASKED_FOR if asked else wanted.done))
    return redirect("admin:invoice", invoice_id=invoice_id)


@page(policy=Permission.INVOICE_CHANGE)
def receipt(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Invoice and receipt on one paper: 80 mm of a roll or A4, as the printer's paper is. `?print=now` prints."""
    actor, now = actor_of(request), timezone.now()
    found = seen_by(actor, invoice_id)
    if found.status == InvoiceStatus.DRAFT:
        raise NotFound
    commands.note_bill_opened(actor=actor, now=now, invoice=found, by="bill print", each=True)
    context = {
        "receipt": receipt_of(found, now),
        "back_url": reverse("admin:invoice", args=[invoice_id]),
        "print_now": request.GET.get("print") == "now",
    }
    return render(request, "billing/receipt.html", context)


ASKED_FOR = sentence("The discount is asked for. Nothing is taken off before it is approved.")
"""What is said in place of `Wish.done` where a discount is above the cashier's own limit."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a button of the invoice's page does: the command, what is typed for it, and the sentence said after."""

    command: Any
    done: str
    form: type[forms.Form] = forms.Form
    more: Callable[[dict[str, Any]], Answer] = dict
    versioned: bool = True

    def arguments(self, request: HttpRequest, invoice_id: UUID, typed: dict[str, Any]) -> dict[str, Any]:
        """What the command is called with."""
        told = dict(self.more(typed)) | {"invoice_id": invoice_id}
        if self.versioned:
            told["expected_version"] = version_of(request)
        return told


def _of_payment(typed: dict[str, Any]) -> Answer:
    return {"payment_id": typed["payment"], "amount": typed["amount"], "reason": typed["reason"]}


DEEDS: dict[str, Wish] = {
    "issue": Wish(commands.issue_invoice, sentence("The invoice has its number.")),
    "pay": Wish(
        commands.take_payment,
        sentence("The payment is written down. Print the receipt."),
        PaymentForm,
        lambda typed: typed | {"issue_first": True},
    ),
    "discount": Wish(commands.give_discount, sentence("What is taken off is written down."), DiscountForm),
    "approve": Wish(
        commands.decide_discount,
        sentence("The discount is approved."),
        more=lambda typed: {"approve": True},
        versioned=False,
    ),
    "refuse": Wish(
        commands.decide_discount,
        sentence("The discount is refused."),
        more=lambda typed: {"approve": False},
        versioned=False,
    ),
    "refund": Wish(
        commands.refund,
        sentence("The refund is written down."),
        RefundForm,
        _of_payment,
        versioned=False,
    ),
    "pay-out": Wish(
        commands.pay_out,
        sentence("The refund is written down."),
        PayOutForm,
        lambda typed: {"due_id": typed["due"]},
        versioned=False,
    ),
    "price": Wish(
        commands.price_line,
        sentence("The price is written down."),
        PriceForm,
        lambda typed: {"line_id": typed["line"], "amount": typed["amount"]},
    ),
    "give-back": Wish(commands.give_back_things, sentence("The refund is written down."), versioned=False),
    "collect": Wish(commands.collect_things, sentence("What was ordered stands on the bill.")),
    "take-off": Wish(
        commands.price_line,
        sentence("It is not on the bill any more."),
        LineForm,
        lambda typed: {"line_id": typed["line"], "amount": None},
    ),
    "send-again": Wish(
        commands.send_again,
        sentence("The refund is sent again."),
        SendAgainForm,
        lambda typed: {"refund_id": typed["refund"]},
        versioned=False,
    ),
}
"""By the last word of the address."""


def _make(request: HttpRequest) -> HttpResponse:
    """Make the bill of a visit, or come to the one it is on."""
    try:
        visit_id = UUID(request.POST.get("visit", ""))
    except ValueError:
        raise Invalid from None
    made = run_form(request, commands.draft_invoice, lambda invoice: {"id": str(invoice.id)}, visit_id=visit_id)
    return redirect("admin:invoice", invoice_id=made["id"])


def _invoice_page(
    request: HttpRequest, invoice_id: UUID, filled: dict[str, forms.Form], status: int = 200
) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    found = seen_by(actor, invoice_id)
    commands.note_bill_opened(actor=actor, now=now, invoice=found)
    draft, lines = found.status == InvoiceStatus.DRAFT, list(found.shown_lines)
    gone, facility = list(taken_back_lines(found)), facility_facts(found.facility_id)
    rest = max(ZERO, found.balance - sum((line.total for line in gone), ZERO)) if not draft else found.balance
    may, asked = actor.permissions, discount_asked(found.id)
    payments = [_with_refund(payment, facility, filled) for payment in found.payments.all()]
    context = admin.site.each_context(request) | {
        "title": found.number or gettext("Bill of %(token)s") % {"token": found.label},
        "invoice": found,
        "person": brief(found.patient, now, actor),
        "draft": draft,
        "lines": lines,
        "payments": payments,
        "asked": asked,
        "own_wish": asked is not None and asked.asked_by == actor.id,
        "may_refund": Permission.PAYMENT_REFUND in may,
        "unpriced": [_unpriced(line, filled) for line in lines if draft and line.unit_price is None],
        "ordered": [line for line in lines if draft and line.key and line.unit_price is not None],
        "dues": refunds_due().filter(payment__invoice=found),
        "taken_back": gone,
        "over": ZERO if draft else over(found),
        "rest": rest,
        "forms": {
            "pay": filled.get("pay") or PaymentForm(initial={"amount": rest}),
            "discount": filled.get("discount") or DiscountForm(),
        },
        "may_pay": Permission.PAYMENT_TAKE in may and found.balance > 0 and not _waits_for_price(lines),
        "may_discount": Permission.INVOICE_DISCOUNT in may and draft,
        "may_issue": Permission.INVOICE_CHANGE in may and draft and bool(lines) and not _waits_for_price(lines),
        "form": next(iter(filled.values()), None),
    }
    return render(request, "billing/invoice.html", context, status=status)


def _waits_for_price(lines: list[Any]) -> bool:
    return any(line.unit_price is None for line in lines)


def _unpriced(line: Any, filled: dict[str, forms.Form]) -> dict[str, Any]:
    """A line that has no price, with the form that gives it one."""
    sent = filled.get("price")
    own = sent is not None and sent.data.get("line") == str(line.id)
    return {"line": line, "form": sent if own else PriceForm(initial={"line": line.id}, auto_id=f"id_{line.id}_%s")}


def _with_refund(payment: Any, facility: Any, filled: dict[str, forms.Form]) -> dict[str, Any]:
    """A payment as the page shows it, with the form that gives it back while something of it is here."""
    left = payment.amount - payment.refunded
    sent = filled.get("refund")
    own = sent is not None and sent.data.get("payment") == str(payment.id)
    fresh = RefundForm(initial={"payment": payment.id, "amount": left}, auto_id=f"id_{payment.id}_%s")
    return {
        "payment": payment,
        "method": METHOD_NAMES[payment.method],
        "clock": facility.clock(payment.received_at),
        "left": left,
        "form": sent if own else fresh,
        "refunds": payment.refunds.all(),
    }


def _dues(due: Iterable[RefundDue], actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """What is to be given back at the till for bookings that were cancelled."""
    may = Permission.PAYMENT_REFUND in actor.permissions
    return [
        _row(row.payment.invoice, actor, now) | {"due": row, "may": may, "token": row.appointment.token} for row in due
    ]


def _row(found: Invoice, actor: Actor, now: datetime) -> dict[str, Any]:
    return {"invoice": found, "name": brief(found.patient, now, actor)["name"], "draft": found.number == ""}


def _without_invoice(text: str, facility: Any, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Visits of today that a search finds, so that a bill can be made before the consultation, too."""
    places = [department.id for department in served_departments(actor)]
    ids = today_of(facility, places, now, Wanted(query=text), actor).values_list("id", flat=True)[:FOUND]
    return [
        {"id": visit.id, "token": visit.token.label, "name": brief(visit.patient, now, actor)["name"]}
        for visit in with_people(list(ids))
        if visit.state not in NOT_CHARGED
    ]
