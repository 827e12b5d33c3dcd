"""Desk and console without a mouse: a number from a phone number, a note through many arrivals, somebody found, and
every key."""

import re
import sys
from time import monotonic

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.patients.queries import search
from apps.queue.commands import call, check_in, create_checkin_link, self_check_in, start
from apps.queue.models import Visit
from apps.queue.queries.links import comes_by
from apps.scheduling.queries import doctors
from tests.cast import DESK as DESK_ACTOR
from tests.e2e.conftest import Look, Open, fits, is_live, press

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


MOST_KEYS, MOST_PAGES = 16, 4
"""A new walk-in in under twenty seconds: at half a second for each key there are as many left for the pages."""


class Hands:
    """Somebody's hands on a keyboard: what they press, and how many pages come of it."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys, self.pages = page, 0, 0
        page.on("framenavigated", lambda _frame: setattr(self, "pages", self.pages + 1))

    def press(self, key: str) -> None:
        press(self.page, key)
        self.keys += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.keys += len(text)


def test_meera_gives_a_number_by_keyboard_alone(hospital: FacilityFacts, open_page: Open, look: Look):
    desk = open_page("/admin/desk/today/", "reception@demo.opd", screen=(1280, 800))
    expect(desk.get_by_role("heading", name="Today", level=1)).to_be_visible()
    hands, begun = Hands(desk), monotonic()
    hands.press("F2")
    expect(desk.get_by_placeholder("Phone, name or file number")).to_be_focused()
    hands.type("9000000010")
    hands.press("Enter")
    expect(desk.get_by_role("link", name=re.compile("Use this record"))).to_be_focused()
    hands.press("Enter")
    expect(desk.get_by_role("heading", name="New walk-in", level=1)).to_be_visible()
    hands.press("Control+Enter")
    expect(desk.locator(".paper .n")).to_be_visible()
    sys.stdout.write(f"{hands.keys} keys, {hands.pages} pages, {monotonic() - begun:.1f} s\n")  # pytest -rP shows it
    assert hands.keys <= MOST_KEYS
    assert hands.pages <= MOST_PAGES
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


def scanned(number: int) -> Visit:
    """Somebody has scanned a printed code: the desk has yet to look at them."""
    nair = doctors().get(name="Dr Anjali Nair")
    place = nair.departments.get().id
    actor = staff_actor("reception@demo.opd")
    token, _ = create_checkin_link(actor=actor, now=timezone.now(), department_id=place, expires_in=600, printed=True)
    holder, link = comes_by(token)
    about = {"link": link, "department_id": place, "name": f"Person {number}", "age": 30, "symptoms": []}
    return self_check_in(actor=holder, now=timezone.now(), **about).visit


def test_dr_nair_writes_on_through_twenty_arrivals_and_finds_one_of_them(hospital: FacilityFacts, open_page: Open):
    first = arrive(1)
    nair = {"actor": staff_actor("nair@demo.opd"), "visit_id": first.id}
    call(**nair, now=timezone.now(), doctor_id=doctors().get(name="Dr Anjali Nair").id)
    start(**nair, now=timezone.now())
    console = open_page("/console/", "nair@demo.opd")
    is_live(console)
    note = console.locator("textarea[name=prescription]")
    note.fill("Paracetamol 500")
    note.press("Home")
    tokens = [arrive(number).token.label for number in range(2, 22)]
    expect(console.get_by_role("heading", name="20 waiting")).to_be_visible()
    expect(note).to_have_value("Paracetamol 500")
    expect(note).to_be_focused()
    assert note.evaluate("note => note.selectionStart") == 0
    press(console, "Control+k")
    expect(console.locator("#find")).to_be_focused()
    console.keyboard.type(tokens[7])
    expect(console.locator("#lists li:visible")).to_have_count(1)
    expect(console.locator("#lists li:visible")).to_contain_text(tokens[7])
    arrive(22)
    expect(console.get_by_role("heading", name="21 waiting")).to_be_visible()
    expect(console.locator("#find")).to_have_value(tokens[7])
    expect(console.locator("#find")).to_be_focused()
    expect(console.locator("#lists li:visible")).to_have_count(1)
    press(console, "Escape")
    expect(console.locator("#lists li:visible")).to_have_count(21)


GUARD = 800
"""Milliseconds for which a key that has just acted is deaf (`keys.js`)."""

CONSOLE_KEYS = (
    ("Control+Enter", "calls who is next", ".await .tag[data-state=called]"),
    ("F4", "calls them again", "text=was called again."),
    ("F2", "sets aside who did not come", "text=waits aside, for when they come."),
    ("Control+Enter", "calls who is next", ".await .tag[data-state=called]"),
    ("Control+Enter", "begins with who has come", "#consultation"),
    ("Control+k", "looks for somebody", "#find:focus"),
    ("F9", "asks why the visit waits, and for which tests", "#reason:focus"),
    ("F8", "finishes without a call", "text=is finished."),
    ("Control+Enter", "calls who is next", ".await .tag[data-state=called]"),
    ("Control+Enter", "begins with who has come", "#consultation"),
    ("Control+Enter", "finishes, since nobody is next", "text=is finished."),
)
"""Keys of the console in the order of a morning: what each does, and by what one sees it."""

LISTED_BEFORE = (0, 1, 6)
"""Steps of it before which the list is opened: with nobody, somebody called, somebody in the room."""


def press_again(page: Page, key: str) -> None:
    """Press a key, once it is not deaf any more from the last time."""
    page.wait_for_function(
        f"key => performance.now() - ((window.pressed ??= {{}})[key] ?? -{GUARD}) >= {GUARD}", arg=key
    )
    press(page, key)
    page.evaluate("key => (window.pressed[key] = performance.now())", key)


def keys_listed(page: Page, look: Look, name: str) -> set[str]:
    """What Ctrl+/ lists of this moment, in a list that everybody can use."""
    press_again(page, "Control+/")
    expect(page.locator("dialog#keys")).to_be_visible()
    look(page, f"keys-{name}")
    listed = page.locator("dialog#keys dt").all_inner_texts()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    return set(listed)


def test_every_key_of_the_console_does_what_is_listed_and_who_comes_is_heard(
    hospital: FacilityFacts, open_page: Open, look: Look
):
    for number in (1, 2, 3):
        arrive(number)
    console = open_page("/console/", "nair@demo.opd")
    is_live(console)
    listed: set[str] = set()
    for step, (key, does, seen) in enumerate(CONSOLE_KEYS):
        if step in LISTED_BEFORE:
            listed |= keys_listed(console, look, f"console-{step}")
        press_again(console, key)
        expect(console.locator(seen).first, does).to_be_visible()
    assert listed >= {"Ctrl Enter", "F2", "F4", "F8", "F9", "Ctrl K", "Ctrl /"}
    assert not Visit.objects.filter(state__in=("CALLED", "IN_CONSULTATION")).exists()
    expect(console).to_have_title(re.compile("^0 waiting"))
    console.evaluate("window.opd.chime = () => (window.chimed = true)")
    arrive(4)
    expect(console).to_have_title(re.compile("^1 waiting"))
    console.wait_for_function("window.chimed")
    console.get_by_role("link", name="Seen today").click()
    expect(console.get_by_text("3 people were called.")).to_be_visible()
    look(console, "console-day")


def test_the_desks_keys_go_along_a_list_check_in_and_are_listed(hospital: FacilityFacts, open_page: Open, look: Look):
    first, second = scanned(5), scanned(6)
    today = open_page("/admin/desk/today/", "reception@demo.opd")
    is_live(today)
    assert keys_listed(today, look, "desk") >= {"F2", "Ctrl K", "Ctrl /", "F4", "Ctrl P"}
    today.keyboard.press("Control+k")
    expect(today.locator("#q")).to_be_focused()
    today.locator(f"#menu-{first.id}").focus()
    today.keyboard.press("ArrowDown")
    expect(today.locator(f"#menu-{second.id}")).to_be_focused()
    today.keyboard.press("F4")
    expect(today.get_by_role("row", name=second.token.label)).to_contain_text("Waiting")
    expect(today.get_by_role("row", name=first.token.label)).to_contain_text("Not confirmed yet")


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
