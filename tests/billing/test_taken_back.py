"""A test that is taken back after it was charged: the till says so, and the money for it goes back, once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.billing import commands
from apps.billing.commands.linking import NothingDue
from apps.billing.commands.paying import DueFirst, NotDue
from apps.billing.models import Invoice, PaymentLink, Refund, RefundDue
from apps.billing.queries.invoices import charged_in_vain, invoices, over, taken_back_lines, unpaid
from apps.core.policy import system_actor
from apps.encounters.commands import complete
from apps.encounters.commands.prescribing import prescribe
from apps.encounters.models import Order, Prescription
from apps.notifications.models import Message
from apps.notifications.rules import Kind
from tests.billing.test_invoices import relay
from tests.billing.test_things import in_consultation, ordered, sold
from tests.billing.till import account_of
from tests.bookings import book, open_slot
from tests.cast import open_browser
from tests.patients.codes import PHONE, phone_of


@pytest.fixture
def bill(till: Any) -> Any:
    """Makes Asha's bill with two tests, of which the second is taken back; what of it is paid before."""
    till.ward.lie_where_it_is_noon()
    sold(till, "CBC", "250.00")
    sold(till, "LFT", "250.00")

    def make(paid: str = "", refunded: str = "") -> Invoice:
        visit = in_consultation(till, till.ward.register(name="Asha Devi", phone=PHONE))
        orders = [ordered(till, visit, name) for name in ("CBC", "LFT")]
        invoice = till.issued(visit)
        payment = till.pay(invoice, paid) if paid else None
        Order.objects.filter(id=orders[1].id).update(state="cancelled")
        if refunded:
            till.refund(payment, refunded)
        return Invoice.objects.get(id=invoice.id)

    return make


def give_back(till: Any, invoice: Invoice) -> list[Refund]:
    return commands.give_back_things(actor=till.cashier, now=till.ward.now, invoice_id=invoice.id)


@pytest.mark.parametrize(
    ("paid", "refunded", "back"),
    [
        ("", "", "0.00"),
        ("700.00", "", "0.00"),
        ("750.00", "", "0.00"),
        ("800.00", "", "50.00"),
        ("1000.00", "", "250.00"),
        ("1000.00", "100.00", "150.00"),
        ("1000.00", "600.00", "0.00"),
    ],
)
def test_what_goes_back_is_what_is_here_beyond_the_rest_of_the_bill(till, bill, paid, refunded, back):
    invoice = bill(paid, refunded)
    assert [line.description for line in taken_back_lines(invoice)] == ["Lft"]
    assert over(invoice) == Decimal(back)
    if not over(invoice):
        with pytest.raises(NotDue):
            give_back(till, invoice)
        return
    assert [row.amount for row in give_back(till, invoice)] == [Decimal(back)]
    with pytest.raises(NotDue):
        give_back(till, invoice)


def test_it_goes_back_the_way_it_came_the_last_payment_first(till, bill):
    invoice = bill("900.00")
    till.ward.later(minutes=1)
    till.pay(invoice, "100.00", "upi")
    assert sorted(row.amount for row in give_back(till, invoice)) == [Decimal("100.00"), Decimal("150.00")]
    assert {row.reason for row in Refund.objects.all()} == {"it was taken back after it was charged"}


def test_what_went_back_for_a_booking_takes_nothing_from_it(till, bill):
    invoice = bill("1000.00")
    booking = book(till.ward, open_slot(till.ward, 30)).appointment
    due = RefundDue.objects.create(
        facility=till.ward.facility, payment=invoice.payments.get(), appointment=booking, percent=60,
        amount=Decimal("300.00"), due_at=till.ward.now,
    )  # fmt: skip
    with pytest.raises(DueFirst):
        give_back(till, invoice)
    commands.pay_out(actor=till.cashier, now=till.ward.now, invoice_id=invoice.id, due_id=due.id)
    invoice.refresh_from_db()
    assert over(invoice) == Decimal("250.00")
    assert [row.amount for row in give_back(till, invoice)] == [Decimal("250.00")]
    with pytest.raises(NotDue):
        give_back(till, invoice)


