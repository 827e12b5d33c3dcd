"""Bookings that are paid for by themselves: paid priority by phone, and what comes back of a booking given up (D10)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.queries import actor_of_token
from apps.accounts.queries.actors import SESSION_KEY
from apps.billing import commands, tasks
from apps.billing.commands import prepaying
from apps.billing.commands.charging import NoPrice
from apps.billing.commands.linking import NothingDue
from apps.billing.commands.paying import DueFirst, NotDue
from apps.billing.models import GatewayRefund, Invoice, Payment, PaymentLink, Prepayment, Price, Refund, RefundDue
from apps.billing.queries.invoices import found_by, invoices, of_departments, unpaid
from apps.billing.queries.prepaid import refunds_due
from apps.billing.views import till as till_pages
from apps.core.errors import Forbidden, NotFound
from apps.core.policy import Role, system_actor
from apps.notifications.queries import newest_messages
from apps.patients.commands import request_code, sign_in_by_code
from apps.queue import commands as queue
from apps.queue.queries.bookings import check_json
from apps.scheduling.commands import SlotGone
from apps.scheduling.models import Appointment, Department
from opd.demo.gateway import DemoGateway
from tests.billing.test_invoices import relay
from tests.billing.till import account_of, price
from tests.bookings import book, cancel, open_slot, visit_type
from tests.cast import bearer, open_browser
from tests.patients.codes import phone_of

PHONE = "+919811122334"


@pytest.fixture
def desk(till: Any) -> Any:
    """A till at this hour, where paid priority costs 900."""
    till.ward.keep_real_time()
    price(till.ward, "900.00", paid_priority=True)
    return till


@pytest.fixture
def gateway(settings: Any) -> Any:
    """A gateway that tells nothing by itself: it is asked."""
    running = DemoGateway().start()
    settings.RAZORPAY_URL, settings.RAZORPAY_KEY_ID = running.url, "key"
    yield running
    running.close()


def booked(desk: Any, hours: float = 30, **how: Any) -> tuple[Appointment, Invoice]:
    """Meera books a paid-priority place for somebody; the booking, and its bill."""
    row = book(desk.ward, open_slot(desk.ward, hours), "paid_priority", **how).appointment
    relay(desk)
    return row, Invoice.objects.get(token_id=row.token_id)


def told(kind: str) -> list[str]:
    return [message["text"] for message in newest_messages() if kind in message["text"]]


def pay_by_phone(gateway: DemoGateway) -> None:
    """The link that was wished for is made, paid, found and acted upon."""
    tasks.ask_gateway()
    gateway.pay(PaymentLink.objects.order_by("-asked_at").first().reference)
    PaymentLink.objects.update(next_at=timezone.now())
    tasks.ask_gateway()
    tasks.settle()


# --- at the desk ----------------------------------------------------------------------------------------------------


def test_the_desk_books_at_once_with_the_amount_due(desk):
    row, invoice = booked(desk)
    assert (invoice.status, invoice.grand_total, invoice.day) == ("DRAFT", Decimal("900.00"), desk.ward.now.date())
    assert Prepayment.objects.get().appointment_id == row.id
    relay(desk)
    assert invoice.lines.get().description.startswith("Paid priority")


def test_other_bookings_are_paid_for_as_visits(desk):
    book(desk.ward, open_slot(desk.ward), "online")
    relay(desk)
    assert not Invoice.objects.exists()


def test_a_booking_that_was_paid_is_not_charged_again_as_a_visit(desk):
    row, invoice = booked(desk, 0.2)
    desk.pay(invoice, issue_first=True)
    visit = queue.arrive(actor=desk.ward.meera, now=desk.ward.now, booking_id=row.id).visit
    assert desk.draft(visit).id == invoice.id
    desk.ward.call_next()
    desk.ward.see(desk.ward.fresh(visit))
    relay(desk)
    assert Invoice.objects.count() == 1


def test_a_booking_that_moved_is_charged_once_and_comes_back(desk):
    row, invoice = booked(desk)
    desk.pay(invoice, issue_first=True)
    other = open_slot(desk.ward, 50)
    fresh, _ = queue.reschedule(actor=desk.ward.meera, now=desk.ward.now, booking_id=row.id, slot_id=other.id)
    relay(desk)
    assert (Invoice.objects.count(), RefundDue.objects.count()) == (1, 0)
    cancel(desk.ward, fresh, wished=True)
    relay(desk)
    assert RefundDue.objects.get().amount == Decimal("900.00")


@pytest.mark.parametrize(
    ("first", "second", "by", "wished", "back"),
    [
        (30, 50, "herself", True, "900.00"),
        (30, 13, "herself", True, "675.00"),
        (2, 50, "herself", True, "900.00"),
        (2, 50, "the desk", True, "900.00"),
        (50, 2, "the desk", True, ""),
        (50, 2, "herself", False, "900.00"),
    ],
)
def test_after_a_move_the_new_time_counts(desk, first, second, by, wished, back):
    row, invoice = booked(desk, first, patient=desk.ward.register(phone=PHONE))
    desk.pay(invoice, issue_first=True)
    phone = phone_of(timezone.now(), PHONE)
    mover = actor_of_token(phone.session[SESSION_KEY], now=timezone.now()) if by == "herself" else desk.ward.meera
    slot = open_slot(desk.ward, second)
    fresh, _ = queue.reschedule(actor=mover, now=desk.ward.now, booking_id=row.id, slot_id=slot.id)
    said = check_json(fresh, desk.ward.now)
    assert not wished or said["refundAmount"] == (back or "0.00")
    cancel(desk.ward, fresh, wished=wished)
    relay(desk)
    assert [str(due.amount) for due in RefundDue.objects.all()] == [back] * bool(back)


@pytest.mark.parametrize(
    ("hours", "wished", "back"),
    [(30, True, "900.00"), (13, True, "675.00"), (7, True, "450.00"), (2, True, ""), (2, False, "900.00")],
)
def test_what_comes_back_is_by_the_notice_and_the_check_says_the_same(desk, hours, wished, back):
    row, invoice = booked(desk, hours)
    desk.pay(invoice, issue_first=True)
    said = check_json(row, desk.ward.now)
    assert not wished or said["refundAmount"] == (back or "0.00")
    cancel(desk.ward, row, wished=wished)
    relay(desk)
    assert [str(due.amount) for due in RefundDue.objects.all()] == [back] * bool(back)


def test_what_was_paid_at_the_desk_is_paid_out_there_once(desk):
    row, invoice = booked(desk, patient=desk.ward.register(phone=PHONE))
    payment = desk.pay(invoice, method="upi", issue_first=True)
    cancel(desk.ward, row, wished=True)
    relay(desk)
    due = RefundDue.objects.get()
    assert Refund.objects.count() == 0
    assert len(told("₹900.00 is ready for you at the till")) == 1
    with pytest.raises(DueFirst):
        desk.refund(payment, "1.00")
    about = {"now": desk.ward.now, "invoice_id": invoice.id, "due_id": due.id}
    with pytest.raises(Forbidden):
        commands.pay_out(actor=desk.ward.meera, **about)
    commands.pay_out(actor=desk.cashier, **about)
    with pytest.raises(NotDue):
        commands.pay_out(actor=desk.cashier, **about)
    assert Refund.objects.get().amount == Decimal("900.00")


def test_what_is_due_of_another_bill_is_not_paid_out_here(desk):
    row, invoice = booked(desk)
    desk.pay(invoice, issue_first=True)
    cancel(desk.ward, row, wished=True)
    relay(desk)
    other = desk.issued()
    with pytest.raises(NotFound):
        commands.pay_out(actor=desk.cashier, now=desk.ward.now, invoice_id=other.id, due_id=RefundDue.objects.get().id)


def test_what_was_not_paid_is_asked_for_no_more(desk):
    row, invoice = booked(desk)
    cancel(desk.ward, row)
    relay(desk)
    invoice.refresh_from_db()
    assert (invoice.grand_total, invoice.lines.count(), RefundDue.objects.count()) == (Decimal(0), 0, 0)


def test_of_a_part_that_was_paid_a_part_comes_back(desk):
    row, invoice = booked(desk, 13)
    desk.pay(invoice, "300.00", issue_first=True)
    desk.ward.later(seconds=1)
    desk.pay(invoice, "100.00", method="card")
    cancel(desk.ward, row, wished=True)
    relay(desk)
    dealt = {due.payment.method: due.amount for due in RefundDue.objects.all()}
    assert dealt == {"card": Decimal("100.00"), "cash": Decimal("200.00")}


def test_the_till_shows_what_is_to_be_given_back(desk):
    row, invoice = booked(desk)
    desk.pay(invoice, issue_first=True)
    cancel(desk.ward, row, wished=True)
    relay(desk)
    client = open_browser(account_of(desk.cashier))
    page = client.get("/admin/desk/till/").content.decode()
    assert "To be given back" in page
    sent = {"due": str(RefundDue.objects.get().id), "key": "one"}
    assert client.post(f"/admin/desk/invoices/{invoice.id}/pay-out/", sent).status_code == 302
    assert "To be given back" not in client.get("/admin/desk/till/").content.decode()
    assert client.post(f"/admin/desk/invoices/{invoice.id}/pay-out/", sent | {"key": "two"}).status_code == 409


def test_what_is_to_be_given_back_is_paged(desk, monkeypatch):
    monkeypatch.setattr(till_pages, "ROWS", 1)
    for hours in (30, 40):
        row, invoice = booked(desk, hours)
        desk.pay(invoice, issue_first=True)
        cancel(desk.ward, row, wished=True)
        relay(desk)
    first, second = [due.payment.invoice.number for due in refunds_due()]
    client = open_browser(account_of(desk.cashier))
    page = client.get("/admin/desk/till/").content.decode()
    assert (first in page, second in page, "?dues=2" in page) == (True, False, True)
    page = client.get("/admin/desk/till/?dues=2").content.decode()
    assert (first in page, second in page, "?dues=1" in page) == (False, True, True)


def test_of_a_bill_whose_booking_was_given_up_nobody_is_reminded_and_nobody_pays_by_phone(desk, gateway, phone):
    client, person = phone
    row, invoice = booked(desk, patient=person)
    desk.issue(invoice)
    at, span = f"/me/bills/{invoice.id}/", (desk.ward.now - timedelta(days=1), desk.ward.now + timedelta(days=1))
    assert "Pay by phone" in client.get(at).content.decode()
    assert [bill.id for bill in unpaid(*span)] == [invoice.id]
    link = commands.ask_link(actor=desk.cashier, now=desk.ward.now, invoice_id=invoice.id)
    tasks.ask_gateway()
    gateway.pay(PaymentLink.objects.get().reference)  # a moment before it is closed
    cancel(desk.ward, row, wished=True)
    relay(desk)
    assert "Pay by phone" not in client.get(at).content.decode()
    assert list(unpaid(*span)) == []
    with pytest.raises(NothingDue):
        commands.ask_link(actor=desk.cashier, now=desk.ward.now, invoice_id=invoice.id)
    PaymentLink.objects.update(next_at=timezone.now())
    tasks.ask_gateway()
    tasks.settle()
    assert Payment.objects.get(id=link.id).refunded == Decimal("900.00")


def test_of_cash_and_a_link_only_the_cash_is_ready_at_the_till(desk, gateway):
    row, invoice = booked(desk, patient=desk.ward.register(phone=PHONE))
    desk.pay(invoice, "300.00", issue_first=True)
    commands.ask_link(actor=desk.cashier, now=desk.ward.now, invoice_id=invoice.id)
    pay_by_phone(gateway)
    cancel(desk.ward, row, wished=True)
    relay(desk)
    assert len(told("₹300.00 is ready for you at the till")) == 1
    assert len(told("₹600.00 comes back the way you paid")) == 1


# --- by phone -------------------------------------------------------------------------------------------------------


@pytest.fixture
def phone(desk: Any) -> Any:
    """A phone on which somebody is signed in, and whose it is."""
    person = desk.ward.register(name="Sunita Verma", phone=PHONE)
    request_code(actor=system_actor("test"), now=timezone.now(), phone=PHONE, address="192.0.2.1", language="en")
    code = next(told["text"][-6:] for told in newest_messages() if told["to"] == PHONE)
    signed = sign_in_by_code(now=timezone.now(), phone=PHONE, code=code, address="192.0.2.1")
    client = Client()
    session = client.session
    session[SESSION_KEY] = signed.secret
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client, person


def phone_actor(phone: Any) -> Any:
    """Who the phone acts as."""
    return actor_of_token(phone[0].session[SESSION_KEY], timezone.now())


def choose(phone: Any, slot: Any, **more: Any) -> Any:
    """They ask for paid priority at a time."""
    client, person = phone
    at = f"/book/{slot.doctor_id}/check/?for={person.id}&slot={slot.id}"
    assert "₹900.00" in client.get(at).content.decode()
    return client.post(at, {"priority": "on", "key": "wish"} | more)


def test_who_books_by_phone_has_the_place_and_displaces_only_when_it_is_paid(desk, gateway, phone):
    slot, later = open_slot(desk.ward, 24, 1), open_slot(desk.ward, 26, 1)
    low = book(desk.ward, slot).appointment
    answer = choose(phone, slot)
    wish = Prepayment.objects.get()
    assert answer["location"] == f"/me/priority/{wish.id}/"
    assert Appointment.objects.count() == 1
    client, person = phone
    assert wish.page in client.get("/me/bills/").content.decode()
    assert "then the time is yours" in client.get(wish.page).content.decode()
    assert list(invoices()) == []
    pay_by_phone(gateway)
    wish.refresh_from_db()
    low.refresh_from_db()
    assert (wish.state, wish.appointment.slot_id, wish.appointment.patient_id) == ("BOOKED", slot.id, person.id)
    assert (low.slot_id, low.displaced) == (later.id, 1)
    assert client.get(wish.page)["location"] == f"/me/bookings/{wish.appointment_id}/"
    relay(desk)
    invoice = Invoice.objects.get()
    assert invoice.number
    listed = client_of_api(desk).get("/api/v1/invoices").json()["results"]
    assert [(row["id"], row["tokenNumber"]) for row in listed] == [(str(invoice.id), None)]
    token = wish.appointment.token
    assert list(found_by(token.label, desk.cashier, token.day)) == [invoice]


def client_of_api(desk: Any) -> Client:
    """A cashier's, with a key."""
    return Client(headers=bearer(account_of(desk.cashier)))


