"""A family's bills on their own pages."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.queries.actors import SESSION_KEY
from apps.billing import tasks
from apps.billing.models import PaymentLink
from apps.core.policy import system_actor
from apps.notifications.queries import newest_messages
from apps.patients.commands import request_code, sign_in_by_code
from opd.demo.gateway import DemoGateway

PHONE = "+919811122334"


@pytest.fixture
def family(till) -> Any:
    """A phone on which somebody is signed in, and a patient under it."""
    till.ward.keep_real_time()
    person = till.ward.register(name="Sunita Verma", phone=PHONE)
    request_code(actor=system_actor("test"), now=timezone.now(), phone=PHONE, address="192.0.2.1", language="en")
    code = next(told["text"][-6:] for told in newest_messages() if told["to"] == PHONE)
    signed = sign_in_by_code(now=timezone.now(), phone=PHONE, code=code, address="192.0.2.1")
    client = Client()
    session = client.session
    session[SESSION_KEY] = signed.secret
    session.save()
    client.cookies["sessionid"] = session.session_key
    return client, person


def test_what_is_due_is_shown_and_paid_by_a_link(till, family, settings):
    client, person = family
    gateway = DemoGateway().start()
    settings.RAZORPAY_URL, settings.RAZORPAY_KEY_ID = gateway.url, "key"
    invoice = till.issued(till.ward.arrive(person))
    assert "₹500.00" in client.get("/me/bills/").content.decode()
    at = f"/me/bills/{invoice.id}/"
    assert "Pay by phone" in client.get(at).content.decode()
    assert client.post(f"{at}pay/").status_code == 302
    assert "One moment" in client.get(at).content.decode()
    tasks.ask_gateway()
    assert PaymentLink.objects.get().url in client.get(at).content.decode()
    gateway.close()


def test_without_a_gateway_people_are_sent_to_the_desk(till, family):
    client, person = family
    invoice = till.issued(till.ward.arrive(person))
    at = f"/me/bills/{invoice.id}/"
    assert "Please pay at the desk." in client.get(at).content.decode()
    assert client.post(f"{at}pay/").status_code == 409


def test_drafts_and_bills_of_others_are_not_theirs(till, family):
    client, person = family
    draft, other = till.draft(till.ward.arrive(person)), till.issued()
    for hidden in (draft, other):
        assert client.get(f"/me/bills/{hidden.id}/").status_code == 404
        assert client.post(f"/me/bills/{hidden.id}/pay/").status_code == 404
    assert "There are no bills." in client.get("/me/bills/").content.decode()


def test_a_paid_bill_is_a_receipt(till, family):
    client, person = family
    invoice = till.issued(till.ward.arrive(person))
    till.pay(invoice)
    page = client.get(f"/me/bills/{invoice.id}/").content.decode()
    assert "Paid by Cash" in page
    assert "Pay by phone" not in page
