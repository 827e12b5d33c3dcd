"""From what was done to an invoice with a number, and what is taken off."""

from datetime import date
from decimal import Decimal

import pytest

from apps.audit.models import AuditEntry
from apps.billing import commands
from apps.billing.commands.charging import NoPrice
from apps.billing.commands.discounting import AboveInvoice, AlreadyAsked, SomebodyElse
from apps.billing.commands.invoicing import (
    AlreadyIssued,
    DiscountWaits,
    HasPrice,
    NothingOnIt,
    Unpriced,
)
from apps.billing.commands.things import NothingDone
from apps.billing.models import Discount, DiscountLimit, Invoice, InvoiceLine, Journal, Price
from apps.billing.queries.invoices import charged_in_vain, invoices, to_be_paid
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import Role
from apps.core.relay import Relay
from apps.queue import commands as queue
from opd.subscriptions import handlers_for
from tests.billing.till import price


def relay(till) -> None:
    """Everything that is due is delivered."""
    Relay(handlers_for, clock=lambda: till.ward.now).run_once()


def test_a_completed_visit_stands_on_a_draft_by_itself_and_once(till):
    visit = till.seen()
    relay(till)
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.patient_id, invoice.grand_total) == ("DRAFT", visit.patient_id, Decimal("500.00"))
    assert till.draft(visit).id == invoice.id
    assert InvoiceLine.objects.get().description == f"{visit.department.name}, {visit.doctor.name}"


def test_a_visit_without_a_price_is_on_no_draft_and_says_so_at_the_till(till):
    Price.objects.all().delete()
    visit = till.seen()
    relay(till)
    assert not Invoice.objects.exists()
    with pytest.raises(NoPrice):
        till.draft(visit)


def test_a_completion_that_is_taken_back_is_taken_off_the_draft(till):
    from apps.encounters.commands import undo

    visit = till.seen()
    relay(till)
    undo(actor=till.ward.rao, now=till.ward.now, visit_id=visit.id)
    relay(till)
    invoice = Invoice.objects.get()
    assert (invoice.grand_total, invoice.lines.count()) == (Decimal(0), 0)
    assert list(to_be_paid(invoices())) == []
    with pytest.raises(NothingOnIt):
        till.issue(invoice)


@pytest.mark.parametrize("how", ["draft", "unpaid", "given back", "not seen"])
def test_who_has_not_paid_or_not_been_seen_does_not_come_back_for_nothing(till, how):
    Price.objects.update(revisit_days=7)
    person = till.ward.register()
    invoice = till.draft(till.ward.arrive(person) if how == "not seen" else till.seen(patient=person))
    if how != "draft":
        till.issue(invoice)
    if how in ("given back", "not seen"):
        payment = till.pay(invoice)
    if how == "given back":
        till.refund(payment, "500.00")
    if how == "not seen":
        queue.cancel(actor=till.ward.meera, now=till.ward.now, visit_id=invoice.lines.get().visit_id, reason="left")
    till.ward.later(days=1)
    assert till.draft(till.ward.arrive(person)).grand_total == Decimal("500.00")


def left(till, visit) -> None:
    """Somebody goes before they were seen."""
    queue.cancel(actor=till.ward.meera, now=till.ward.now, visit_id=visit.id, reason="left")
    relay(till)


def test_a_visit_that_did_not_take_place_is_taken_off_its_draft(till):
    visit = till.ward.arrive()
    invoice = till.draft(visit)
    left(till, visit)
    assert not invoice.lines.exists()


def test_an_issued_charge_for_a_visit_that_did_not_take_place_is_pointed_at_until_it_went_back(till):
    visit = till.ward.arrive()
    invoice = till.issued(visit)
    payment = till.pay(invoice)
    till.pay(till.issued())
    left(till, visit)
    pointed_at = charged_in_vain(invoices(), invoice.day)
    assert [found.id for found in pointed_at] == [invoice.id]
    till.refund(payment, "500.00")
    assert list(pointed_at.all()) == []


def test_a_discount_is_never_more_than_what_is_left_on_the_draft(till):
    visit = till.ward.arrive()
    invoice = till.draft(visit)
    till.discount(invoice, percent="10")
    till.discount(invoice, percent="50")
    left(till, visit)
    invoice.refresh_from_db()
    assert (invoice.discount_total, invoice.grand_total) == (Decimal(0), Decimal(0))
    assert set(Discount.objects.values_list("state", flat=True)) == {"WITHDRAWN"}
    assert not OutboxEvent.objects.filter(parked_at__isnull=False).exists()