def test_the_till_points_at_it_until_the_money_went_back(till, bill):
    invoice = bill("1000.00")
    cashier, at = open_browser(account_of(till.cashier)), f"/admin/desk/invoices/{invoice.id}/"
    assert "Charged, but not done" in cashier.get("/admin/desk/till/").content.decode()
    page = cashier.get(at).content.decode()
    assert "Ordered, then taken back" in page
    assert "Give back ₹250.00" in page
    assert cashier.post(f"{at}give-back/").status_code == 302
    assert cashier.post(f"{at}give-back/").status_code == 409
    assert Refund.objects.get().amount == Decimal("250.00")
    assert "Charged, but not done" not in cashier.get("/admin/desk/till/").content.decode()


def test_two_of_one_price_are_both_pointed_at(till, bill):
    invoice = bill("1000.00")
    Order.objects.update(state="cancelled")
    till.refund(invoice.payments.get(), "250.00")
    assert charged_in_vain(invoices(), invoice.day).exists()
    assert over(Invoice.objects.get()) == Decimal("250.00")


def test_nobody_is_asked_for_it(till, bill, settings):
    settings.RAZORPAY_KEY_ID = "key"
    invoice = bill()
    page = open_browser(account_of(till.cashier)).get(f"/admin/desk/invoices/{invoice.id}/").content.decode()
    assert "Ask for ₹750.00 only." in page
    family, at = phone_of(timezone.now()), f"/me/bills/{invoice.id}/"
    assert "To be paid: ₹750.00" in family.get(at).content.decode()
    family.post(f"{at}pay/")
    assert PaymentLink.objects.get().amount == Decimal("750.00")
    issued = {"since": invoice.issued_at - till.ward.now.resolution, "before": invoice.issued_at}
    assert unpaid(**issued).exists()
    reminder = system_actor("reminders", till.ward.facility.id)
    commands.follow_up(actor=reminder, now=invoice.issued_at + timedelta(days=1))
    assert "₹750.00" in Message.outgoing.get(kind=Kind.PAYMENT).text
    till.pay(invoice, "750.00")
    assert not unpaid(**issued).exists()
    with pytest.raises(NothingDue):
        commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=invoice.id)


def test_on_a_draft_it_is_taken_off_beside_the_warning(till):
    sold(till, "CBC", "250.00")
    visit = in_consultation(till)
    order = ordered(till, visit, "CBC")
    draft = till.draft(visit)
    Order.objects.filter(id=order.id).update(state="cancelled")  # and what follows of it is on its way
    cashier, at = open_browser(account_of(till.cashier)), f"/admin/desk/invoices/{draft.id}/"
    assert "Ordered, then taken back" in cashier.get(at).content.decode()
    draft.refresh_from_db()
    line = draft.lines.exclude(key="").get()
    assert cashier.post(f"{at}take-off/", {"line": line.id, "version": draft.version}).status_code == 302
    draft.refresh_from_db()
    assert (draft.grand_total, taken_back_lines(draft).exists()) == (Decimal("500.00"), False)


def test_medicines_of_a_prescription_that_was_written_anew_are_taken_back(till):
    sold(till, "Paracetamol 500 mg tablet", "2.50", "medicine")
    visit, about = in_consultation(till), {"actor": till.ward.rao, "now": till.ward.now}
    items = [{"medicine": "Paracetamol 500 mg tablet", "frequency": "1-1-1", "days": 5}]
    prescribe(visit_id=visit.id, items=items, **about)
    complete(visit_id=visit.id, **about)
    relay(till)
    invoice = till.issue(Invoice.objects.get())
    assert not taken_back_lines(invoice).exists()
    signed = {"facility": till.ward.facility, "visit": visit, "doctor": till.ward.doctor, "signed_at": till.ward.now}
    Prescription.objects.create(version=2, content="nothing more", **signed)
    assert [line.total for line in taken_back_lines(invoice)] == [Decimal("37.50")]
    assert [found.id for found in charged_in_vain(invoices(), invoice.day)] == [invoice.id]