def test_a_wish_is_one_however_often_it_is_sent(desk, gateway, phone):
    slot = open_slot(desk.ward, 24, 1)
    choose(phone, slot)
    choose(phone, slot, key="again")
    assert (Prepayment.objects.count(), PaymentLink.objects.count()) == (1, 1)


def test_another_time_takes_the_place_of_a_wish(desk, gateway, phone):
    choose(phone, open_slot(desk.ward, 24, 1))
    choose(phone, open_slot(desk.ward, 25.5, 1), key="other")
    wishes = Prepayment.objects.order_by("made_at")
    same_day = wishes[0].day == wishes[1].day
    assert [wish.state for wish in wishes] == ["LAPSED" if same_day else "WAITS", "WAITS"]


def test_another_type_of_visit_takes_the_place_of_a_wish(desk, gateway, phone):
    slot = open_slot(desk.ward, 24, 2)
    choose(phone, slot)
    kind = visit_type(desk.ward.department, 20)
    about = {"actor": phone_actor(phone), "now": timezone.now(), "doctor_id": slot.doctor_id}
    about |= {"source": "paid_priority", "preferred_slot_id": slot.id, "visit_type_id": kind.id}
    queue.book(**about)
    queue.book(**about)
    wishes = Prepayment.objects.order_by("made_at").values_list("state", "visit_type_id")
    assert list(wishes) == [("LAPSED", None), ("WAITS", kind.id)]


