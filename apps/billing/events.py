"""What billing tells others: ids and states, no sums and no persons."""

from uuid import UUID

from apps.core.events import Event, facility_stream

PAYMENT_CAPTURED = "PAYMENT_CAPTURED"

CATALOGUE: dict[str, str] = {
    PAYMENT_CAPTURED: "Money came for an invoice, at the desk or through the gateway (document 002).",
}
"""Every event type of this app, for `docs/events.md`."""


def payment_captured(facility_id: UUID, payment_id: UUID, invoice_id: UUID) -> Event:
    """Money came for an invoice."""
    about = {"invoiceId": str(invoice_id)}
    return Event(facility_stream(facility_id), PAYMENT_CAPTURED, "payment", payment_id, 1, about)
