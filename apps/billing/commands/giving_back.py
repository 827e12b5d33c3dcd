"""What was paid for a test or a medicine that was taken back since."""

from datetime import datetime
from uuid import UUID

from apps.billing.commands.invoicing import locked_invoice
from apps.billing.commands.paying import DueFirst, NotDue, give_back, open_shift
from apps.billing.models import Refund
from apps.billing.queries.invoices import over
from apps.billing.queries.prepaid import due_of_payment
from apps.billing.rules.invoices import TAKEN_BACK
from apps.billing.rules.prepaying import dealt_back
from apps.core.commands import command
from apps.core.policy import Actor, Permission


@command
def give_back_things(*, actor: Actor, now: datetime, invoice_id: UUID) -> list[Refund]:
    """Give back what was paid for the tests and medicines of an issued invoice that were taken back since, each payment
    the way it came, the last one first. Nothing more than what is here beyond the rest of the bill.

    Raises `NotDue`, however many give it back at once; `DueFirst` while something is due by the rule of bookings."""
    invoice = locked_invoice(invoice_id, Permission.PAYMENT_REFUND)
    amount = over(invoice)
    if not amount:
        raise NotDue
    payments = list(invoice.payments.all())
    waits = next(filter(None, (due_of_payment(payment.id) for payment in payments)), None)
    if waits:
        raise DueFirst(due=waits.amount)
    parts = dealt_back(amount, [payment.amount - payment.refunded for payment in payments])
    shift = open_shift()
    return [
        give_back(payment.id, part, TAKEN_BACK, shift=shift)
        for payment, part in zip(payments, parts, strict=True)
        if part
    ]
