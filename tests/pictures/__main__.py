"""`python -m tests.pictures [ADDRESS]`: photograph the pages of a running demo hospital, into docs/pictures.

`make pictures` is the usual way in; the house must stand (`make run`). A picture is what a person sees who does what
stands here, with a browser of their own for each role. A page that is wider than its screen ends it with a complaint.
"""

import os
import re
import shutil
import sys
from contextlib import suppress

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, sync_playwright

from tests.pictures.camera import CONSOLE, DESK, FOLDER, NARROW, PATIENCE, PHONE, Camera, code_sent

HALLS = {"": (1920, 1080), "-4-3": (1024, 768), "-portrait": (1080, 1920)}
KIOSK = (1280, 800)
FAMILY = "9000000005"
LANGUAGES = {"en": PHONE, "hi": PHONE, "ta": NARROW}
"""The screen for each language: the narrow one for Tamil, whose words are the longest."""

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

OFFICE_PAGES = {
    "feedback": "desk/feedback/",
    "expected-times": "expected-times/",
    "jobs": "jobs/",
    "unsent": "messages/unsent/",
    "words": "messages/words/",
    "voice": "screens/voice/",
    "devices": "devices/",
    "audit-trail": "audit-trail/",
    "emergency-access": "emergency-access/",
    "parked-events": "parked-events/",
    "prices": "billing/price/",
}
FAMILY_PAGES = {
    "family": "/me/",
    "messages": "/me/settings/",
    "booking": "/book/",
    "prescriptions": "/me/prescriptions/",
    "results": "/me/results/",
    "bills": "/me/bills/",
}


STATES = ("waiting", "called", "with", "done", "missed", "held")
TRIES = 20
"""Whoever is called goes in soon: so often somebody is looked for."""


def slip_in(desk: Page, state: str) -> str:
    """The address of the slip at the desk of somebody who is in a state now; "" where nobody is."""
    slip = desk.locator("a[id^=slip-]").last
    for _look in range(TRIES if state == "called" else 1):
        desk.goto(f"/admin/desk/today/?state={state}")
        if slip.count():
            return slip.get_attribute("href") or ""
        desk.wait_for_timeout(1000)
    return ""


def of_desk(camera: Camera) -> None:
    """The front desk's pages, and the slip's paper."""
    desk = camera.staff("reception@demo.opd")
    for name, path in DESK_PAGES.items():
        desk.goto(f"/admin/desk/{path}")
        camera.take(desk, f"desk-{name}", whole=name != "today")
    for path, part, name in (
        ("away/", "/desk/away/", "away-doctor"),
        ("queues/", "/desk/queues/", "queue"),
        ("queues/", "/desk/announce/", "announce"),
        ("today/?state=waiting", "/stations/", "stations"),
        ("today/?state=waiting", "/desk/visits/", "turn"),
        ("day/", "/move/", "move"),
    ):
        desk.goto(f"/admin/desk/{path}")
        camera.follow(desk, part, f"desk-{name}")
    of_leave(camera, desk)
    desk.goto(slip_in(desk, "waiting"))
    desk.emulate_media(media="print")
    for width, name in ((302, "slip-80mm"), (219, "slip-58mm")):
        desk.set_viewport_size({"width": width, "height": 600})
        camera.take(desk, name)
    desk.context.close()


def of_leave(camera: Camera, desk: Page) -> None:
    """What it would mean if a doctor were away the day after tomorrow: looked at, and not done."""
    desk.goto("/admin/desk/away/")
    desk.locator("#content a[href*='/desk/away/']").last.click()
    day = desk.evaluate("new Date(Date.now() + 2 * 864e5).toISOString().slice(0, 10)")
    for field in desk.locator("form[aria-labelledby=leave] input[type=date]").all():
        field.fill(day)
    desk.locator("form[aria-labelledby=leave] [name=reason]").fill("Training")
    desk.locator("form[aria-labelledby=leave] button[type=submit]").click()
    camera.take(desk, "desk-leave-preview")


def of_office(camera: Camera) -> None:
    """What an administrator looks at."""
    with camera.closing(camera.staff("admin@demo.opd")) as office:
        for name, path in OFFICE_PAGES.items():
            office.goto(f"/admin/{path}")
            camera.take(office, f"office-{name}", whole=False)
        office.goto("/admin/messages/words/")
        camera.follow(office, "/messages/words/", "office-wording")


def of_till(camera: Camera) -> None:
    """The till, a bill, its receipt on the roll, and the day book."""
    with camera.closing(camera.staff("cashier@demo.opd")) as till:
        till.goto("/admin/desk/till/")
        camera.take(till, "till", whole=False)
        till.goto("/admin/desk/day-book/")
        camera.take(till, "till-day-book")
        if camera.follow(till, "/desk/invoices/", "till-bill") and camera.follow(till, "/receipt/", "till-receipt"):
            till.emulate_media(media="print")
            till.set_viewport_size({"width": 302, "height": 600})
            camera.take(till, "till-receipt-80mm")


def of_patients(camera: Camera) -> None:
    """What a phone shows without signing in, in each language, and the page of a slip in each state."""
    for language, screen in LANGUAGES.items():
        for name, path in {"start": "/", "login": "/login", "enter-code": "/t/", "offline": "/offline/"}.items():
            with camera.closing(camera.open(path, screen, language)) as page:
                camera.take(page, f"phone-{name}-{language}")
    with camera.closing(camera.staff("reception@demo.opd")) as desk:
        for state in STATES:
            for language, screen in LANGUAGES.items():
                of_state(camera, desk, state, language, screen)


