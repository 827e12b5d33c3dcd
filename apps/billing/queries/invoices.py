"""Invoices as staff and patients read them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db.models import DecimalField, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from apps.billing.models import Discount, DiscountLimit, Invoice, InvoiceLine, Prepayment, RefundDue
from apps.billing.rules.discounts import USUAL_LIMITS, DiscountState
from apps.billing.rules.invoices import NOT_CHARGED, InvoiceStatus
from apps.billing.rules.money import ZERO, Charge
from apps.billing.rules.prepaying import PrepaidState
from apps.core.commands import hidden_from
from apps.core.errors import NotFound
from apps.core.policy import Actor, Permission, Role, Scope
from apps.core.queries import one
from apps.encounters.queries.chargeable import taken_back
from apps.patients.queries import patients_of, search
from apps.queue.rules.states import State

UNPAID_WISH = Q(status=InvoiceStatus.DRAFT, token__isnull=True)
"""What a patient wishes by themselves and has not paid: nobody's business but theirs, until money comes."""

Row = TypeVar("Row", bound=Model)

KEPT_IN_VIEW = timedelta(days=30)
"""How long a charge for a visit that did not take place is pointed at."""


def invoices() -> QuerySet[Invoice]:
    """Every invoice of the facility in scope, the newest first, with whose it is; what stands sealed stays so."""
    shown = Invoice.objects.select_related("token", "patient", "department").exclude(UNPAID_WISH)
    return shown.defer("patient__phone", "patient__address").order_by("-day", "-made_at", "id")


def invoice_of(invoice_id: UUID) -> Invoice:
    """One invoice. Raises `NotFound`."""
    found = one(invoices().filter(id=invoice_id))
    if found is None:
        raise NotFound
    return found


def seen_by(actor: Actor, invoice_id: UUID) -> Invoice:
    """An invoice for somebody who may read it. Raises `NotFound`, `Forbidden`."""
    found = invoice_of(invoice_id)
    actor.require(Permission.INVOICE_READ, Scope(found.facility_id, found.department_id))
    return found


def in_departments(rows: QuerySet[Invoice], actor: Actor) -> QuerySet[Invoice]:
    """Those of the departments that somebody serves."""
    return of_departments(rows, actor)


def of_departments(rows: QuerySet[Row], actor: Actor, path: str = "") -> QuerySet[Row]:
    """Those rows whose invoice, by this path to it, is of a department that somebody serves."""
    where = {f"{path}department_id__in": actor.department_ids}
    return rows if actor.all_departments else rows.filter(**where)


def unpaid(since: datetime, before: datetime) -> QuerySet[Invoice]:
    """Bills issued in a span of time of which something is still due, of people with a phone, the oldest first; not
    those of bookings that were given up, nor what was taken back since."""
    issued = Invoice.objects.filter(status=InvoiceStatus.ISSUED, issued_at__gt=since, issued_at__lte=before)
    rows = issued.filter(~given_up(), grand_total__gt=F("paid") + taken_back_sum()).exclude(patient__phone_index="")
    return rows.select_related("patient").order_by("issued_at", "id")


def given_up() -> Exists:
    """Invoices on which a booking stands that was given up: nobody is asked by phone to pay what is left of them, and
    at the till a person sees what becomes of the rest."""
    return Exists(Prepayment.objects.filter(invoice=OuterRef("id"), state=PrepaidState.RETURNED))


def own_invoices(actor: Actor) -> QuerySet[Invoice]:
    """What was issued to the people under somebody's phone, each with whether it is `given_up` and what of it they are
    asked `to_pay`: not what was taken back."""
    issued = invoices().filter(status=InvoiceStatus.ISSUED, patient__in=patients_of(actor).values("id"))
    return issued.annotate(
        given_up=given_up(), to_pay=Greatest(F("grand_total") - F("paid") - taken_back_sum(), Value(ZERO))
    )


def own_invoice(actor: Actor, invoice_id: UUID) -> Invoice:
    """One of somebody's own invoices. Raises `NotFound` for anybody else's, as for none."""
    found = one(own_invoices(actor).filter(id=invoice_id))
    if found is None:
        raise hidden_from(actor, Permission.BILL_OWN)
    return found


