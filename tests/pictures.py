"""`python -m tests.pictures [ADDRESS]`: photograph the pages of a running demo hospital, into docs/pictures.

`make pictures` is the usual way in; the house must stand (`make run`). A picture is what a person sees who does what
stands here, with a browser of their own for each role. A page that is wider than its screen ends it with a complaint.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

PASSWORD = "opd-demo-2026"
FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
PHONE, NARROW, DESK, CONSOLE = (390, 844), (320, 640), (1440, 900), (1440, 900)
HALLS = {"": (1920, 1080), "-4-3": (1024, 768), "-portrait": (1080, 1920)}
KIOSK = (1280, 800)
FAMILY = "9000000005"
LANGUAGES = {"en": PHONE, "hi": PHONE, "ta": NARROW}
"""The screen for each language: the narrow one for Tamil, whose words are the longest."""
PATIENCE = 60_000
"""Milliseconds for a page."""

DESK_PAGES = {
    "today": "today/",
    "walk-in": "walk-in/",
    "find": "find/?q=Devi",
    "book": "book/",
    "day": "day/",
    "queues": "queues/",
    "journeys": "journeys/",
    "fairness": "fairness/",
    "overbooking": "overbooking/",
    "emergency": "emergency/",
    "away": "away/",
}


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

    @contextmanager
    def closing(self, page: Page) -> Iterator[Page]:
        """The page, whose browser goes with it."""
        yield page
        page.context.close()


def code_sent(address: str) -> str:
    """The last code that a phone of the demo was sent."""
    with urlopen(f"{address}/demo/messages.json") as answer:
        return re.findall(r"#(\d{6})", json.dumps(json.load(answer)))[0]


def slips(desk: Page) -> Iterator[tuple[str, str]]:
    """For each state that somebody is in now: the name of its tab, and the address of their slip at the desk."""
    for state in ("waiting", "called", "with", "done", "missed", "held"):
        desk.goto(f"/admin/desk/today/?state={state}")
        slip = desk.locator("a[id^=slip-]").last
        if slip.count():
            yield state, slip.get_attribute("href") or ""


def of_desk(camera: Camera) -> None:
    """The front desk's pages, and the slip's paper."""
    desk = camera.staff("reception@demo.opd")
    for name, path in DESK_PAGES.items():
        desk.goto(f"/admin/desk/{path}")
        camera.take(desk, f"desk-{name}", whole=name != "today")
    desk.goto("/admin/desk/away/")
    desk.locator("#content a[href*='/desk/away/']").last.click()
    camera.take(desk, "desk-away-doctor")
    desk.goto(next(slips(desk))[1])
    desk.emulate_media(media="print")
    for width, name in ((302, "slip-80mm"), (219, "slip-58mm")):
        desk.set_viewport_size({"width": width, "height": 600})
        camera.take(desk, name)
    desk.context.close()
    with camera.closing(camera.staff("admin@demo.opd")) as office:
        office.goto("/admin/desk/feedback/")
        camera.take(office, "desk-feedback")


def of_patients(camera: Camera) -> None:
    """What a phone shows without signing in, in each language; a slip's page as soon as it was found, for people go
    on."""
    for language, screen in LANGUAGES.items():
        for name, path in {"start": "/", "login": "/login", "enter-code": "/t/", "offline": "/offline/"}.items():
            with camera.closing(camera.open(path, screen, language)) as page:
                camera.take(page, f"phone-{name}-{language}")
    with camera.closing(camera.staff("reception@demo.opd")) as desk:
        for state, slip in slips(desk):
            desk.goto(slip)
            code = re.search(r"/t/(\w+)", desk.content())
            for language, screen in LANGUAGES.items() if code else ():
                of_link(camera, f"/t/{code[1]}/", screen, language, state)


def of_link(camera: Camera, path: str, screen: tuple[int, int], language: str, state: str) -> None:
    """A slip's page, and of who waits the question whether they give up."""
    with camera.closing(camera.open(path, screen, language)) as page:
        camera.take(page, f"phone-{state}-{language}")
        if state == "waiting":
            page.goto(f"{path}cancel/")
            camera.take(page, f"phone-cancel-{language}")


