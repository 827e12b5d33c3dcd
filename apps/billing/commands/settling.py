"""Acting on what the gateway told: everything that is known of one link, in an order of our own."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.audit.commands import record
from apps.billing.commands.invoicing import issue
from apps.billing.commands.paying import give_back, receive
from apps.billing.models import GatewayEvent, GatewayRefund, Invoice, Payment, PaymentLink
from apps.billing.queries.books import require_whole_house
from apps.billing.queries.invoices import given_up
from apps.billing.rules.books import Method
from apps.billing.rules.gateway import ORDER, Fault, Kind, LinkState, RefundState
from apps.billing.rules.invoices import InvoiceStatus
from apps.billing.rules.money import in_paise, of_paise
from apps.billing.rules.prepaying import CANCELLED
from apps.core.commands import command, step
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Role, Scope
from apps.core.queries import one

AT_GATEWAY = sentence("at the gateway")
"""The reason of a refund that was not made here; translated when it is shown."""


@command
def settle_link(*, actor: Actor, now: datetime, link_id: UUID) -> int:
    """Act on what was told of a link, in an order of our own; how many events are settled by it.

    However often and in whatever order it was told, the books are the same. What cannot be right is set aside.
    """
    assert actor.facility_id, "a gateway's link is some facility's"
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    lock_streams(facility_stream(actor.facility_id))
    invoice = Invoice.objects.select_for_update(of=("self",)).get(links=link_id)  # before its link, as everywhere
    link = PaymentLink.objects.select_for_update().get(id=link_id)
    due = GatewayEvent.objects.select_for_update().filter(link_id=link_id, settled_at__isnull=True)
    settled = 0
    for event in sorted(due, key=lambda e: (ORDER.index(Kind(e.kind)), e.id)):
        fault = _settle(link, invoice, event)
        if fault is None:
            continue
        if fault and _set_aside(event).filter(kind=event.kind, refund_ref=event.refund_ref, fault=fault).exists():
            fault = ""  # it was told before, or found by asking, and is shown
        event.settled_at, event.fault = now, fault
        event.save(update_fields=["settled_at", "fault"])
        settled += 1
        if fault:
            record(action="payment.set_aside", entity_type="invoice", entity_id=invoice.id, reason=fault)
    return settled


class LookedInto(Conflict):
    code = "looked_into"
    detail = sentence("Somebody has looked into this already.")


@command
def look_into(*, actor: Actor, now: datetime, event_id: int, finding: str) -> GatewayEvent:
    """Somebody has looked into what was set aside, and says what came of it: it is shown no more. What is about no link
    of any hospital is for administrators. Raises `LookedInto`, `Invalid`, `NotFound`."""
    actor.require(Permission.PAYMENT_REFUND, Scope(actor.facility_id))
    require_whole_house(actor, Permission.PAYMENT_REFUND)
    of_it = GatewayEvent.objects.select_for_update().filter(Q(facility_id=actor.facility_id) | Q(facility_id=None))
    event = one(of_it.filter(id=event_id).exclude(fault=""))
    if event is None or (event.facility_id is None and actor.role is not Role.ADMIN):
        raise NotFound
    if not finding.strip():
        raise Invalid({"finding": [sentence("Say why.")]})
    if event.looked_at:
        raise LookedInto
    event.looked_at, event.looked_by, event.finding = now, actor.id, finding.strip()
    event.save(update_fields=["looked_at", "looked_by", "finding"])
    record(
        action="payment.looked_into",
        entity_type="gateway_event",
        entity_id=event.event_id,
        after={"fault": event.fault, "paise": event.paise},
        reason=event.finding,
    )
    return event


@step
def _settle(link: PaymentLink, invoice: Invoice, event: GatewayEvent) -> str | None:
    """Do what follows of one event: "" or the fault; None while it has to wait for another one."""
    payment = Payment.objects.filter(id=link.id).first()
    if event.kind == Kind.CAPTURED:
        return _capture(link, invoice, event, payment)
    if event.kind not in (Kind.REFUNDED, Kind.REFUND_FAILED):
        return ""
    if payment is None or payment.reference != event.payment_ref:
        if _set_aside(event).filter(kind=Kind.CAPTURED).exists():  # what never came in here cannot go back
            return "" if event.kind == Kind.REFUNDED else Fault.REFUND_FAILED
        return None if payment is None else Fault.OTHER_PAYMENT
    return _refunded(payment, event) if event.kind == Kind.REFUNDED else _refund_failed(payment, event)


def _set_aside(event: GatewayEvent) -> QuerySet[GatewayEvent]:
    """What was told of the same payment by the same link and set aside."""
    told = GatewayEvent.objects.filter(link_id=event.link_id, payment_ref=event.payment_ref)
    return told.exclude(fault="")


@step
def _capture(link: PaymentLink, invoice: Invoice, event: GatewayEvent, payment: Payment | None) -> str:
    if event.paise != in_paise(link.amount):
        return Fault.WRONG_AMOUNT
    if event.currency != link.currency:
        return Fault.WRONG_CURRENCY
    if payment:
        return "" if payment.reference == event.payment_ref else Fault.PAID_TWICE
    if invoice.balance < link.amount:
        return Fault.NOTHING_DUE
    if invoice.status == InvoiceStatus.DRAFT:  # a wish becomes an invoice by being paid
        issue(invoice)
    receive(invoice, Method.LINK, link.amount, reference=event.payment_ref, payment_id=link.id)
    PaymentLink.objects.filter(id=link.id).update(state=LinkState.PAID)
    if Invoice.objects.filter(given_up(), id=invoice.id).exists():  # paid on a page that was open still
        give_back(link.id, link.amount, CANCELLED)
    return ""


@step
def _refunded(payment: Payment, event: GatewayEvent) -> str:
    own = GatewayRefund.objects.filter(refund__payment=payment)
    known = own.filter(reference=event.refund_ref).first()
    if known is None and event.own_refund:
        known = own.filter(refund_id=event.own_refund).first()
    amount = of_paise(event.paise)
    if known:
        if known.reference not in ("", event.refund_ref):
            return Fault.OTHER_REFUND
        if known.refund.amount != amount:
            return Fault.WRONG_AMOUNT
        own.filter(id=known.id).update(state=RefundState.DONE, reference=event.refund_ref)
        return ""
    if not 0 < amount <= payment.amount - payment.refunded:
        return Fault.MORE_THAN_PAID
    row = give_back(payment.id, amount, AT_GATEWAY)
    GatewayRefund.objects.filter(refund=row).update(state=RefundState.DONE, reference=event.refund_ref)
    return ""


@step
def _refund_failed(payment: Payment, event: GatewayEvent) -> str | None:
    """One of ours becomes FAILED, as its reference says; before it has one the worker is still asking for it. Of one
    that was made there and never entered a person has to know."""
    own = GatewayRefund.objects.filter(refund__payment=payment)
    known = own.filter(refund_id=event.own_refund).first() if event.own_refund else None
    if known and known.state == RefundState.ASKED:
        return None
    failed = own.filter(reference=event.refund_ref).update(state=RefundState.FAILED)
    return "" if known or failed else Fault.REFUND_FAILED
