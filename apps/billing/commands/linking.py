"""Paying by link: a link is wished for here, made by the gateway later, and paid when the gateway says so, signed."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from apps.audit.commands import record
from apps.billing.commands.invoicing import locked_invoice
from apps.billing.commands.paying import MoreThanDue, NotIssued, void
from apps.billing.models import GatewayEvent, GatewayRefund, Invoice, PaymentLink
from apps.billing.models.gateway import WAITS
from apps.billing.queries.gateway import RECONCILED_AFTER, facility_of_link, open_link
from apps.billing.queries.invoices import given_up, own_invoice, taken_back_of
from apps.billing.rules.gateway import ENDED, Fault, Kind, LinkState, RefundState, Told
from apps.billing.rules.invoices import InvoiceStatus
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.policy import Actor, ActorType, Permission, Scope
from apps.core.queries import one

PAUSES = (5, 25, 60, 120, 300)
"""Seconds until something is tried again at the gateway; the last for ever after."""

CLAIM = timedelta(minutes=1)
"""How long a worker has a refund for itself: longer than the gateway may take to answer."""


class NothingDue(Conflict):
    code = "nothing_due"
    detail = sentence("There is nothing to pay any more.")


class NoGateway(Conflict):
    code = "no_gateway"
    detail = sentence("Paying by phone is not set up here. Please pay at the desk.")


class NotRefused(Conflict):
    code = "not_refused"
    detail = sentence("The payment service has not refused this refund. Look again in a moment.")


@command
def ask_link(
    *,
    actor: Actor,
    now: datetime,
    invoice_id: UUID,
    amount: Decimal | None = None,
    expected_version: int | None = None,
) -> PaymentLink:
    """Wish for a link by which an invoice, or a part of it, is paid; the open one if there is one over the same sum.

    The gateway makes it in a moment; an open one over another sum is of no more use. Raises `NoGateway`, `NothingDue`,
    `NotIssued`, `MoreThanDue`; `NotFound` to patients whose it is not.
    """
    if not settings.RAZORPAY_KEY_ID:
        raise NoGateway
    if actor.type is ActorType.PATIENT:
        own_invoice(actor, invoice_id)
    invoice = _locked(invoice_id, actor, expected_version)
    if invoice.status == InvoiceStatus.DRAFT:
        raise NotIssued(extra={"state": invoice.status, "version": invoice.version, "allowed": ["issue"]})
    due = invoice.balance - taken_back_of(invoice)
    if due <= 0 or Invoice.objects.filter(given_up(), id=invoice.id).exists():
        raise NothingDue
    wanted = amount or due
    if wanted > due:
        raise MoreThanDue(due=due)
    known = open_link(invoice.id)
    if known and known.amount == wanted:
        return known
    if known:
        void(PaymentLink.objects.filter(id=known.id))
    return new_link(invoice, wanted, now + timedelta(hours=settings.PAYMENT_LINK_HOURS))


@step
def new_link(invoice: Invoice, amount: Decimal, expires_at: datetime) -> PaymentLink:
    """Wish for a link by which a locked invoice is paid until a moment."""
    now = unit().now
    link = PaymentLink.objects.create(
        facility_id=invoice.facility_id,
        invoice=invoice,
        amount=amount,
        currency=invoice.currency,
        state=LinkState.ASKED,
        asked_at=now,
        expires_at=expires_at,
        next_at=now,
    )
    record(action="payment.link_asked", entity_type="invoice", entity_id=invoice.id, after={"linkId": str(link.id)})
    return link


@command
def let_link_expire(*, actor: Actor, now: datetime, link_id: UUID) -> bool:
    """Nobody is to pay by a link whose time is over, and the gateway is to close it; False when it was paid meanwhile.
    Whoever still owes gets a new one."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    link = PaymentLink.objects.select_for_update().get(id=link_id)
    if link.state not in WAITS or link.expires_at > now:
        return False
    void(PaymentLink.objects.filter(id=link.id))
    after = {"linkId": str(link.id)}
    record(action="payment.link_expired", entity_type="invoice", entity_id=link.invoice_id, after=after)
    return True


