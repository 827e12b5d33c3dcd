"""A family's bills on their own pages: what is due, receipts, and paying by link."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.accounts.queries import facility_facts
from apps.billing import commands, razorpay
from apps.billing.queries.gateway import open_link, payable_link
from apps.billing.queries.invoices import own_invoice, own_invoices
from apps.billing.queries.papers import receipt_of
from apps.billing.queries.prepaid import own_wish, own_wishes
from apps.billing.queries.sheet import TEMPLATE, invoice_sheet
from apps.billing.rules.prepaying import PrepaidState
from apps.core import paper
from apps.core.errors import Conflict
from apps.core.policy import Permission
from apps.core.views import actor_of, page, run_form, said
from apps.patients.queries import code_is_fresh, require_fresh_code

SHOWN = 50
"""Bills on the page, the newest."""


@page(policy=Permission.BILL_OWN, door="login")
def bills(request: HttpRequest) -> HttpResponse:
    """Everything that was issued to the people under a phone, and what they wish for and have not paid yet."""
    actor = actor_of(request)
    context = {"bills": own_invoices(actor)[:SHOWN], "wishes": own_wishes(actor, timezone.now())[:SHOWN]}
    return render(request, "me/bills.html", context)


@page(policy=Permission.BILL_OWN, door="login")
def bill(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """One bill: what is due and, soon after a code or after the new one that `?whole=1` asks for, all that stands on
    it. While its link is being made there is a button to look again."""
    if "whole" in request.GET:
        require_fresh_code(actor_of(request), timezone.now())
    return _bill(request, invoice_id)


@page(policy=Permission.BILL_OWN, door="login")
def file(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """One bill with its receipt, to keep, after a fresh code."""
    actor, now = actor_of(request), timezone.now()
    require_fresh_code(actor, now)
    found = own_invoice(actor, invoice_id)
    sheet = invoice_sheet(found, now)
    made = paper.pdf(TEMPLATE, sheet)
    commands.note_bill_opened(actor=actor, now=now, invoice=found, by="bill file", each=True)
    return paper.download(made, sheet["name"])


@page(policy=Permission.BILL_OWN, methods=("POST",), door="login")
def pay(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Ask for a link to pay by."""
    try:
        run_form(request, commands.ask_link, lambda _link: {}, invoice_id=invoice_id)
    except Conflict as refusal:
        return _bill(request, invoice_id, said(refusal), refusal.status)
    return redirect("own-bill", invoice_id=invoice_id)


@page(policy=Permission.BILL_OWN, door="login")
def priority(request: HttpRequest, wish_id: UUID) -> HttpResponse:
    """A place that is somebody's once they have paid for it: what it costs, until when, and what became of it."""
    found, now = own_wish(actor_of(request), wish_id), timezone.now()
    if found.appointment_id:
        return redirect("own-booking", found.appointment_id)
    facility = facility_facts(found.facility_id)
    context = {
        "wish": found,
        "invoice": found.invoice,
        "waits": found.state == PrepaidState.WAITS and found.expires_at and now < found.expires_at,
        "paid": found.invoice.paid,
        "returned": found.state == PrepaidState.RETURNED,
        "link": open_link(found.invoice_id),
        "hours": f"{facility.clock(found.slot.starts_at)}–{facility.clock(found.slot.ends_at)}",
        "until": facility.clock(found.expires_at) if found.expires_at else "",
    }
    return render(request, "me/priority.html", context)


def _bill(request: HttpRequest, invoice_id: UUID, refused: str = "", status: int = 200) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    found, whole = own_invoice(actor, invoice_id), code_is_fresh(actor, now)
    if whole:
        commands.note_bill_opened(actor=actor, now=now, invoice=found)
    context = {
        "invoice": found,
        "receipt": receipt_of(found, now) if whole else None,
        "link": payable_link(found, found.to_pay),  # type: ignore[attr-defined]  # of own_invoices
        "online": razorpay.is_set_up(),
        "refused": refused,
    }
    return render(request, "me/bill.html", context, status=status)