def test_one_wish_that_fails_holds_nobody_elses_up(desk, gateway, phone, monkeypatch):
    choose(phone, open_slot(desk.ward, 24, 1))
    choose(phone, open_slot(desk.ward, 72, 1), key="other")
    Prepayment.objects.update(expires_at=timezone.now())
    first, real = Prepayment.objects.order_by("id").first(), prepaying.let_lapse

    def fails_for_one(**about: Any) -> bool:
        if about["wish_id"] == first.id:
            raise RuntimeError
        return bool(real(**about))

    monkeypatch.setattr(prepaying, "let_lapse", fails_for_one)
    tasks.settle()
    assert sorted(Prepayment.objects.values_list("state", flat=True)) == ["LAPSED", "WAITS"]
    monkeypatch.undo()
    tasks.settle()
    assert set(Prepayment.objects.values_list("state", flat=True)) == {"LAPSED"}


def test_what_is_not_paid_in_time_is_over(desk, gateway, phone):
    choose(phone, open_slot(desk.ward, 24, 1))
    tasks.ask_gateway()
    Prepayment.objects.update(expires_at=timezone.now())
    tasks.settle()
    tasks.ask_gateway()
    assert (Prepayment.objects.get().state, PaymentLink.objects.get().state) == ("LAPSED", "VOID")
    assert next(iter(gateway.links.values()))["status"] == "cancelled"
    assert "The time to pay is over" in phone[0].get(Prepayment.objects.get().page).content.decode()
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("gone", [False, True])
def test_who_pays_too_late_gets_the_place_or_the_money(desk, gateway, phone, gone):
    slot = open_slot(desk.ward, 24, 1)
    choose(phone, slot)
    tasks.ask_gateway()
    Prepayment.objects.update(expires_at=timezone.now())
    gateway.pay(PaymentLink.objects.get().reference)  # a moment before it is closed
    tasks.settle()
    assert Prepayment.objects.get().state == "LAPSED"
    if gone:
        book(desk.ward, slot, "emergency")
    PaymentLink.objects.update(next_at=timezone.now())
    tasks.ask_gateway()
    tasks.settle()
    wish = Prepayment.objects.get()
    assert wish.state == ("RETURNED" if gone else "BOOKED")
    assert Payment.objects.get().refunded == (Decimal("900.00") if gone else Decimal(0))
    assert len(told("that you paid for is taken. ₹900.00 comes back")) == gone
    if gone:
        assert GatewayRefund.objects.get().state == "ASKED"
        assert "₹900.00 comes back" in phone[0].get(wish.page).content.decode()


