"""A real house for browsers: the demo hospital, served with its sockets by the process that serves people."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_scopes import scope
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.accounts.models import Staff
from apps.accounts.queries import FacilityFacts
from apps.accounts.rules.demo import DEMO_PASSWORD
from opd.demo.loading import load
from tests.cast import app_code
from tests.demo import NEAR
from tests.e2e.glass import DESK as DESK
from tests.e2e.glass import HALL as HALL
from tests.e2e.glass import PHONE as PHONE
from tests.e2e.glass import Glasses, glasses

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
READY_WITHIN = 60
"""Seconds that the web process may take to answer."""

PATIENCE = 20_000
"""Milliseconds in which something that is awaited shows: two cores serve the house, the browser and other tests."""

expect.set_options(timeout=PATIENCE)

Open = Callable[..., Page]
Look = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser. Playwright's loop counts as running in this thread, which Django's guard must be told about, and
    which no asynchronous test bears: so it ends with this module.
    """
    found = os.environ.get("OPD_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not found:
        pytest.skip("no Chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as driver:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def glass(chromium: Browser) -> Iterator[Glasses]:
    """Answers can be looked at without a house that serves them."""
    with glasses(chromium) as opened:
        yield opened


@pytest.fixture(scope="session")
def web(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The web process on the tests' database; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    environment = os.environ | {"PORT": str(port), "DATABASE_URL": _database_url(), "PUBLIC_BASE_URL": address}
    environment |= {"OPD_LIVE_BIND": f"127.0.0.1:{port}", "OPD_PUSH_KEY": "4f" * 32}
    environment.pop("DATABASE_OWNER_URL", None)
    process = subprocess.Popen([sys.executable, "-m", "opd.serving.live"], env=environment)
    try:
        _wait_for(f"{address}/health/live", process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def hospital(transactional_db: None) -> Iterator[FacilityFacts]:
    """Asha District Hospital at this hour, with nobody in it yet."""
    facility = load(NEAR, timezone.now(), DEMO_PASSWORD)
    with scope(facility=facility.id):
        yield facility


@pytest.fixture
def open_page(chromium: Browser, web: str, hospital: FacilityFacts) -> Iterator[Open]:
    """Opens a page in a browser of its own; signed in, if somebody's e-mail is given. Errors in it fail the test."""
    contexts, errors = [], []

    def open_one(path: str, who: str = "", screen: tuple[int, int] = DESK, **how: Any) -> Page:
        context = chromium.new_context(base_url=web, viewport={"width": screen[0], "height": screen[1]}, **how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.add_init_script("window.print = () => {}")
        if who:
            page.goto("/login/staff/")
            page.get_by_label("E-mail").fill(who)
            page.get_by_label("Password").fill(DEMO_PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            if who.startswith("admin@"):
                page.get_by_label("Code", exact=True).fill(app_code(Staff.objects.get(email=who)))
                page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "login" not in url)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a folder that OPD_SCREENSHOTS names, or one that pytest keeps for a while."""
    named = os.environ.get("OPD_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def look(pictures: Path) -> Look:
    """Takes a picture of a page and has axe look for what would keep somebody from using it."""
    axe = Axe()

    def at(page: Page, name: str) -> None:
        page.screenshot(path=pictures / f"{name}.png", timeout=30_000)
        found = axe.run(page).response["violations"]
        told = [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in found]
        assert not told, f"{name}: {told}"

    return at


def fits(page: Page) -> bool:
    """Whether nothing of a page has to be scrolled sideways; a page that is still arriving is waited for."""
    page.wait_for_load_state()
    width = page.viewport_size["width"] if page.viewport_size else 0
    return page.locator("html").evaluate("page => page.scrollWidth") <= width


def press(page: Page, *keys: str) -> None:
    """Press keys, one after the other, on a page that hears them: its scripts have run."""
    page.wait_for_load_state("load")
    for key in keys:
        page.keyboard.press(key)


def is_live(page: Page) -> None:
    """Wait until a page is told of changes over its socket."""
    expect(page.locator("body")).to_have_attribute("data-link", "live")


def _database_url() -> str:
    known = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    password = f":{known['PASSWORD']}" if known.get("PASSWORD") else ""
    where = f"{known['HOST']}:{known['PORT']}" if known.get("PORT") else known["HOST"]
    return f"postgres://{known['USER']}{password}@{where}/{name}"


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the web process does not answer")
