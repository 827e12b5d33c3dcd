"""Many at one till: nothing is given back twice, no number is missing or given twice, one draft for one visit."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models import Max

from apps.billing.commands import give_back_things, invoicing, pay_out, paying
from apps.billing.models import Invoice, InvoiceLine, Payment, RefundDue, Shift
from apps.billing.queries.books import fault_in_books, gap_in_numbers
from apps.encounters.models import Order
from tests.billing.test_things import ordered, sold
from tests.billing.till import Till, price, till_of
from tests.bookings import book, open_slot
from tests.proving import PROVE
from tests.races.threads import at_once, without_row_locks
from tests.ward import open_ward

ROUNDS = 200 if PROVE else 6
THREADS = 8


@pytest.fixture
def till(transactional_db: None) -> Iterator[Till]:
    """A cashier, and a department where a visit costs 1000."""
    with open_ward() as ward:
        price(ward, "1000.00")
        ward.department.policy.queue_limit = ROUNDS * THREADS * 3  # nobody is called, so that all of them wait
        ward.department.policy.save()
        yield till_of(ward)


def sound(till: Till) -> bool:
    """Whether the books are zero to the paisa and numbers without gaps."""
    house = [till.ward.facility.id]
    return fault_in_books(house) == gap_in_numbers(house) == ""


@pytest.mark.timeout(600)
def test_eight_people_who_give_one_payment_back_never_give_more_than_was_paid(till: Till):
    for _ in range(ROUNDS):
        payment = till.pay(till.issued())
        given, errors = at_once(lambda _i, p=payment: till.refund(p, "600.00"), THREADS, till.ward.facility.id)
        assert len(given) == 1
        assert {getattr(error, "code", error) for error in errors} == {"more_than_paid"}
        payment.refresh_from_db()
        assert payment.refunded == Decimal("600.00")
    assert sound(till)


@pytest.mark.timeout(600)
def test_eight_people_who_pay_out_what_is_due_do_so_once(till: Till):
    slot = open_slot(till.ward, 24, ROUNDS)
    for _ in range(ROUNDS):
        payment = till.pay(till.issued())
        booking = book(till.ward, slot).appointment
        due = RefundDue.objects.create(
            facility=till.ward.facility,
            payment=payment,
            appointment=booking,
            percent=50,
            amount=Decimal("500.00"),
            due_at=till.ward.now,
        )
        about = {"actor": till.cashier, "now": till.ward.now, "invoice_id": payment.invoice_id, "due_id": due.id}
        given, errors = at_once(lambda _i, a=about: pay_out(**a), THREADS, till.ward.facility.id)
        assert len(given) == 1
        assert {getattr(error, "code", error) for error in errors} == {"not_due"}
    assert sound(till)


@pytest.mark.timeout(600)
def test_eight_people_who_give_back_what_a_test_cost_do_so_once(till: Till):
    sold(till, "CBC", "250.00")
    for _ in range(ROUNDS):
        visit = till.ward.arrive()
        order = ordered(till, visit, "CBC")
        payment = till.pay(till.issued(visit))
        Order.objects.filter(id=order.id).update(state="cancelled")
        about = {"actor": till.cashier, "now": till.ward.now, "invoice_id": payment.invoice_id}
        given, errors = at_once(lambda _i, a=about: give_back_things(**a), THREADS, till.ward.facility.id)
        assert [row.amount for rows in given for row in rows] == [Decimal("250.00")]
        assert {getattr(error, "code", error) for error in errors} == {"not_due"}
    assert sound(till)


@pytest.mark.timeout(600)
def test_eight_people_who_take_money_for_one_invoice_never_take_more_than_is_due(till: Till):
    for _ in range(ROUNDS):
        invoice = till.issued()
        taken, errors = at_once(lambda _i, v=invoice: till.pay(v, "300.00"), THREADS, till.ward.facility.id)
        assert len(taken) == 3
        assert {getattr(error, "code", error) for error in errors} == {"more_than_due"}
    assert sound(till)
    assert Shift.objects.count() == 1


@pytest.mark.timeout(600)
def test_invoices_that_are_issued_at_once_have_numbers_without_gaps(till: Till):
    for round_ in range(1, ROUNDS + 1):
        drafts = [till.draft() for _ in range(THREADS)]
        issued, errors = at_once(lambda i, d=drafts: till.issue(d[i]), THREADS, till.ward.facility.id)
        assert errors == []
        assert len(issued) == THREADS
        numbers = sorted(Invoice.objects.values_list("sequence", flat=True))
        assert numbers == list(range(1, round_ * THREADS + 1))
    assert sound(till)


@pytest.mark.timeout(600)
def test_a_visit_that_is_billed_by_many_at_once_is_charged_once(till: Till):
    for _ in range(ROUNDS):
        visit = till.ward.arrive()
        made, errors = at_once(lambda _i, v=visit: till.draft(v).id, THREADS, till.ward.facility.id)
        assert errors == []
        assert len(set(made)) == 1
        assert InvoiceLine.objects.filter(visit_id=visit.id).count() == 1
    assert not Invoice.objects.exclude(grand_total=Decimal("1000.00")).exists()


@pytest.mark.timeout(300)
def test_the_control_without_locks_is_stopped_by_the_database_alone(till: Till, monkeypatch: pytest.MonkeyPatch):
    """Without the rows' locks several refunds pass the question; the constraint then refuses what would be too much."""
    without_row_locks(monkeypatch)
    monkeypatch.setattr(paying, "open_shift", lambda: None)
    for _ in range(ROUNDS * 3):
        payment = till.pay(till.issued())
        _, errors = at_once(lambda _i, p=payment: till.refund(p, "600.00"), THREADS, till.ward.facility.id)
        assert Payment.objects.get(id=payment.id).refunded <= payment.amount
        if any(isinstance(error, IntegrityError) for error in errors):
            return
    raise AssertionError("without the lock nothing went wrong: the race is not one")


@pytest.mark.timeout(300)
def test_the_control_that_counts_instead_of_locking_gives_a_number_twice(till: Till, monkeypatch: pytest.MonkeyPatch):
    def highest(_facility: object, year: int) -> int:
        return (Invoice.objects.filter(year=year).aggregate(m=Max("sequence"))["m"] or 0) + 1

    monkeypatch.setattr(invoicing, "next_number", highest)
    for _ in range(ROUNDS * 3):
        drafts = [till.draft() for _ in range(THREADS)]
        _, errors = at_once(lambda i, d=drafts: till.issue(d[i]), THREADS, till.ward.facility.id)
        if any("invoice_number_once" in str(error) for error in errors):
            return
    raise AssertionError("without the counter nothing went wrong: the race is not one")
