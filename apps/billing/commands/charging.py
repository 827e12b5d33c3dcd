"""What stands on a draft: its lines, reckoned anew with each change, at the prices of their day."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.audit.commands import record
from apps.billing.models import Discount, Invoice, InvoiceLine
from apps.billing.queries.invoices import charges_of, discount_asked
from apps.billing.queries.prepaid import prepayment_of
from apps.billing.queries.prices import has_prices, last_paid_visit
from apps.billing.rules.discounts import DiscountState, that_count
from apps.billing.rules.invoices import InvoiceStatus
from apps.billing.rules.money import ZERO, shares, totals
from apps.billing.rules.prices import Listed, is_free_revisit
from apps.core.commands import BeginAgain, step, unit
from apps.core.errors import Conflict, sentence
from apps.core.queries import one
from apps.scheduling.queries import booking_or_none
from apps.scheduling.rules import DepartmentKind


class NoPrice(Conflict):
    code = "no_price"
    detail = sentence("The price list says nothing of this visit. An administrator can add its price.")


class InvoiceChanged(Conflict):
    code = "version_conflict"
    detail = sentence("Somebody else acted on this invoice meanwhile. Look again and repeat if needed.")


def may_wait_for_price(visit: Any) -> bool:
    """Whether a visit that the price list says nothing of is billed all the same, for somebody to say what it costs."""
    return visit.department.kind == DepartmentKind.CONSULTATION and has_prices()


@step
def charge(visit: Any, price: Listed | None) -> Invoice:
    """Put a visit on the draft of its number, which is made if there is none; without a price for somebody to fill in.
    One that is charged, or was paid for as a booking, stays where it is."""
    known = _charged(visit)
    if known:
        return known
    invoice = draft_of_token(visit, visit.day)
    known = _charged(visit)  # by somebody who was faster
    if known:
        return known
    revisit_days = price.revisit_days if price else 0
    free = is_free_revisit(visit.day, last_paid_visit(visit) if revisit_days else None, revisit_days)
    line = add_line(
        invoice,
        visit_id=visit.id,
        price_id=price.id if price else None,
        description=", ".join(filter(None, [visit.department.name, visit.doctor.name if visit.doctor else ""])),
        free_revisit=free,
        unit_price=ZERO if free else price.amount if price else None,
        tax_percent=price.tax_percent if price else ZERO,
    )
    record(
        action="invoice.charged",
        entity_type="invoice",
        entity_id=invoice.id,
        after={"visitId": str(visit.id), "unitPrice": told(line.unit_price), "grandTotal": str(invoice.grand_total)},
    )
    return invoice


@step
def add_line(invoice: Invoice, **values: Any) -> InvoiceLine:
    """One more line on a locked draft, which is reckoned anew. `unit_price` None: somebody has to say it."""
    line = InvoiceLine(invoice=invoice, **values)
    line.take(line.charge)
    line.save(force_insert=True)
    reckon(invoice)
    return line


@step
def reckon(invoice: Invoice, discount: Decimal | None = None) -> None:
    """Reckon a locked draft anew: what was taken off (unless told, as before) is dealt out to its lines by what they
    cost, never more than they cost, then taxes and sums. What has no price yet costs nothing yet."""
    lines = list(invoice.lines.all())
    wanted, costs = invoice.discount_total if discount is None else discount, [c.gross for c in charges_of(lines)]
    off = shares(min(wanted, sum(costs, ZERO)), costs)
    for line, share in zip(lines, off, strict=True):
        line.discount = share
        line.take(line.charge)
    InvoiceLine.objects.bulk_update(lines, ["discount", "tax", "total"])
    found = totals(charges_of(lines))
    invoice.subtotal, invoice.discount_total = found.subtotal, found.discount
    invoice.tax_total, invoice.grand_total = found.tax, found.grand
    invoice.version += 1
    invoice.save(update_fields=["subtotal", "discount_total", "tax_total", "grand_total", "version"])


@step
def take_line_off(draft: Invoice, line: InvoiceLine) -> None:
    """What was not done after all is not on a locked draft."""
    line.delete()
    reckon(draft, still_off(draft))
    record(
        action="invoice.uncharged",
        entity_type="invoice",
        entity_id=draft.id,
        after={"visitId": told(line.visit_id), "grandTotal": str(draft.grand_total)},
    )


@step
def locked_draft(token_id: UUID) -> Invoice | None:
    """The draft of a number, locked; None if there is none."""
    return one(Invoice.objects.select_for_update().filter(token_id=token_id, status=InvoiceStatus.DRAFT))


@step
def draft_of_token(of: Any, day: date) -> Invoice:
    """The draft of the number of a visit or booking, locked; made of that day if there is none. Whoever was faster is
    waited for and found then."""
    known = locked_draft(of.token_id)
    if known:
        return known
    made = new_draft(facility_facts(of.facility_id), of.patient_id, of.department_id, day)
    made.token_id = of.token_id
    Invoice.objects.bulk_create([made], ignore_conflicts=True)
    if not Invoice.objects.filter(id=made.id).exists():
        raise BeginAgain(InvoiceChanged())
    return made


def new_draft(facility: FacilityFacts, patient_id: UUID, department_id: UUID, day: date) -> Invoice:
    """An empty draft, not written yet."""
    return Invoice(
        facility_id=facility.id,
        patient_id=patient_id,
        department_id=department_id,
        day=day,
        currency=facility.currency,
        status=InvoiceStatus.DRAFT,
        made_at=unit().now,
    )


def told(value: object) -> str | None:
    """A value as audit rows hold it."""
    return None if value is None else str(value)


@step
def take_off(visit_id: UUID) -> None:
    """A visit that is not completed after all is not on a draft; what was issued stands."""
    lines = InvoiceLine.objects.filter(visit_id=visit_id)
    about = lines.values_list("invoice_id", flat=True).first()
    draft = one(Invoice.objects.select_for_update().filter(id=about, status=InvoiceStatus.DRAFT)) if about else None
    line = lines.filter(invoice=draft).first() if draft else None
    if draft and line:
        take_line_off(draft, line)


@step
def still_off(draft: Invoice) -> Decimal:
    """What of the discounts on a locked draft still counts, the oldest first; those that do not are withdrawn, and so
    is one that waits for approval and is more than what is left."""
    left = sum((charge.gross for charge in charges_of(draft.lines.all())), ZERO)
    given = list(Discount.objects.filter(invoice=draft, state=DiscountState.GIVEN))
    counted = that_count([row.amount for row in given], left)
    off = sum(counted, ZERO)
    gone = [row.id for row, counts in zip(given, counted, strict=True) if not counts]
    asked = discount_asked(draft.id)
    if asked and asked.amount > left - off:
        gone.append(asked.id)
    Discount.objects.filter(id__in=gone).update(state=DiscountState.WITHDRAWN)
    return off


def _charged(visit: Any) -> Invoice | None:
    """The invoice on which a visit stands, by itself or as the booking that it came of."""
    line = one(InvoiceLine.objects.select_related("invoice").filter(visit_id=visit.id))
    if line:
        return line.invoice
    booking = booking_or_none(visit.token_id)
    prepaid = prepayment_of(booking) if booking and booking.department_id == visit.department_id else None
    return prepaid.invoice if prepaid else None
