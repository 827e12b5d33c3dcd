"""Notifications turned on and off in a browser with a stub for a push service: headless Chromium has none."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts
from apps.notifications.models import PushSubscription
from tests.e2e.conftest import PHONE, Look, Open, fits
from tests.e2e.test_booking import code_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

STUB = """
  const KEPT = "stub.push";
  const kept = () => {
    const told = JSON.parse(localStorage.getItem(KEPT));
    return told && {
      endpoint: told.endpoint,
      options: { applicationServerKey: Uint8Array.from(told.key).buffer },
      toJSON: () => ({ endpoint: told.endpoint, keys: { p256dh: "B" + "A".repeat(86), auth: "A".repeat(22) } }),
      unsubscribe: async () => { localStorage.removeItem(KEPT); return true; },
    };
  };
  Notification.requestPermission = async () => "granted";
  PushManager.prototype.getSubscription = async () => kept();
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    const endpoint = `https://fcm.googleapis.com/fcm/send/${crypto.randomUUID()}`;
    localStorage.setItem(KEPT, JSON.stringify({ endpoint, key: [...applicationServerKey] }));
    return kept();
  };
"""

ON, OFF, EVERYWHERE = "Turn on for this phone", "Turn off for this phone", "Turn off everywhere"


def signed_in(open_page: Open) -> Page:
    page = open_page("/login/phone/", screen=PHONE)
    page.add_init_script(STUB)
    page.locator("#id_phone").fill("90000 00001")
    page.locator("form.door button[type=submit]").click()
    page.locator("#id_code").fill(code_on("+919000000001"))
    page.locator("#id_code").press("Enter")
    expect(page.get_by_role("heading", name="My family")).to_be_visible()
    page.goto("/me/settings/")
    return page


def press(page: Page, button: str, then: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(then)).to_be_visible()


def listening() -> Any:
    return PushSubscription.objects.filter(ended_at=None)


def test_a_browser_turns_itself_on_and_off_and_comes_back_after_others_took_its_place(
    hospital: FacilityFacts, open_page: Open, look: Look
):
    page = signed_in(open_page)
    on, off = (page.get_by_role("button", name=name) for name in (ON, OFF))
    expect(on).to_be_visible()
    look(page, "messages-off")
    press(page, ON, "Notifications are on.")
    expect(off).to_be_visible()
    expect(on).to_be_hidden()
    look(page, "messages-on")
    assert fits(page)
    mine = listening().get()
    listening().update(ended_at=timezone.now())  # as when five browsers came after it; it has its subscription still
    other = PushSubscription.objects.create(
        **{field: getattr(mine, field) for field in ("facility_id", "recipient_index", "p256dh", "auth")},
        endpoint="https://fcm.googleapis.com/fcm/send/other",
        endpoint_index="other",
        created_at=timezone.now(),
    )
    page.reload()
    expect(on).to_be_visible()
    expect(off).to_be_hidden()
    press(page, ON, "Notifications are on.")
    assert listening().count() == 2
    press(page, OFF, "Notifications on this phone are off.")
    assert listening().get() == other
    expect(on).to_be_visible()
    expect(off).to_be_hidden()
    press(page, EVERYWHERE, "Notifications are off.")
    assert not listening().exists()
    press(page, "Turn text messages off", "Text messages are off.")
    look(page, "messages-none")
