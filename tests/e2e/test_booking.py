"""Booking in a real browser: at the desk and on a family's phone, wide and narrow, with scripts and without."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.patients.queries import search
from apps.queue import commands
from apps.scheduling.models import Appointment, Slot
from apps.scheduling.queries import doctors
from tests.cast import DESK
from tests.e2e.conftest import PHONE, Look, Open, fits
from tests.patients.codes import code_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

MEERA = "reception@demo.opd"
NARROW = (320, 640)


def person(number: int) -> Any:
    """One of the demo's people, by the end of their phone."""
    return search(f"+91 90000 {number:05d}", DESK).get()


def tomorrow(facility: FacilityFacts, hour: int = 10) -> Slot:
    """Dr Rao's slot of tomorrow that begins at this hour."""
    rao = doctors().get(name="Dr Suresh Rao")
    day = facility.day_of(timezone.now()) + timedelta(days=1)
    return Slot.objects.filter(doctor=rao, day=day).order_by("starts_at")[hour]


def book(number: int, slot: Slot, source: str = "online") -> Any:
    """Somebody of the demo is booked by Meera."""
    return commands.book(
        actor=staff_actor(MEERA),
        now=timezone.now(),
        doctor_id=slot.doctor_id,
        patient_id=person(number).id,
        source=source,
        preferred_slot_id=slot.id,
    )


def fill(slot: Slot, waiting: int = 2) -> None:
    """A slot with people of every kind; the others of that day are closed, so that some wait."""
    Slot.objects.filter(doctor=slot.doctor, day=slot.day).exclude(id=slot.id).update(closed_at=timezone.now())
    for number, source in enumerate(["walk_in", "online", "follow_up", "paid_priority", "online", "walk_in"], start=1):
        book(number, slot, source)
    book(7, slot, "emergency")
    for number in range(8, 8 + waiting):
        book(number, slot, "walk_in")


