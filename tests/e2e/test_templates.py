"""A doctor fills in a template by keyboard into what is being typed, and keeps a visit as one."""

import re

import pytest
from playwright.sync_api import expect

from apps.accounts.queries import FacilityFacts
from apps.encounters.models import SignedNote, VisitTemplate
from tests.e2e.conftest import Look, Open, fits, is_live, press
from tests.e2e.test_consultation import with_dr_nair

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def test_a_template_is_filled_in_by_keyboard_below_what_was_just_typed(
    hospital: FacilityFacts, open_page: Open, look: Look
):
    visit = with_dr_nair(1)
    console = open_page("/console/", "nair@demo.opd", screen=(1440, 900))
    is_live(console)
    keys = console.keyboard
    console.get_by_label("What you find").fill("Ears free.")
    press(console, "Alt+p")
    expect(console.get_by_label("Fill in a template")).to_be_focused()
    keys.type("cold")
    press(console, "Enter")
    expect(console.get_by_text("Nothing that you had written was replaced.")).to_be_visible()
    expect(console.get_by_label("What you find")).to_have_value(re.compile(r"^Ears free\.\nThroat red"))
    expect(console.locator("#rx li")).to_have_count(2)
    expect(console.locator("#dx li")).to_have_count(1)
    look(console, "console-template")
    assert fits(console)
    plan = console.get_by_role("textbox", name="Plan", exact=True)
    plan.fill("See again in a week")
    expect(console.locator("[data-saved]")).to_contain_text(re.compile(r"Saved \d"))
    console.get_by_text("Keep this visit as a template").click()
    console.get_by_label("Name of the template").fill("Cold, seen again")
    press(console, "Enter")
    expect(console.get_by_text("Kept as the template Cold, seen again.")).to_be_visible()
    press(console, "Control+/")
    expect(console.locator("dialog[open] dl")).to_contain_text("Fill in a template")
    console.locator("dialog[open]").get_by_role("button", name="Close").click()
    press(console, "Control+Enter")
    expect(console.get_by_text(f"Visit {visit.token.label} is finished.")).to_be_visible()
    signed = SignedNote.objects.get(encounter__visit_id=visit.id).content
    assert signed["objective"].startswith("Ears free.\nThroat red")
    assert signed["plan"] == "See again in a week"
    assert VisitTemplate.objects.get(name="Cold, seen again").content["note"]["plan"] == "See again in a week"


def test_a_template_is_written_anew_on_its_page(hospital: FacilityFacts, open_page: Open, look: Look):
    page = open_page("/console/templates/", "nair@demo.opd")
    expect(page.get_by_role("heading", name="Your templates")).to_be_visible()
    look(page, "templates")
    page.get_by_role("link", name="Cold", exact=True).click()
    look(page, "template")
    assert fits(page)
    page.get_by_role("textbox", name="Plan", exact=True).fill("Steam twice a day")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("The template is kept.")).to_be_visible()
    kept = VisitTemplate.objects.get(name="Cold", doctor__name="Dr Anjali Nair")
    assert (kept.version, kept.content["note"]["plan"]) == (2, "Steam twice a day")
    assert len(kept.content["items"]) == 2
    page.locator("li", has=page.get_by_role("link", name="Cold", exact=True)).get_by_role("button").click()
    expect(page.get_by_text("The template is thrown away.")).to_be_visible()
    assert not VisitTemplate.objects.filter(name="Cold", doctor__name="Dr Anjali Nair").exists()
