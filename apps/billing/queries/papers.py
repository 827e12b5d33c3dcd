"""What stands on paper and on people's own pages about money."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.queries import facility_facts
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.rules.books import Method
from apps.core.languages import named

METHOD_NAMES = {
    str(Method.CASH): _("Cash"),
    str(Method.CARD): _("Card"),
    str(Method.UPI): _("UPI"),
    str(Method.LINK): _("Link"),
}
"""How somebody paid, in words."""


def _what_for(line: InvoiceLine, language: str) -> str:
    """What a line is for, in a language: a visit by its department, or by department and doctor, as long as they are
    called as on the day; all else as the price list has it."""
    visit = line.visit
    if visit is None:
        return line.description
    whom = [one for one in (visit.department, visit.doctor) if one]
    for known in (whom, whom[:1]):
        if line.description == ", ".join(one.name for one in known):
            return ", ".join(named(one, language) for one in known)
    return line.description


def receipt_of(invoice: Invoice, now: datetime) -> dict[str, Any]:
    """An issued invoice with what was paid of it, as its paper shows it, in the patient's language."""
    facility, language = facility_facts(invoice.facility_id), invoice.patient.language
    lines: list[Any] = list(invoice.shown_lines.select_related("visit__department", "visit__doctor"))
    for line in lines:
        line.said = _what_for(line, language)
    return {
        "invoice": invoice,
        "language": language,
        "hospital": named(facility, language),
        "name": invoice.patient.name,
        "uhid": invoice.patient.uhid,
        "address": facility.address,
        "lines": lines,
        "payments": [
            {"payment": payment, "method": METHOD_NAMES[payment.method]} for payment in invoice.payments.all()
        ],
        "refunds": [refund for payment in invoice.payments.all() for refund in payment.refunds.all()],
        "printed_at": facility.clock(now),
    }