@pytest.mark.parametrize("screen", [(1440, 900), NARROW], ids=["desk", "narrow"])
def test_meera_books_moves_and_cancels(hospital: FacilityFacts, open_page: Open, look: Look, screen: tuple[int, int]):
    wide = screen != NARROW
    name = "desk" if wide else "narrow"
    slot = tomorrow(hospital)
    fill(slot)
    page = open_page("/admin/desk/find/?q=Tenzin", MEERA, screen=screen)
    look(page, f"{name}-booking-find")
    page.get_by_role("link", name=re.compile("Book.*Tenzin Dolma")).click()
    page.get_by_label("Doctor", exact=True).select_option(value=str(slot.doctor_id))
    page.get_by_label("Day", exact=False).first.fill((slot.day + timedelta(days=1)).isoformat())
    page.get_by_role("button", name="Show times").click()
    expect(page.get_by_label("10:00–11:00")).to_be_visible()
    assert fits(page)
    look(page, f"{name}-booking-book")
    page.get_by_label("10:00–11:00").check()
    page.get_by_label("What is it about?").fill("knee pain")
    page.get_by_role("button", name="Book", exact=False).last.click()
    expect(page.locator(".at")).to_contain_text("10:00")
    assert fits(page)
    look(page, f"{name}-booking-booked")
    page.get_by_role("link", name="Move").click()
    expect(page.get_by_role("button", name="Move to this time")).to_be_visible()
    assert fits(page)
    look(page, f"{name}-booking-move")
    page.get_by_label("12:00–13:00").check()
    page.get_by_role("button", name="Move to this time").click()
    expect(page.locator(".at")).to_contain_text("12:00")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Reason")).to_be_visible()
    assert fits(page)
    look(page, f"{name}-booking-cancel")
    page.get_by_label("Reason").fill("Has no bus")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("was cancelled")).to_be_visible()
    page.goto(f"/admin/desk/day/{slot.doctor_id}/?day={slot.day}")
    assert fits(page)
    look(page, f"{name}-booking-day")
    page.get_by_role("link", name=re.compile("Move.*Mohan Lal")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mohan Lal")
    look(page, f"{name}-booking-waiting-move")
    page.goto(f"/admin/desk/book/?patient={person(20).id}&doctor={slot.doctor_id}&day={slot.day}&source=paid_priority")
    look(page, f"{name}-booking-full")
    assert fits(page)


def test_meera_books_without_scripts_and_is_told_what_is_gone(hospital: FacilityFacts, open_page: Open, look: Look):
    slot = tomorrow(hospital, 11)
    url = f"/admin/desk/book/?patient={person(20).id}&doctor={slot.doctor_id}&day={slot.day}"
    page = open_page(url, MEERA, java_script_enabled=False)
    page.get_by_label("11:00–12:00").check()
    Slot.objects.filter(id=slot.id).update(walk_in_reserve=0)
    for number in range(1, 7):
        book(number, slot)
    page.get_by_label("What is it about?").fill("knee pain")
    page.get_by_role("button", name="Book", exact=False).last.click()
    expect(page.get_by_text("Nearest free times")).to_be_visible()
    assert not Appointment.objects.filter(patient=person(20)).exists()


def test_the_slip_of_a_booking_is_printed(hospital: FacilityFacts, open_page: Open, look: Look):
    row = book(3, tomorrow(hospital)).appointment
    page = open_page(f"/admin/desk/bookings/{row.id}/slip/", MEERA, screen=NARROW)
    assert fits(page)
    look(page, "narrow-booking-slip")


def just_fits(page: Page, name: str) -> None:
    """What can be seen of a page in which nothing runs, axe included."""
    assert fits(page), name


@pytest.mark.parametrize("screen", [PHONE, NARROW], ids=["phone-without-scripts", "narrow"])
def test_lakshmi_books_on_her_phone(hospital: FacilityFacts, open_page: Open, look: Look, screen: tuple[int, int]):
    page = open_page("/login/", screen=screen, java_script_enabled=screen == NARROW)
    page.get_by_label("Phone number").fill("90000 00001")
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code", exact=True).fill(code_on("+919000000001"))
    page.get_by_role("button", name="Sign in").click()
    see = seeing(look) if screen == NARROW else just_fits
    see(page, "me-nothing")
    page.get_by_role("link", name="Book an appointment").click()
    see(page, "book-where")
    page.get_by_role("link", name=re.compile("General Medicine")).click()
    see(page, "book-whom")
    page.get_by_role("link", name=re.compile("Other times.*Rao")).click()
    page.locator(".day").nth(2).click()
    see(page, "book-when")
    page.get_by_role("link", name=re.compile("10:00–11:00")).click()
    see(page, "book-check")
    slot = tomorrow(hospital).doctor.slots.get(id=parse_qs(urlsplit(page.url).query)["slot"][0])
    for number in range(3, 9):
        book(number, slot, "online" if number < 8 else "follow_up")
    page.get_by_label("What troubles you?").fill("knee pain")
    page.get_by_role("button", name="Confirm booking").click()
    expect(page.get_by_text("These times are free")).to_be_visible()
    see(page, "book-gone")
    page.get_by_role("link", name=re.compile("11:00–12:00")).click()
    page.get_by_role("button", name="Confirm booking").click()
    expect(page.get_by_text("Your number")).to_be_visible()
    see(page, "booking")
    page.get_by_role("link", name="Choose another time").click()
    see(page, "booking-move")
    page.get_by_label("12:00–13:00").check()
    page.get_by_role("button", name="Move to this time").click()
    expect(page.get_by_text("12:00")).to_be_visible()
    page.get_by_role("link", name="My family").click()
    see(page, "me-booked")
    page.locator("a.turn").click()
    page.get_by_role("link", name="Cancel this booking").click()
    see(page, "booking-cancel")
    page.get_by_role("button", name="Yes, cancel it").click()
    see(page, "booking-cancelled")
    full = tomorrow(hospital, 14)
    fill(full, waiting=0)
    page.goto(f"/book/{full.doctor_id}/?for={person(1).id}&day={full.day}")
    see(page, "book-full")


def seeing(look: Look) -> Look:
    """Looks at a page of a small phone, and whether it fits."""

    def see(page: Page, name: str) -> None:
        assert fits(page), name
        look(page, f"narrow-{name}")

    return see
