"""A patient's whole way on a phone of 320 pixels: booked, here, called, seen, asked how it was. In Hindi with scripts,
the network gone in between, and a desk and a doctor who do their part in their pages; in Tamil without any script."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from django.utils.translation import gettext, override
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor, tracking_code
from apps.encounters.commands import complete
from apps.queue.commands import arrive, call, start
from apps.queue.models import Feedback, Visit
from apps.scheduling.models import Appointment, Slot
from apps.scheduling.queries import doctors
from tests.e2e.conftest import Look, Open, fits, is_live
from tests.e2e.test_booking import code_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

NARROW = (320, 640)


class Way:
    """One phone on its way, in one language, with or without scripts."""

    def __init__(self, page: Page, look: Look, language: str, *, scripts: bool) -> None:
        self.page, self.look, self.language, self.scripts = page, look, language, scripts

    def words(self, text: str) -> str:
        with override(self.language):
            return gettext(text)

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=self.words(text)).click()

    def reads(self, text: str, name: str) -> None:
        """Wait until the page says something, and look at it; without scripts the reader asks for it anew."""
        found = self.page.get_by_text(self.words(text)).first
        if not self.scripts and not found.is_visible():
            self.page.reload()
        expect(found).to_be_visible()
        assert fits(self.page), name
        if self.scripts:  # axe is a script
            self.look(self.page, f"way-{name}-{self.language}")


def a_slot(nair: Any, hospital: FacilityFacts) -> Slot:
    """An hour of Dr Nair's that begins soon, on the hospital's day."""
    now = timezone.now()
    begun = {"starts_at": now, "ends_at": now + timedelta(hours=1), "day": hospital.day_of(now), "capacity": 6}
    Slot.objects.filter(doctor=nair, day=begun["day"]).delete()
    return Slot.objects.create(facility_id=hospital.id, doctor=nair, department_id=nair.departments.get().id, **begun)


def sign_in(way: Way) -> None:
    page = way.page
    page.locator("#id_phone").fill("90000 00001")
    page.locator("form.door button[type=submit]").click()
    page.locator("#id_code").fill(code_on("+919000000001"))
    page.locator("#id_code").press("Enter")
    way.reads("My family", "family")


def booked_by(way: Way, slot: Slot) -> Appointment:
    page = way.page
    person = page.locator('a[href^="/book/?for="]').first.get_attribute("href")
    assert person
    page.goto(f"/book/{slot.doctor_id}/check/{person.removeprefix('/book/')}&slot={slot.id}")
    way.press("Confirm booking")
    way.reads("Your number", "booked")
    return Appointment.objects.get(slot=slot)


def says_late(way: Way, path: str, row: Appointment) -> None:
    way.page.goto(path)
    way.reads("I will be late", "late")
    way.page.locator('button[name=minutes][value="20"]').click()
    row.refresh_from_db()
    expect(way.page.locator(".noted")).to_be_visible()


def lost_and_back(way: Way) -> None:
    """The network is gone for a while; the phone says so, with what it knew, and goes on by itself."""
    page = way.page
    is_live(page)
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("caches.match(location.pathname, { cacheName: 'last' }).then(Boolean)")
    page.context.set_offline(True)
    page.reload()
    way.reads("Your place is safe", "offline")
    page.context.set_offline(False)
    is_live(page)


class Pages:
    """The desk and the doctor at their screens."""

    def __init__(self, open_page: Open, nair: Any) -> None:
        self.desk = open_page(f"/admin/desk/day/{nair.id}/", "reception@demo.opd")
        self.console = open_page("/console/", "nair@demo.opd")
        is_live(self.console)

    def check_in(self, row: Appointment) -> Any:
        """The desk finds the number among the day's bookings."""
        self.desk.get_by_role("button", name=f"Has come {row.token.label}").click()
        expect(self.desk.locator(".paper .n")).to_have_text(row.token.label)
        return Visit.objects.get(token=row.token)

    def call(self, visit: Visit) -> None:
        """The one solid button, by its key, once the number stands on it."""
        expect(self.console.locator("#primary .tag")).to_have_text(visit.token.label)
        self.console.keyboard.press("Control+Enter")

    def start(self, visit: Visit) -> None:
        self.console.get_by_role("button", name="Patient is here, start").click()
        expect(self.console.locator("#consultation")).to_be_visible()

    def finish(self, visit: Visit) -> None:
        self.console.locator("#primary").click()
        expect(self.console.get_by_text(f"Visit {visit.token.label} is finished.")).to_be_visible()


class Commands:
    """The same, done at once: what the phone shows does not depend on how."""

    def __init__(self, nair: Any) -> None:
        self.nair = nair

    def check_in(self, row: Appointment) -> Any:
        return arrive(**desk(booking_id=row.id)).visit

    def call(self, visit: Visit) -> None:
        call(**doctor(visit.id, doctor_id=self.nair.id))

    def start(self, visit: Visit) -> None:
        start(**doctor(visit.id))

    def finish(self, visit: Visit) -> None:
        complete(**doctor(visit.id))


def desk(**what: Any) -> dict[str, Any]:
    return {"actor": staff_actor("reception@demo.opd"), "now": timezone.now(), **what}


def doctor(visit_id: UUID, **what: Any) -> dict[str, Any]:
    return {"actor": staff_actor("nair@demo.opd"), "now": timezone.now(), "visit_id": visit_id, **what}


@pytest.mark.parametrize(("language", "scripts"), [("hi", True), ("ta", False)], ids=["hindi", "tamil-without-scripts"])
def test_from_the_booking_to_the_last_word(
    hospital: FacilityFacts, open_page: Open, look: Look, language: str, *, scripts: bool
):
    nair = doctors().get(name="Dr Anjali Nair")
    slot = a_slot(nair, hospital)
    page = open_page("/login/phone/", screen=NARROW, locale=f"{language}-IN", java_script_enabled=scripts)
    way = Way(page, look, language, scripts=scripts)
    sign_in(way)
    row = booked_by(way, slot)
    path = f"/t/{tracking_code(row.id, timezone.now())}/"
    says_late(way, path, row)
    page.goto(f"{path}cancel/")
    way.reads("Cancel this booking?", "cancel")
    page.goto(path)
    staff = Pages(open_page, nair) if scripts else Commands(nair)
    visit = staff.check_in(row)
    way.reads("Wait in the hall", "waiting")
    if scripts:
        lost_and_back(way)
    staff.call(visit)
    way.reads("It is your turn", "called")
    staff.start(visit)
    way.reads("You are with the doctor.", "seen")
    staff.finish(visit)
    way.reads("How was your visit?", "asked")
    page.locator('button[name=face][value="3"]').click()
    way.reads("Thank you for telling us", "thanked")
    if scripts:
        page.locator("#comment").evaluate("field => field.removeAttribute('maxlength')")  # as from a browser without
        page.locator("#comment").fill("long words " * 50)
        way.press("Send these words")
        way.reads("That is too long. Please shorten it to 500 letters; nothing is lost yet.", "too-long")
        expect(page.locator("#comment")).to_have_js_property("value", "long words " * 50)
    page.locator("#comment").fill("Kind people.")
    way.press("Send these words")
    expect(page.locator("#comment")).to_have_js_property("defaultValue", "Kind people.")  # as the answer brings it
    kept = Feedback.objects.get()
    assert (kept.face, kept.comment, Visit.objects.get().state) == (3, "Kind people.", "COMPLETED")
