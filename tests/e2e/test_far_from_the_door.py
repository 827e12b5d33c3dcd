"""A phone far from the door: it follows every call and asks for nothing, or two thousand of them would. And one near
the door, whose page does not come at the first try."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from apps.accounts.queries import FacilityFacts, staff_actor, tracking_code
from apps.encounters.commands import complete
from apps.queue.commands import call_next, start
from apps.queue.queries.visits import waiting_in
from apps.scheduling.queries import doctors
from tests.e2e.conftest import PHONE, Open, is_live
from tests.e2e.test_keyboard import arrive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_asha_far_from_the_door_sees_every_call_without_fetching_her_page(hospital: FacilityFacts, open_page: Open):
    for number in range(1, 13):
        arrive(number)
    nair = doctors().get(name="Dr Anjali Nair")
    doctor = staff_actor("nair@demo.opd")
    first = call_next(actor=doctor, now=timezone.now(), doctor_id=nair.id)
    last = waiting_in(nair.departments.get().id).last()
    assert first
    assert last
    phone = open_page(f"/t/{tracking_code(last.id, timezone.now())}/", screen=PHONE)
    is_live(phone)
    expect(phone.locator("[data-ahead]")).to_have_text("10")
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    start(actor=doctor, now=timezone.now(), visit_id=first.id)
    complete(actor=doctor, now=timezone.now(), visit_id=first.id, prescription_text="Rest")
    second = call_next(actor=doctor, now=timezone.now(), doctor_id=nair.id)
    assert second
    expect(phone.locator("[data-ahead]")).to_have_text("9")
    expect(phone.locator("[data-seen] .tag")).to_have_text([second.token.label])
    expect(phone).to_have_title(re.compile("9 before you"))
    expect(phone.locator(".path")).to_have_attribute("aria-label", re.compile("9 people"))
    expect(phone.locator(".path b")).to_have_text("+3")
    assert asked == []


RETRIES = 60_000
"""Milliseconds for two retries: each a few seconds after the server has said something, which it does every ten."""


def test_a_page_that_did_not_come_is_asked_for_again_until_it_is_right(hospital: FacilityFacts, open_page: Open):
    arrive(1)
    second = arrive(2)
    nair = doctors().get(name="Dr Anjali Nair")
    phone = open_page(f"/t/{tracking_code(second.id, timezone.now())}/", screen=PHONE)
    is_live(phone)
    expect(phone.locator("[data-ahead]")).to_have_text("1")
    asked: list[dict[str, str]] = []

    def answered(route: Route) -> None:
        """The network is gone, then somebody between says that nothing has changed, then it comes."""
        asked.append(route.request.headers)
        if len(asked) == 1:
            route.abort("internetdisconnected")
        elif len(asked) == 2:
            route.fulfill(status=304)
        else:
            route.continue_()

    poll = phone.locator("[data-poll]").get_attribute("data-poll")
    phone.route(f"**{poll}", answered)
    assert call_next(actor=staff_actor("nair@demo.opd"), now=timezone.now(), doctor_id=nair.id)
    expect(phone.locator("[data-ahead]")).to_have_text("0", timeout=RETRIES)
    is_live(phone)
    assert len(asked) == 3
    assert all("if-none-match" not in headers for headers in asked)
