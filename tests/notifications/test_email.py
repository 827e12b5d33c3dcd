"""E-mail, through servers on this machine that do as they are told, and through a provider's API."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.notifications.channels import DeliveryFailed, deliver, email
from apps.notifications.models import Message
from apps.notifications.rules import Channel, Kind, Outgoing
from tests.notifications.conftest import message, say
from tests.notifications.mail_server import DRIPS, GONE, HANGS, MailServer
from tests.notifications.test_http_sms import Gateway, gateway

__all__ = ["gateway"]

TOLD = Outgoing(
    UUID(int=5),
    Channel.EMAIL,
    "asha@mail.example",
    "Asha Hospital: booked. G17 with Dr Rao.",
    "en",
    subject="Asha Hospital: your booking",
    ended_at="https://opd.example/me/settings/",
)
ADAPTER = {"email": "apps.notifications.channels.email.deliver"}


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    opened = MailServer()
    thread = threading.Thread(target=opened.serve_forever)
    thread.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", opened.port, 0.3
    settings.DEFAULT_FROM_EMAIL, settings.CHANNEL_ADAPTERS = "Asha <opd@hospital.example>", ADAPTER
    yield opened
    opened.ends.set()
    opened.shutdown()
    thread.join()
    opened.server_close()


def refusal(told: Outgoing = TOLD) -> tuple[str, bool]:
    with pytest.raises(DeliveryFailed) as failed:
        deliver(told)
    return failed.value.code, failed.value.final


def test_an_e_mail_says_who_it_is_from_what_it_is_about_and_how_to_end_them(server):
    assert deliver(TOLD) == ""
    (mail,) = server.mails
    assert (mail["To"], mail["From"]) == ("asha@mail.example", "Asha <opd@hospital.example>")
    assert (mail["Subject"], mail["Message-ID"]) == ("Asha Hospital: your booking", f"<{TOLD.id}@localhost>")
    assert TOLD.text in mail.get_content()
    assert TOLD.ended_at in mail.get_content()


def test_nobody_puts_a_line_of_their_own_into_the_head(server):
    deliver(Outgoing(UUID(int=6), Channel.EMAIL, "asha@mail.example", "Hello", subject="x\r\nBcc: all@mail.example"))
    (mail,) = server.mails
    assert (mail["Bcc"], mail["Subject"]) == (None, "x Bcc: all@mail.example")


@pytest.mark.parametrize(
    ("at", "says", "expected"),
    [
        ("", HANGS, ("unreachable", False)),
        ("", GONE, ("unreachable", False)),
        ("", b"garbage\r\n", ("unreachable", False)),
        ("", b"554 no\r\n", ("unreachable", False)),
        ("MAIL", b"451 later\r\n", ("smtp_451", False)),
        ("RCPT", b"450 busy\r\n", ("smtp_450", False)),
        ("RCPT", b"550 nobody here\r\n", ("smtp_550", True)),
        ("DATA", b"554 spam\r\n", ("smtp_554", True)),
        (".", b"452 full\r\n", ("smtp_452", False)),
        (".", HANGS, ("uncertain", True)),
        (".", GONE, ("uncertain", True)),
        (".", b"\x00\xff\r\n", ("smtp_-1", False)),
    ],
)
def test_what_a_server_does_says_whether_a_repeat_is_worth_it(server, at, says, expected):
    server.says[at] = says
    assert refusal() == expected


@pytest.mark.parametrize(
    ("at", "expected"), [("", ("timeout", False)), ("MAIL", ("uncertain", True)), (".", ("uncertain", True))]
)
def test_a_server_that_answers_a_byte_at_a_time_is_not_listened_to_for_ever(server, monkeypatch, at, expected):
    for name in ("OPENED_WITHIN", "TAKEN_WITHIN"):
        monkeypatch.setattr(email, name, 0.4)
    server.says[at] = DRIPS
    assert refusal() == expected


def test_a_server_that_drips_its_goodbyes_has_taken_it(server, monkeypatch):
    monkeypatch.setattr(email, "LEFT_WITHIN", 0.3)
    server.says["QUIT"] = DRIPS
    assert deliver(TOLD) == ""


def test_a_server_that_makes_trouble_over_goodbyes_has_taken_it(server):
    server.says["QUIT"] = HANGS
    assert deliver(TOLD) == ""


def test_a_server_that_is_not_there(server, settings):
    settings.EMAIL_PORT = 1
    assert refusal() == ("unreachable", False)


def test_an_address_that_is_none_is_refused_for_good(server):
    assert refusal(Outgoing(UUID(int=7), Channel.EMAIL, "no address\n@x", "Hello", subject="x"))[1]


class TestProvider:
    """Postmark, as django-anymail speaks to it."""

    @pytest.fixture(autouse=True)
    def _ready(self, gateway: Gateway, settings: Any) -> None:
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        url = f"http://127.0.0.1:{gateway.server_port}/"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t", "POSTMARK_API_URL": url, "REQUESTS_TIMEOUT": (0.3, 0.3)}
        settings.DEFAULT_FROM_EMAIL, settings.CHANNEL_ADAPTERS = "opd@hospital.example", ADAPTER
        sent = {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": "asha@mail.example"}
        gateway.answer = (200, json.dumps(sent).encode())

    def test_it_gets_our_id_and_gives_its_own(self, gateway: Gateway):
        assert deliver(TOLD) == "pm-1"
        ((_, body),) = gateway.asked
        assert (body["Subject"], body["Metadata"]) == (TOLD.subject, {"message_id": str(TOLD.id)})

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            ((401, b"{}"), ("http_401", True)),
            ((422, b'{"ErrorCode": 999}'), ("http_422", True)),
            ((429, b"{}"), ("http_429", False)),
            ((503, b""), ("http_503", False)),
            ((500, b""), ("uncertain", True)),
            ((200, b"<html>"), ("uncertain", True)),
        ],
    )
    def test_its_answers_say_whether_a_repeat_is_worth_it(self, gateway: Gateway, answer, expected):
        gateway.answer = answer
        assert refusal() == expected

    def test_an_odd_answer_is_an_answer(self, gateway: Gateway):
        gateway.answer = (200, b"[]")
        assert deliver(TOLD) == ""

    def test_one_that_hangs_may_have_taken_it(self, gateway: Gateway):
        gateway.slow = threading.Event()
        assert refusal() == ("uncertain", True)

    def test_one_that_is_not_there_has_not(self, settings):
        settings.ANYMAIL |= {"POSTMARK_API_URL": "http://127.0.0.1:1/"}
        assert refusal() == ("unreachable", False)


@pytest.mark.django_db
class TestReports:
    """What Mailgun says later, signed."""

    KEY = "mailgun-key"

    @pytest.fixture(autouse=True)
    def _ready(self, settings: Any) -> None:
        settings.EMAIL_REPORTS = "anymail.webhooks.mailgun.MailgunTrackingWebhookView"
        settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": self.KEY}

    def tell(self, told: Message, event: str, key: str = KEY, **more: Any) -> int:
        signature = hmac.new(key.encode(), b"1700000000abc", hashlib.sha256).hexdigest()
        about = {"event": event, "id": "e1", "timestamp": 1700000000, "user-variables": {"message_id": str(told.id)}}
        if event == "failed":
            about |= {"severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550}}
        body = {"signature": {"timestamp": "1700000000", "token": "abc", "signature": signature}, "event-data": about}
        answer = Client().post("/reports/messages/email/", body | more, content_type="application/json")
        return int(answer.status_code)

    @pytest.fixture
    def sent(self) -> Message:
        told = say(channel=Channel.EMAIL, kind=Kind.BOOKING, recipient="asha@mail.example")
        Message.outgoing.filter(id=told).update(status="sent")
        return message(told)

    @pytest.mark.parametrize(
        ("event", "status"), [("delivered", "arrived"), ("failed", "failed"), ("accepted", "sent")]
    )
    def test_they_are_kept(self, sent, event, status):
        assert self.tell(sent, event) == 204
        assert message(sent.id).status == status

    def test_nothing_is_believed_without_a_signature(self, sent):
        assert self.tell(sent, "failed", key="another") == 403
        assert self.tell(sent, "failed", signature=[]) in (400, 403)
        assert message(sent.id).status == "sent"

    @pytest.mark.parametrize("garbage", [b"", b"[]", b"{", b'{"signature": 7}', b"\xff", b"[" * 5000])
    def test_garbage_is_refused(self, garbage):
        answer = Client().post("/reports/messages/email/", garbage, content_type="application/json")
        assert answer.status_code in (400, 403)

    def test_signed_nonsense_is_refused_or_says_nothing(self, sent):
        for nonsense in ([], 7, None, {"event": 7}, {"event": "delivered", "message": 5}):
            assert self.tell(sent, "delivered", **{"event-data": nonsense}) in (204, 400)
        assert message(sent.id).status == "sent"

    def test_a_provider_that_does_not_sign_is_not_believed_without_a_word(self, settings, sent):
        settings.EMAIL_REPORTS = "anymail.webhooks.postmark.PostmarkTrackingWebhookView"
        body = {"RecordType": "Delivery", "Metadata": {"message_id": str(sent.id)}, "MessageID": "pm-1"}
        ask = Client().post
        assert ask("/reports/messages/email/", body, content_type="application/json").status_code == 404
        settings.ANYMAIL = {"WEBHOOK_SECRET": "house:word"}
        assert ask("/reports/messages/email/", body, content_type="application/json").status_code == 403
        said = {"Authorization": "Basic aG91c2U6d29yZA=="}
        assert ask("/reports/messages/email/", body, content_type="application/json", headers=said).status_code == 204
        assert message(sent.id).status == "arrived"

    @pytest.mark.parametrize("name", ["mailersend.MailerSend", "mailgun.Mailgun", "postmark.Postmark"])
    def test_where_no_secret_is_set_nothing_is_believed(self, settings, name):
        settings.EMAIL_REPORTS, settings.ANYMAIL = f"anymail.webhooks.{name}TrackingWebhookView", {}
        answer = Client().post("/reports/messages/email/", {"signature": {}}, content_type="application/json")
        assert answer.status_code in (403, 404)

    def test_too_many_at_once_are_refused_not_cut_off(self, sent, monkeypatch):
        monkeypatch.setattr("apps.notifications.reports.MOST", 0)
        assert self.tell(sent, "failed") == 413
        assert message(sent.id).status == "sent"

    def test_without_a_provider_the_address_does_not_exist(self, settings, sent):
        settings.EMAIL_REPORTS = ""
        assert self.tell(sent, "delivered") == 404
