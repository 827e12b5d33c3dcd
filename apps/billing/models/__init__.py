"""Tables of money."""

from apps.billing.models.gateway import GatewayEvent, GatewayRefund, PaymentLink
from apps.billing.models.invoices import (
    Discount,
    DiscountLimit,
    Invoice,
    InvoiceCounter,
    InvoiceLine,
    Price,
    ThingPrice,
)
from apps.billing.models.ledger import Journal, JournalLine
from apps.billing.models.payments import Payment, Refund, Shift
from apps.billing.models.prepaid import Prepayment, RefundDue

__all__ = [
    "Discount",
    "DiscountLimit",
    "GatewayEvent",
    "GatewayRefund",
    "Invoice",
    "InvoiceCounter",
    "InvoiceLine",
    "Journal",
    "JournalLine",
    "Payment",
    "PaymentLink",
    "Prepayment",
    "Price",
    "Refund",
    "RefundDue",
    "Shift",
    "ThingPrice",
]
