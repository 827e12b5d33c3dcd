"""The till's pages at the front desk."""

from decimal import Decimal

import pytest
from django.utils import translation

from apps.audit.models import AuditEntry
from apps.billing.commands import take_in
from apps.billing.models import GatewayRefund, Invoice, Payment, Refund
from apps.billing.rules.gateway import told_by
from apps.billing.templatetags.money import money
from apps.core.policy import system_actor
from apps.queue.commands import cancel
from tests.billing.till import account_of
from tests.cast import open_browser


@pytest.fixture
def browser(till):
    """The cashier's, on a day that is today."""
    till.ward.keep_real_time()
    return open_browser(account_of(till.cashier))


def at(invoice: Invoice, action: str = "") -> str:
    return f"/admin/desk/invoices/{invoice.id}/{action + '/' if action else ''}"


def test_a_visit_is_found_by_its_number_billed_paid_and_printed(till, browser):
    visit = till.ward.arrive(till.ward.register(name="Sunita Verma"))
    found = browser.get("/admin/desk/till/", {"q": visit.token.label})
    assert "Sunita Verma" in found.content.decode()
    made = browser.post("/admin/desk/till/", {"visit": str(visit.id)})
    invoice = Invoice.objects.get()
    assert made["Location"] == at(invoice)
    assert "₹500.00" in browser.get(at(invoice)).content.decode()
    paid = browser.post(
        at(invoice, "pay"), {"method": "cash", "amount": "500.00", "reference": "", "version": invoice.version}
    )
    assert paid.status_code == 302
    invoice.refresh_from_db()
    paper = browser.get(at(invoice, "receipt")).content.decode()
    assert invoice.number in paper
    assert "Sunita Verma" in paper
    book = browser.get("/admin/desk/day-book/").content.decode()
    assert "Sunita Verma" in book
    assert "₹1,000.00" in book


def test_the_list_shows_what_is_to_be_paid_and_not_what_is(till, browser):
    open_, paid = till.issued(), till.issued()
    till.pay(paid)
    shown = browser.get("/admin/desk/till/").content.decode()
    assert at(open_) in shown
    assert at(paid) not in shown
    assert at(paid) in browser.get("/admin/desk/till/", {"q": paid.number}).content.decode()


def test_what_is_refused_is_said_on_the_page_and_nothing_is_written(till, browser):
    invoice = till.issued()
    answer = browser.post(
        at(invoice, "pay"), {"method": "cash", "amount": "500.01", "reference": "", "version": invoice.version}
    )
    assert answer.status_code == 409
    assert "more than is still to be paid" in answer.content.decode()
    stale = browser.post(at(invoice, "pay"), {"method": "cash", "amount": "5", "reference": "", "version": 1})
    assert stale.status_code == 409
    assert not Payment.objects.exists()


def test_money_goes_back_by_the_form_beside_its_payment(till, browser):
    payment = till.pay(till.issued())
    page = browser.get(at(payment.invoice)).content.decode()
    assert str(payment.id) in page
    sent = {"payment": str(payment.id), "amount": "120.50", "reason": "left early"}
    assert browser.post(at(payment.invoice, "refund"), sent).status_code == 302
    assert Refund.objects.get().amount == Decimal("120.50")
    wrong = browser.post(at(payment.invoice, "refund"), sent | {"amount": "379.51"})
    assert wrong.status_code == 409
    assert "Not more can go back" in wrong.content.decode()


def test_a_discount_above_the_limit_is_approved_on_the_page_by_the_administrator(till, browser):
    invoice = till.draft()
    about = {"amount": "200", "reason": "hardship", "version": invoice.version}
    said = browser.post(at(invoice, "discount"), about, follow=True).content.decode()
    assert "Nothing is taken off before it is approved." in said
    assert "What is taken off is written down." not in said
    assert "waits for approval" in browser.get(at(invoice)).content.decode()
    own = browser.post(at(invoice, "approve"), {})
    assert own.status_code == 409
    admin = open_browser(account_of(till.ward.admin))
    assert admin.post(at(invoice, "approve"), {}).status_code == 302
    invoice.refresh_from_db()
    assert invoice.grand_total == Decimal("300.00")