def test_whoever_did_not_come_is_not_charged(till):
    visit = till.ward.arrive()
    queue.cancel(actor=till.ward.meera, now=till.ward.now, visit_id=visit.id, reason="left")
    with pytest.raises(NothingDone):
        till.draft(visit)


def test_a_revisit_inside_the_window_is_free_and_says_so(till):
    Price.objects.update(revisit_days=7)
    person = till.ward.register()
    till.pay(till.issue(till.draft(till.seen(patient=person))))
    till.ward.later(days=7)
    again = till.draft(till.ward.arrive(person))
    assert (again.grand_total, again.lines.get().free_revisit) == (Decimal(0), True)
    till.ward.later(days=1)
    queue.cancel(actor=till.ward.meera, now=till.ward.now, visit_id=again.lines.get().visit_id, reason="left")
    assert till.draft(till.ward.arrive(person)).grand_total == Decimal("500.00")


def test_tax_is_on_what_is_left_after_the_discount(till):
    Price.objects.update(tax_percent=Decimal("18.00"))
    invoice, _ = till.discount(till.draft(), percent="10")
    assert (invoice.subtotal, invoice.discount_total, invoice.tax_total, invoice.grand_total) == (
        Decimal("500.00"),
        Decimal("50.00"),
        Decimal("81.00"),
        Decimal("531.00"),
    )
    till.pay(till.issue(invoice))


def test_numbers_run_by_facility_and_financial_year(till):
    till.ward.now = till.ward.now.replace(year=2027, month=3, day=31)
    first, second = till.issued(), till.issued()
    till.ward.later(days=1)
    third = till.issued()
    code = till.ward.facility.code
    assert [i.number for i in (first, second, third)] == [
        f"{code}/26-27/00001",
        f"{code}/26-27/00002",
        f"{code}/27-28/00001",
    ]


def test_what_is_issued_stands(till):
    invoice = till.issued()
    with pytest.raises(AlreadyIssued):
        till.issue(invoice)
    with pytest.raises(AlreadyIssued):
        till.discount(invoice, percent="1")
    assert Journal.objects.get(deed="invoice").lines.count() == 2
    assert AuditEntry.objects.filter(action="invoice.issued", entity_id=str(invoice.id)).count() == 1


LIMITS = [(Role.RECEPTION, 5), (Role.CASHIER, 10), (Role.DOCTOR, 20), (Role.ADMIN, 100)]


@pytest.mark.parametrize(("role", "limit"), LIMITS)
def test_each_role_gives_what_it_may_and_asks_for_more(till, role, limit):
    who = till.ward.as_role(role)
    _, given = till.discount(till.draft(), by=who, percent=str(limit))
    assert given.state == "GIVEN"
    if limit < 100:
        invoice, asked = till.discount(till.draft(), by=who, amount=str(Decimal(500) * limit / 100 + Decimal("0.01")))
        assert (asked.state, invoice.discount_total) == ("ASKED", Decimal(0))


def test_two_small_discounts_are_as_much_as_one_large(till):
    invoice, _ = till.discount(till.draft(), percent="6")
    _, second = till.discount(invoice, percent="6")
    assert second.state == "ASKED"


@pytest.mark.parametrize("role", [Role.NURSE, Role.LAB, Role.PHARMACIST])
def test_others_let_nobody_off_anything(till, role):
    with pytest.raises(Forbidden):
        till.discount(till.draft(), by=till.ward.as_role(role), percent="1")


def test_a_hospital_may_have_limits_of_its_own(till):
    DiscountLimit.objects.create(facility=till.ward.facility, role="CASHIER", most_percent=2)
    assert till.discount(till.draft(), percent="3")[1].state == "ASKED"


def decide(till, invoice, by, approve=True):
    return commands.decide_discount(actor=by, now=till.ward.now, invoice_id=invoice.id, approve=approve)


def test_what_is_above_the_limit_is_decided_by_somebody_else_who_may(till):
    invoice, _ = till.discount(till.draft(), percent="15")
    with pytest.raises(DiscountWaits):
        till.issue(invoice)
    with pytest.raises(AlreadyAsked):
        till.discount(invoice, percent="1")
    with pytest.raises(SomebodyElse):
        decide(till, invoice, till.cashier)
    with pytest.raises(Forbidden):
        decide(till, invoice, till.ward.meera)
    approved, row = decide(till, invoice, till.ward.rao)
    assert (row.state, approved.discount_total) == ("GIVEN", Decimal("75.00"))
    till.issue(approved)


