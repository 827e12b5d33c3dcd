"""The database keeps the books: it refuses to unbalance, to alter and to take away."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.billing.models import Invoice, InvoiceLine, Journal, JournalLine, Payment, Refund
from apps.billing.queries.books import fault_in_books


def refused(sql: str, *params: object) -> None:
    """The statement and the commit after it, as the application's role would send them."""
    with pytest.raises(DatabaseError):
        committed(sql, params)


def committed(sql: str, params: object) -> None:
    """A statement with everything that is asked at its commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def journal(till, *lines: tuple[str, str, str]) -> None:
    """A journal written past the commands."""
    with transaction.atomic():
        row = Journal.objects.create(
            facility=till.ward.facility, at=till.ward.now, day="2026-11-23", deed="payment", source_id=uuid4()
        )
        for account, debit, credit in lines:
            JournalLine.objects.create(journal=row, account=account, debit=debit, credit=credit)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_journal_that_is_a_paisa_off_is_refused_at_the_commit(till):
    with pytest.raises(IntegrityError, match="not balanced"):
        journal(till, ("cash", "100.00", "0"), ("receivable", "0", "99.99"))


def test_a_journal_without_lines_is_refused(till):
    with pytest.raises(IntegrityError, match="not balanced"):
        journal(till)


def test_a_line_has_one_side(till):
    with pytest.raises(IntegrityError, match="journal_line_has_one_side"):
        journal(till, ("cash", "5", "5"))


def test_a_line_added_later_to_a_balanced_journal_is_refused(till):
    till.issued()
    row = Journal.objects.get()
    refused("INSERT INTO billing_journalline (journal_id, account, debit, credit) VALUES (%s, 'cash', 5, 0)", row.id)


@pytest.mark.parametrize("model", [Journal, JournalLine, Payment, Refund], ids=lambda model: model.__name__)
def test_what_is_in_the_books_cannot_be_altered_or_taken_away(till, model):
    till.refund(till.pay(till.issued()), "100.00")
    table = model._meta.db_table
    column = "account" if model is JournalLine else "day"
    refused(
        f"UPDATE {table} SET {column} = {'%s' if column == 'account' else 'day + 1'}",
        *(["tax"] * (column == "account")),
    )
    refused(f"DELETE FROM {table}")
    refused(f"TRUNCATE {table} CASCADE")


def test_an_issued_invoice_cannot_be_altered(till):
    invoice = till.issued()
    for change in ("grand_total = grand_total + 1, subtotal = subtotal + 1", "number = 'X'", "status = 'DRAFT'"):
        refused(f"UPDATE billing_invoice SET {change} WHERE id = %s", invoice.id)
    refused("DELETE FROM billing_invoice WHERE id = %s", invoice.id)
    refused("UPDATE billing_invoiceline SET description = 'X' WHERE invoice_id = %s", invoice.id)
    refused("DELETE FROM billing_invoiceline WHERE invoice_id = %s", invoice.id)
    refused(
        "INSERT INTO billing_invoiceline (invoice_id, description, free_revisit, quantity, unit_price, discount,"
        " tax_percent, tax, total) VALUES (%s, 'X', false, 1, 5, 0, 0, 0, 5)",
        invoice.id,
    )
    refused("TRUNCATE billing_invoiceline CASCADE")


def test_a_draft_can_be_altered(till):
    invoice = till.draft()
    assert InvoiceLine.objects.filter(invoice=invoice).update(description="X") == 1
    assert Invoice.objects.filter(id=invoice.id).update(version=9) == 1


def test_more_than_was_paid_cannot_be_noted_as_given_back_even_by_sql(till):
    payment = till.pay(till.issued())
    refused("UPDATE billing_payment SET refunded = 500.01 WHERE id = %s", payment.id)
    refused("UPDATE billing_invoice SET refunded = 500.01 WHERE id = %s", payment.invoice_id)
    refused("UPDATE billing_invoice SET paid = 500.01 WHERE id = %s", payment.invoice_id)


def test_one_deed_stands_in_the_books_once(till):
    invoice = till.issued()
    refused(
        "INSERT INTO billing_journal (id, facility_id, at, day, deed, source_id)"
        " VALUES (gen_random_uuid(), %s, now(), current_date, 'invoice', %s)",
        invoice.facility_id,
        invoice.id,
    )


def test_the_check_sees_books_that_do_not_agree_with_the_papers(till):
    payment = till.pay(till.issued())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE billing_payment SET amount = amount + 0.01 WHERE id = %s", [payment.id])
        found = fault_in_books([till.ward.facility.id])
        cursor.execute("UPDATE billing_payment SET amount = amount - 0.01 WHERE id = %s", [payment.id])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert "account cash has 500.00, the papers say 500.01" in found or "was paid" in found
