"""The books: a day's journals, and whether everything in them adds up."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum

from apps.billing.models import Journal, JournalLine, Payment, Refund
from apps.billing.rules.money import ZERO
from apps.core.errors import Forbidden
from apps.core.policy import Actor, Permission


def require_whole_house(actor: Actor, permission: Permission) -> None:
    """Refuse whoever serves only some departments: the books are the whole hospital's. Raises `Forbidden`."""
    if not actor.all_departments:
        raise Forbidden(permission=str(permission))


def journals_of(day: date) -> QuerySet[Journal]:
    """A day's journals with their lines, in the order in which they were written."""
    return Journal.objects.filter(day=day).order_by("at", "id").prefetch_related("lines")


def sums_of(day: date) -> tuple[Decimal, Decimal]:
    """A day's debits and credits: always equal."""
    lines = JournalLine.objects.filter(journal__in=Journal.objects.filter(day=day))
    found = lines.aggregate(debits=Sum("debit"), credits=Sum("credit"))
    return found["debits"] or ZERO, found["credits"] or ZERO


@dataclass(frozen=True, slots=True)
class TakenByMethod:
    """What came and went back in one day by one method."""

    method: str
    came: Decimal
    back: Decimal

    @property
    def left(self) -> Decimal:
        """What should be in the till of it."""
        return self.came - self.back


def taken_on(payments: QuerySet[Payment], refunds: QuerySet[Refund]) -> list[TakenByMethod]:
    """What came and went back of some payments and refunds, by method, those methods that had any."""
    came = dict(payments.order_by().values_list("method").annotate(Sum("amount")))
    back = dict(refunds.order_by().values_list("payment__method").annotate(Sum("amount")))
    return [TakenByMethod(m, came.get(m, ZERO), back.get(m, ZERO)) for m in sorted({*came, *back})]


def payments_on(day: date) -> QuerySet[Payment]:
    """A day's payments, the latest first, with what they were for."""
    shown = Payment.objects.filter(day=day).select_related("invoice__token", "invoice__patient")
    return shown.defer("invoice__patient__phone", "invoice__patient__address").order_by("-received_at", "id")


def refunds_on(day: date) -> QuerySet[Refund]:
    """A day's refunds, the latest first."""
    return Refund.objects.filter(day=day).select_related("payment__invoice__token").order_by("-refunded_at", "id")


_FAULTS = """
WITH sums AS (
    SELECT j.facility_id, l.account, sum(l.debit - l.credit) AS balance
    FROM billing_journal j JOIN billing_journalline l ON l.journal_id = j.id
    WHERE j.facility_id = ANY(%(facilities)s) GROUP BY 1, 2
),
owed AS (
    SELECT facility_id, sum(grand_total - paid) AS owed, sum(subtotal) AS fees, sum(tax_total) AS tax,
        sum(discount_total) AS discounts, sum(refunded) AS refunds
    FROM billing_invoice WHERE facility_id = ANY(%(facilities)s) AND status = 'ISSUED' GROUP BY 1
),
money AS (
    SELECT facility_id, CASE method WHEN 'link' THEN 'gateway' ELSE method END AS account,
        sum(amount - refunded) AS held
    FROM billing_payment WHERE facility_id = ANY(%(facilities)s) GROUP BY 1, 2
),
expected AS (
    SELECT facility_id, 'receivable' AS account, owed AS balance FROM owed
    UNION ALL SELECT facility_id, 'fees', -fees FROM owed
    UNION ALL SELECT facility_id, 'tax', -tax FROM owed
    UNION ALL SELECT facility_id, 'discounts', discounts FROM owed
    UNION ALL SELECT facility_id, 'refunds', refunds FROM owed
    UNION ALL SELECT facility_id, account, held FROM money
)
SELECT 'the books of ' || facility_id || ' are off by ' || sum(balance) FROM sums
    GROUP BY facility_id HAVING sum(balance) <> 0
UNION ALL
SELECT 'account ' || account || ' has ' || coalesce(s.balance, 0) || ', the papers say ' || coalesce(e.balance, 0)
    FROM sums s FULL JOIN expected e USING (facility_id, account)
    WHERE coalesce(s.balance, 0) <> coalesce(e.balance, 0)
UNION ALL
SELECT 'journal ' || j.id || ' is not balanced' FROM billing_journal j
    LEFT JOIN billing_journalline l ON l.journal_id = j.id
    WHERE j.facility_id = ANY(%(facilities)s) GROUP BY j.id HAVING coalesce(sum(l.debit - l.credit), 1) <> 0
UNION ALL
SELECT 'invoice ' || i.id || ' was paid ' || i.paid || ' by ' || coalesce(sum(p.amount), 0) || ', back '
        || i.refunded || ' of ' || coalesce(sum(p.refunded), 0)
    FROM billing_invoice i LEFT JOIN billing_payment p ON p.invoice_id = i.id
    WHERE i.facility_id = ANY(%(facilities)s) GROUP BY i.id
    HAVING i.paid <> coalesce(sum(p.amount), 0) OR i.refunded <> coalesce(sum(p.refunded), 0)
UNION ALL
SELECT 'payment ' || p.id || ' gave back ' || p.refunded || ' in ' || coalesce(sum(r.amount), 0)
    FROM billing_payment p LEFT JOIN billing_refund r ON r.payment_id = p.id
    WHERE p.facility_id = ANY(%(facilities)s) GROUP BY p.id HAVING p.refunded <> coalesce(sum(r.amount), 0)
LIMIT 1
"""


def fault_in_books(facility_ids: list[UUID]) -> str:
    """What is wrong with the books, to the paisa; "" when nothing is.

    Debits equal credits, in each journal and in all of them; each account has what invoices, payments and refunds say;
    and those agree among themselves.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FAULTS, {"facilities": facility_ids})
        found: Any = cursor.fetchone()
    return str(found[0]) if found else ""


_GAPS = """
SELECT facility_id, year, count(*), coalesce(max(sequence), 0), coalesce(max(last), 0) FROM (
    SELECT facility_id, year, sequence, NULL::bigint AS last FROM billing_invoice WHERE status = 'ISSUED'
    UNION ALL SELECT facility_id, year, NULL, last FROM billing_invoicecounter
) AS given WHERE facility_id = ANY(%s) GROUP BY 1, 2
HAVING count(sequence) <> coalesce(max(sequence), 0) OR count(DISTINCT sequence) <> count(sequence)
    OR coalesce(max(sequence), 0) <> coalesce(max(last), 0)
LIMIT 1
"""


def gap_in_numbers(facility_ids: list[UUID]) -> str:
    """Where invoice numbers do not run from 1 to the counter; "" when all do."""
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, [facility_ids])
        found: Any = cursor.fetchone()
    return "invoices of {} in {}: {} rows, highest {}, counter {}".format(*found) if found else ""
