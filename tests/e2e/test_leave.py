"""A doctor is late, then away, at a real desk: with and without scripts, and usable by everybody."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.accounts.queries import FacilityFacts, staff_actor
from apps.patients.queries import search
from apps.queue import commands
from apps.scheduling.queries import bookable, doctors
from tests.e2e.conftest import PHONE, Look, Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

DESK = "reception@demo.opd"


def fill(doctor_id: UUID, people: int, facility: FacilityFacts) -> Any:
    """So many people are booked with a doctor for the day after tomorrow; the slot."""
    desk, now = staff_actor(DESK), timezone.now()
    slot = bookable(doctor_id, now).filter(day=facility.day_of(now + timedelta(days=2)))[9]
    for patient in search("", desk)[:people]:
        commands.book(
            actor=desk, now=now, doctor_id=doctor_id, patient_id=patient.id, source="online", preferred_slot_id=slot.id
        )
    return slot


def test_a_leave_is_looked_at_taken_and_its_cases_solved(hospital: FacilityFacts, open_page: Open, look: Look):
    rao, khan = (doctors().get(name__endswith=name) for name in ("Rao", "Khan"))
    for doctor in (khan, rao):
        slot = fill(doctor.id, 3, hospital)
    page = open_page("/admin/desk/away/", DESK)
    look(page, "desk-away")
    page.get_by_role("link", name="Dr Suresh Rao").click()
    look(page, "desk-away-doctor")
    page.get_by_label("First day").fill(str(slot.day))
    page.locator("#leave_reason").fill("fever")
    page.get_by_role("button", name="See what it means").click()
    expect(page.get_by_text("3 bookings are concerned.")).to_be_visible()
    look(page, "desk-leave-preview")
    page.get_by_role("button", name="Enter the leave").click()
    expect(page.get_by_text("3 people were told.")).to_be_visible()
    look(page, "desk-away-doctor-leave")
    phone = open_page(f"/admin/desk/away/{khan.id}/", DESK, screen=PHONE, java_script_enabled=False)
    phone.get_by_label("First day").fill(str(slot.day))
    phone.get_by_label("Last day").fill(str(slot.day + timedelta(days=40)))
    phone.locator("#leave_reason").fill("abroad")
    phone.get_by_role("button", name="See what it means").click()
    phone.get_by_role("button", name="Enter the leave").click()
    expect(phone.get_by_text("3 people found no place and are left to you.")).to_be_visible()
    page.goto("/admin/desk/away/")
    look(page, "desk-away-cases")
    page.get_by_role("link", name="Find a place").first.click()
    look(page, "desk-escalation")
    page.locator("[name=reason]").fill("goes to another hospital")
    page.get_by_role("button", name="Cancel the booking").click()
    expect(page.get_by_role("link", name="Find a place")).to_have_count(2)
