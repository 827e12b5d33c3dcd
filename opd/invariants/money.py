"""The books, and the numbers of invoices."""

from apps.billing.queries.books import fault_in_books, gap_in_numbers
from opd.invariants.looking import Look, count


def books(look: Look) -> tuple[str, str]:
    """The ledger is balanced and agrees with invoices, payments and refunds."""
    journals = count("SELECT count(*) FROM billing_journal WHERE facility_id = ANY(%s)", [look.facilities])
    return f"{journals:,} journals", fault_in_books(look.facilities)


def invoice_numbers(look: Look) -> tuple[str, str]:
    """Numbers of issued invoices run from 1 to the counter."""
    issued = "SELECT count(*) FROM billing_invoice WHERE facility_id = ANY(%s) AND status = 'ISSUED'"
    return f"{count(issued, [look.facilities]):,} invoices", gap_in_numbers(look.facilities)
