"""The kiosk in a real browser, the paper it prints, and the page of all parts."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor, tracking_code
from apps.accounts.rules.credentials import ScreenUse
from apps.display.commands import pair
from apps.display.models import Board
from apps.patients.commands import register
from apps.patients.rules.people import Sex
from apps.queue.commands import book
from apps.queue.models import Visit
from apps.scheduling.models import Doctor
from tests.e2e.conftest import DESK, Look, Open, fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

KIOSK = (1280, 800)
ADMIN, MEERA, RAO = "admin@demo.opd", "reception@demo.opd", "rao@demo.opd"


def booked(name: str, phone: str) -> str:
    """Somebody has a booking of today with Dr Rao: the code on their slip."""
    desk, now = staff_actor(MEERA), timezone.now()
    person = register(actor=desk, now=now, name=name, age=36, sex=Sex.MALE, phone=phone)
    doctor = Doctor.objects.get(staff_id=staff_actor(RAO).id)
    outcome = book(
        actor=desk, now=now, doctor_id=doctor.id, source="walk_in", patient_id=person.id, appointment_time=now
    )
    return tracking_code(outcome.appointment.id, now)


def paired(screen: Page) -> None:
    """The administrator makes this screen the kiosk of hall A."""
    screen.get_by_role("button", name="Show a code").or_(screen.locator(".code")).first.wait_for()
    code = screen.locator(".code").inner_text()
    board = Board.objects.get(slug="hall-a")
    pair(actor=staff_actor(ADMIN), now=timezone.now(), code=code, board_id=board.id, use=ScreenUse.KIOSK)
    screen.wait_for_url("**/kiosk/")


def test_somebody_checks_in_at_the_kiosk_by_slip_and_by_phone(hospital: FacilityFacts, open_page: Open, look: Look):
    code = booked("Ravi Kumar", "98765 41947")
    booked("Lakshmi Devi", "98765 41948")
    kiosk = open_page("/display/", screen=KIOSK)
    paired(kiosk)
    look(kiosk, "kiosk")
    targets = kiosk.locator(".kiosk-page > :not(.skip)").locator("button:visible, a:visible")
    assert min(targets.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")) >= 72
    kiosk.keyboard.type(f"http://localhost/t/{code}/")  # as a reader does: fast, and then Enter
    kiosk.keyboard.press("Enter")
    expect(kiosk.get_by_role("heading", name="You are checked in")).to_be_visible()
    look(kiosk, "kiosk-checked-in")
    assert Visit.objects.get().state == "WAITING"
    assert "Ravi" not in kiosk.content()
    kiosk.get_by_role("link", name="Start again").click()

    kiosk.get_by_role("button", name="हिंदी").click()
    look(kiosk, "kiosk-hi")
    kiosk.get_by_role("button", name="English").click()
    for digit in "9876541948":
        kiosk.get_by_role("button", name=digit, exact=True).click()
    kiosk.get_by_role("button", name="Next").click()
    expect(kiosk.get_by_text("L. D.")).to_be_visible()
    look(kiosk, "kiosk-is-this-you")
    kiosk.clock.install()
    kiosk.reload()
    kiosk.clock.run_for(46_000)
    expect(kiosk.get_by_text("Are you still there?")).to_be_visible()
    kiosk.get_by_role("button", name="I am still here").click()
    expect(kiosk.get_by_text("Are you still there?")).to_be_hidden()
    kiosk.clock.run_for(61_000)
    expect(kiosk.get_by_role("heading", name="Check in for your visit")).to_be_visible()
    expect(kiosk.locator("#phone")).to_have_value("")


def test_the_slip_fits_its_paper_and_all_parts_are_seen(
    hospital: FacilityFacts, open_page: Open, look: Look, pictures: Path, settings: Any
):
    settings.DEMO = True
    page = Client().get("/styleguide/").content.decode()
    guide = open_page("/", screen=DESK)
    guide.route("**/styleguide/", lambda route: route.fulfill(body=page, content_type="text/html"))
    guide.goto("/styleguide/")
    look(guide, "styleguide")
    guide.screenshot(path=pictures / "styleguide-whole.png", full_page=True)
    guide.set_viewport_size({"width": 320, "height": 640})
    assert fits(guide)
    guide.emulate_media(media="print")
    for millimetres, paper in ((58, 48), (80, 72), (148, 116)):
        guide.set_viewport_size({"width": round(millimetres / 25.4 * 96), "height": 900})
        width = guide.locator(".paper").first.evaluate("(slip) => slip.getBoundingClientRect().width")
        assert abs(width / 96 * 25.4 - paper) < 1
        guide.locator(".paper").first.screenshot(path=pictures / f"slip-{millimetres}.png")