def of_family(camera: Camera) -> None:
    """The pages of whoever has signed in by their phone, in each language."""
    page = camera.open("/login")
    page.fill("[name=phone]", FAMILY)
    page.press("[name=phone]", "Enter")
    page.wait_for_selector("[name=code]")
    camera.take(page, "phone-code-en")
    page.wait_for_timeout(1500)
    page.fill("[name=code]", code_sent(camera.address))
    page.press("[name=code]", "Enter")
    page.wait_for_url("**/me/")
    for language, screen in LANGUAGES.items():
        page.set_viewport_size({"width": screen[0], "height": screen[1]})
        page.context.add_cookies([{"name": "django_language", "value": language, "url": camera.address}])
        for name, path in {"family": "/me/", "messages": "/me/settings/", "booking": "/book/"}.items():
            page.goto(path)
            camera.take(page, f"phone-{name}-{language}")
        times = page.locator("a[href*='/book/']").last
        times.click()
        camera.take(page, f"phone-times-{language}")
        check = page.locator("a[href*='/check/']").first
        if check.count():
            check.click()
            camera.take(page, f"phone-check-{language}")
    page.context.close()


def of_halls(camera: Camera) -> None:
    """The hall's board, as soon as somebody is called."""
    for name, screen in HALLS.items():
        with camera.closing(camera.open("/display/hall-a/", screen)) as page:
            with suppress(BrowserError):
                page.wait_for_selector(".call .slip:visible", timeout=PATIENCE)
            camera.take(page, f"board{name}", whole=False)


def paired_kiosk(camera: Camera) -> Page:
    """A screen that the administrator has made the hall's kiosk."""
    screen = camera.open("/display/", KIOSK)
    code = screen.locator(".code").inner_text()  # it asks for one by itself
    with camera.closing(camera.staff("admin@demo.opd")) as office:
        office.goto("/admin/screens/")
        office.fill("[name=code]", code)
        office.select_option("[name=board]", index=1)
        office.check("[name=use][value=kiosk]")
        office.get_by_role("button", name="Pair").click()
        office.wait_for_load_state()
        camera.take(office, "desk-screens")
    screen.wait_for_url("**/kiosk/")
    return screen


def of_kiosk(camera: Camera) -> None:
    """The kiosk's first page, and what it finds under a phone, in each language."""
    page = paired_kiosk(camera)
    for language in LANGUAGES:
        page.context.add_cookies([{"name": "django_language", "value": language, "url": camera.address}])
        page.goto("/kiosk/")
        camera.take(page, f"kiosk-{language}", whole=False)
        page.fill("#phone", FAMILY)
        page.locator("button.ok").click()
        page.wait_for_selector("main:not(.step-start)")
        camera.take(page, f"kiosk-found-{language}", whole=False)
    page.context.close()


def of_rooms(camera: Camera) -> None:
    """Consoles and counters."""
    for name in ("rao", "nair", "khan"):
        with camera.closing(camera.staff(f"{name}@demo.opd", CONSOLE)) as page:
            page.goto("/console/")
            with suppress(BrowserError):  # somebody sits there most of the time
                page.wait_for_selector("#consultation", timeout=20_000)
            camera.take(page, f"console-{name}", whole=False)
    for name, who in {"counter": "nurse@demo.opd", "counter-cashier": "cashier@demo.opd"}.items():
        with camera.closing(camera.staff(who, CONSOLE)) as page:
            page.goto("/counter/")
            camera.take(page, name, whole=False)


def of_parts(camera: Camera) -> None:
    """The page of all parts in all their states."""
    with camera.closing(camera.open("/styleguide/", DESK)) as page:
        camera.take(page, "styleguide")


def main() -> None:
    """Take them all; a page too wide for its screen is a mistake."""
    address = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
    wanted = sys.argv[2:]
    FOLDER.mkdir(exist_ok=True)
    chromium = os.environ.get("OPD_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        camera = Camera(browser, address)
        parts = [of_halls, of_kiosk, of_rooms, of_desk, of_patients, of_family, of_parts]
        for part in parts:
            if not wanted or part.__name__ in wanted:
                part(camera)
        browser.close()
    if camera.wide:
        sys.exit(f"Wider than their screens: {', '.join(camera.wide)}")


if __name__ == "__main__":
    main()