def of_state(camera: Camera, desk: Page, state: str, language: str, screen: tuple[int, int]) -> None:
    """The page of somebody who is in a state, and still is when the picture is taken: else that of somebody else."""
    for _try in range(TRIES):
        slip = slip_in(desk, state)
        if not slip:
            return
        desk.goto(slip)
        code = re.search(r"/t/(\w+)", desk.content())
        if code and of_link(camera, f"/t/{code[1]}/", screen, language, state):
            return
    (FOLDER / f"phone-{state}-{language}.png").unlink(missing_ok=True)  # rather none than one of another state


def of_link(camera: Camera, path: str, screen: tuple[int, int], language: str, state: str) -> bool:
    """A slip's page, and of who waits the question whether they give up. Whether it shows that state."""
    with camera.closing(camera.open(path, screen, language)) as page:
        camera.take(page, f"phone-{state}-{language}")
        shown = page.locator("#track").get_attribute("data-state")
        if state == "waiting":
            page.goto(f"{path}cancel/")
            camera.take(page, f"phone-cancel-{language}")
        return shown == state


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
        for name, path in FAMILY_PAGES.items():
            page.goto(path)
            camera.take(page, f"phone-{name}-{language}")
        for path, name in (("/me/prescriptions/", "paper"), ("/me/bills/", "bill")):
            page.goto(path)
            camera.follow(page, path, f"phone-{name}-{language}")
        page.goto("/book/")
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
    """The kiosk's first page, what it says to a phone without a booking, and to a slip that it is shown; its paper."""
    page = paired_kiosk(camera)
    link = link_for(camera, page)
    for language in LANGUAGES:
        page.context.add_cookies([{"name": "django_language", "value": language, "url": camera.address}])
        page.goto("/kiosk/")
        camera.take(page, f"kiosk-{language}", whole=False)
        page.fill("#phone", FAMILY)
        page.locator("button.ok").click()
        page.wait_for_selector("main:not(.step-start)")
        camera.take(page, f"kiosk-found-{language}", whole=False)
        page.wait_for_selector("dialog[data-idle][open]")
        camera.take(page, f"kiosk-idle-{language}", whole=False)
        if link:
            of_shown_slip(camera, page, link, language)
    page.context.close()


def link_for(camera: Camera, page: Page) -> str:
    """What stands on the slip of somebody who waits in the kiosk's hall; "" where nobody does."""
    with camera.closing(camera.staff("reception@demo.opd")) as desk:
        desk.goto("/admin/desk/today/?state=waiting")
        for slip in [one.get_attribute("href") or "" for one in desk.locator("a[id^=slip-]").all()]:
            desk.goto(slip)
            link = desk.locator(".paper .link").inner_text()
            read_slip(page, link)
            if page.locator("main.step-done").count():
                return link
    return ""


def read_slip(page: Page, link: str) -> None:
    """What a reader's scan does to the kiosk's page."""
    page.goto("/kiosk/")
    page.locator("[data-scan] input[type=hidden][name=code]").evaluate(
        "(field, code) => { field.value = code; field.form.submit(); }", link
    )
    page.wait_for_selector("main:not(.step-start)")


def of_shown_slip(camera: Camera, page: Page, link: str, language: str) -> None:
    """What the kiosk says to somebody who shows their slip, and what it prints."""
    read_slip(page, link)
    camera.take(page, f"kiosk-done-{language}", whole=False)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 302, "height": 600})
    camera.take(page, f"kiosk-slip-{language}")
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": KIOSK[0], "height": KIOSK[1]})


def of_rooms(camera: Camera) -> None:
    """Consoles and counters."""
    for name in ("rao", "nair", "khan"):
        with camera.closing(camera.staff(f"{name}@demo.opd", CONSOLE)) as page:
            page.goto("/console/")
            with suppress(BrowserError):  # somebody sits there most of the time
                page.wait_for_selector("#consultation", timeout=20_000)
            camera.take(page, f"console-{name}", whole=False)
            if name == "rao":
                of_doctor(camera, page)
    for name, who in {"counter": "nurse@demo.opd", "counter-cashier": "cashier@demo.opd"}.items():
        with camera.closing(camera.staff(who, CONSOLE)) as page:
            page.goto("/counter/")
            camera.take(page, name, whole=False)


def of_doctor(camera: Camera, page: Page) -> None:
    """What opens from a doctor's console."""
    console = page.url
    for part, name in (("/vitals/", "vitals"), ("/record/", "record"), ("/send-on/", "send-on"), ("/day/", "day")):
        page.goto(console)
        camera.follow(page, part, f"console-{name}")
    for path, name in (("/console/templates/", "templates"), ("/results/", "results")):
        page.goto(path)
        camera.take(page, f"console-{name}")


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
        parts = [of_halls, of_kiosk, of_rooms, of_desk, of_office, of_till, of_patients, of_family, of_parts]
        for part in parts:
            if not wanted or part.__name__ in wanted:
                part(camera)
        browser.close()
    if camera.wide:
        sys.exit(f"Wider than their screens: {', '.join(camera.wide)}")


if __name__ == "__main__":
    main()
