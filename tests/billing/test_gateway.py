"""Paying by link, over real HTTP: a gateway that behaves, one that hangs, one that lies, and people who forge it."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone, translation

from apps.audit.models import AuditEntry
from apps.billing import commands, razorpay, tasks
from apps.billing.commands import linking, settling
from apps.billing.commands.invoicing import InvoiceChanged
from apps.billing.commands.linking import NotRefused
from apps.billing.commands.settling import LookedInto
from apps.billing.models import GatewayEvent, GatewayRefund, Invoice, Journal, Payment, PaymentLink, Refund
from apps.billing.queries.books import fault_in_books
from apps.billing.queries.gateway import payable_link, set_aside
from apps.core.errors import Forbidden, Invalid, NotFound
from apps.core.policy import Role, system_actor
from apps.notifications.models import Breaker
from opd.demo.gateway import DemoGateway
from tests.billing.test_payments import accounts
from tests.proving import PROVE
from tests.races.threads import at_once

SECRET = "whsec-test"
HOOK = "/api/v1/webhooks/razorpay"
REPLAYS = 1_000 if PROVE else 60
FORGERIES = 1_000 if PROVE else 60


@pytest.fixture
def gateway(settings: Any) -> Iterator[DemoGateway]:
    """A gateway that tells nothing by itself: tests send its webhooks as they like."""
    running = DemoGateway().start()
    settings.RAZORPAY_URL, settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET = running.url, "key", "secret"
    settings.RAZORPAY_WEBHOOK_SECRET = SECRET
    yield running
    running.close()


@pytest.fixture
def link(till, gateway) -> PaymentLink:
    """An open link over 500."""
    till.ward.keep_real_time()
    return linked(till)


def linked(till) -> PaymentLink:
    asked = commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=till.issued().id)
    tasks.ask_gateway()
    made = PaymentLink.objects.get(id=asked.id)
    assert made.state == "OPEN"
    return made


def payload(link: PaymentLink, **payment: Any) -> dict[str, Any]:
    paid = {"id": "pay_1", "amount": 50_000, "currency": "INR", "notes": {"link": str(link.id)}}
    return {"payment": {"entity": paid | {"contact": "+919812345678", "email": "x@y.z"} | payment}}


def refunded(link: PaymentLink, paise: int = 20_000, reference: str = "rfnd_1", **notes: str) -> dict[str, Any]:
    made = {"id": reference, "amount": paise, "currency": "INR", "payment_id": "pay_1", "notes": notes or []}
    return payload(link) | {"refund": {"entity": made}}


def body_of(name: str, about: dict[str, Any]) -> bytes:
    return json.dumps({"entity": "event", "event": name, "payload": about}).encode()


def send(body: bytes, event_id: str = "", signature: str | None = None) -> int:
    """A webhook, signed as it should be unless told."""
    good = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Razorpay-Signature": good if signature is None else signature}
    if event_id:
        headers["X-Razorpay-Event-Id"] = event_id
    return Client().post(HOOK, body, content_type="application/json", headers=headers).status_code


def test_a_link_is_made_by_the_worker_and_knows_nobody(till, gateway, link):
    assert link.url == f"{gateway.url}/pay/{link.reference}"
    sent = "".join(body for _method, _path, body in gateway.asked)
    patient = link.invoice.patient
    assert link.invoice.number in sent
    assert patient.name not in sent
    assert patient.uhid not in sent


def test_a_link_asked_for_twice_is_one_and_made_once(till, gateway, link):
    again = commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=link.invoice_id)
    assert again.id == link.id
    PaymentLink.objects.filter(id=link.id).update(state="ASKED", reference="", url="", next_at=timezone.now())
    tasks.ask_gateway()  # its first answer got lost
    assert len(gateway.links) == 1
    assert PaymentLink.objects.get(id=link.id).reference == link.reference


def test_replayed_however_often_it_is_one_payment_and_one_journal(till, link):
    body = body_of("payment.captured", payload(link))
    assert {send(body, f"evt_{n % 3}") for n in range(REPLAYS)} == {200}
    for _ in range(3):
        tasks.settle()
    assert (Payment.objects.count(), Journal.objects.filter(deed="payment").count()) == (1, 1)
    assert accounts() == {"gateway": Decimal("500.00"), "fees": Decimal("-500.00")}
    assert GatewayEvent.objects.count() == 3


EVENTS = ["payment.authorized", "payment.captured", "refund.created", "refund.processed"]


def test_in_all_orders_the_books_are_the_same(till, gateway):
    till.ward.keep_real_time()
    for order in permutations(EVENTS):
        link = linked(till)
        for n, name in enumerate(order):
            about = payload(link, id=f"pay_{link.id}") if name.startswith("payment") else refunded(link)
            about["payment"]["entity"]["id"] = f"pay_{link.id}"[:60]
            if "refund" in about:
                about["refund"]["entity"]["id"] = f"rfnd_{link.id}"[:60]
            assert send(body_of(name, about), f"{link.id}{n}") == 200
            tasks.settle()
        payment = Payment.objects.get(id=link.id)
        assert (payment.amount, payment.refunded) == (Decimal("500.00"), Decimal("200.00")), order
        assert not GatewayEvent.objects.filter(settled_at__isnull=True).exists()
    assert accounts() == {
        "gateway": Decimal(300 * 24),
        "fees": Decimal(-500 * 24),
        "refunds": Decimal(200 * 24),
    }
    assert not GatewayEvent.objects.exclude(fault="").exists()


def test_forgeries_are_refused_and_leave_nothing(till, link):
    body = body_of("payment.captured", payload(link))
    good = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    chance = Random(1)
    with connection.cursor() as cursor:  # nothing is asked of the database for longer than one may be silent
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    for n in range(FORGERIES):
        at = chance.randrange(len(body))
        changed = body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]
        wrong = [
            lambda b=changed: send(b, signature=good),
            lambda: send(json.dumps(json.loads(body), indent=1).encode(), signature=good),
            lambda: send(body, signature=good[:-1] + ("0" if good[-1] != "0" else "1")),
            lambda: send(body, signature=hmac.new(b"other", body, hashlib.sha256).hexdigest()),
            lambda: send(body, signature=""),
        ][n % 5]
        assert wrong() == 401
    assert not GatewayEvent.objects.exists()


def test_without_a_secret_of_ours_nothing_is_believed(till, link, settings):
    settings.RAZORPAY_WEBHOOK_SECRET = ""
    body = body_of("payment.captured", payload(link))
    assert send(body, signature=hmac.new(b"", body, hashlib.sha256).hexdigest()) == 401


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"amount": 50_001}, "wrong_amount"),
        ({"amount": 1}, "wrong_amount"),
        ({"amount": -50_000}, "wrong_amount"),
        ({"amount": 10**30}, "wrong_amount"),
        ({"amount": "50000"}, "wrong_amount"),
        ({"currency": "USD"}, "wrong_currency"),
    ],
)
def test_rightly_signed_and_wrong_is_set_aside(till, link, wrong, fault):
    assert send(body_of("payment.captured", payload(link, **wrong))) == 200
    tasks.settle()
    assert GatewayEvent.objects.get().fault == fault
    assert not Payment.objects.exists()


def test_a_payment_for_no_link_of_ours_is_set_aside(till, link):
    assert send(body_of("payment.captured", payload(link, notes={"link": str(uuid4())}))) == 200
    assert GatewayEvent.objects.get().fault == "unknown_link"


def test_paid_at_the_desk_meanwhile_is_set_aside_and_shown(till, link):
    till.pay(link.invoice)
    send(body_of("payment.captured", payload(link)))
    tasks.settle()
    assert GatewayEvent.objects.get().fault == "nothing_due"
    assert accounts() == {"cash": Decimal("500.00"), "fees": Decimal("-500.00")}


def test_a_second_payment_of_one_link_is_set_aside(till, link):
    for n, name in enumerate(("pay_1", "pay_2")):
        send(body_of("payment.captured", payload(link, id=name)), str(n))
    tasks.settle()
    assert sorted(GatewayEvent.objects.values_list("fault", flat=True)) == ["", "paid_twice"]


@pytest.mark.parametrize("hostile", [b"[]", b"{}", b'{"event": 5}', b'{"event": "payment.captured", "payload": []}'])
def test_whatever_is_signed_and_makes_no_sense_is_no_error(till, link, hostile):
    assert send(hostile) == 200
    assert not Payment.objects.exists()


def test_what_got_lost_is_found_by_asking(till, gateway, link):
    gateway.pay(link.reference)
    PaymentLink.objects.filter(id=link.id).update(next_at=timezone.now())
    tasks.ask_gateway()
    tasks.settle()
    assert Payment.objects.get().id == link.id


def test_a_refund_goes_back_through_the_gateway_once(till, gateway, link):
    paid = gateway.pay(link.reference)
    send(body_of("payment.captured", payload(link, id=paid["payment_id"])))
    tasks.settle()
    row = till.refund(Payment.objects.get(), "120.00")
    tasks.ask_gateway()
    assert [r["amount"] for r in gateway.refunds[paid["payment_id"]]] == [12_000]
    sent = GatewayRefund.objects.get()
    assert sent.state == "SENT"
    GatewayRefund.objects.update(state="ASKED", reference="")  # its answer got lost
    tasks.ask_gateway()
    assert len(gateway.refunds[paid["payment_id"]]) == 1
    about = refunded(link, 12_000, sent.reference, refund=str(row.id))
    about["payment"]["entity"]["id"] = paid["payment_id"]
    send(body_of("refund.processed", about), "r1")
    tasks.settle()
    assert GatewayRefund.objects.get().state == "DONE"
    assert accounts()["refunds"] == Decimal("120.00")


def paid_by(link: PaymentLink, gateway: DemoGateway) -> Payment:
    """A link is paid, and the gateway tells it."""
    paid = gateway.pay(link.reference)
    send(body_of("payment.captured", payload(link, id=paid["payment_id"])), f"paid {link.id}")
    tasks.settle()
    return Payment.objects.get(id=link.id)


def tell_refund(name: str, link: PaymentLink, payment: Payment, reference: str, **notes: str) -> None:
    """The gateway tells something of a refund of 120, and it is acted on."""
    about = refunded(link, 12_000, reference, **notes)
    about["payment"]["entity"]["id"] = payment.reference
    send(body_of(name, about), f"{name} {reference}")
    tasks.settle()


def sent_refund(till, gateway, link) -> GatewayRefund:
    """120 of a paid link go back; the gateway has taken it."""
    till.refund(paid_by(link, gateway), "120.00")
    tasks.ask_gateway()
    return GatewayRefund.objects.get(state="SENT")


def test_two_workers_at_once_send_a_refund_once(till, gateway, link, monkeypatch):
    till.refund(paid_by(link, gateway), "120.00")
    asked, really = [], razorpay.give_back

    def slowly(*args: Any, **how: Any) -> str:
        asked.append(args)
        tasks.ask_gateway()  # the other worker's run begins before this one is answered
        return really(*args, **how)

    monkeypatch.setattr(razorpay, "give_back", slowly)
    tasks.ask_gateway()
    assert len(asked) == 1


def test_a_refund_whose_answer_got_lost_is_the_same_by_its_key(till, gateway, link):
    row = till.refund(paid_by(link, gateway), "120.00")
    told = {"paise": 12_000, "refund_id": row.id}
    first = razorpay.give_back(row.payment.reference, **told)
    gateway.refunds.clear()  # not finished yet, so that a list does not show it
    assert razorpay.give_back(row.payment.reference, **told) == first
    assert razorpay.give_back(row.payment.reference, again=1, **told) != first


@pytest.mark.parametrize(("status", "final"), [(400, True), (401, False), (403, False), (404, True), (409, False)])
def test_what_can_be_mended_is_tried_again(status, final):
    assert (status not in razorpay.REPEATABLE) is final


def test_a_second_refund_under_our_name_is_set_aside(till, gateway, link):
    sent = sent_refund(till, gateway, link)
    tell_refund("refund.processed", link, sent.refund.payment, "rfnd_other", refund=str(sent.refund_id))
    assert GatewayEvent.objects.get(refund_ref="rfnd_other").fault == "other_refund"
    assert GatewayRefund.objects.get().reference == sent.reference


def test_a_refund_that_was_refused_is_sent_again_as_a_new_one(till, gateway, link):
    sent = sent_refund(till, gateway, link)
    payment, about = sent.refund.payment, {"invoice_id": link.invoice_id, "refund_id": sent.refund_id}
    with pytest.raises(NotRefused):
        commands.send_again(actor=till.cashier, now=till.ward.now, **about)
    tell_refund("refund.failed", link, payment, sent.reference, refund=str(sent.refund_id))
    assert GatewayRefund.objects.get().state == "FAILED"
    with pytest.raises(Forbidden):
        commands.send_again(actor=till.ward.meera, now=till.ward.now, **about)
    commands.send_again(actor=till.cashier, now=timezone.now(), **about)
    tasks.ask_gateway()
    again = GatewayRefund.objects.get()
    assert (again.state, len(gateway.refunds[payment.reference])) == ("SENT", 2)
    assert again.reference != sent.reference
    tell_refund("refund.failed", link, payment, sent.reference, again="x", refund=str(sent.refund_id))
    assert GatewayRefund.objects.get().state == "SENT"  # that was the first one, once more


def test_a_refund_made_there_that_failed_is_shown(till, gateway, link):
    payment = paid_by(link, gateway)
    tell_refund("refund.failed", link, payment, "rfnd_there")
    assert [event.fault for event in set_aside(link.facility_id)] == ["refund_failed"]


def test_a_refund_made_there_is_told_in_the_language_of_the_reader(till, gateway, link):
    from apps.billing.templatetags.money import why

    tell_refund("refund.processed", link, paid_by(link, gateway), "rfnd_there")
    row = Refund.objects.get()
    with translation.override("hi"):
        assert why(row) != row.reason == "at the gateway"
        assert why(till.refund(row.payment, "1.00", "at the gateway")) == "at the gateway"


def test_what_was_set_aside_and_went_back_there_is_settled(till, gateway, link):
    till.pay(link.invoice)
    send(body_of("payment.captured", payload(link)), "late")
    send(body_of("refund.processed", refunded(link, 50_000)), "back")
    tasks.settle()
    assert not GatewayEvent.objects.filter(settled_at__isnull=True).exists()
    assert GatewayEvent.objects.get(event_id="back").fault == ""


def test_what_was_set_aside_is_shown_once_however_it_is_told(till, gateway, link):
    till.pay(link.invoice)
    for n in range(3):
        send(body_of("payment.captured", payload(link)), f"late {n}")
    tasks.settle()
    assert set_aside(link.facility_id).count() == 1


def test_a_link_over_more_than_is_due_is_offered_no_more_and_closed_at_the_gateway(till, gateway, link):
    till.pay(link.invoice, "100.00")
    assert payable_link(link.invoice, Invoice.objects.get(id=link.invoice_id).balance) is None
    tasks.ask_gateway()
    assert gateway.links[link.reference]["status"] == "cancelled"
    closed = PaymentLink.objects.get()
    assert (closed.state, closed.closed_at is not None) == ("VOID", True)
    gateway.asked.clear()
    PaymentLink.objects.update(next_at=timezone.now())
    tasks.ask_gateway()
    assert gateway.asked == []


def test_a_link_that_a_part_leaves_payable_stays(till, gateway):
    till.ward.keep_real_time()
    invoice = till.issued()
    part = commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=invoice.id, amount=Decimal("100.00"))
    till.pay(invoice, "400.00")
    assert payable_link(invoice, Invoice.objects.get(id=invoice.id).balance).id == part.id


def test_a_payment_by_a_link_of_no_use_is_found_when_its_webhook_got_lost(till, gateway, link):
    gateway.pay(link.reference)
    commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=link.invoice_id, amount=Decimal("100.00"))
    PaymentLink.objects.update(next_at=timezone.now())
    tasks.ask_gateway()
    tasks.settle()
    assert Payment.objects.get().id == link.id
    assert Invoice.objects.get().balance == 0


def test_a_link_made_while_it_became_of_no_use_is_kept_and_closed(till, gateway):
    till.ward.keep_real_time()
    invoice = till.issued()
    asked = commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=invoice.id)
    told = {"about": "x", "back_url": "http://x", "until": asked.expires_at}
    made = razorpay.make_link(asked.id, paise=50_000, currency="INR", **told)
    till.pay(invoice)
    told = {"link_id": asked.id, "reference": made.reference, "url": made.url}
    linking.note_link(actor=system_actor("gateway", invoice.facility_id), now=till.ward.now, **told)
    tasks.ask_gateway()
    assert gateway.links[made.reference]["status"] == "cancelled"


def test_a_link_is_not_asked_for_over_what_was_not_seen(till, gateway):
    invoice = till.issued()
    with pytest.raises(InvoiceChanged):
        commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=invoice.id, expected_version=1)


def test_a_slow_gateway_does_not_hold_the_worker(till, gateway, monkeypatch):
    till.ward.keep_real_time()
    for _ in range(3):
        commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=till.issued().id)
    monkeypatch.setattr(tasks, "BUDGET", 0.0)
    assert tasks.ask_gateway() == 0
    monkeypatch.undo()
    assert tasks.ask_gateway() == 3


def test_a_gateway_that_hangs_is_left_alone_and_holds_nothing(till, gateway, monkeypatch):
    monkeypatch.setattr("apps.billing.razorpay.TIMEOUT", 0.3)
    till.ward.keep_real_time()
    gateway.hangs.set()
    asked = [commands.ask_link(actor=till.cashier, now=till.ward.now, invoice_id=till.issued().id) for _ in range(3)]
    assert tasks.ask_gateway() == 0
    assert list(PaymentLink.objects.order_by("-tries").values_list("tries", flat=True)) == [1, 0, 0]
    gateway.hangs.clear()
    assert tasks.ask_gateway() == 0
    Breaker.objects.update(rests_until=timezone.now())
    PaymentLink.objects.update(next_at=timezone.now())
    assert tasks.ask_gateway() == 3
    assert PaymentLink.objects.filter(id__in=[a.id for a in asked], state="OPEN").count() == 3


def test_a_link_ends_here_and_at_the_gateway_and_there_is_a_new_one(till, gateway, link):
    asked = gateway.links[link.reference]
    assert asked["expire_by"] == int(link.expires_at.timestamp())
    assert timedelta(hours=23) < link.expires_at - timezone.now() <= timedelta(hours=24)
    PaymentLink.objects.update(expires_at=timezone.now())
    tasks.settle()
    tasks.ask_gateway()
    assert (asked["status"], PaymentLink.objects.get().state) == ("cancelled", "VOID")
    assert AuditEntry.objects.filter(action="payment.link_expired").count() == 1
    fresh = commands.ask_link(actor=till.cashier, now=timezone.now(), invoice_id=link.invoice_id)
    assert fresh.id != link.id


def test_a_payment_by_a_link_that_has_just_ended_is_taken(till, gateway, link):
    gateway.pay(link.reference)
    PaymentLink.objects.update(expires_at=timezone.now())
    tasks.settle()
    PaymentLink.objects.update(next_at=timezone.now())
    tasks.ask_gateway()
    tasks.settle()
    assert Payment.objects.get().id == link.id


def test_what_was_set_aside_is_looked_into_with_a_finding_by_who_may(till, gateway, link):
    till.pay(link.invoice)
    send(body_of("payment.captured", payload(link)), "late")
    send(body_of("payment.captured", payload(link) | {"payment": {"entity": {"id": "pay_x"}}}), "nobody's")
    tasks.settle()
    told = set_aside(link.facility_id).get()
    about = {"now": timezone.now(), "event_id": told.id}
    for other, finding, refusal in (
        (till.ward.meera, "x", Forbidden),
        (till.ward.as_role(Role.CASHIER, [till.ward.department]), "x", Forbidden),
        (till.cashier, " ", Invalid),
    ):
        with pytest.raises(refusal):
            commands.look_into(actor=other, finding=finding, **about)
    commands.look_into(actor=till.cashier, finding="paid at the desk, too: given back there", **about)
    assert not set_aside(link.facility_id).exists()
    assert AuditEntry.objects.get(action="payment.looked_into").reason == "paid at the desk, too: given back there"
    with pytest.raises(LookedInto):
        commands.look_into(actor=till.cashier, finding="again", **about)
    nobodys = {"now": timezone.now(), "event_id": set_aside(None).get().id, "finding": "a test of theirs"}
    with pytest.raises(NotFound):
        commands.look_into(actor=till.cashier, **nobodys)
    commands.look_into(actor=till.ward.admin, **nobodys)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_and_workers_beside_each_other_are_one_payment(transactional_db, gateway):
    from tests.billing.till import price, till_of
    from tests.ward import open_ward

    with open_ward() as ward:
        ward.keep_real_time()
        price(ward)
        link = linked(till_of(ward))
        body = body_of("payment.captured", payload(link))
        house = ward.facility.id

        def deed(n: int) -> Any:
            if n % 5:
                return send(body, f"evt_{n % 2}")
            actor = system_actor("gateway", house)
            return settling.settle_link(actor=actor, now=timezone.now(), link_id=link.id)

        answers, errors = at_once(deed, 50 if PROVE else 20, house)
        assert errors == []
        tasks.settle()
        assert Payment.objects.count() == Journal.objects.filter(deed="payment").count() == 1
        assert fault_in_books([house]) == ""
        assert answers