def test_who_is_under_the_limit_may_refuse_it_and_who_asked_may_withdraw_it(till):
    invoice, _ = till.discount(till.draft(), percent="50")
    _, refused = decide(till, invoice, till.ward.meera, approve=False)
    assert refused.state == "REFUSED"
    till.discount(invoice, percent="50")
    _, row = decide(till, invoice, till.cashier, approve=False)
    assert (row.state, row.decided_by) == ("WITHDRAWN", None)
    till.issue(invoice)


def test_what_is_refused_changes_nothing(till):
    invoice, _ = till.discount(till.draft(), percent="50")
    refused, row = decide(till, invoice, till.ward.admin, approve=False)
    assert (row.state, refused.discount_total) == ("REFUSED", Decimal(0))
    till.issue(refused)


@pytest.mark.parametrize("how", [{"amount": "0"}, {"amount": "-5"}, {"percent": "-1"}, {"percent": "101"}, {}])
def test_a_discount_is_something_and_not_more_than_everything(till, how):
    with pytest.raises(Invalid):
        till.discount(till.draft(), **how)


def test_not_more_comes_off_than_is_to_be_paid(till):
    with pytest.raises(AboveInvoice):
        till.discount(till.draft(), by=till.ward.admin, amount="500.01")


def test_the_price_of_the_doctor_holds_before_that_of_the_department(till):
    price(till.ward, "800.00", doctor=till.ward.doctor, valid_from=date(2021, 1, 1))
    assert till.draft(till.ward.arrive(doctor_id=till.ward.doctor.id)).grand_total == Decimal("800.00")


def unpriced(till):
    """A bill with a consultation on it that the price list says nothing of."""
    Price.objects.update(valid_from=date(2999, 1, 1))
    till.seen()
    relay(till)
    return Invoice.objects.get()


def test_what_has_no_price_waits_for_one_and_is_never_nothing(till):
    invoice = unpriced(till)
    line = invoice.lines.get()
    assert line.unit_price is None
    with pytest.raises(Unpriced):
        till.pay(invoice, "1.00", issue_first=True)
    about = {"now": till.ward.now, "invoice_id": invoice.id, "line_id": line.id}
    with pytest.raises(Forbidden):
        commands.price_line(actor=till.ward.rao, amount=Decimal("350.00"), **about)
    commands.price_line(actor=till.cashier, amount=Decimal("350.00"), **about)
    with pytest.raises(HasPrice):
        commands.price_line(actor=till.cashier, amount=Decimal("1.00"), **about)
    assert till.issue(invoice).grand_total == Decimal("350.00")
    assert AuditEntry.objects.get(action="invoice.priced").after["unitPrice"] == "350.00"


def test_what_has_no_price_is_taken_off_the_bill(till):
    invoice = unpriced(till)
    about = {"now": till.ward.now, "invoice_id": invoice.id, "line_id": invoice.lines.get().id}
    commands.price_line(actor=till.cashier, amount=None, **about)
    assert not InvoiceLine.objects.exists()


def test_a_station_without_a_price_is_on_no_bill(till):
    till.ward.department.kind = "triage"
    till.ward.department.save()
    Price.objects.update(valid_from=date(2999, 1, 1))
    till.seen()
    relay(till)
    assert not Invoice.objects.exists()


def test_a_completion_on_which_money_rests_is_not_taken_back(till):
    from apps.billing.commands.undoing import MoneyRestsOnIt
    from apps.encounters.commands import undo

    visit = till.seen()
    relay(till)
    payment = till.pay(Invoice.objects.get(), issue_first=True)
    with pytest.raises(MoneyRestsOnIt):
        undo(actor=till.ward.rao, now=till.ward.now, visit_id=visit.id)
    assert till.ward.fresh(visit).state == "COMPLETED"
    till.refund(payment, "500.00")
    with pytest.raises(MoneyRestsOnIt):
        undo(actor=till.ward.rao, now=till.ward.now, visit_id=visit.id)


def test_what_was_paid_before_does_not_rest_on_the_last_step(till):
    from apps.encounters.commands import undo

    visit = till.ward.arrive()
    till.pay(till.issued(visit))
    till.ward.later(seconds=1)
    till.ward.call_next()
    undo(actor=till.ward.rao, now=till.ward.now, visit_id=visit.id)
    assert till.ward.fresh(visit).state == "WAITING"
