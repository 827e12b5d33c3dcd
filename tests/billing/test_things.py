"""Tests and medicines on the bill of the visit that they were ordered in."""

from decimal import Decimal
from typing import Any

import pytest

from apps.audit.models import AuditEntry
from apps.billing import commands
from apps.billing.commands.charging import NoPrice
from apps.billing.commands.invoicing import AlreadyIssued, Unpriced
from apps.billing.models import Invoice, InvoiceLine, ThingPrice
from apps.encounters.commands import complete
from apps.encounters.commands.ordering import take_back_order
from apps.encounters.commands.prescribing import prescribe
from apps.encounters.models import Investigation, Order
from apps.queue.models import Visit
from tests.billing.test_invoices import relay
from tests.billing.till import LONG_AGO


def sold(till: Any, service: str, amount: str, kind: str = "test") -> ThingPrice:
    """The hospital sells something."""
    return ThingPrice.objects.create(
        facility=till.ward.facility, kind=kind, service=service, amount=Decimal(amount), valid_from=LONG_AGO
    )


def ordered(till: Any, visit: Any, service: str, state: str = "ordered") -> Order:
    """Dr Rao orders a test, which is done in the department itself."""
    test, _ = Investigation.objects.get_or_create(
        facility=till.ward.facility,
        code=service,
        name=service.title(),
        service=service,
        department=till.ward.department,
    )
    return Order.objects.create(
        facility=till.ward.facility,
        visit=visit,
        patient_id=visit.patient_id,
        doctor_id=till.ward.doctor.id,
        investigation=test,
        department_id=test.department_id,
        state=state,
        ordered_at=till.ward.now,
        ordered_by_id=till.ward.rao.id,
    )


def lines() -> dict[str, Decimal | None]:
    """What stands on bills beside the visits, with its price."""
    return {line.description: line.unit_price for line in InvoiceLine.objects.exclude(key="").exclude(quantity=0)}


def in_consultation(till: Any, person: Any = None) -> Any:
    visit = till.ward.arrive(person)
    till.ward.call_next()
    till.ward.start(till.ward.fresh(visit))
    return till.ward.fresh(visit)


