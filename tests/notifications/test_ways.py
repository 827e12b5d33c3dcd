"""Which way a message goes, and which comes next; and a family's e-mail address."""

import re
from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.policy import system_actor
from apps.notifications import commands
from apps.notifications.channels import DeliveryFailed
from apps.notifications.commands import deliver_due
from apps.notifications.commands.breaking import FAILURES, REST, went_wrong
from apps.notifications.commands.mailing import CODES, TRIES, TooManyMailCodes, WrongMailCode
from apps.notifications.commands.reporting import Report, note_reports
from apps.notifications.models import MailAddress, Message
from apps.notifications.queries import newest_messages
from apps.notifications.rules import OWN, Channel, Kind
from apps.notifications.rules.subjects import SUBJECTS, subject_of
from apps.notifications.rules.ways import following, ways
from tests.notifications.conftest import message, say
from tests.notifications.test_own_words import said
from tests.notifications.test_whatsapp import PHONE, asha
from tests.ward import Ward

SMS, WHATSAPP, EMAIL = Channel.SMS, Channel.WHATSAPP, Channel.EMAIL
USUAL = [WHATSAPP, SMS, EMAIL]


@pytest.mark.parametrize(
    ("reachable", "preferred", "urgent", "expected"),
    [
        ({SMS}, None, False, [SMS]),
        ({SMS, EMAIL}, None, False, [SMS, EMAIL]),
        ({SMS, EMAIL}, EMAIL, False, [EMAIL, SMS]),
        ({SMS, EMAIL}, EMAIL, True, [SMS, EMAIL]),
        ({EMAIL}, EMAIL, True, [EMAIL]),
        ({SMS, WHATSAPP, EMAIL}, WHATSAPP, True, [WHATSAPP, SMS, EMAIL]),
        ({SMS}, WHATSAPP, False, [SMS]),
        (set(), EMAIL, False, []),
    ],
)
def test_the_preferred_way_first_then_the_houses_order(reachable, preferred, urgent, expected):
    assert ways(USUAL, reachable, preferred, urgent=urgent) == expected


def test_the_house_may_leave_a_way_out():
    assert ways([SMS], {SMS, EMAIL}, EMAIL, urgent=False) == [SMS]


def test_every_way_is_tried_once_and_the_last_has_none_after_it():
    assert following(WHATSAPP, USUAL) is SMS
    assert following(SMS, USUAL) is EMAIL
    assert following(EMAIL, USUAL) is None
    assert following(EMAIL, [SMS]) is SMS
    assert following(SMS, []) is None


def test_over_an_e_mail_stands_what_it_is_about_and_nothing_of_anybodys_health():
    assert set(SUBJECTS) == set(Kind) - {Kind.LOGIN_CODE, Kind.TEST}
    turn = "Asha Hospital: G17, your turn."
    usual = "{hospital}: {token}, your turn."
    assert subject_of(turn, "it is your turn", own=False, words=usual) == "Asha Hospital: it is your turn"
    for text, words in (("no colon", "no colon"), ("HIV clinic: G17", "HIV clinic: {token}")):
        assert subject_of(text, "it is your turn", own=False, words=words) == "it is your turn"
    assert subject_of("Asha: x", "Our\r\nBcc: own", own=True, words=usual) == "Our Bcc: own"


def code_in(told: dict[str, Any]) -> str:
    found = re.search(r"\d{6}", str(told["text"]))
    assert found
    return found[0]


