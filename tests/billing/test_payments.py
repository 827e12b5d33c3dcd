"""Money at the desk."""

from decimal import Decimal

import pytest

from apps.audit.models import AuditEntry
from apps.billing.commands.paying import MoreThanDue, MoreThanPaid, NotIssued
from apps.billing.models import Invoice, JournalLine, Shift
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import Role


def accounts() -> dict[str, Decimal]:
    """What stands in each account."""
    found: dict[str, Decimal] = {}
    for line in JournalLine.objects.all():
        found[line.account] = found.get(line.account, Decimal(0)) + line.debit - line.credit
    return {name: balance for name, balance in found.items() if balance}


@pytest.mark.parametrize("method", ["cash", "card", "upi"])
def test_money_that_is_taken_stands_where_it_is(till, method):
    payment = till.pay(till.issued(), method=method, reference="R1")
    assert accounts() == {method: Decimal("500.00"), "fees": Decimal("-500.00")}
    assert Invoice.objects.get().balance == 0
    assert AuditEntry.objects.filter(action="payment.received").count() == 1
    event = OutboxEvent.objects.get(type="PAYMENT_CAPTURED")
    assert (event.entity_id, event.payload) == (payment.id, {"invoiceId": str(payment.invoice_id)})


def test_an_invoice_is_paid_in_parts_and_never_above_what_is_due(till):
    invoice = till.issued()
    till.pay(invoice, "200.00")
    till.pay(invoice, "100.00", method="upi")
    with pytest.raises(MoreThanDue) as told:
        till.pay(invoice, "200.01")
    assert told.value.params == {"due": Decimal("200.00")}
    till.pay(invoice, "200.00", method="card")
    assert accounts() == {
        "cash": Decimal("200.00"),
        "upi": Decimal("100.00"),
        "card": Decimal("200.00"),
        "fees": Decimal("-500.00"),
    }


def test_a_draft_is_issued_before_money_is_taken(till):
    invoice = till.draft()
    with pytest.raises(NotIssued):
        till.pay(invoice)
    till.pay(invoice, issue_first=True)
    assert Invoice.objects.get().number.endswith("/00001")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001"])
def test_what_is_no_sum_is_not_taken(till, amount):
    with pytest.raises(Invalid):
        till.pay(till.issued(), amount)


def test_the_first_payment_opens_a_shift_and_the_next_finds_it(till):
    first, second = till.pay(till.issued()), till.pay(till.issued())
    assert first.shift_id == second.shift_id == Shift.objects.get().id
    till.pay(till.issued(), actor=till.ward.meera)
    assert Shift.objects.count() == 2


def test_what_goes_back_goes_the_way_it_came_and_never_above_what_was_paid(till):
    payment = till.pay(till.issued(), method="upi")
    till.refund(payment, "300.00")
    with pytest.raises(MoreThanPaid) as told:
        till.refund(payment, "200.01")
    assert told.value.params == {"left": Decimal("200.00")}
    till.refund(payment, "200.00")
    assert accounts() == {"fees": Decimal("-500.00"), "refunds": Decimal("500.00")}
    assert AuditEntry.objects.filter(action="payment.refunded").count() == 2


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.DOCTOR, Role.NURSE])
def test_only_cashier_and_administrator_give_money_back(till, role):
    payment = till.pay(till.issued())
    till.cashier = till.ward.as_role(role)
    with pytest.raises(Forbidden):
        till.refund(payment, "1.00")
