"""A consultation at the console: what is written outlives the tab, and two windows do not overwrite each other."""

import re
import time

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.encounters.models import Prescription, SignedNote
from apps.queue.commands import call, start
from apps.queue.models import Visit
from apps.scheduling.queries import doctors
from tests.e2e.conftest import Look, Open, fits, is_live, press
from tests.e2e.test_keyboard import arrive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def with_dr_nair(number: int) -> Visit:
    """Somebody of the demo sits with Dr Nair."""
    visit = arrive(number)
    nair = {"actor": staff_actor("nair@demo.opd"), "visit_id": visit.id}
    call(**nair, now=timezone.now(), doctor_id=doctors().get(name="Dr Anjali Nair").id)
    return start(**nair, now=timezone.now())


def saved(console: Page) -> None:
    expect(console.locator("[data-saved]")).to_contain_text(re.compile(r"Saved \d"))


def test_a_note_outlives_its_tab_and_two_windows_do_not_overwrite_each_other(
    hospital: FacilityFacts, open_page: Open, look: Look
):
    visit = with_dr_nair(1)
    console = open_page("/console/", "nair@demo.opd", screen=(1440, 900))
    is_live(console)
    complaint = console.get_by_label("What the patient says")
    complaint.fill("Headache in the mornings")
    saved(console)
    look(console, "console-note")
    assert fits(console)
    other = console.context.new_page()
    other.goto(console.url)
    expect(other.get_by_label("What the patient says")).to_have_value("Headache in the mornings")
    other.get_by_role("textbox", name="Plan", exact=True).fill("Rest")
    saved(other)
    complaint.fill("Headache, overwritten")
    expect(console.locator("[data-not-saved]")).to_contain_text("another window")
    other.reload()
    expect(other.get_by_label("What the patient says")).to_have_value("Headache in the mornings")
    medicine = other.locator("#rx-medicine")
    medicine.fill("Amoxi")
    expect(other.locator("#rx-medicines option[value^=Amoxicillin]").first).to_be_attached()
    other.locator("#test-names").fill("CBC, chest")
    expect(other.locator("#test-list option[value^='CBC, ']").first).to_be_attached()
    other.locator("#test-names").fill("")
    other.locator("#primary").click()
    expect(other.locator("[data-not-added]")).to_be_visible()
    expect(medicine).to_be_focused()
    assert Visit.objects.get(id=visit.id).state == "IN_CONSULTATION"
    look(other, "console-not-added")
    medicine.fill("")
    other.locator("#primary").click()
    expect(other.get_by_text(f"Visit {visit.token.label} is finished.")).to_be_visible()
    assert Visit.objects.get(id=visit.id).state == "COMPLETED"


def test_dr_nair_finishes_a_common_visit_by_keyboard_alone_within_a_minute(
    hospital: FacilityFacts, open_page: Open, look: Look
):
    """Note, two usual medicines, signed, and the next person called."""
    visit = with_dr_nair(3)
    following = arrive(4)
    console = open_page("/console/", "nair@demo.opd", screen=(1440, 900))
    is_live(console)
    keys, began = console.keyboard, time.monotonic()
    press(console, "Alt+n")
    expect(console.get_by_label("What the patient says")).to_be_focused()
    keys.type("Fever for three days, body ache")
    press(console, "Tab")
    keys.type("Throat red, chest clear")
    press(console, "Tab")
    keys.type("Viral fever")
    press(console, "Alt+1")
    expect(console.locator("#rx li")).to_have_count(1)
    press(console, "Alt+2")
    expect(console.locator("#rx li")).to_have_count(2)
    look(console, "console-prescription")
    assert fits(console)
    assert console.locator("html").evaluate("page => page.scrollHeight <= innerHeight")  # nothing empty below the bar
    press(console, "Control+Enter")
    expect(console.locator(".await .tag")).to_have_text(following.token.label)
    assert time.monotonic() - began < 60
    signed = SignedNote.objects.get(encounter__visit_id=visit.id)
    assert (signed.content["subjective"], signed.content["assessment"]) == (
        "Fever for three days, body ache",
        "Viral fever",
    )
    assert len(Prescription.objects.get(visit_id=visit.id).items["items"]) == 2
    assert Visit.objects.get(id=following.id).state == "CALLED"


def test_an_answer_that_knows_nothing_of_what_was_just_saved_takes_nothing_away(
    hospital: FacilityFacts, open_page: Open
):
    """A medicine is added while the note is on its way: the console comes back as it was before the note was saved."""
    with_dr_nair(5)
    console = open_page("/console/", "nair@demo.opd", screen=(1440, 900))
    is_live(console)
    notes: list[Route] = []
    medicines: list[Route] = []
    console.route("**/note/**", lambda route: notes.append(route))
    console.route("**/rx-favourite/", lambda route: medicines.append(route))
    diagnosis = console.get_by_role("textbox", name="Diagnosis", exact=True)
    with console.expect_request("**/note/**"):
        diagnosis.fill("Viral fever")
    with console.expect_request("**/rx-favourite/"):
        press(console, "Alt+1")
    while not (notes and medicines):
        console.evaluate("0")
    older = medicines[0].fetch()
    notes[0].continue_()
    saved(console)
    medicines[0].fulfill(response=older)
    expect(console.locator("#rx li")).to_have_count(1)
    expect(diagnosis).to_have_value("Viral fever")