def test_a_booking_paid_by_phone_goes_back_through_the_gateway_and_the_page_says_so(desk, gateway, phone):
    choose(phone, open_slot(desk.ward, 13, 1))
    pay_by_phone(gateway)
    client, _ = phone
    row = Appointment.objects.get()
    at = f"/me/bookings/{row.id}/"
    assert "Comes back: ₹675.00." in client.get(f"{at}cancel/").content.decode()
    assert client.post(f"{at}cancel/", {"version": row.version, "key": "give up"}).status_code == 302
    assert "₹675.00 comes back" in client.get(at).content.decode()
    relay(desk)
    assert "₹675.00 comes back the way it was paid" in client.get(at).content.decode()
    tasks.ask_gateway()
    assert GatewayRefund.objects.get().state == "SENT"
    assert [made[0]["amount"] for made in gateway.refunds.values()] == [67_500]
    assert len(told("₹675.00 comes back the way you paid")) == 1


def test_paid_priority_is_not_offered_without_a_gateway_or_a_price(desk, phone, settings):
    client, person = phone
    slot = open_slot(desk.ward, 24, 1)
    at = f"/book/{slot.doctor_id}/check/?for={person.id}&slot={slot.id}"
    assert "Paid priority" not in client.get(at).content.decode()
    sent = client.post(at, {"priority": "on", "key": "wish"})
    assert Appointment.objects.get().source == "online", "what is not offered is not heard"
    assert sent.status_code == 302


