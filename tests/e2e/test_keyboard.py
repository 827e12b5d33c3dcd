"""The desk's hottest job without a mouse: from a phone number to a number in the queue."""

import re

import pytest
from playwright.sync_api import expect

from apps.accounts.queries import FacilityFacts
from apps.queue.models import Visit
from tests.e2e.conftest import Look, Open, fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_meera_gives_a_number_by_keyboard_alone(hospital: FacilityFacts, open_page: Open, look: Look):
    desk = open_page("/admin/desk/today/", "reception@demo.opd", screen=(1280, 800))
    expect(desk.get_by_role("heading", name="Today", level=1)).to_be_visible()
    keys = desk.keyboard
    keys.press("F2")
    expect(desk.get_by_placeholder("Phone, name or file number")).to_be_focused()
    keys.type("+91 90000 00010")
    keys.press("Enter")
    expect(desk.get_by_role("link", name=re.compile("Use this record"))).to_be_focused()
    keys.press("Enter")
    expect(desk.get_by_role("heading", name="New walk-in", level=1)).to_be_visible()
    keys.press("Control+Enter")
    expect(desk.locator(".paper .n")).to_be_visible()
    visit = Visit.objects.get()
    expect(desk.locator(".paper .n")).to_have_text(visit.token.label)
    look(desk, "desk-slip-in-tamil")
    desk.goto("/admin/desk/today/")
    expect(desk.locator("[data-rows] tbody tr")).to_have_count(1)
    assert fits(desk)
    table = desk.locator("#today-scroll")
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth"), "the list has to be moved sideways"
    look(desk, "desk-today-1280")
