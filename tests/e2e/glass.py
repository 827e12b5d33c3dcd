"""Looking at answers of the house in a real browser without a house that serves it: what a client of the tests was
answered is laid into a page as the browser would have it, with its styles and without its scripts, and axe reads it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Route

DESK, PHONE, HALL = (1440, 900), (390, 844), (1920, 1080)
"""Screens, in pixels: a desk's, a patient's, a board's."""

HOUSE = "http://house.test"
AXE = """axe.run(document, { resultTypes: ["violations"], selectors: false }).then((found) =>
  found.violations.map((fault) => [fault.id, fault.nodes.map((node) => node.html.slice(0, 160))]))"""
NEAR = re.compile(r"url\((['\"]?)(?!['\"]|/|data:|[a-z]+:)([^)'\"]+)\1\)")
"""An address in a style sheet that is told from where the sheet lies. Of a sheet that was laid in, as here, Chromium
takes it from the page's address."""
SAME = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+"), "0"),
    (re.compile(r'(href|value|action|title|aria-label|content)="[^"]+"'), r'\1="x"'),
    (re.compile(r">[^<]*[^<\s][^<]*<"), ">x<"),
)
"""What makes no difference to axe: which words and numbers stand somewhere, as long as some do."""
ALIKE = re.compile(r"(<(tr|li|option)\b.*?</\2>\s*)\1+", re.DOTALL)
"""Rows that are built the same: how many there are makes no difference either."""
OVER = re.compile(r"<dialog .*?</dialog>", re.DOTALL)
"""What opens over a page."""


class Glass:
    """One page of a browser; nothing is looked at twice that is built the same."""

    def __init__(self, browser: Browser, screen: tuple[int, int]) -> None:
        self._context = browser.new_context(
            base_url=HOUSE, viewport={"width": screen[0], "height": screen[1]}, reduced_motion="reduce"
        )
        self._page = self._context.new_page()
        self._page.route("**/*", self._answer)
        self._html = ""
        self._seen: set[str] = set()

    def close(self) -> None:
        """Nothing is looked at any more."""
        self._context.close()

    def faults(self, html: str, **on_body: str) -> list[Any]:
        """What axe has against a page; `on_body` are attributes that a script would set, `data_link="lost"`."""
        html = html.replace("<details", "<details open")
        if not self._is_new(html + str(on_body)):
            return []
        self._html = html
        self._page.goto("/")
        for name, value in on_body.items():
            self._page.evaluate(
                "([name, value]) => document.body.setAttribute(name, value)", [name.replace("_", "-"), value]
            )
        self._page.evaluate(AXE_SCRIPT)
        found: list[Any] = self._page.evaluate(AXE)
        return found

    def faults_over(self, html: str) -> list[Any]:
        """What axe has against a page over which something opens, with that open."""
        over = OVER.search(html)
        return self.faults(html.replace("<dialog ", "<dialog open ")) if over and self._is_new(over[0]) else []

    def shows(self, html: str, script: str, before: tuple[str, Any] | None = None) -> list[Any]:
        """What a script finds on a page, after another one with what it is told."""
        self._html = html
        self._page.goto("/")
        if before:
            self._page.evaluate(*before)
        found: list[Any] = self._page.evaluate(script)
        return found

    def _is_new(self, html: str) -> bool:
        for what, always in SAME:
            html = what.sub(always, html)
        bones = ALIKE.sub(r"\1", html)
        is_new = bones not in self._seen
        self._seen.add(bones)
        return is_new

    def _answer(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(HOUSE).partition("?")[0]
        known = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
        if request.resource_type == "document":
            route.fulfill(body=self._html, content_type="text/html; charset=utf-8")
        elif request.resource_type == "script" or not isinstance(known, str):
            route.abort()
        elif path.endswith(".css"):
            with open(known, encoding="utf-8") as sheet:
                here = path.rpartition("/")[0]
                route.fulfill(body=NEAR.sub(rf"url({here}/\2)", sheet.read()), content_type="text/css; charset=utf-8")
        else:
            route.fulfill(path=known)


Glasses = Callable[[tuple[int, int]], Glass]


@contextmanager
def glasses(chromium: Browser) -> Iterator[Glasses]:
    """A glass for each kind of screen."""
    made: dict[tuple[int, int], Glass] = {}
    yield lambda screen: made.setdefault(screen, made.get(screen) or Glass(chromium, screen))
    for one in made.values():
        one.close()


def screen_of(pattern: str) -> tuple[int, int]:
    """The screen that a page is made for."""
    if pattern.startswith(("display/", "kiosk/")):
        return HALL
    return DESK if pattern.startswith(("admin/", "console/", "counter/", "api/")) else PHONE


def is_page(answer: Any) -> bool:
    """Whether an answer is something that somebody reads."""
    sent_on = 300 <= answer.status_code < 400
    return not sent_on and "html" in answer.headers.get("Content-Type", "")


def against(glass: Glasses, name: str, pattern: str, answer: Any, **on_body: str) -> list[str]:
    """What axe has against an answer, as sentences."""
    html, look = answer.content.decode(), glass(screen_of(pattern))
    return [f"{name}: {fault} {places}" for fault, places in look.faults(html, **on_body) + look.faults_over(html)]
