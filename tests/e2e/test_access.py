"""Getting in, as people meet it: the code, setting up an app on a phone, one's own access, and the administrator's."""

import pytest
from playwright.sync_api import expect

from apps.accounts.models import Staff
from apps.accounts.queries import FacilityFacts
from apps.accounts.rules.demo import DEMO_PASSWORD
from tests.accounts.test_second_factor import code_for
from tests.cast import app_code
from tests.e2e.conftest import Look, Open, fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

MEERA, ADMIN = "reception@demo.opd", "admin@demo.opd"
NARROW = (320, 640)


def test_an_administrator_is_asked_for_a_code(hospital: FacilityFacts, open_page: Open, look: Look):
    page = open_page("/login/staff/", screen=NARROW)
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    assert fits(page)
    look(page, "narrow-code")
    page.get_by_label("Code", exact=True).fill("12")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    look(page, "narrow-code-wrong")
    page.get_by_label("Code", exact=True).fill(app_code(Staff.objects.get(email=ADMIN)))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")


def test_somebody_sets_up_a_second_factor_on_a_phone(hospital: FacilityFacts, open_page: Open, look: Look):
    page = open_page("/account/", MEERA, screen=NARROW)
    assert fits(page)
    look(page, "narrow-account")
    page.get_by_role("link", name="Set up").click()
    assert fits(page)
    look(page, "narrow-new-app")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows").fill(code_for(secret))
    page.get_by_label("Present password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert fits(page)
    look(page, "narrow-recovery-codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
    page.get_by_role("link", name="New recovery codes").click()
    look(page, "narrow-again")


def test_the_administrator_sees_devices_and_access(hospital: FacilityFacts, open_page: Open, look: Look):
    open_page("/admin/", MEERA)
    staff = Staff.objects.get(email=MEERA)
    page = open_page("/admin/devices/", ADMIN)
    look(page, "admin-devices")
    page.goto(f"/admin/accounts/staff/{staff.id}/change/")
    page.get_by_role("link", name="Access: sessions and devices").click()
    look(page, "admin-access")
    page.get_by_role("button", name="End all").click()
    expect(page.get_by_text("Not signed in anywhere")).to_be_visible()
    page.goto("/account/")
    look(page, "account")
