"""Every page in Chromium: nothing on it is against the content security policy, for whoever opens it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.utils import timezone
from django_scopes import scopes_disabled
from playwright.sync_api import Browser, Page

from apps.accounts.queries import FacilityFacts, staff_actor, tracking_code
from apps.core.policy import Actor
from apps.display.models import Board
from apps.patients.commands import register
from apps.patients.rules.people import Sex
from apps.queue.commands import check_in, create_checkin_link
from apps.scheduling.models import Department, Doctor
from tests.architecture.test_policy import ADDRESSES
from tests.browsers import browser_of
from tests.proving import PROVE, some

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

NO_PAGES = (
    "api/v1/",
    "api/schema/",
    "health",
    "metrics",
    "csp-report",
    "admin/logout",
    "admin/jsi18n",
    "admin/autocomplete",
)
NOTICED = ("Content Security Policy", "Content-Security-Policy", "Permissions-Policy", "Permissions policy")
UNKNOWN = "6f1c1f0e-50f4-4f63-9a6a-0a4f5c1a7a11"
OTHERS = 30
"""Pages that others than the administrator, who sees them all, open at landing: others each time."""


@pytest.fixture
def complaints() -> list[str]:
    """What the browser said about policies."""
    return []


@pytest.fixture
def look_at(
    chromium: Browser, web: str, hospital: FacilityFacts, complaints: list[str]
) -> Iterator[Callable[[Actor | None], Page]]:
    """Opens a browser as somebody."""
    contexts = []

    def open_as(actor: Actor | None) -> Page:
        context = chromium.new_context(base_url=web)
        contexts.append(context)
        if actor:
            cookie = browser_of(actor).cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": web}])
        page = context.new_page()
        page.add_init_script("window.print = () => {}")
        page.on("console", lambda said: hear(page, said.text))
        return page

    def hear(page: Page, text: str) -> None:
        if any(words in text for words in NOTICED):
            complaints.append(f"{page.url}: {text}")

    yield open_as
    for context in contexts:
        context.close()


def words(desk: Actor) -> dict[str, Any]:
    """What stands for the parameters of addresses, from a day at the demo hospital."""
    department = Department.objects.get(code="GEN")
    asha = register(actor=desk, now=timezone.now(), name="Asha Kumari", sex=Sex.FEMALE, age=34)
    arrived = check_in(actor=desk, now=timezone.now(), department_id=department.id, patient_id=asha.id)
    link, _ends = create_checkin_link(actor=desk, now=timezone.now(), department_id=department.id, expires_in=600)
    return {
        "doctor_id": Doctor.objects.get(name__contains="Rao").id,
        "visit_id": arrived.visit.id,
        "patient_id": asha.id,
        "department_id": department.id,
        "code": tracking_code(arrived.visit.id, timezone.now()),
        "slug": Board.objects.first().slug,
        "link": link,
    }


def addresses(words: dict[str, Any]) -> list[str]:
    """Every page of the house, filled in where something fits; the others show that nothing is there."""
    found = {f"/checkin?h={words['link']}", "/nothing-here", "/admin/nothing/"}
    for pattern, view in ADDRESSES:
        opened = "GET" in getattr(view, "methods", ("GET",)) and not hasattr(view, "cls")
        if not opened or pattern.startswith(NO_PAGES) or "(?P" in pattern:
            continue
        found.add("/" + "/".join(_filled(part, pattern, words) for part in pattern.split("/")))
    return sorted(found)


def _filled(part: str, pattern: str, words: dict[str, Any]) -> str:
    if not part.startswith("<"):
        return part
    name = part.strip("<>").partition(":")[2] or part.strip("<>")
    if name == "object_id":
        _, app, model, *_ = pattern.split("/")
        some = apps.get_model(app, model)._base_manager.first() if app in apps.app_configs else None
        return str(some.pk) if some else UNKNOWN
    if name == "action":
        return "cancel" if "visits" in pattern else "close"
    return str(words.get(name, UNKNOWN))


@pytest.mark.parametrize("who", ["", "admin@demo.opd", "rao@demo.opd"])
def test_no_page_has_anything_that_the_policy_forbids(
    look_at, hospital: FacilityFacts, complaints: list[str], who: str
):
    page = look_at(staff_actor(who) if who else None)
    known = words(staff_actor("reception@demo.opd"))
    with scopes_disabled():
        places = addresses(known)
    opened, everywhere = [], PROVE or who.startswith("admin")
    for address in places if everywhere else some(places, OTHERS):
        if not page.context.request.get(address).body():
            continue  # so parts of pages are refused; Chromium has an error page of its own for that
        answer = page.goto(address, wait_until="load")
        assert answer is not None
        assert answer.status < 500, address
        assert "content-security-policy" in answer.headers, address
        opened += [address] if answer.status == 200 and not page.url.endswith(f"next={address}") else []
    assert not complaints, "\n".join(complaints)
    assert len(opened) > (40 if who.startswith("admin") else 8 if everywhere else 1), opened
    assert len(admin.site._registry) * 3 < len(places)


def test_what_is_forbidden_does_not_run_and_is_reported(look_at, complaints: list[str]):
    """The control: were there something, it would have been noticed."""
    page = look_at(None)
    page.goto("/login/staff/")
    with page.expect_response("**/csp-report") as told:
        page.evaluate(
            "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
            " document.body.append(s) }"
        )
    assert told.value.status == 204
    assert page.evaluate("window.ran") is None
    assert complaints
