"""A small phone of a family that reads Tamil, from the number to the call, with the network gone in the middle."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.queries import FacilityFacts, staff_actor, tracking_code
from apps.patients.queries import search
from apps.queue.commands import call_next, check_in
from apps.queue.models import Visit
from apps.scheduling.queries import doctors
from tests.cast import DESK
from tests.e2e.conftest import Look, Open, fits, is_live

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

NARROW = (320, 640)
MURUGAN = "+91 90000 00010"


def come(number: str) -> Visit:
    """Somebody of the demo gets a number for Dr Nair."""
    nair = doctors().get(name="Dr Anjali Nair")
    arrived = check_in(
        actor=staff_actor("reception@demo.opd"),
        now=timezone.now(),
        patient_id=search(number, DESK).get().id,
        department_id=nair.departments.first().id,
        doctor_id=nair.id,
    )
    return arrived.visit


def kept(page: Page) -> None:
    """Wait until the phone has what it shows without a connection."""
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("caches.match(location.pathname, { cacheName: 'last' }).then(Boolean)")


def test_a_family_waits_in_tamil_and_loses_the_network(hospital: FacilityFacts, open_page: Open, look: Look):
    for end in range(1, 9):
        come(f"+91 90000 0000{end}")
    visit = come(MURUGAN)
    path = f"/t/{tracking_code(visit.id, timezone.now())}/"
    phone = open_page(path, screen=NARROW, locale="ta-IN")
    is_live(phone)
    expect(phone.get_by_role("heading", name="உங்கள் டோக்கன்")).to_be_visible()
    assert fits(phone)
    look(phone, "phone-tamil-waiting")
    kept(phone)
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.get_by_role("heading", name="உங்கள் இடம் பாதுகாப்பாக உள்ளது")).to_be_visible()
    expect(phone.locator("[data-last=token]")).to_have_text(visit.token.label)
    expect(phone.locator("[data-last=said]")).to_contain_text(visit.token.label)
    assert fits(phone)
    look(phone, "phone-tamil-offline")
    phone.context.set_offline(False)  # it goes on by itself
    is_live(phone)
    nair = doctors().get(name="Dr Anjali Nair")
    Visit.objects.exclude(id=visit.id).update(state="CANCELLED", ended_at=timezone.now())
    call_next(actor=staff_actor("nair@demo.opd"), now=timezone.now(), doctor_id=nair.id)
    expect(phone.get_by_role("heading", name="இப்போது உங்கள் முறை")).to_be_visible()
    assert fits(phone)
    look(phone, "phone-tamil-called")
