"""A family's page of messages: what is on, and the buttons that change it, without scripts too."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.notifications.models import Message, PushSubscription, Unwanted
from tests.browsers import browser_of
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
    ward.now = timezone.now()
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
    assert "Notifications are off." in press(phone, "push-off").content.decode()
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
