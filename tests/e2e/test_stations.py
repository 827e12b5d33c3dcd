"""A journey of six steps with laboratory and X-ray at once, under one number, by the hands of five roles."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.queue.commands import check_in
from apps.queue.models import Journey, Visit
from apps.scheduling.queries import departments
from apps.scheduling.rules import DepartmentKind
from opd.demo.loading import enrol
from tests.demo import NEAR
from tests.e2e.conftest import HALL, PHONE, Look, Open, is_live, press
from tests.e2e.test_journey import MEERA, RAO

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

NURSE, LAB, PHARMACIST, CASHIER = (f"{who}@demo.opd" for who in ("nurse", "lab", "pharmacist", "cashier"))


def test_from_triage_to_the_cashier_under_one_number(hospital: FacilityFacts, open_page: Open, look: Look):
    desk = open_page("/admin/desk/find/?q=9000000001", MEERA)
    desk.get_by_role("link", name="Use this record").first.click()
    desk.get_by_label("Department and doctor").select_option(label="Dr Suresh Rao, 0 waiting")
    desk.get_by_label("Stations").select_option(label="With tests")
    desk.get_by_role("button", name="Give number and print").click()
    desk.wait_for_url("**/slip/**")
    token = desk.locator("h1.n").inner_text()
    look(desk, "slip-with-stations")
    phone = open_page(desk.locator(".link").inner_text(), screen=PHONE)
    expect(phone.get_by_text("Room 9, Boat")).to_be_visible()
    look(phone, "track-with-stations")
    board = open_page("/display/hall-c/", screen=HALL)
    is_live(board)

    nurse = open_page("/counter/", NURSE)
    is_live(nurse)
    call(nurse, look, "counter-idle")
    expect(board.locator(".slip")).to_contain_text(token[1:])
    look(board, "board-of-counters")
    start(nurse, look, "counter-called")
    nurse.get_by_label("How urgent?").select_option(label="Urgent")
    nurse.get_by_label("Why urgent?").fill("pale and cold")
    look(nurse, "counter-triage")
    press(nurse, "F8")
    expect(nurse.get_by_text(f"The class of {token} is set.")).to_be_visible()
    done(nurse)

    rao = open_page("/console/", RAO)
    see(rao)
    expect(rao.get_by_text("Nobody is waiting").first).to_be_visible()

    laboratory, xray = open_counter(open_page, "Blood tests"), open_counter(open_page, "X-ray")
    call(laboratory)
    expect(xray.get_by_text("Whoever waits is at another station now")).to_be_visible(timeout=20_000)
    look(xray, "counter-elsewhere")
    start(laboratory)
    done(laboratory)
    xray.reload()
    serve(xray)
    see(rao)

    for who in (PHARMACIST, CASHIER):
        counter = open_page("/counter/", who)
        if counter.get_by_role("link", name="Pharmacy 1").count():
            counter.get_by_role("link", name="Pharmacy 1").click()
        serve(counter)
    expect(phone.get_by_text("Your visit is finished.", exact=False)).to_be_visible(timeout=20_000)

    visits = Visit.objects.filter(number=int(token[1:]))
    assert visits.count() == 7
    assert set(visits.values_list("state", "emergency", "tier")) == {("COMPLETED", False, 1)}
    assert Journey.objects.get().ended_at
    desk.goto(f"/admin/desk/visits/{visits[0].id}/stations/")
    look(desk, "desk-stations")
    desk.goto("/admin/desk/journeys/")
    expect(desk.get_by_text("With tests")).to_be_visible()
    look(desk, "desk-journeys")


def test_what_an_answer_said_is_still_read_when_news_come(hospital: FacilityFacts, open_page: Open):
    triage = next(place for place in departments() if place.kind == DepartmentKind.TRIAGE)
    comers = [enrol(staff_actor(MEERA), timezone.now(), who).id for who in NEAR.patients[:2]]
    first, second = ({"department_id": triage.id, "patient_id": comer} for comer in comers)
    check_in(actor=staff_actor(MEERA), now=timezone.now(), **first)
    nurse = open_page("/counter/", NURSE)
    serve(nurse)
    expect(nurse.get_by_role("heading", name="Nobody is waiting").first).to_be_visible()
    check_in(actor=staff_actor(MEERA), now=timezone.now(), **second)
    expect(nurse.locator("#primary")).to_contain_text("Call")
    expect(nurse.get_by_text("is done.")).to_be_visible()
    nurse.locator("#primary").click()
    expect(nurse.get_by_text("is done.")).to_have_count(0)


def open_counter(open_page: Open, name: str) -> Page:
    """The laboratory's hands at one of its counters."""
    page = open_page("/counter/", LAB)
    page.get_by_role("link", name=name).click()
    is_live(page)
    return page


def call(page: Page, look: Look | None = None, name: str = "") -> None:
    expect(page.locator("#primary")).to_contain_text("Call")
    is_live(page)  # and so hears the keyboard
    if look:
        look(page, name)
    press(page, "Control+Enter")
    expect(page.get_by_role("button", name="Person is here")).to_be_visible()


def start(page: Page, look: Look | None = None, name: str = "") -> None:
    if look:
        look(page, name)
    with page.expect_response(
        "**/start/"
    ):  # news may show it before, and the answer takes back what is typed till then
        page.get_by_role("button", name="Person is here").click()
    expect(page.get_by_role("button", name="Done")).to_be_visible()


def done(page: Page) -> None:
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("is done.")).to_be_visible()


def serve(page: Page) -> None:
    call(page)
    start(page)
    done(page)


def see(rao: Page) -> None:
    """From called to finished with the doctor."""
    rao.get_by_role("button", name="Call").click()
    rao.get_by_role("button", name="Patient is here, start").click()
    rao.locator("#primary").click()
    expect(rao.get_by_text("is finished.", exact=False)).to_be_visible()
