"""Notifications of a browser, and text messages that somebody has turned off."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection

from apps.core.errors import Forbidden, Invalid
from apps.core.policy import Actor, ActorType, Permission
from apps.notifications.commands import (
    NobodyListens,
    PushNotSetUp,
    deliver_due,
    recipient_fingerprint,
    subscribe,
    unsubscribe,
    want_sms,
)
from apps.notifications.commands import (
    test_push as push_a_test,
)
from apps.notifications.models import Message, PushSubscription
from apps.notifications.queries import newest_messages, push_key
from apps.notifications.rules import Kind
from apps.notifications.rules.vapid import private_key
from tests.notifications.conftest import FACILITY, NOW, Clock, Provider, message, say

pytestmark = pytest.mark.django_db

PHONE = "+919876543210"
KEY = "4f" * 32
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


def base64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


class Browser:
    """A browser's own keys, and what it can read."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = b"s" * 16
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": base64(point), "auth": base64(self.secret)}

    def read(self, sealed: bytes) -> Any:
        opened = http_ece.decrypt(sealed, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        return json.loads(opened)


class Service(HTTPServer):
    """A push service: answers as `status` says and keeps what it was handed."""

    status = 201

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.handed: list[tuple[dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.server.handed.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def service() -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def push(settings: Any, provider: Provider) -> None:
    """A hospital with a key."""
    settings.PUSH_KEY = KEY
    settings.CHANNEL_ADAPTERS |= {"push": "apps.notifications.channels.web_push.deliver"}


def patient() -> Actor:
    return Actor(
        ActorType.PATIENT,
        None,
        "a family",
        FACILITY,
        granted=frozenset({Permission.PATIENT_OWN}),
        phone_index="x",
    )


def listen(browser: Browser, endpoint: str = ENDPOINT) -> PushSubscription:
    return subscribe(actor=patient(), now=NOW, recipient=PHONE, endpoint=endpoint, **browser.keys)


def at(row: PushSubscription, service: Service) -> PushSubscription:
    """The same subscription, at the test's own push service."""
    row.endpoint = f"{service.address}/abc"
    row.save()
    return row


def test_a_browser_can_read_what_is_said_and_nobody_else(push: None, service: Service, clock: Clock):
    browser = Browser()
    at(listen(browser), service)
    say(kind=Kind.AHEAD, text="Asha: G46, your turn comes soon.")
    deliver_due(clock)
    (headers, sealed), *more = service.handed
    assert not more
    told = browser.read(sealed)
    assert (told["title"], told["body"]) == ("Asha", "G46, your turn comes soon.")
    assert b"G46" not in sealed
    token = headers["Authorization"].split("t=")[1].split(",")[0]
    public = private_key(KEY).public_key()
    assert jwt.decode(token, public, ["ES256"], audience=service.address, options={"verify_exp": False})["sub"]
    assert headers["Authorization"].endswith(f"k={push_key()}")
    assert set(Message.outgoing.values_list("channel", "status")) == {("sms", "sent"), ("push", "sent")}


def test_codes_to_sign_in_never_go_to_a_browser(push: None, service: Service, clock: Clock):
    at(listen(Browser()), service)
    say(kind=Kind.LOGIN_CODE)
    deliver_due(clock)
    assert not service.handed


@pytest.mark.parametrize("answer", [401, 403, 404, 410])
def test_a_browser_that_is_gone_is_not_asked_again(push: None, service: Service, clock: Clock, answer: int):
    row = at(listen(Browser()), service)
    service.status = answer
    say(kind=Kind.AHEAD)
    deliver_due(clock)
    row.refresh_from_db()
    assert row.ended_at is not None
    assert set(Message.outgoing.filter(channel="push").values_list("status", "error")) == {("failed", "gone")}
    say(kind=Kind.AHEAD)
    deliver_due(clock)
    assert len(service.handed) == 1


def test_what_was_said_before_somebody_ended_it_is_not_sent(push: None, service: Service, clock: Clock):
    at(listen(Browser()), service)
    say(kind=Kind.AHEAD)
    assert unsubscribe(actor=patient(), now=NOW, recipient=PHONE) == 1
    deliver_due(clock)
    assert not service.handed


def test_a_test_comes_to_every_browser_and_only_there(push: None, service: Service, clock: Clock, provider: Provider):
    told = {"actor": patient(), "now": NOW, "recipient": PHONE, "text": "Asha: a test", "language": "en"}
    with pytest.raises(NobodyListens):
        push_a_test(**told)
    browser = Browser()
    at(listen(browser), service)
    push_a_test(**told)
    deliver_due(clock)
    assert browser.read(service.handed[0][1])["body"] == "a test"
    push_a_test(**told)  # within the same minute: that one is on its way
    deliver_due(clock)
    assert len(service.handed) == 1
    assert not provider.taken


def test_without_a_key_everything_is_refused_cleanly(provider: Provider, settings: Any):
    settings.PUSH_KEY = ""
    assert push_key() == ""
    with pytest.raises(PushNotSetUp):
        listen(Browser())
    with pytest.raises(PushNotSetUp):
        push_a_test(actor=patient(), now=NOW, recipient=PHONE, text="x", language="en")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://127.0.0.1/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilfcm.googleapis.com.example/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:x/",
        "https://fcm.googleapis.com:99999/",
        "https://[x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com/" + "x" * 1000,
        "nonsense",
        "",
    ],
)
def test_only_a_push_service_is_ever_written_to(push: None, endpoint: str):
    with pytest.raises(Invalid):
        listen(Browser(), endpoint)
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize("keys", [{"p256dh": ""}, {"auth": "é"}, {"auth": "AA"}, {"p256dh": "A" * 500}])
def test_keys_that_are_none_are_refused(push: None, keys: dict[str, str]):
    browser = Browser()
    browser.keys |= keys
    with pytest.raises(Invalid):
        listen(browser)


def test_the_same_browser_is_one_subscription_and_a_number_has_few(push: None):
    browser = Browser()
    assert listen(browser).id == listen(browser).id
    for number in range(6):
        listen(Browser(), f"{ENDPOINT}{number}")
    live = PushSubscription.objects.filter(ended_at__isnull=True)
    assert live.count() == 5


def test_a_browser_that_gave_way_comes_back_in_place_of_the_oldest(push: None):
    first = Browser()
    row = listen(first)
    for number in range(5):
        listen(Browser(), f"{ENDPOINT}{number}")
    subscribe(actor=patient(), now=NOW + timedelta(minutes=1), recipient=PHONE, endpoint=row.endpoint, **first.keys)
    row.refresh_from_db()
    assert row.ended_at is None
    assert PushSubscription.objects.filter(ended_at__isnull=True).count() == 5


def test_one_browser_turns_itself_off_and_no_other(push: None):
    listen(Browser())
    other = listen(Browser(), f"{ENDPOINT}2")
    assert unsubscribe(actor=patient(), now=NOW, recipient=PHONE, endpoint=ENDPOINT) == 1
    assert PushSubscription.objects.get(ended_at__isnull=True) == other


def test_a_browser_is_told_after_urgent_text_messages(push: None, clock: Clock):
    listen(Browser())
    say(kind=Kind.AHEAD, urgent=True)
    assert dict(Message.outgoing.values_list("channel", "urgent")) == {"sms": True, "push": False}


def test_where_a_browser_is_stands_sealed(push: None):
    listen(Browser())
    with connection.cursor() as cursor:
        cursor.execute("SELECT endpoint || p256dh || auth || recipient_index FROM notifications_pushsubscription")
        kept = cursor.fetchone()[0]
    assert "googleapis" not in kept
    assert recipient_fingerprint(PHONE) in kept


def test_text_messages_are_off_but_codes_come(provider: Provider, clock: Clock):
    want_sms(actor=patient(), now=NOW, recipient=PHONE, wanted=False)
    off = say(kind=Kind.AHEAD, text="Asha: soon")
    say(kind=Kind.LOGIN_CODE)
    say(kind=Kind.AHEAD, recipient="+919876500000")
    deliver_due(clock)
    assert sorted(taken.recipient for taken in provider.taken) == ["+919876500000", PHONE]
    assert (message(off).status, message(off).error) == ("dropped", "unwanted")
    assert "Asha: soon" not in [told["text"] for told in newest_messages()]
    want_sms(actor=patient(), now=NOW, recipient=PHONE, wanted=True)
    say(kind=Kind.AHEAD)
    deliver_due(clock)
    assert len(provider.taken) == 3


def test_it_holds_for_what_was_said_before_it_was_turned_off(provider: Provider, clock: Clock):
    say(kind=Kind.AHEAD)
    want_sms(actor=patient(), now=NOW, recipient=PHONE, wanted=False)
    deliver_due(clock)
    assert not provider.taken


def test_nobody_chooses_for_others(push: None):
    stranger = Actor(ActorType.LINK, None, "a link", FACILITY, subject_id=uuid4())
    with pytest.raises(Forbidden):
        want_sms(actor=stranger, now=NOW, recipient=PHONE, wanted=False)
    with pytest.raises(Forbidden):
        subscribe(actor=stranger, now=NOW, recipient=PHONE, endpoint=ENDPOINT, **Browser().keys)
