"""A browser for each role, and pictures of what it shows."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError

PASSWORD = "opd-demo-2026"
FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
PHONE, NARROW, DESK, CONSOLE = (390, 844), (320, 640), (1440, 900), (1440, 900)
PATIENCE = 60_000
"""Milliseconds for a page."""


class Camera:
    """Takes pictures of one house."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self.address = browser, address
        self.wide: list[str] = []

    def open(self, path: str, screen: tuple[int, int] = PHONE, language: str = "en", **how: object) -> Page:
        """A page in a new browser."""
        size = {"width": screen[0], "height": screen[1]}
        context = self._browser.new_context(
            base_url=self.address, viewport=size, locale=f"{language}-IN", reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.add_init_script("window.print = () => {}")
        page.goto(path)
        return page

    def staff(self, email: str, screen: tuple[int, int] = DESK) -> Page:
        """The page of somebody of the staff, signed in."""
        page = self.open("/login/staff/", screen)
        page.fill("[name=email]", email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        if email.startswith("admin@"):
            page.fill("[name=code]", page.locator(".demo code").inner_text())
            page.press("[name=code]", "Enter")
        page.wait_for_url(lambda url: "login" not in url)
        return page

    def take(self, page: Page, name: str, *, whole: bool = True) -> None:
        """One picture: of the whole page, or of what the screen shows."""
        page.wait_for_load_state("load")
        page.evaluate("document.fonts.ready")
        if page.locator(".live").count():
            with suppress(BrowserError):
                page.wait_for_selector("body[data-link=live]", state="attached", timeout=5000)
        page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)
        asked = page.viewport_size
        if asked and page.evaluate("document.documentElement.scrollWidth") > asked["width"]:
            self.wide.append(name)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()

    def follow(self, page: Page, part: str, name: str) -> bool:
        """A picture of where the last link leads whose address has this part; whether there is one."""
        inside = f"a[href*='{part}']:not([href$='/file/'])"
        link = page.locator(f"#main {inside}, #content {inside}").last
        address = link.get_attribute("href") if link.count() else None
        if address:
            page.goto(address)
            self.take(page, name)
        return bool(address)

    @contextmanager
    def closing(self, page: Page) -> Iterator[Page]:
        """The page, whose browser goes with it."""
        yield page
        page.context.close()


def code_sent(address: str) -> str:
    """The last code that a phone of the demo was sent."""
    with urlopen(f"{address}/demo/messages.json") as answer:
        return re.findall(r"#(\d{6})", json.dumps(json.load(answer)))[0]
