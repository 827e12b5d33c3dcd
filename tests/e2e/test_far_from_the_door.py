"""A phone far from the door: it follows every call and asks for nothing, or two thousand of them would."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

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