def to_be_paid(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Drafts with something on them, and issued ones that are not paid in full."""
    something = Exists(InvoiceLine.objects.filter(invoice=OuterRef("id")))
    return rows.filter(
        Q(something, status=InvoiceStatus.DRAFT) | Q(status=InvoiceStatus.ISSUED, grand_total__gt=F("paid"))
    )


def charged_in_vain(rows: QuerySet[Invoice], day: date) -> QuerySet[Invoice]:
    """Issued invoices of the last days that charge a visit which did not take place, or what was taken back, until what
    that cost was given back. They stand: a person decides what becomes of them."""
    beforehand = Prepayment.objects.filter(
        line=OuterRef("id"),
        appointment__token__visits__state=State.CANCELLED,
        appointment__token__visits__department=F("department"),
    )
    vain = Q(visit__state__in=NOT_CHARGED) | Q(Exists(beforehand)) | taken_back()
    issued = rows.filter(status=InvoiceStatus.ISSUED, day__gt=day - KEPT_IN_VIEW, day__lte=day)
    return issued.annotate(vain=_sum_of(vain)).filter(vain__gt=F("refunded"))


def taken_back_lines(invoice: Invoice) -> QuerySet[InvoiceLine]:
    """What on an invoice was ordered, and taken back since."""
    return invoice.shown_lines.exclude(key="").filter(taken_back())


def taken_back_sum() -> Coalesce:
    """What that costs, of each of some invoices."""
    return _sum_of(~Q(key="") & taken_back())


def taken_back_of(invoice: Invoice) -> Decimal:
    """What that costs, of one invoice."""
    return sum((line.total for line in taken_back_lines(invoice)), ZERO)


def over(invoice: Invoice) -> Decimal:
    """What of the money for an issued invoice was for what was taken back since, and is still here. What went back for
    a booking is nothing that the rest of the bill still asks for."""
    rest = invoice.grand_total - taken_back_of(invoice) - _returned_for_bookings(invoice)
    return max(ZERO, invoice.paid - invoice.refunded - rest)


def _returned_for_bookings(invoice: Invoice) -> Decimal:
    gone = RefundDue.objects.filter(payment__invoice=invoice, refund__isnull=False)
    return gone.aggregate(sum=Sum("amount"))["sum"] or ZERO


def _sum_of(which: Q) -> Coalesce:
    lines = InvoiceLine.objects.filter(which, invoice=OuterRef("id")).order_by().values("invoice")
    money = DecimalField(max_digits=10, decimal_places=2)
    return Coalesce(Subquery(lines.annotate(sum=Sum("total")).values("sum"), output_field=money), Value(ZERO))


def found_by(text: str, actor: Actor, day: date) -> QuerySet[Invoice]:
    """Invoices by what is typed at the till: a number of today (`G17`, `GEN-017`), an invoice's number, a person."""
    asked = text.strip()
    letters, digits = asked.rstrip("0123456789").rstrip("- ").upper(), asked[len(asked.rstrip("0123456789")) :]
    rows = in_departments(invoices(), actor)
    if letters.isalpha() and digits and len(digits) <= 6:
        asked_for = (letters, int(digits), day)
        beforehand = Prepayment.objects.filter(_numbered("appointment__token", *asked_for), invoice=OuterRef("id"))
        return rows.filter(_numbered("token", *asked_for) | Exists(beforehand))
    if "/" in asked:
        return rows.filter(number__iexact=asked)
    return rows.filter(patient_id__in=list(search(asked, actor).values_list("id", flat=True)[:50]))


def _numbered(path: str, letters: str, number: int, day: date) -> Q:
    """Those whose number of a day, by this path to it, is `G17` or `GEN-017`."""
    named = Q(**{f"{path}__code": letters}) | Q(**{f"{path}__letter": letters})
    return named & Q(**{f"{path}__number": number, f"{path}__day": day})


def charges_of(lines: Iterable[InvoiceLine]) -> list[Charge]:
    """Lines as the values that rules reckon with."""
    return [line.charge for line in lines]


def limit_of(role: Role | None) -> int:
    """Per cent that a role may take off by itself, by the hospital's own limits or the usual ones."""
    if role is None:
        return 0
    own = DiscountLimit.objects.filter(role=str(role)).values_list("most_percent", flat=True).first()
    return USUAL_LIMITS.get(role, 0) if own is None else own


def discount_asked(invoice_id: UUID) -> Discount | None:
    """The discount of an invoice that waits for a decision."""
    return one(Discount.objects.filter(invoice_id=invoice_id, state=DiscountState.ASKED))
