"""Letting somebody off a part of an invoice: within one's limit at once, above it when somebody else agrees."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.audit.commands import record
from apps.billing.commands.charging import reckon
from apps.billing.commands.invoicing import locked_invoice, require_draft
from apps.billing.models import Discount, Invoice
from apps.billing.queries.invoices import discount_asked, limit_of
from apps.billing.rules.discounts import DiscountState, within_limit
from apps.billing.rules.money import percent_of, to_paisa
from apps.core.commands import command, step
from apps.core.errors import Conflict, Forbidden, Invalid, sentence
from apps.core.policy import Actor, Permission
from apps.core.queries import one


class AboveInvoice(Conflict):
    code = "above_invoice"
    detail = sentence("This is more than is to be paid. Take off less.")


class AlreadyAsked(Conflict):
    code = "discount_waits"
    detail = sentence("A discount on this invoice waits for approval. Somebody who may give it decides first.")


class NothingAsked(Conflict):
    code = "nothing_asked"
    detail = sentence("No discount waits on this invoice.")


class SomebodyElse(Conflict):
    code = "needs_another"
    detail = sentence("Somebody else has to decide this: who asked for a discount does not approve it.")


@command
def give_discount(
    *,
    actor: Actor,
    now: datetime,
    invoice_id: UUID,
    reason: str,
    amount: Decimal | None = None,
    percent: Decimal | None = None,
    expected_version: int | None = None,
) -> tuple[Invoice, Discount]:
    """Take a sum or so many per cent off a draft: at once within the own limit, else it is asked for.

    Returns the invoice and the discount, GIVEN or ASKED. Raises `AboveInvoice`, `AlreadyAsked`, `AlreadyIssued`.
    """
    invoice = locked_invoice(invoice_id, Permission.INVOICE_DISCOUNT, expected_version)
    require_draft(invoice)
    off = _sum(invoice, amount, percent)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    if invoice.discount_total + off > invoice.subtotal:
        raise AboveInvoice
    if discount_asked(invoice.id):
        raise AlreadyAsked
    assert actor.id, "a discount is given by somebody"
    allowed = within_limit(invoice.discount_total + off, invoice.subtotal, limit_of(actor.role))
    state = DiscountState.GIVEN if allowed else DiscountState.ASKED
    row = Discount.objects.create(
        facility_id=invoice.facility_id,
        invoice=invoice,
        amount=off,
        reason=reason.strip(),
        state=state,
        asked_by=actor.id,
        asked_at=now,
    )
    _enter(invoice, row, "discount.given" if allowed else "discount.asked")
    return invoice, row


@command
def decide_discount(*, actor: Actor, now: datetime, invoice_id: UUID, approve: bool) -> tuple[Invoice, Discount]:
    """Approve or refuse the discount that an invoice waits for; whoever asked for it withdraws it by a refusal.

    Raises, of an approval, `SomebodyElse` to who asked for it and `Forbidden` to whom it is above the own limit;
    `NothingAsked` when nothing waits.
    """
    invoice = locked_invoice(invoice_id, Permission.INVOICE_DISCOUNT)
    row = one(Discount.objects.select_for_update().filter(invoice_id=invoice.id, state=DiscountState.ASKED))
    if row is None:
        raise NothingAsked
    own = row.asked_by == actor.id
    if approve and own:
        raise SomebodyElse
    if approve and not within_limit(invoice.discount_total + row.amount, invoice.subtotal, limit_of(actor.role)):
        raise Forbidden(permission=str(Permission.INVOICE_DISCOUNT))
    refused = DiscountState.WITHDRAWN if own else DiscountState.REFUSED
    row.state = DiscountState.GIVEN if approve else refused
    row.decided_by, row.decided_at = None if own else actor.id, now
    row.save(update_fields=["state", "decided_by", "decided_at"])
    _enter(invoice, row, DECIDED[row.state])
    return invoice, row


DECIDED = {
    DiscountState.GIVEN: "discount.approved",
    DiscountState.REFUSED: "discount.refused",
    DiscountState.WITHDRAWN: "discount.withdrawn",
}
"""The audit's word for what became of a discount that waited."""


@step
def _enter(invoice: Invoice, row: Discount, action: str) -> None:
    """Reckon the invoice with what was given, and leave the audit row."""
    before = invoice.discount_total
    if row.state == DiscountState.GIVEN:
        reckon(invoice, before + row.amount)
    record(
        action=action,
        entity_type="invoice",
        entity_id=invoice.id,
        before={"discountTotal": str(before)},
        after={"discountTotal": str(invoice.discount_total), "amount": str(row.amount)},
        reason=row.reason,
    )


def _sum(invoice: Invoice, amount: Decimal | None, percent: Decimal | None) -> Decimal:
    """What is taken off, in money. Raises `Invalid` unless exactly one of both is given and is more than nothing."""
    if (amount is None) == (percent is None):
        raise Invalid({"amount": [sentence("Say a sum or per cent, not both.")]})
    off = to_paisa(amount) if amount is not None else percent_of(invoice.subtotal, percent or Decimal(0))
    if off <= 0 or (percent is not None and percent > 100):
        raise Invalid({"amount": [sentence("A discount is more than nothing and at most everything.")]})
    return off
