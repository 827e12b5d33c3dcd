"""What stands on paper and on people's own pages about money."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.queries import facility_facts
from apps.billing.models import Invoice
from apps.billing.rules.books import Method
from apps.core.languages import named

METHOD_NAMES = {
    str(Method.CASH): _("Cash"),
    str(Method.CARD): _("Card"),
    str(Method.UPI): _("UPI"),
    str(Method.LINK): _("Link"),
}
"""How somebody paid, in words."""


def receipt_of(invoice: Invoice, now: datetime) -> dict[str, Any]:
    """An issued invoice with what was paid of it, as its paper shows it, in the patient's language."""
    facility = facility_facts(invoice.facility_id)
    return {
        "invoice": invoice,
        "language": invoice.patient.language,
        "hospital": named(facility, invoice.patient.language),
        "name": invoice.patient.name,
        "uhid": invoice.patient.uhid,
        "address": facility.address,
        "lines": list(invoice.shown_lines),
        "payments": [
            {"payment": payment, "method": METHOD_NAMES[payment.method]} for payment in invoice.payments.all()
        ],
        "refunds": [refund for payment in invoice.payments.all() for refund in payment.refunds.all()],
        "printed_at": facility.clock(now),
    }