@pytest.mark.django_db
class TestAddress:
    """Asha gives her e-mail address."""

    @pytest.fixture(autouse=True)
    def _ready(self, ward: Ward, provider, settings):
        settings.CHANNEL_ADAPTERS |= {"email": settings.CHANNEL_ADAPTERS["sms"]}
        self.ward = ward

    def about(self, seconds: float = 0) -> dict[str, Any]:
        now = self.ward.now + timedelta(seconds=seconds)
        return {"actor": asha(self.ward.facility.id), "now": now, "recipient": PHONE}

    def give(self, address: str = "asha@mail.example", seconds: float = 0) -> MailAddress:
        about = self.about(seconds) | {"hospital": "Asha Hospital", "language": "en"}
        return commands.give_address(**about, address=address)

    def confirm(self, code: str = "", seconds: float = 0) -> Any:
        return commands.confirm_address(**self.about(seconds), code=code or code_in(newest_messages(1)[0]))

    def test_nothing_goes_there_before_the_code_has_come_back(self, provider, clock):
        clock.now = self.ward.now
        self.give()
        row = said(self.ward.facility)
        provider.refusals = []
        deliver_due(clock)
        assert {(sent.channel, sent.recipient) for sent in provider.taken} == {
            ("email", "asha@mail.example"),
            ("sms", PHONE),
        }
        assert [one.text for one in provider.taken if one.channel == "email"] != [row.text]
        again = said(self.ward.facility, key="again")
        provider.refusals = [DeliveryFailed("http_400", final=True)]
        deliver_due(clock)
        assert message(again.id).status == "failed"

    def test_once_confirmed_it_takes_what_the_text_message_cannot(self, provider, clock):
        clock.now = self.ward.now
        self.give()
        assert self.confirm() is None
        deliver_due(clock)
        provider.taken.clear()
        row = said(self.ward.facility)
        provider.refusals = [DeliveryFailed("http_400", final=True)]
        deliver_due(clock)
        (sent,) = provider.taken
        assert (sent.channel, sent.recipient, sent.text) == ("email", "asha@mail.example", row.text)
        assert sent.subject.endswith(": your booking")
        assert sent.ended_at.endswith("/me/settings/")
        assert message(row.id).error == "by_email"
        other = message(sent.id)
        note_reports(Channel.EMAIL, [Report("", other.id, arrived=False)])
        assert message(other.id).status == "failed"

    def test_whoever_wants_no_text_messages_gets_e_mail(self, provider, clock):
        clock.now = self.ward.now
        self.give()
        self.confirm()
        commands.want_sms(**self.about(), wanted=False)
        deliver_due(clock)
        provider.taken.clear()
        said(self.ward.facility)
        deliver_due(clock)
        assert [sent.channel for sent in provider.taken] == ["email"]

    def test_what_can_wait_goes_there_if_somebody_wants_that_and_comes_as_sms_if_it_bounces(self, provider, clock):
        clock.now = self.ward.now
        with pytest.raises(commands.NoMailbox):
            commands.prefer(**self.about(), channel=EMAIL)
        self.give()
        self.confirm()
        commands.prefer(**self.about(), channel=EMAIL)
        row = said(self.ward.facility, urgent=False)
        assert row.channel == "email"
        assert said(self.ward.facility, key="now").channel == "sms"
        Message.outgoing.filter(id=row.id).update(status="sent")
        note_reports(Channel.EMAIL, [Report("", row.id, arrived=False)])
        assert Message.outgoing.filter(dedupe_key=row.dedupe_key, channel="sms").exists()

    def test_what_would_come_too_late_does_not_wait_for_a_mail_server_that_is_away(self, provider, clock):
        clock.now = self.ward.now
        self.give()
        self.confirm()
        deliver_due(clock)
        provider.taken.clear()
        commands.prefer(**self.about(), channel=EMAIL)
        soon = said(self.ward.facility, urgent=False, not_after=clock.now + timedelta(hours=1))
        any_time = said(self.ward.facility, key="any", urgent=False)
        for _ in range(FAILURES):
            went_wrong(EMAIL, clock.now)
        deliver_due(clock)
        assert [sent.channel for sent in provider.taken] == ["sms"]
        assert (message(soon.id).error, message(any_time.id).status) == ("by_sms", "waiting")

    def test_what_has_no_other_way_waits_for_the_mail_server_and_costs_nothing(self, provider, clock):
        clock.now = self.ward.now
        self.give()
        self.confirm()
        commands.want_sms(**self.about(), wanted=False)
        deliver_due(clock)
        row = said(self.ward.facility, not_after=clock.now + timedelta(hours=1))
        for _ in range(FAILURES):
            went_wrong(EMAIL, clock.now)
        assert deliver_due(clock) == 2  # off as a text message, on as an e-mail that waits
        mail = Message.outgoing.get(dedupe_key=row.dedupe_key, channel="email")
        assert (mail.status, mail.attempts) == ("waiting", 0)
        clock.later(REST.total_seconds())
        deliver_due(clock)
        assert message(mail.id).status == "sent"

    def test_an_e_mail_whose_sender_died_is_not_sent_twice(self, provider, clock):
        told = say(channel=EMAIL, kind=Kind.BOOKING, recipient="asha@mail.example")
        Message.outgoing.filter(id=told).update(status="sending", attempts=1)
        deliver_due(clock)
        assert (provider.taken, message(told).error) == ([], "uncertain")

    def test_a_code_is_one_for_one_address_for_a_while_and_for_a_few_tries(self):
        self.give()
        wrong = "000000" if code_in(newest_messages(1)[0]) != "000000" else "111111"
        for _ in range(TRIES):
            assert isinstance(self.confirm(wrong), WrongMailCode)
        assert isinstance(self.confirm(), WrongMailCode)
        self.give(seconds=1)
        assert isinstance(self.confirm(seconds=16 * 60), WrongMailCode)
        assert self.confirm(seconds=60) is None
        assert isinstance(self.confirm(seconds=61), WrongMailCode)
        first = self.give(seconds=70)
        code = code_in(newest_messages(1)[0])
        self.give("other@mail.example", seconds=80)
        assert MailAddress.objects.get(id=first.id).confirmed_at is None
        assert isinstance(self.confirm(code, seconds=81), WrongMailCode)

    def test_so_many_codes_a_day_and_no_more(self):
        for number in range(CODES):
            self.give(f"x{number}@mail.example")
        with pytest.raises(TooManyMailCodes):
            self.give()
        commands.drop_address(**self.about())
        with pytest.raises(TooManyMailCodes):
            self.give()
        assert self.give(seconds=24 * 3600)

    def test_nor_to_one_address_from_many_phones(self):
        def give(number: int, seconds: float = 0) -> None:
            about = self.about(seconds) | {"recipient": f"+9198111000{number:02}"}
            commands.give_address(**about, address="asha@mail.example", hospital="Asha Hospital", language="en")

        for number in range(CODES):
            give(number)
        with pytest.raises(TooManyMailCodes):
            give(CODES)
        give(CODES, seconds=24 * 3600)

    def test_what_nobody_confirms_is_forgotten_after_a_day(self):
        upkeep = system_actor("upkeep")
        self.give()
        assert commands.forget_unconfirmed(actor=upkeep, now=self.about(23 * 3600)["now"]) == 0
        assert commands.forget_unconfirmed(actor=upkeep, now=self.about(24 * 3600)["now"]) == 1
        self.give(seconds=24 * 3600)
        self.confirm(seconds=24 * 3600)
        assert commands.forget_unconfirmed(actor=upkeep, now=self.about(72 * 3600)["now"]) == 0
        with pytest.raises(Forbidden):
            commands.forget_unconfirmed(**{name: self.about()[name] for name in ("actor", "now")})

    @pytest.mark.parametrize(
        "address", ["", "asha", "a@b", "a@mail.example\nBcc: b@c.example", "अ@mail.example", "x" * 250 + "@y.in"]
    )
    def test_what_is_no_address_is_refused(self, address):
        with pytest.raises(Invalid):
            self.give(address)

    def test_a_forgotten_address_gets_nothing_and_stands_nowhere(self, provider, clock):
        clock.now = self.ward.now
        self.give()
        self.confirm()
        commands.prefer(**self.about(), channel=EMAIL)
        row = said(self.ward.facility, urgent=False)
        commands.drop_address(**self.about())
        deliver_due(clock)
        assert "asha@mail.example" not in [sent.recipient for sent in provider.taken if sent.text == row.text]
        assert [sent.channel for sent in provider.taken if sent.text == row.text] == ["sms"]
        assert MailAddress.objects.get().address == ""

    def test_it_stands_sealed_and_the_trail_does_not_name_it(self):
        self.give()
        self.confirm()
        assert AuditEntry.objects.filter(action="messages.email_confirmed").exists()
        told = " ".join(str(entry.__dict__) for entry in AuditEntry.objects.all())
        assert "asha@" not in told

    def test_a_hospital_without_e_mail_takes_no_address(self, settings):
        settings.CHANNEL_ADAPTERS = {"sms": settings.CHANNEL_ADAPTERS["sms"]}
        with pytest.raises(commands.NotOffered):
            self.give()

    def test_a_way_that_the_house_does_not_use_cannot_be_chosen(self, settings):
        settings.CHANNEL_ORDER = ["sms"]
        with pytest.raises(commands.NotOffered):
            self.give()

    def test_codes_and_notices_of_an_account_go_no_other_way(self, provider, clock):
        for kind in OWN:
            told = say(kind=kind, channel=SMS)
            provider.refusals = [DeliveryFailed("http_400", final=True)]
            deliver_due(clock)
            assert message(told).status == "failed"
