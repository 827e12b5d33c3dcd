"""In the HTML of every page of every role, what somebody typed is text: never a tag, an attribute or an address."""

from collections import Counter
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.rules.demo import DEMO_PASSWORD
from opd.demo.loading import load
from tests.demo import NEAR
from tests.fuzz.pages import visit, wander
from tests.proving import PROVE, some
from tests.security.payloads import MARK, PAYLOADS, SAMPLE
from tests.security.planting import House

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

TRIED = 2
"""Payloads of the sample that are typed at landing, each in half of the administrator's forms; all, to prove it."""

PARTS = 2 if PROVE else 1
TEXTUAL = frozenset({"value", "title", "alt", "aria-label", "placeholder", "content", "data-label", "label"})
"""Attributes that are shown or sent, and never run."""

ADDRESSES = frozenset({"href", "action", "src", "data-poll"})
"""Attributes that lead somewhere: only within the house."""


class Inert(HTMLParser):
    """Looks for the mark where it could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []
        self.seen = 0
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag if tag in ("script", "style") else ""
        if MARK in tag:
            self.live.append(f"<{tag}>")
        for name, value in attrs:
            ours = name in TEXTUAL or (name in ADDRESSES and (value or "").startswith(("/", "?")))
            external = (value or "").startswith("//")
            self.seen += MARK in (value or "")
            if MARK in name or (MARK in (value or "") and (not ours or external)):
                self.live.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.seen += MARK in data
        if self._inside and MARK in data:
            self.live.append(f"<{self._inside}>{data}")

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.live.append(f"<!--{data}")


def live_parts(html: str) -> tuple[list[str], int]:
    """Where the mark could do something in a page, and how often it stands there as text."""
    found = Inert()
    found.feed(html)
    return found.live, found.seen


@pytest.mark.parametrize("part", range(PARTS))
def test_what_was_typed_is_text_on_every_page_of_every_role(part: int):
    patiently()
    payloads = PAYLOADS[part::PARTS] if PROVE else some(SAMPLE, TRIED)
    house = House(load(NEAR, timezone.now(), DEMO_PASSWORD), rounds=1 if PROVE else TRIED)
    faults: list[str] = []
    seen: Counter[str] = Counter()
    for payload in payloads:
        for role, starts in house.plant(payload).items():
            browser = house.browsers[role]
            pages = [visit(browser, start)[1] for start in starts]
            if PROVE or payload is payloads[-1]:  # at landing the whole house once, with all that was typed by then
                pages += wander(browser, [start for start in starts if "?" not in start])
            for page in pages:
                live, shown = live_parts(page.html)
                seen[role] += shown
                faults += [f"{role} at {page.address}: {what[:200]}" for what in live]
    assert not faults, "\n".join(faults)
    assert all(seen[role] > len(payloads) for role in ("reception", "doctor", "admin")), f"hollow: {seen}"


def patiently() -> None:
    """On a busy machine the pages of one test may take longer than a transaction may wait in production."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@pytest.mark.parametrize("payload", SAMPLE[:8])
def test_a_page_that_forgets_would_be_found(payload: str):
    quoted = "'" if payload.startswith("'") else '"'
    live, _ = live_parts(f"<p>{payload}<input value={quoted}{payload}{quoted}><textarea>{payload}</textarea>")
    assert live
