"""WhatsApp in place of text messages, against a real server on this machine; and what providers say later."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from apps.core.policy import Actor, ActorType, Permission
from apps.notifications import commands
from apps.notifications.channels import DeliveryFailed, deliver, whatsapp
from apps.notifications.commands import deliver_due
from apps.notifications.commands.breaking import FAILURES, went_wrong
from apps.notifications.commands.reporting import Report, note_reports
from apps.notifications.models import Message
from apps.notifications.queries import forget_house_words, resting_channels
from apps.notifications.rules import Channel, Kind, Outgoing
from apps.notifications.rules.wordings import OwnWords
from tests.notifications.conftest import message, say
from tests.notifications.test_http_sms import Gateway, gateway
from tests.notifications.test_own_words import said
from tests.ward import Ward

__all__ = ["gateway"]


def asha(facility_id: UUID) -> Actor:
    """Whoever signed in by the code that went to the phone."""
    own = frozenset({Permission.PATIENT_OWN})
    return Actor(ActorType.PATIENT, None, "phone", facility_id, granted=own, phone_index="x")


TOLD = Outgoing(UUID(int=5), Channel.WHATSAPP, "+919876543210", "unused", "hi", "booked_v2", ("Asha", "G17", ""))
PHONE = "+919876543210"
KEY = "report-key"


@pytest.fixture
def meta(gateway: Gateway, settings) -> Gateway:
    settings.WHATSAPP_URL, settings.WHATSAPP_SENDER = f"http://127.0.0.1:{gateway.server_port}", "1042"
    settings.WHATSAPP_KEY = "secret-key"
    settings.CHANNEL_ADAPTERS = {"whatsapp": "apps.notifications.channels.whatsapp.deliver"}
    gateway.answer = (200, b'{"messages": [{"id": "wamid.1"}]}')
    return gateway


def test_an_answer_that_comes_a_byte_at_a_time_may_have_taken_it(meta: Gateway, monkeypatch):
    meta.drips = threading.Event()
    monkeypatch.setattr(whatsapp, "DEADLINE", 0.3)
    with pytest.raises(DeliveryFailed, match="uncertain") as failed:
        deliver(TOLD)
    assert failed.value.final


def test_a_template_goes_with_what_fills_it_and_without_the_words(meta: Gateway):
    assert deliver(TOLD) == "wamid.1"
    ((headers, body),) = meta.asked
    assert headers["Authorization"] == "Bearer secret-key"
    assert (body["to"], body["template"]["name"], body["template"]["language"]) == (
        "919876543210",
        "booked_v2",
        {"code": "hi"},
    )
    (part,) = body["template"]["components"]
    assert [value["text"] for value in part["parameters"]] == ["Asha", "G17", "-"]
    assert "unused" not in json.dumps(body)


@pytest.mark.parametrize(
    ("status", "code", "final"),
    [(400, "http_400", True), (429, "http_429", False), (500, "uncertain", True), (503, "http_503", False)],
)
def test_a_refusal_is_told_apart_from_what_may_have_been_taken(meta: Gateway, status, code, final):
    meta.answer = (status, b"{}")
    with pytest.raises(DeliveryFailed) as refusal:
        deliver(TOLD)
    assert (refusal.value.code, refusal.value.final) == (code, final)


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"messages": []}', b'{"messages": [7]}'])
def test_an_odd_answer_is_an_answer(meta: Gateway, answer):
    meta.answer = (200, answer)
    assert deliver(TOLD) == ""


def test_nobody_there_is_tried_again(settings):
    settings.WHATSAPP_URL, settings.WHATSAPP_SENDER = "http://127.0.0.1:9", "1"
    settings.CHANNEL_ADAPTERS = {"whatsapp": "apps.notifications.channels.whatsapp.deliver"}
    with pytest.raises(DeliveryFailed) as refusal:
        deliver(TOLD)
    assert (refusal.value.code, refusal.value.final) == ("unreachable", False)


@pytest.mark.django_db
class TestChoosing:
    """Asha has her messages come by WhatsApp."""

    @pytest.fixture(autouse=True)
    def _ready(self, ward: Ward, provider, settings):
        settings.CHANNEL_ADAPTERS |= {"whatsapp": settings.CHANNEL_ADAPTERS["sms"]}
        own = OwnWords(whatsapp_template="booked_v2")
        commands.reword(actor=ward.admin, now=ward.now, name="booked", language="en", own=own, expected_version=0)
        forget_house_words()
        yield
        forget_house_words()

    def choose(self, ward: Ward, channel: Channel) -> None:
        commands.prefer(actor=asha(ward.facility.id), now=ward.now, recipient=PHONE, channel=channel)

    def test_it_goes_that_way_where_the_hospital_has_a_template(self, ward: Ward):
        self.choose(ward, Channel.WHATSAPP)
        row = said(ward.facility)
        assert (row.channel, row.template) == ("whatsapp", "booked_v2")
        assert said(ward.facility, language="hi", key="hi").channel == "sms"
        self.choose(ward, Channel.SMS)
        assert said(ward.facility, key="back").channel == "sms"

    def test_it_cannot_be_chosen_where_the_hospital_does_not_have_it(self, ward: Ward, settings):
        settings.CHANNEL_ADAPTERS = {"sms": settings.CHANNEL_ADAPTERS["sms"]}
        with pytest.raises(commands.NotOffered):
            self.choose(ward, Channel.WHATSAPP)

    def test_what_whatsapp_refuses_goes_as_a_text_message(self, ward: Ward, provider, clock):
        self.choose(ward, Channel.WHATSAPP)
        row = said(ward.facility)
        provider.refusals = [DeliveryFailed("http_400", final=True)]
        deliver_due(clock)
        assert [(sent.channel, sent.text) for sent in provider.taken] == [("sms", row.text)]
        assert message(row.id).error == "by_sms"

    def test_while_it_does_not_answer_messages_go_as_text_messages_at_once(self, ward: Ward, provider, clock):
        self.choose(ward, Channel.WHATSAPP)
        own = OwnWords(whatsapp_template="booked_v2", sms_template="1107")
        commands.reword(actor=ward.admin, now=ward.now, name="booked", language="en", own=own, expected_version=1)
        for _ in range(FAILURES):
            went_wrong(Channel.WHATSAPP, clock.now)
        row = said(ward.facility)
        deliver_due(clock)
        assert [(sent.channel, sent.template, sent.text) for sent in provider.taken] == [("sms", "1107", row.text)]

    def test_a_provider_that_takes_and_does_not_answer_is_left_alone_too(self, ward: Ward, provider, clock):
        provider.refusals = [DeliveryFailed("uncertain", final=True)] * FAILURES
        for number in range(FAILURES):
            say(channel=Channel.WHATSAPP, kind=Kind.DELAY, dedupe_key=f"d{number}")
        deliver_due(clock)
        assert resting_channels(clock()) == [Channel.WHATSAPP]

    def test_what_never_came_by_whatsapp_comes_as_a_text_message(self, ward: Ward, provider, clock):
        self.choose(ward, Channel.WHATSAPP)
        row = said(ward.facility)
        deliver_due(clock)
        note_reports(Channel.WHATSAPP, [Report("ref-1", None, arrived=False)])
        deliver_due(clock)
        assert [(sent.channel, sent.text) for sent in provider.taken[1:]] == [("sms", row.text)]

    def test_what_its_sender_died_with_is_left_to_a_person(self, ward: Ward, provider, clock):
        self.choose(ward, Channel.WHATSAPP)
        row = said(ward.facility)
        Message.outgoing.filter(id=row.id).update(status="sending", attempts=1)
        deliver_due(clock)
        assert (message(row.id).status, message(row.id).error, provider.taken) == ("failed", "uncertain", [])

    def test_what_it_may_have_taken_is_left_to_a_person(self, ward: Ward, provider, clock):
        self.choose(ward, Channel.WHATSAPP)
        row = said(ward.facility)
        provider.refusals = [DeliveryFailed("uncertain", final=True)]
        deliver_due(clock)
        clock.later(60)
        deliver_due(clock)
        assert (message(row.id).status, provider.taken) == ("failed", [])


def sign(body: bytes, key: str = KEY) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def report(client: Client, told: object, channel: str = "sms", **how: str) -> int:
    body = json.dumps(told).encode()
    answer = client.post(
        f"/reports/messages/{channel}/", body, content_type="application/json", headers=sign(body, **how)
    )
    return answer.status_code


@pytest.fixture
def keys(settings) -> None:
    settings.REPORT_KEYS, settings.WHATSAPP_WORD = {"sms": KEY, "whatsapp": KEY}, "the word"


@pytest.mark.django_db
@pytest.mark.usefixtures("keys")
class TestReports:
    """What a provider says later of a message that it took."""

    def sent(self, clock) -> UUID:
        told = say(kind=Kind.DELAY)
        deliver_due(clock)
        return told

    def test_it_has_arrived_and_nothing_later_takes_that_back(self, client: Client, provider, clock):
        told = self.sent(clock)
        arrived = {"reports": [{"reference": "ref-1", "status": "delivered"}]}
        failed = {"reports": [{"reference": "ref-1", "status": "failed"}]}
        assert [report(client, one) for one in (failed, arrived, failed, arrived)] == [204] * 4
        assert (message(told).status, message(told).error) == ("arrived", "")

    def test_what_never_arrives_calls_for_a_person(self, client: Client, provider, clock):
        told = self.sent(clock)
        report(client, {"reports": [{"reference": "ref-1", "status": "failed"}]})
        assert (message(told).status, message(told).error) == ("failed", "undelivered")

    def test_our_own_id_names_a_message_too_and_a_report_may_come_before_the_answer(self, client, provider, clock):
        told = say(kind=Kind.DELAY)
        Message.outgoing.filter(id=told).update(status="sending", attempts=1)
        assert report(client, {"reports": [{"reference": str(told), "status": "delivered"}]}) == 204
        assert message(told).status == "arrived"

    def test_too_many_at_once_are_refused_not_cut_off(self, client):
        assert report(client, {"reports": [{}] * 1_001}) == 413

    def test_metas_way_of_saying_it_is_understood(self, client: Client, provider, clock, settings):
        settings.CHANNEL_ADAPTERS |= {"whatsapp": settings.CHANNEL_ADAPTERS["sms"]}
        told = say(kind=Kind.DELAY, channel=Channel.WHATSAPP)
        deliver_due(clock)
        value = {"statuses": [{"id": "ref-1", "status": "read"}, {"id": "ref-1", "status": "sent"}]}
        assert report(client, {"entry": [{"changes": [{"value": value}]}]}, "whatsapp") == 204
        assert message(told).status == "arrived"

    def test_nobody_without_the_key_is_believed(self, client: Client, provider, clock, settings):
        told = self.sent(clock)
        arrived = {"reports": [{"reference": "ref-1", "status": "delivered"}]}
        assert report(client, arrived, key="guessed") == 403
        body = json.dumps(arrived).encode()
        assert client.post("/reports/messages/sms/", body, content_type="application/json").status_code == 403
        settings.REPORT_KEYS = {"sms": "", "whatsapp": ""}
        assert report(client, arrived, key="") == 404
        assert message(told).status == "sent"

    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"reports": None},
            {"reports": [{"reference": "ref-1", "status": []}, {"reference": "ref-1", "status": {}}]},
            {"reports": [None, 7, {}, {"reference": 5, "status": "delivered"}, {"reference": "\0", "status": "read"}]},
            {"reports": [{"reference": "", "status": "delivered"}, {"reference": "unknown", "status": "delivered"}]},
        ],
    )
    def test_odd_reports_are_passed_over(self, client: Client, provider, clock, told):
        kept = self.sent(clock)
        assert report(client, told) == 204
        assert message(kept).status == "sent"

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
    def test_what_is_no_object_is_refused(self, client: Client, body):
        answer = client.post("/reports/messages/sms/", body, content_type="application/json", headers=sign(body))
        assert answer.status_code == 400

    def test_meta_learns_that_the_address_is_right(self, client: Client):
        asked = {"hub.mode": "subscribe", "hub.verify_token": "the word", "hub.challenge": "1158201444"}
        assert client.get("/reports/messages/whatsapp/", asked).content == b"1158201444"
        assert client.get("/reports/messages/whatsapp/", asked | {"hub.verify_token": "x"}).status_code == 403
        assert client.get("/reports/messages/whatsapp/", asked | {"hub.challenge": "<b>"}).status_code == 400
        assert client.get("/reports/messages/sms/", asked).status_code == 403
        assert client.get("/reports/messages/pigeon/", asked).status_code == 404


@pytest.mark.django_db
def test_a_copy_by_sms_keeps_the_time_until_which_it_is_of_use(provider, clock, settings):
    settings.CHANNEL_ADAPTERS |= {"whatsapp": settings.CHANNEL_ADAPTERS["sms"]}
    until = clock.now + timedelta(minutes=5)
    say(kind=Kind.DELAY, channel=Channel.WHATSAPP, not_after=until)
    provider.refusals = [DeliveryFailed("http_400", final=True)]
    deliver_due(clock)
    copy = Message.outgoing.get(channel="sms")
    assert (copy.not_after, copy.status) == (until, "sent")