@command
def note_link(*, actor: Actor, now: datetime, link_id: UUID, reference: str, url: str) -> None:
    """The gateway has made a link. It is kept of one that is of no more use, too, so that it is closed there."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    link = PaymentLink.objects.select_for_update().get(id=link_id)
    link.reference, link.url, link.tries = reference, url, 0
    if link.state == LinkState.ASKED:
        link.state, link.next_at = LinkState.OPEN, now + RECONCILED_AFTER
    link.save(update_fields=["reference", "url", "tries", "state", "next_at"])


@command
def try_later(*, actor: Actor, now: datetime, link_id: UUID, gives_up: bool = False, status: str = "") -> None:
    """The gateway could not be asked about a link, or had nothing new: when it is asked again. By its `status`
    it may take nothing more by this link."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    link = PaymentLink.objects.select_for_update().get(id=link_id)
    link.next_at, link.tries = now + pause(link.tries), min(link.tries + 1, len(PAUSES))
    if status in ENDED:
        link.closed_at = now
    over = status in ENDED and status != "paid" and link.state == LinkState.OPEN
    if over or (gives_up and link.state == LinkState.ASKED):
        link.state = LinkState.VOID
    link.save(update_fields=["next_at", "tries", "state", "closed_at"])


@command
def claim_refund(*, actor: Actor, now: datetime, refund_id: UUID) -> bool:
    """Take a refund that is due for oneself, before the gateway is asked; False when another worker has it."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    due = GatewayRefund.objects.filter(refund_id=refund_id, state=RefundState.ASKED, next_at__lte=now)
    return due.update(next_at=now + CLAIM) == 1


@command
def note_sent(*, actor: Actor, now: datetime, refund_id: UUID, reference: str = "", gives_up: bool = False) -> None:
    """The gateway has taken a refund (`reference`), cannot now, or never will."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    row = GatewayRefund.objects.select_for_update().get(refund_id=refund_id)
    if row.state != RefundState.ASKED:
        return
    row.next_at, row.tries = now + pause(row.tries), min(row.tries + 1, len(PAUSES))
    if reference or gives_up:
        row.state, row.reference = (RefundState.SENT if reference else RefundState.FAILED), reference
    row.save(update_fields=["next_at", "tries", "state", "reference"])


@command
def send_again(*, actor: Actor, now: datetime, invoice_id: UUID, refund_id: UUID) -> GatewayRefund:
    """Have a refund of this invoice that the gateway refused for good asked for once more. Raises `NotRefused`."""
    invoice = locked_invoice(invoice_id, Permission.PAYMENT_REFUND)
    of_it = GatewayRefund.objects.select_for_update().filter(refund__payment__invoice=invoice)
    row = one(of_it.filter(refund_id=refund_id))
    if row is None:
        raise NotFound
    if row.state != RefundState.FAILED:
        raise NotRefused
    row.state, row.reference, row.next_at, row.tries, row.again = RefundState.ASKED, "", now, 0, row.again + 1
    row.save(update_fields=["state", "reference", "next_at", "tries", "again"])
    after = {"refundId": str(refund_id), "again": row.again}
    record(action="payment.refund_sent_again", entity_type="invoice", entity_id=invoice.id, after=after)
    return row


@command
def take_in(*, actor: Actor, now: datetime, event_id: str, told: Told) -> None:
    """Keep what the gateway told, once, whatever it is about. Nothing is done here: the worker settles it."""
    facility_id = facility_of_link(told.link_id)
    settled = told.kind is Kind.OTHER or facility_id is None
    row = GatewayEvent(
        event_id=event_id,
        facility_id=facility_id,
        kind=told.kind,
        link_id=told.link_id if facility_id else None,
        payment_ref=told.payment_ref,
        refund_ref=told.refund_ref,
        own_refund=told.own_refund,
        paise=told.paise,
        currency=told.currency,
        received_at=now,
        settled_at=now if settled else None,
        fault=Fault.UNKNOWN_LINK if facility_id is None and told.kind is not Kind.OTHER else "",
    )
    GatewayEvent.objects.bulk_create([row], ignore_conflicts=True)


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries."""
    return timedelta(seconds=PAUSES[min(tries, len(PAUSES) - 1)])


def _locked(invoice_id: UUID, actor: Actor, expected_version: int | None) -> Invoice:
    if actor.type is not ActorType.PATIENT:
        return locked_invoice(invoice_id, Permission.PAYMENT_TAKE, expected_version)
    return Invoice.objects.select_for_update().get(id=invoice_id)