def test_without_a_price_nobody_can_wish_for_it(till, gateway, phone):
    slot = open_slot(till.ward, 24, 1)
    Price.objects.all().delete()
    actor = phone_actor(phone)
    with pytest.raises(NoPrice):
        queue.book(
            actor=actor,
            now=till.ward.now,
            doctor_id=slot.doctor_id,
            source="paid_priority",
            preferred_slot_id=slot.id,
        )


def test_what_cannot_be_placed_is_not_to_be_paid(desk, gateway, phone):
    slot = open_slot(desk.ward, 24, 1)
    book(desk.ward, slot, "emergency")
    with pytest.raises(SlotGone):
        queue.book(
            actor=phone_actor(phone),
            now=desk.ward.now,
            doctor_id=slot.doctor_id,
            source="paid_priority",
            preferred_slot_id=slot.id,
        )
    assert not Prepayment.objects.exists()


def test_a_wish_is_nobody_elses(desk, gateway, phone):
    choose(phone, open_slot(desk.ward, 24, 1))
    wish = Prepayment.objects.get()
    other = desk.ward.register(name="Other", phone="+919811122335")
    Prepayment.objects.update(patient=other)
    assert phone[0].get(wish.page).status_code == 404
    with pytest.raises(NotFound):
        desk.pay(wish.invoice, "900.00", issue_first=True)


def test_a_role_that_serves_one_department_sees_what_is_due_there(desk):
    row, invoice = booked(desk)
    desk.pay(invoice, issue_first=True)
    cancel(desk.ward, row, wished=True)
    relay(desk)
    here = desk.ward.as_role(Role.CASHIER, [desk.ward.department])
    other = Department.objects.create(
        facility=desk.ward.facility, code="EYE", letter="Y", name="Eye", kind="consultation"
    )
    there = desk.ward.as_role(Role.CASHIER, [other])
    path = "payment__invoice__"
    assert [of_departments(refunds_due(), who, path).count() for who in (here, there)] == [1, 0]
    assert timedelta(hours=29) < row.at - desk.ward.now
