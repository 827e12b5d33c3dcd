"""A family's page of messages: what is on, and the buttons that change it, without scripts too."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.notifications.models import Message, PushSubscription, Unwanted
from tests.browsers import browser_of
from tests.marks import tells
from tests.patients.codes import PHONE
from tests.queue.test_own import signed_in_browser
from tests.ward import Ward, open_ward

PAGE = "/me/settings/"
KEYS = {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "p256dh": "B" + "A" * 86, "auth": "A" * 22}


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as ward:
        yield ward


@pytest.fixture
def phone(ward: Ward) -> Client:
    """A family's phone, signed in by a code."""
    ward.keep_real_time()
    ward.register("Asha Devi", phone=PHONE)
    return signed_in_browser()


def press(phone: Client, what: str, **form: Any) -> Any:
    return phone.post(f"{PAGE}{what}/", {"key": uuid4(), **form}, follow=True)


def test_the_familys_page_leads_there(phone: Client):
    assert f'href="{PAGE}"' in phone.get("/me/").content.decode()


def test_text_messages_are_turned_off_and_on_by_a_button(phone: Client):
    page = phone.get(PAGE).content.decode()
    assert "Turn text messages off" in page
    assert PHONE not in page
    page = press(phone, "sms-off").content.decode()
    assert "Text messages are off." in page
    assert "Turn text messages on" in page
    assert Unwanted.objects.count() == 1
    assert "Turn text messages off" in press(phone, "sms-on").content.decode()
    assert not Unwanted.objects.exists()


def test_a_hospital_without_a_key_says_so_and_refuses(phone: Client, settings: Any):
    settings.PUSH_KEY = ""
    assert "sends no notifications" in phone.get(PAGE).content.decode()
    answer = press(phone, "push-on", **KEYS)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()


def test_a_browser_is_turned_on_tested_and_off(phone: Client, settings: Any):
    settings.PUSH_KEY = "4f" * 32
    assert "data-subscribe" in phone.get(PAGE).content.decode()
    assert "On for 1 browser." in press(phone, "push-on", **KEYS).content.decode()
    assert press(phone, "push-on", **KEYS | {"endpoint": "https://fcm.googleapis.com:x/"}).status_code == 400
    press(phone, "push-test")
    sent = Message.outgoing.get(kind="test")
    assert (sent.channel, sent.recipient) == ("push", f"push:{PushSubscription.objects.get().id}")
    assert "this is a test" in sent.text
    assert "Notifications are off." in press(phone, "push-off", everywhere="1").content.decode()
    assert not PushSubscription.objects.filter(ended_at__isnull=True).exists()


def test_an_address_of_nobody_we_know_is_refused_on_the_page(phone: Client, settings: Any):
    settings.PUSH_KEY = "4f" * 32
    answer = press(phone, "push-on", **KEYS | {"endpoint": "https://127.0.0.1/"})
    assert answer.status_code == 400
    assert "not known here" in answer.content.decode()


def test_other_words_and_other_people_have_no_button(phone: Client, ward: Ward):
    assert press(phone, "everything").status_code == 404
    assert Client().get(PAGE).url.startswith("/login")
    assert browser_of(ward.meera).post(f"{PAGE}sms-off/").status_code == 403


def test_a_browser_that_says_no_address_turns_nobody_off(phone: Client, settings: Any):
    settings.PUSH_KEY = "4f" * 32
    page = press(phone, "push-on", **KEYS).content.decode()
    assert f'data-browsers="{sha256(KEYS["endpoint"].encode()).hexdigest()}"' in page
    assert KEYS["endpoint"] not in page
    press(phone, "push-off", endpoint="")
    assert PushSubscription.objects.filter(ended_at=None).count() == 1
    assert "Notifications are off." in press(phone, "push-off", everywhere="1").content.decode()
    assert not PushSubscription.objects.filter(ended_at=None).exists()


def test_what_is_chosen_stands_in_the_audit_trail_before_and_after(phone: Client, settings: Any):
    settings.PUSH_KEY = "4f" * 32
    for what in ("sms-off", "push-on", "push-off"):
        press(phone, what, **(KEYS if what == "push-on" else {"everywhere": "1"}))
    rows = AuditEntry.objects.filter(action__startswith="messages.").order_by("at")
    assert [(row.action, row.before, row.after) for row in rows] == [
        ("messages.sms", {"wanted": True}, {"wanted": False}),
        ("messages.push", {"browsers": 0}, {"browsers": 1}),
        ("messages.push", {"browsers": 1}, {"browsers": 0}),
    ]
    assert len({row.entity_id for row in rows}) == 1
    assert not tells(rows[0].entity_id, PHONE[-4:])


def test_an_address_is_given_confirmed_preferred_and_forgotten(phone: Client, settings: Any):
    settings.CHANNEL_ADAPTERS |= {"email": settings.CHANNEL_ADAPTERS["sms"]}
    assert "Send a code" in phone.get(PAGE).content.decode()
    assert press(phone, "email-on").status_code == 409
    assert press(phone, "email-give", address="asha").status_code == 400
    assert "A code is on its way" in press(phone, "email-give", address="asha@mail.example").content.decode()
    sent = Message.outgoing.get(kind="email_code")
    (code,) = re.findall(r"[0-9]{6}", sent.text)
    assert press(phone, "email-confirm", code="x").status_code == 400
    assert "This address is confirmed" in press(phone, "email-confirm", code=f" {code[:3]} {code[3:]}").content.decode()
    page = press(phone, "email-on").content.decode()
    assert "What can wait comes by e-mail." in page
    assert "asha@mail.example" in page
    assert "Messages come as text messages." in press(phone, "email-off").content.decode()
    assert "asha@mail.example" not in press(phone, "email-drop").content.decode()


def test_a_hospital_without_e_mail_asks_for_no_address(phone: Client, settings: Any):
    settings.CHANNEL_ADAPTERS = {way: by for way, by in settings.CHANNEL_ADAPTERS.items() if way != "email"}
    assert "E-mail" not in phone.get(PAGE).content.decode()
    assert press(phone, "email-give", address="asha@mail.example").status_code == 409
