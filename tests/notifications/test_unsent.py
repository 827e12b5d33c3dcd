"""Somebody is told what could not be sent, and sees to it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, NotFound
from apps.core.policy import Role, system_actor
from apps.notifications import commands
from apps.notifications.channels import DeliveryFailed
from apps.notifications.commands import deliver_due
from apps.notifications.commands.breaking import FAILURES, went_wrong
from apps.notifications.rules import Channel, Kind
from tests.browsers import browser_of
from tests.cast import bearer, farida
from tests.factories import FacilityFactory
from tests.notifications.conftest import _say, message
from tests.ward import Ward

pytestmark = pytest.mark.django_db

PAGE = "/admin/messages/unsent/"


def failed(facility, provider, **what):
    """A message that was given up just now."""
    about = {"kind": Kind.DELAY, "text": "G17 is late"} | what
    told = _say(actor=system_actor("test", facility.id), now=timezone.now(), **about)
    provider.refusals = [DeliveryFailed("http_400", final=True)]
    deliver_due()
    return told


def test_the_desk_hears_of_it_and_notes_that_the_person_was_told(client: Client, ward: Ward, provider):
    told = failed(ward.facility, provider)
    browser = browser_of(ward.meera)
    assert "1 message did not go out" in browser.get("/admin/desk/today/").content.decode()
    page = browser.get(PAGE).content.decode()
    assert "G17 is late" in page
    assert "+919876543210" in page
    assert browser.post(f"{PAGE}{told}/told/").status_code == 302
    assert message(told).status == "handled"
    assert "G17 is late" not in browser.get(PAGE).content.decode()
    assert "did not go out" not in browser.get("/admin/desk/today/").content.decode()
    assert AuditEntry.objects.get(action="message.told_by_hand").entity_id == str(told)


def test_who_sees_no_numbers_sees_the_end_of_one(ward: Ward, provider, monkeypatch):
    failed(ward.facility, provider)
    monkeypatch.setattr("apps.core.policy.ROLE_FIELDS", {Role.RECEPTION: frozenset()})
    page = browser_of(ward.meera).get(PAGE).content.decode()
    assert "98765" not in page
    assert "ends 3210" in page


def test_it_is_tried_again_when_somebody_wants_that(client: Client, ward: Ward, provider):
    told = failed(ward.facility, provider)
    browser = browser_of(ward.meera)
    browser.post(f"{PAGE}{told}/again/")
    assert message(told).status == "handled"
    provider.refusals = []
    deliver_due()
    assert [(sent.text, sent.id == told) for sent in provider.taken] == [("G17 is late", False)]
    again = browser.post(f"{PAGE}{told}/again/", follow=True)
    assert "seen to this message already" in again.content.decode()
    assert browser.post(f"{PAGE}{told}/eaten/").status_code == 404


def test_what_comes_too_late_is_not_tried_again(client: Client, ward: Ward, provider):
    told = failed(ward.facility, provider, not_after=timezone.now() + timedelta(minutes=5))
    browser = browser_of(ward.meera)
    assert "Try again" in browser.get(PAGE).content.decode()
    with pytest.raises(commands.TooLateToSend):
        commands.send_again(actor=ward.meera, now=timezone.now() + timedelta(minutes=6), message_id=told)
    assert message(told).status == "failed"


def test_codes_notifications_and_old_failures_call_for_nobody(client: Client, ward: Ward, provider):
    failed(ward.facility, provider, channel=Channel.PUSH)
    old = failed(ward.facility, provider)
    page = browser_of(ward.meera).get(PAGE).content.decode()
    assert page.count("G17 is late") == 1
    assert message(old).status == "failed"


def test_a_provider_that_rests_is_named(client: Client, ward: Ward):
    for _ in range(FAILURES):
        went_wrong(Channel.SMS, timezone.now())
    browser = browser_of(ward.meera)
    assert "Text messages do not go out now" in browser.get("/admin/desk/today/").content.decode()
    assert "Text messages do not go out now" in browser.get(PAGE).content.decode()


def test_another_hospitals_messages_are_not_there(client: Client, ward: Ward, provider):
    told = failed(FacilityFactory(), provider)
    assert "G17 is late" not in browser_of(ward.meera).get(PAGE).content.decode()
    with pytest.raises(NotFound):
        commands.told_by_hand(actor=ward.meera, now=ward.now, message_id=told)


@pytest.mark.parametrize("role", [Role.CASHIER, Role.PHARMACIST, Role.LAB, Role.DOCTOR])
def test_others_do_not_see_to_messages(ward: Ward, provider, role):
    told = failed(ward.facility, provider)
    for command in (commands.told_by_hand, commands.send_again):
        with pytest.raises(Forbidden):
            command(actor=ward.as_role(role), now=ward.now, message_id=told)


def test_a_program_sees_what_became_of_messages_but_not_what_they_say(client: Client, ward: Ward, provider):
    told = failed(ward.facility, provider)
    head = bearer(farida(ward.facility))
    found = client.get("/api/v1/notifications?status=failed", headers=head).json()
    assert [(row["messageId"], row["error"]) for row in found["results"]] == [(str(told), "http_400")]
    assert "98765" not in str(found)
    assert "late" not in str(found["results"][0].values())
    assert client.get("/api/v1/notifications?status=sent", headers=head).json()["count"] == 0
    assert client.get("/api/v1/notifications?status=eaten", headers=head).status_code == 400


def test_a_message_of_yesterday_is_no_news(client: Client, ward: Ward, provider):
    yesterday = timezone.now() - timedelta(hours=25)
    told = _say(actor=system_actor("test", ward.facility.id), now=yesterday, kind=Kind.DELAY, text="old")
    provider.refusals = [DeliveryFailed("http_400", final=True)]
    deliver_due()
    assert message(told).status == "failed"
    assert "did not go out" not in browser_of(ward.meera).get("/admin/desk/today/").content.decode()


def test_who_calls_can_read_what_a_message_in_another_language_is_about(ward: Ward, provider):
    failed(ward.facility, provider, language="ta", wording="booked", text="முன்பதிவு செய்யப்பட்டது")
    assert "…: booked. … with … on …." in browser_of(ward.meera).get(PAGE).content.decode()


def test_while_a_provider_rests_nobody_is_told_that_all_went_out(ward: Ward, provider):
    for _ in range(FAILURES):
        went_wrong(Channel.SMS, timezone.now())
    _say(actor=system_actor("test", ward.facility.id), now=timezone.now(), kind=Kind.DELAY, text="G17 is late")
    page = browser_of(ward.meera).get(PAGE).content.decode()
    assert "1 message waits and goes by itself." in page
    assert "Everything has gone out." not in page
