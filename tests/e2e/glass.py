"""Looking at answers of the house in a real browser without a house that serves it: what a client of the tests was
answered is laid into a page as the browser would have it, with its styles and without its scripts, and axe reads it."""

import re
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Route

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
        bones = html
        for what, always in SAME:
            bones = what.sub(always, bones)
        bones += str(on_body)
        if bones in self._seen:
            return []
        self._seen.add(bones)
        self._html = html
        self._page.goto("/")
        for name, value in on_body.items():
            self._page.evaluate(
                "([name, value]) => document.body.setAttribute(name, value)", [name.replace("_", "-"), value]
            )
        self._page.evaluate(AXE_SCRIPT)
        found: list[Any] = self._page.evaluate(AXE)
        return found

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
