"""In the HTML of every page of every role, what somebody typed is text: never a tag, an attribute or an address."""

from html.parser import HTMLParser

import pytest
from django.utils import timezone

from apps.accounts.rules.demo import DEMO_PASSWORD
from opd.demo.hospital import DEMO
from opd.demo.loading import load
from tests.fuzz.pages import wander
from tests.races.threads import PROVE
from tests.security.payloads import MARK, PAYLOADS, SAMPLE
from tests.security.planting import House

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

TRIED = PAYLOADS if PROVE else SAMPLE
PARTS = 2
TEXTUAL = frozenset({"value", "title", "alt", "aria-label", "placeholder", "content", "data-label", "label"})
"""Attributes that are shown or sent, and never run."""


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
            ours = name in TEXTUAL or (name in ("href", "action", "src") and (value or "").startswith(("/", "?")))
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
    house = House(load(DEMO, timezone.now(), DEMO_PASSWORD))
    faults, seen = [], {}
    for payload in TRIED[part::PARTS]:
        for role, starts in house.plant(payload).items():
            for page in wander(house.browsers[role], starts):
                live, shown = live_parts(page.html)
                seen[role] = seen.get(role, 0) + shown
                faults += [f"{role} at {page.address}: {what[:200]}" for what in live]
    assert not faults, "\n".join(faults)
    assert all(seen[role] > len(TRIED) for role in ("reception", "doctor", "admin")), f"hollow: {seen}"


@pytest.mark.parametrize("payload", SAMPLE[:8])
def test_a_page_that_forgets_would_be_found(payload: str):
    quoted = "'" if payload.startswith("'") else '"'
    live, _ = live_parts(f"<p>{payload}<input value={quoted}{payload}{quoted}><textarea>{payload}</textarea>")
    assert live
