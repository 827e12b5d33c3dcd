"""Money comes and goes back: at the desk."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.db.models import F, QuerySet

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.billing import events
from apps.billing.commands.invoicing import issue, locked_invoice
from apps.billing.commands.posting import post
from apps.billing.models import GatewayRefund, Invoice, Payment, PaymentLink, Refund, RefundDue, Shift
from apps.billing.models.gateway import WAITS
from apps.billing.queries.prepaid import due_of_payment
from apps.billing.rules.books import Deed, Method, of_payment, of_refund
from apps.billing.rules.gateway import LinkState, RefundState
from apps.billing.rules.invoices import InvoiceStatus
from apps.billing.rules.money import ZERO
from apps.billing.rules.prepaying import CANCELLED
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.events import facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission
from apps.core.queries import one


class NotIssued(Conflict):
    code = "not_issued"
    detail = sentence("This invoice is a draft. Issue it first, then take the money.")


class MoreThanDue(Conflict):
    code = "more_than_due"
    detail = sentence("This is more than is still to be paid: %(due)s.")


class MoreThanPaid(Conflict):
    code = "more_than_paid"
    detail = sentence("Not more can go back than was paid and is still here: %(left)s.")


class DueFirst(Conflict):
    code = "refund_due"
    detail = sentence("%(due)s of this payment is to be given back for a cancelled booking. Give that back first.")


class NotDue(Conflict):
    code = "not_due"
    detail = sentence("This was given back already. Look again.")


@command
def take_payment(
    *,
    actor: Actor,
    now: datetime,
    invoice_id: UUID,
    amount: Decimal,
    method: str,
    reference: str = "",
    issue_first: bool = False,
    expected_version: int | None = None,
) -> Payment:
    """Take money at the desk for an invoice; a draft is issued by it with `issue_first`.

    It opens a shift of whoever takes it when none is open. Raises `NotIssued`, `MoreThanDue`.
    """
    lock_streams(facility_stream(actor.facility_id))  # type: ignore[arg-type]  # staff have one
    invoice = locked_invoice(invoice_id, Permission.PAYMENT_TAKE, expected_version)
    if invoice.status == InvoiceStatus.DRAFT:
        if not issue_first:
            raise NotIssued(extra={"state": invoice.status, "version": invoice.version, "allowed": ["issue"]})
        issue(invoice)
    _require_sum(amount)
    if amount > invoice.balance:
        raise MoreThanDue(due=invoice.balance)
    return receive(invoice, Method(method), amount, reference=reference, shift=open_shift())


@step
def receive(
    invoice: Invoice,
    method: Method,
    amount: Decimal,
    *,
    reference: str = "",
    shift: Shift | None = None,
    payment_id: UUID | None = None,
) -> Payment:
    """Write down that money came for a locked, issued invoice: payment, journal, audit, event. The facility's stream
    is locked."""
    now, facility = unit().now, facility_facts(invoice.facility_id)
    payment = Payment.objects.create(
        id=payment_id or uuid4(),
        facility_id=facility.id,
        invoice=invoice,
        shift=shift,
        method=method,
        amount=amount,
        reference=reference,
        day=facility.day_of(now),
        received_at=now,
        received_by=unit().actor.id,
    )
    invoice.paid += amount
    invoice.version += 1
    invoice.save(update_fields=["paid", "version"])
    larger = PaymentLink.objects.filter(invoice=invoice, state__in=WAITS, amount__gt=invoice.balance)
    void(larger.exclude(id=payment.id))
    post(facility.id, Deed.PAYMENT, payment.id, of_payment(method, amount))
    record(
        action="payment.received",
        entity_type="invoice",
        entity_id=invoice.id,
        after={"paymentId": str(payment.id), "method": str(method), "amount": str(amount), "paid": str(invoice.paid)},
    )
    emit(events.payment_captured(facility.id, payment.id, invoice.id))
    return payment


@step
def void(links: QuerySet[PaymentLink]) -> None:
    """Nobody is to pay by these any more; the worker has the gateway close those that it has made."""
    links.update(state=LinkState.VOID, tries=0, next_at=unit().now)


@command
def refund(
    *,
    actor: Actor,
    now: datetime,
    payment_id: UUID,
    amount: Decimal,
    reason: str,
    invoice_id: UUID | None = None,
) -> Refund:
    """Give money of a payment (of this invoice, where that is told) back the way it came.

    Raises `MoreThanPaid`, however many ask at once; `DueFirst` while something of it is due by the rule; `NotFound`.
    """
    found = one(Payment.objects.filter(id=payment_id).values_list("invoice_id", flat=True))
    if found is None or invoice_id not in (None, found):
        raise NotFound
    locked_invoice(found, Permission.PAYMENT_REFUND)
    _require_sum(amount)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    due = due_of_payment(payment_id)
    if due:
        raise DueFirst(due=due.amount)
    return give_back(payment_id, amount, reason.strip(), shift=open_shift())


@command
def pay_out(*, actor: Actor, now: datetime, invoice_id: UUID, due_id: UUID) -> Refund:
    """Give back at the till what is due of this invoice for a booking that was cancelled. Raises `NotDue`, however many
    pay it out at once; `NotFound`."""
    invoice = locked_invoice(invoice_id, Permission.PAYMENT_REFUND)
    due = one(RefundDue.objects.select_for_update(of=("self",)).filter(id=due_id, payment__invoice=invoice))
    if due is None:
        raise NotFound
    if due.refund_id:
        raise NotDue
    due.refund = give_back(due.payment_id, due.amount, CANCELLED, shift=open_shift())
    due.save(update_fields=["refund"])
    return due.refund


@step
def give_back(payment_id: UUID, amount: Decimal, reason: str, shift: Shift | None = None) -> Refund:
    """Write down that money of a payment, whose invoice is locked, went back. Raises `MoreThanPaid`."""
    payment = Payment.objects.select_for_update().get(id=payment_id)
    left = payment.amount - payment.refunded
    if amount > left:
        raise MoreThanPaid(left=left)
    now, facility = unit().now, facility_facts(payment.facility_id)
    Payment.objects.filter(id=payment.id).update(refunded=F("refunded") + amount)
    Invoice.objects.filter(id=payment.invoice_id).update(refunded=F("refunded") + amount, version=F("version") + 1)
    row = Refund.objects.create(
        facility_id=facility.id,
        payment=payment,
        shift=shift,
        amount=amount,
        reason=reason,
        day=facility.day_of(now),
        refunded_at=now,
        refunded_by=unit().actor.id,
    )
    if payment.method == Method.LINK:  # the worker asks the gateway for it
        GatewayRefund.objects.create(facility_id=facility.id, refund=row, state=RefundState.ASKED, next_at=now)
    post(facility.id, Deed.REFUND, row.id, of_refund(Method(payment.method), amount))
    record(
        action="payment.refunded",
        entity_type="invoice",
        entity_id=payment.invoice_id,
        before={"refunded": str(payment.refunded)},
        after={"paymentId": str(payment.id), "amount": str(amount), "refunded": str(payment.refunded + amount)},
        reason=reason,
    )
    return row


@step
def open_shift() -> Shift:
    """The open shift of whoever acts; it begins now when there is none."""
    actor, now = unit().actor, unit().now
    assert actor.id, "money is taken by somebody of the staff"
    assert actor.facility_id, "who works somewhere"
    mine = Shift.objects.filter(staff_id=actor.id, closed_at__isnull=True)
    made = Shift(facility_id=actor.facility_id, staff_id=actor.id, opened_at=now)
    if one(mine) is None:
        Shift.objects.bulk_create([made], ignore_conflicts=True)
    shift = mine.get()
    if shift.id == made.id:
        record(action="shift.opened", entity_type="shift", entity_id=shift.id)
    return shift


def _require_sum(amount: Decimal) -> None:
    """Raises `Invalid` for nothing, less, or parts of a paisa."""
    if amount <= ZERO or amount != amount.quantize(Decimal("0.01")):
        raise Invalid({"amount": [sentence("Say a sum of money above nothing.")]})