def test_who_asked_for_a_discount_withdraws_it_on_the_page(till, browser):
    invoice = till.draft()
    browser.post(at(invoice, "discount"), {"amount": "200", "reason": "hardship", "version": invoice.version})
    page = browser.get(at(invoice)).content.decode()
    assert "Withdraw" in page
    assert at(invoice, "approve") not in page
    assert browser.post(at(invoice, "refuse"), {}).status_code == 302


def test_what_was_not_paid_on_earlier_days_is_under_a_heading_of_its_own(till, browser):
    now = till.ward.now
    till.ward.later(days=-1)
    yesterdays = till.issued()
    till.ward.now = now
    page = browser.get("/admin/desk/till/").content.decode()
    assert page.index("Not paid on earlier days") < page.index(at(yesterdays))
    assert "Nobody has anything to pay" not in page


def test_a_charge_in_vain_is_told_at_the_till(till, browser):
    visit = till.ward.arrive()
    invoice = till.issued(visit)
    cancel(actor=till.ward.meera, now=till.ward.now, visit_id=visit.id, reason="left")
    page = browser.get("/admin/desk/till/").content.decode()
    assert page.index("Charged, but not done") < page.index(at(invoice)) < page.index("To be paid today")


def test_a_refused_refund_is_in_the_day_book_and_sent_again_from_there(till, browser):
    refund = till.refund(till.pay(till.issued()), "120.00")
    about = {"facility": till.ward.facility, "next_at": till.ward.now}
    row = GatewayRefund.objects.create(refund=refund, state="FAILED", **about)
    invoice = refund.payment.invoice
    page = browser.get("/admin/desk/day-book/").content.decode()
    assert at(invoice, "send-again") in page
    assert browser.post(at(invoice, "send-again"), {"refund": str(refund.id)}).status_code == 302
    row.refresh_from_db()
    assert row.state == "ASKED"
    assert AuditEntry.objects.filter(action="payment.refund_sent_again").count() == 1
    assert at(invoice, "send-again") not in browser.get("/admin/desk/day-book/").content.decode()
    other = till.issued()
    assert browser.post(at(other, "send-again"), {"refund": str(refund.id)}).status_code == 404


def test_what_is_about_no_link_of_any_hospital_is_told_to_the_administrator_alone(till, browser):
    told = told_by({"event": "payment.captured", "payload": {"payment": {"entity": {"id": "pay_lost"}}}})
    take_in(actor=system_actor("razorpay"), now=till.ward.now, event_id="evt_lost", told=told)
    assert "pay_lost" in open_browser(account_of(till.ward.admin)).get("/admin/desk/day-book/").content.decode()
    assert "pay_lost" not in browser.get("/admin/desk/day-book/").content.decode()


def test_a_draft_has_no_receipt(till, browser):
    assert browser.get(at(till.draft(), "receipt")).status_code == 404


def test_a_cash_desk_payment_of_another_invoice_is_not_given_back_through_this_one(till, browser):
    payment, other = till.pay(till.issued()), till.issued()
    answer = browser.post(at(other, "refund"), {"payment": str(payment.id), "amount": "5", "reason": "wrong invoice"})
    assert answer.status_code == 404
    assert not Refund.objects.exists()


def test_sums_are_written_as_the_language_writes_them():
    assert money(Decimal("125000"), "INR") == "₹1,25,000.00"
    with translation.override("hi"):
        assert money(Decimal("125000.5"), "INR") == "₹1,25,000.50"
    with translation.override("ta"):
        assert money(Decimal("125000.5"), "INR") == "₹1,25,000.50"
