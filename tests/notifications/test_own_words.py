"""Farida puts the hospital's own words in place of the usual ones, or leaves a message out."""

import pytest
from django.test import Client

from apps.accounts.models import Facility
from apps.audit.models import AuditEntry
from apps.core.commands import command
from apps.core.errors import Forbidden, NotFound
from apps.core.policy import Role, system_actor
from apps.notifications import commands
from apps.notifications.models import Message
from apps.notifications.queries import forget_house_words
from apps.notifications.rules.wordings import OwnWords
from apps.queue.commands.telling import BOOKED
from tests.browsers import browser_of
from tests.cast import bearer, farida
from tests.factories import FacilityFactory
from tests.notifications.conftest import NOW
from tests.ward import Ward

pytestmark = pytest.mark.django_db

WORDS = {"hospital": "Asha", "token": "G17", "doctor": "Dr Rao", "when": "24 November", "link": "https://x/t/1"}
OWN = "Namaste from {hospital}! {token}, {when}: {link}"
PAGE = "/admin/messages/words/booked/en/"


@pytest.fixture(autouse=True)
def fresh_words():
    forget_house_words()
    yield
    forget_house_words()


@command
def say(*, actor, now, facility, urgent=True, language="en", key="k", not_after=None):
    return commands.tell(
        BOOKED, WORDS, recipient="+919876543210", dedupe_key=key, language=language, facility_id=facility.id,
        time_zone="Asia/Kolkata", urgent=urgent, not_after=not_after,
    )  # fmt: skip


def said(facility: Facility, now=NOW, **how) -> Message | None:
    told = say(actor=system_actor("test", facility.id), now=now, facility=facility, **how)
    return Message.outgoing.get(id=told) if told else None


NAMASTE = OwnWords(OWN)


def reword(ward: Ward, own: OwnWords = NAMASTE, version: int = 0, actor=None, language="en", name="booked"):
    commands.reword(
        actor=actor or ward.admin, now=ward.now, name=name, language=language, own=own, expected_version=version
    )


def test_own_words_are_said_in_their_language_and_by_this_hospital_only(ward: Ward):
    reword(ward)
    assert said(ward.facility).text == "Namaste from Asha! G17, 24 November: https://x/t/1"
    assert "Namaste" not in said(ward.facility, language="hi", key="hi").text
    assert "Namaste" not in said(FacilityFactory(), key="other").text


def test_the_operators_number_of_a_text_goes_with_it_and_what_fills_it_in_order(ward: Ward):
    reword(ward, OwnWords(OWN, sms_template="1107"))
    row = said(ward.facility)
    assert (row.template, row.parameters) == (
        "1107",
        '["Asha", "G17", "Dr Rao", "24 November", "https://x/t/1"]',
    )


def test_a_message_that_is_left_out_is_not_said_until_it_is_again(ward: Ward):
    commands.leave_out(actor=ward.admin, now=ward.now, name="booked", silent=True)
    assert said(ward.facility) is None
    commands.leave_out(actor=ward.admin, now=ward.now, name="booked", silent=False)
    assert said(ward.facility) is not None
    entries = AuditEntry.objects.filter(action="message.left_out").order_by("at", "id")
    assert [entry.after["silent"] for entry in entries] in ([True, False], [False, True])


def test_who_overtook_the_words_meanwhile_is_not_overwritten(ward: Ward):
    reword(ward)
    with pytest.raises(commands.Reworded):
        reword(ward, OwnWords(OWN + " Bye."))
    reword(ward, OwnWords(OWN + " Bye."), version=1)
    assert said(ward.facility).text.endswith("Bye.")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_administrator_changes_words(ward: Ward, role):
    with pytest.raises(Forbidden):
        reword(ward, actor=ward.as_role(role))
    with pytest.raises(Forbidden):
        commands.leave_out(actor=ward.as_role(role), now=ward.now, name="booked", silent=True)


@pytest.mark.parametrize(("name", "language"), [("nothing", "en"), ("booked", "xx")])
def test_what_nobody_says_has_no_words(ward: Ward, name, language):
    with pytest.raises(NotFound):
        reword(ward, name=name, language=language)


def test_what_can_wait_is_held_back_at_night_and_what_cannot_is_not(ward: Ward, settings):
    night = NOW.replace(hour=17)
    assert said(ward.facility, night, urgent=True).next_try_at == night
    assert said(ward.facility, night, urgent=False, key="later").next_try_at > night


def test_farida_looks_how_it_looks_saves_it_and_takes_it_back(client: Client, ward: Ward):
    browser = browser_of(ward.admin)
    assert browser.get("/admin/messages/words/").status_code == 200
    tried = browser.post(PAGE, {"text": OWN, "version": 0, "try": "1"})
    assert "Namaste from District Hospital! G17" in tried.content.decode()
    wrong = browser.post(PAGE, {"text": "{name}", "version": 0})
    assert (wrong.status_code, "cannot be filled in here" in wrong.content.decode()) == (400, True)
    assert browser.post(PAGE, {"text": OWN, "version": 0}).status_code == 302
    assert said(ward.facility).text.startswith("Namaste")
    for odd in ({"text": "{", "version": "x"}, {"text": "{token:>2000000000}", "version": "x"}, {"text": "{foo}"}):
        assert browser.post(PAGE, odd).status_code == 400
    late = browser.post(PAGE, {"text": "", "version": 0})
    assert (late.status_code, "Somebody else has changed" in late.content.decode()) == (409, True)
    assert browser.post(PAGE, {"text": "", "version": 1}).status_code == 302
    assert not said(ward.facility, key="again").text.startswith("Namaste")
    assert browser.post("/admin/messages/words/booked/sending/stop/").status_code == 302
    assert "Send it" in browser.get("/admin/messages/words/").content.decode()


@pytest.mark.parametrize("address", [PAGE, "/admin/messages/words/"])
def test_the_desk_does_not_see_these_pages(client: Client, ward: Ward, address):
    assert browser_of(ward.meera).get(address).status_code == 403


def test_a_program_reads_and_changes_them(client: Client, ward: Ward):
    head = bearer(farida(ward.facility))
    listed = client.get("/api/v1/notifications/templates?pageSize=100", headers=head).json()
    (english,) = [row for row in listed["results"] if (row["name"], row["language"]) == ("booked", "en")]
    assert (english["own"], english["sent"], english["version"]) == (False, True, 0)
    url, kind = "/api/v1/notifications/templates/booked/en", "application/json"
    done = client.put(url, {"text": OWN, "version": 0}, content_type=kind, headers=head)
    assert (done.status_code, done.json()["text"], done.json()["version"]) == (200, OWN, 1)
    refused = client.put(url, {"text": "{name}", "version": 1}, content_type=kind, headers=head)
    assert (refused.status_code, refused.json()["code"]) == (400, "strange_place")
    stale = client.put(url, {"text": OWN, "version": 0}, content_type=kind, headers=head)
    assert (stale.status_code, stale.json()["code"]) == (409, "reworded")