def test_a_test_stands_on_the_bill_at_its_price_and_once(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    ordered(till, visit, "CBC")
    till.ward.complete(visit)
    relay(till)
    invoice = Invoice.objects.get()
    assert (invoice.grand_total, lines()) == (Decimal("750.00"), {"Cbc": Decimal("250.00")})
    assert till.draft(visit).id == invoice.id
    assert InvoiceLine.objects.count() == 2


def test_what_the_list_says_nothing_of_waits_for_a_price(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    ordered(till, visit, "LFT")
    invoice = till.draft(visit)
    assert lines() == {"Lft": None}
    with pytest.raises(Unpriced):
        till.issue(invoice)


def test_of_kinds_that_are_not_sold_nothing_is_written(till):
    sold(till, "Paracetamol 500 mg tablet", "2.00", "medicine")
    visit = in_consultation(till)
    ordered(till, visit, "CBC")
    till.draft(visit)
    assert lines() == {}


def test_a_test_that_was_taken_back_is_taken_off_a_draft(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    order = ordered(till, visit, "CBC")
    draft = till.draft(visit)
    Order.objects.filter(id=order.id).update(state="cancelled")
    about = {"actor": till.cashier, "now": till.ward.now, "invoice_id": draft.id}
    commands.collect_things(**about)
    assert lines() == {}
    till.issue(draft)
    with pytest.raises(AlreadyIssued):
        commands.collect_things(**about)


def test_what_the_desk_takes_off_does_not_come_back(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    ordered(till, visit, "CBC")
    draft = till.draft(visit)
    line = InvoiceLine.objects.get(key__startswith="test:")
    commands.price_line(actor=till.cashier, now=till.ward.now, invoice_id=draft.id, line_id=line.id, amount=None)
    till.draft(visit)
    draft.refresh_from_db()
    assert (lines(), draft.grand_total, list(draft.shown_lines.values_list("key", flat=True))) == (
        {},
        Decimal("500.00"),
        [""],
    )


def test_what_is_ordered_after_the_bill_is_on_another_one(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    first = till.issued(visit)
    ordered(till, visit, "CBC")
    second = till.draft(visit)
    assert second.id != first.id
    assert second.grand_total == Decimal("250.00")


def test_medicines_cost_by_the_piece_and_nobody_guesses_a_number(till):
    sold(till, "Paracetamol 500 mg tablet", "2.50", "medicine")
    visit = in_consultation(till)
    sold(till, "Cetirizine 10 mg tablet", "3.00", "medicine")
    items = [
        {"medicine": "Paracetamol 500 mg tablet", "frequency": "1-1-1", "days": 5},
        {"medicine": "Cetirizine 10 mg tablet", "frequency": "when needed", "days": 5},
    ]
    prescribe(actor=till.ward.rao, now=till.ward.now, visit_id=visit.id, items=items)
    complete(actor=till.ward.rao, now=till.ward.now, visit_id=visit.id)
    relay(till)
    found = [(line.quantity, line.unit_price, line.total) for line in InvoiceLine.objects.exclude(key="")]
    assert found == [(15, Decimal("2.50"), Decimal("37.50")), (1, None, Decimal("0.00"))]


def test_where_tests_are_charged_the_laboratory_itself_costs_nothing(till):
    sold(till, "CBC", "250.00")
    till.ward.department.kind = "laboratory"
    till.ward.department.save()
    visit = in_consultation(till)
    ordered(till, visit, "CBC")
    assert till.draft(visit).grand_total == Decimal("250.00")
    assert till.draft(visit).lines.count() == 1


def test_the_trail_says_how_much_and_not_what(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    ordered(till, visit, "CBC")
    till.draft(visit)
    assert AuditEntry.objects.get(action="invoice.things_charged").after == {"things": 1, "grandTotal": "750.00"}


def test_a_test_taken_back_leaves_the_draft_by_itself(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    order = ordered(till, visit, "CBC")
    draft = till.draft(visit)
    assert lines() == {"Cbc": Decimal("250.00")}
    till.ward.complete(visit)
    relay(till)
    take_back_order(actor=till.ward.rao, now=till.ward.now, order_id=order.id)
    relay(till)
    draft.refresh_from_db()
    assert (lines(), draft.grand_total) == ({}, Decimal("500.00"))


def test_a_test_taken_back_after_the_bill_makes_no_empty_draft(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    order = ordered(till, visit, "CBC")
    till.issued(visit)
    till.ward.complete(visit)
    relay(till)
    take_back_order(actor=till.ward.rao, now=till.ward.now, order_id=order.id)
    relay(till)
    assert Invoice.objects.get().status == "ISSUED"


def test_a_laboratory_visit_under_another_number_is_paid_for_by_the_test_that_was_charged(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    ordered(till, visit, "CBC")
    till.issued(visit)
    till.ward.complete(visit)
    till.ward.department.kind = "laboratory"
    till.ward.department.save()
    till.ward.later(days=1)
    there = till.ward.arrive(visit.patient)
    assert there.token_id != visit.token_id
    with pytest.raises(NoPrice):
        till.draft(there)
    assert till.draft(till.ward.arrive()).grand_total == Decimal("500.00"), "somebody who comes for no test"


def test_a_test_of_a_visit_that_went_on_elsewhere_is_charged_once_it_is_done(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    order = ordered(till, visit, "CBC")
    draft = till.draft(visit)
    Visit.objects.filter(id=visit.id).update(state="CANCELLED", ended_at=till.ward.now)
    about = {"actor": till.cashier, "now": till.ward.now, "invoice_id": draft.id}
    commands.collect_things(**about)
    assert lines() == {}
    Order.objects.filter(id=order.id).update(state="done")
    commands.collect_things(**about)
    assert lines() == {"Cbc": Decimal("250.00")}
