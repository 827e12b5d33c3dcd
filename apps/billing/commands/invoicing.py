"""From what was done to an invoice with a number."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.billing.commands.charging import InvoiceChanged, reckon, still_off, take_line_off
from apps.billing.commands.posting import post
from apps.billing.models import Invoice, InvoiceCounter
from apps.billing.queries.invoices import UNPAID_WISH, discount_asked
from apps.billing.rules.books import Deed, of_invoice
from apps.billing.rules.invoices import InvoiceStatus, financial_year, invoice_number
from apps.billing.rules.money import ZERO, Totals, to_paisa
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one


class NothingOnIt(Conflict):
    code = "nothing_on_it"
    detail = sentence("This bill is empty. Put something on it before you issue it.")


class Unpriced(Conflict):
    code = "unpriced"
    detail = sentence("Something on this bill has no price yet. Say its price, or take it off.")


class HasPrice(Conflict):
    code = "has_price"
    detail = sentence("This has its price already. Take something off the bill if it should cost less.")


class AlreadyIssued(Conflict):
    code = "already_issued"
    detail = sentence("This invoice was issued and cannot be changed any more.")


class DiscountWaits(Conflict):
    code = "discount_waits"
    detail = sentence("A discount on this invoice waits for approval. Somebody who may give it decides first.")


@command
def price_line(
    *,
    actor: Actor,
    now: datetime,
    invoice_id: UUID,
    line_id: int,
    amount: Decimal | None,
    expected_version: int | None = None,
) -> Invoice:
    """Say what something costs of which the price list says nothing; None takes it, or any test or medicine, off the
    bill, so that it does not come back. What has a price keeps it. Raises `AlreadyIssued`, `HasPrice`, `NotFound`."""
    invoice = locked_invoice(invoice_id, Permission.INVOICE_CHANGE, expected_version)
    require_draft(invoice)
    line = one(invoice.lines.filter(id=line_id))
    if line is None:
        raise NotFound
    if line.unit_price is not None and not (amount is None and line.key):
        raise HasPrice
    if amount is None and not line.key:
        take_line_off(invoice, line)
        return invoice
    line.quantity, line.unit_price, line.discount = (0, ZERO, ZERO) if amount is None else (1, to_paisa(amount), ZERO)
    line.take(line.charge)
    line.save(update_fields=["quantity", "unit_price", "discount", "tax", "total"])
    reckon(invoice, still_off(invoice))
    record(
        action="invoice.priced",
        entity_type="invoice",
        entity_id=invoice.id,
        after={
            "line": line.id,
            "quantity": line.quantity,
            "unitPrice": str(line.unit_price),
            "grandTotal": str(invoice.grand_total),
        },
    )
    return invoice


@command
def issue_invoice(*, actor: Actor, now: datetime, invoice_id: UUID, expected_version: int | None = None) -> Invoice:
    """Give an invoice its number; from then on it stands. Raises `AlreadyIssued`, `NothingOnIt`, `Unpriced`,
    `DiscountWaits`."""
    invoice = locked_invoice(invoice_id, Permission.INVOICE_CHANGE, expected_version)
    return issue(invoice)


@step
def issue(invoice: Invoice) -> Invoice:
    """Issue a locked draft: the next number of the financial year, and its journal."""
    require_draft(invoice)
    prices = list(invoice.lines.values_list("unit_price", flat=True))
    if not prices:
        raise NothingOnIt
    if None in prices:
        raise Unpriced
    if discount_asked(invoice.id):
        raise DiscountWaits
    facility, now = facility_facts(invoice.facility_id), unit().now
    day = facility.day_of(now)
    year = financial_year(day)
    sequence = next_number(facility.id, year)
    invoice.number = invoice_number(facility.code, year, sequence)
    invoice.day, invoice.year, invoice.sequence, invoice.issued_at = day, year, sequence, now
    invoice.status, invoice.version = InvoiceStatus.ISSUED, invoice.version + 1
    invoice.save(update_fields=["number", "day", "year", "sequence", "issued_at", "status", "version"])
    sums = Totals(invoice.subtotal, invoice.discount_total, invoice.tax_total)
    post(facility.id, Deed.INVOICE, invoice.id, of_invoice(sums))
    record(
        action="invoice.issued",
        entity_type="invoice",
        entity_id=invoice.id,
        after={"number": invoice.number, "grandTotal": str(invoice.grand_total), "version": invoice.version},
    )
    return invoice


@step
def next_number(facility_id: UUID, year: int) -> int:
    """The next number of a financial year. Its counter stays locked until the commit: no gap, and nothing twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {InvoiceCounter._meta.db_table} AS c (facility_id, year, last) VALUES (%s, %s, 1)"  # noqa: S608
            " ON CONFLICT (facility_id, year) DO UPDATE SET last = c.last + 1 RETURNING last",
            [facility_id, year],
        )
        return int(cursor.fetchone()[0])


@step
def locked_invoice(invoice_id: UUID, permission: Permission, expected_version: int | None = None) -> Invoice:
    """An invoice, locked, for somebody who may do this to it. Raises `NotFound`, `InvoiceChanged`."""
    invoice = one(Invoice.objects.select_for_update().exclude(UNPAID_WISH).filter(id=invoice_id))
    if invoice is None:
        raise NotFound
    unit().actor.require(permission, Scope(invoice.facility_id, invoice.department_id))
    if expected_version is not None and expected_version != invoice.version:
        raise InvoiceChanged(extra={"state": invoice.status, "version": invoice.version, "allowed": []})
    return invoice


def require_draft(invoice: Invoice) -> None:
    """Refuse what was issued. Raises `AlreadyIssued`."""
    if invoice.status != InvoiceStatus.DRAFT:
        raise AlreadyIssued(extra={"state": invoice.status, "version": invoice.version, "allowed": []})
