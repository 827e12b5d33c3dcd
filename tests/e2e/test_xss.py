"""What somebody typed, on the pages of every role in a real browser: nothing of it runs, nothing breaks the policy."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from apps.accounts.queries import FacilityFacts
from tests.fuzz.pages import wander
from tests.proving import PROVE, some
from tests.security.payloads import MARK, PAYLOADS, SAMPLE
from tests.security.planting import House

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(7200)]

SEEN_AT_LANDING = {"reception": ["/admin/desk/today/"], "doctor": ["/console/"], "admin": ["/admin/audit-trail/"]}
"""Three pages, on which most of what was typed stands."""

TRIED = 2
"""Payloads of the sample that are typed at landing, each in half of the administrator's forms."""

ALIVE = (
    "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.value.includes(mark) &&"
    " (/^(on|hx-|style|srcdoc)/.test(a.name) || /^\\s*javascript:/i.test(a.value)))"
    " || (/^(SCRIPT|STYLE|IFRAME|OBJECT|EMBED|BASE|META)$/.test(e.tagName) && e.outerHTML.includes(mark)"
    " && e.name !== 'description')).map(e => e.outerHTML.slice(0, 200))"
)
"""Elements of a page in which the mark could do something, now or when somebody touches them."""


def test_nothing_that_was_typed_runs_in_any_page(hospital: FacilityFacts, chromium: Browser, web: str):
    payloads = PAYLOADS if PROVE else some(SAMPLE, TRIED)
    house, faults, seen = House(hospital, rounds=1 if PROVE else TRIED), [], 0
    for payload in payloads:
        for role, starts in house.plant(payload).items():
            context = chromium.new_context(base_url=web)
            browser = house.browsers[role]
            if session := browser.cookies.get(settings.SESSION_COOKIE_NAME):
                context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.value, "url": web}])
            page = context.new_page()
            heard = listen(page)
            for address in addresses(house, role, starts):
                page.goto(address, wait_until="load")
                seen += MARK in page.content()
                heard += [f"runs: {page.title()}"] if page.title() == MARK else []
                heard += page.evaluate(f"mark => {ALIVE}", MARK)
                faults += [f"{role} at {address}: {what}" for what in heard]
                heard.clear()
            context.close()
    assert not faults, "\n".join(faults)
    assert seen > 3, "hollow"


def addresses(house: House, role: str, starts: list[str]) -> list[str]:
    """Where to look: every page of the role, or a few at landing."""
    return [page.address for page in wander(house.browsers[role], starts)] if PROVE else SEEN_AT_LANDING.get(role, [])


def listen(page: Page) -> list[str]:
    """Whatever a page does that it should not, from now on."""
    heard: list[str] = []

    def dismiss(dialog: Any) -> None:
        heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("console", lambda said: heard.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda asked: heard.append(f"asked for {asked.url}") if f"//{MARK}" in asked.url else None)
    page.add_init_script("window.print = () => {}")
    return heard


def test_a_page_that_forgets_would_be_found(chromium: Browser):
    """The browser and the listeners do notice: without a policy each of these runs or stands ready to."""
    for payload in PAYLOADS[:3]:
        page = chromium.new_page()
        heard = listen(page)
        page.set_content(f'<input value="{payload}"><p>{payload}')
        page.wait_for_load_state()
        assert page.title() == MARK or heard or page.evaluate(f"mark => {ALIVE}", MARK), payload
        page.close()
