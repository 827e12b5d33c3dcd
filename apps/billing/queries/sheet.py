"""An invoice with its receipt on a sheet of A4, as a PDF file: its template's values, in the patient's language."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.billing.models import Invoice
from apps.billing.queries.papers import receipt_of
from apps.billing.templatetags.money import money
from apps.core.languages import named

TEMPLATE = "invoice.typ"


def invoice_sheet(invoice: Invoice, now: datetime) -> dict[str, Any]:
    """`{title, hospital, facts, columns, lines, sums, page, foot, name, language}` of an issued invoice."""
    told = receipt_of(invoice, now)
    with translation.override(told["language"]):
        return _words(invoice, told, now)


def _words(invoice: Invoice, told: dict[str, Any], now: datetime) -> dict[str, Any]:
    facility = facility_facts(invoice.facility_id)
    printed = f"{date_format(facility.day_of(now), 'j M Y')} {told['printed_at']}"
    return {
        "language": told["language"],
        "title": gettext("Invoice and receipt"),
        "hospital": {"name": named(facility), "lines": [part for part in (facility.address, facility.phone) if part]},
        "facts": _facts(invoice),
        "columns": [gettext("Description"), gettext("Quantity"), gettext("Price"), gettext("Tax"), gettext("Total")],
        "lines": [_line(line, invoice.currency) for line in told["lines"]],
        "sums": _sums(invoice, told),
        "page": gettext("Page"),
        "foot": gettext("Printed %(time)s.") % {"time": printed},
        "name": f"invoice-{invoice.number}",
    }


def _facts(invoice: Invoice) -> list[dict[str, str]]:
    told = (
        (gettext("Invoice"), invoice.number),
        (gettext("Date"), date_format(invoice.day, "j M Y")),
        (gettext("For"), invoice.patient.name),
        (gettext("UHID"), invoice.patient.uhid),
        (gettext("Department"), named(invoice.department)),
        (gettext("Token"), invoice.label),
    )
    return [{"label": label, "value": value} for label, value in told if value]


def _line(line: Any, currency: str) -> list[str]:
    free = f" ({gettext('Free revisit')})" if line.free_revisit else ""
    tax = f"{line.tax_percent.normalize():f} %" if line.tax_percent else ""
    net = line.unit_price * line.quantity
    return [
        f"{line.said}{free}",
        str(line.quantity),
        money(line.unit_price, currency),
        tax,
        money(net, currency),
    ]


def _sums(invoice: Invoice, told: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[tuple[str, Decimal, bool]] = []
    if invoice.discount_total:
        rows.append((gettext("Discount"), -invoice.discount_total, False))
    if invoice.tax_total:
        rows.append((gettext("Tax"), invoice.tax_total, False))
    rows.append((gettext("Total"), invoice.grand_total, True))
    for row in told["payments"]:
        paid = gettext("Paid by %(method)s") % {"method": row["method"]}
        rows.append((f"{paid}, {date_format(row['payment'].day, 'j M Y')}", row["payment"].amount, False))
    for refund in told["refunds"]:
        rows.append((f"{gettext('Given back')}, {date_format(refund.day, 'j M Y')}", refund.amount, False))
    rows.append((gettext("To be paid"), invoice.balance, True))
    return [{"label": label, "value": money(sum_, invoice.currency), "strong": strong} for label, sum_, strong in rows]
