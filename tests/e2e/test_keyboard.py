"""Desk and console without a mouse: a number from a phone number, a note through many arrivals, somebody found."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.patients.queries import search
from apps.queue.commands import call, check_in, start
from apps.queue.models import Visit
from apps.scheduling.queries import doctors
from tests.cast import DESK as DESK_ACTOR
from tests.e2e.conftest import Look, Open, fits, is_live

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


def arrive(number: int) -> Visit:
    """Somebody of the demo gets a number for Dr Nair."""
    nair = doctors().get(name="Dr Anjali Nair")
    who = search(f"+91 90000 000{number:02}", DESK_ACTOR).first()
    assert who
    about = {"patient_id": who.id, "department_id": nair.departments.get().id, "doctor_id": nair.id}
    return check_in(actor=staff_actor("reception@demo.opd"), now=timezone.now(), **about).visit


def test_dr_nair_writes_on_through_twenty_arrivals_and_finds_one_of_them(hospital: FacilityFacts, open_page: Open):
    first = arrive(1)
    nair = {"actor": staff_actor("nair@demo.opd"), "visit_id": first.id}
    call(**nair, now=timezone.now(), doctor_id=doctors().get(name="Dr Anjali Nair").id)
    start(**nair, now=timezone.now())
    console = open_page("/console/", "nair@demo.opd")
    is_live(console)
    note = console.locator("textarea")
    note.fill("Paracetamol 500")
    note.press("Home")
    tokens = [arrive(number).token.label for number in range(2, 22)]
    expect(console.get_by_role("heading", name="20 waiting")).to_be_visible()
    expect(note).to_have_value("Paracetamol 500")
    expect(note).to_be_focused()
    assert note.evaluate("note => note.selectionStart") == 0
    console.keyboard.press("Control+k")
    expect(console.locator("#find")).to_be_focused()
    console.keyboard.type(tokens[7])
    expect(console.locator("#lists li:visible")).to_have_count(1)
    expect(console.locator("#lists li:visible")).to_contain_text(tokens[7])
    arrive(22)
    expect(console.get_by_role("heading", name="21 waiting")).to_be_visible()
    expect(console.locator("#find")).to_have_value(tokens[7])
    expect(console.locator("#find")).to_be_focused()
    expect(console.locator("#lists li:visible")).to_have_count(1)
    console.keyboard.press("Escape")
    expect(console.locator("#lists li:visible")).to_have_count(21)


def test_a_menu_of_today_stays_open_while_people_arrive(hospital: FacilityFacts, open_page: Open):
    first = arrive(1)
    today = open_page("/admin/desk/today/", "reception@demo.opd")
    is_live(today)
    more = today.locator(f"#menu-{first.id}")
    more.focus()
    more.press("Enter")
    second = arrive(2)
    expect(today.locator(f"#menu-{second.id}")).to_be_visible()
    expect(today.locator(f"#turn-{first.id}")).to_be_visible()
    expect(more).to_be_focused()
