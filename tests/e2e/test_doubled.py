"""A language whose every sentence is twice as long as in English breaks no page of patients, of the kiosk or of the
board: nothing is cut, nothing has to be scrolled sideways."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from playwright.sync_api import Browser

from apps.queue.rules.states import State
from tests.display.hall import closed_board, paired_screen
from tests.e2e.glass import Glass, is_page
from tests.e2e.stages import STAGES
from tests.e2e.test_boards import CUT, SHAPES, TURN
from tests.matrix.cells import address_of
from tests.matrix.conftest import standing
from tests.matrix.table import TABLE
from tests.matrix.world import Principal, Where, World, kept_back
from tests.ward import open_ward

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(600)]

SMALL, KIOSK = (320, 640), (1280, 800)
OF_PATIENTS = ("me/", "book/", "t/", "login/phone", "checkin", "offline/")
OUTSIDE = """() => [
  ...(document.documentElement.scrollWidth > innerWidth ? [`page: ${document.documentElement.scrollWidth}`] : []),
  ...[...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && !one.closest(".sr, .skip, .visually-hidden, svg, option, .days"))
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1
      || (getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1)
      || (getComputedStyle(one).overflowY !== "visible" && one.scrollHeight > one.clientHeight + 8))
    .map((one) => `${one.tagName} ${one.className}: ${one.innerText}`.slice(0, 120)),
]"""
"""What stands beyond the screen's edge, or in a box that hides what does not fit; a row of days may be moved."""


LONG = f"""(turn) => {{
  ({TURN})(turn);
  for (const one of document.querySelectorAll("main [lang=en], .foot [lang=en]"))
    if (!one.closest(".doc, .names")) one.textContent += " " + one.textContent;
}}"""
"""English says everything twice on a board, whose words stand beside those of other languages."""


@pytest.fixture
def twice_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """English says everything twice. What people and places are called stays."""
    real, plural = translation._trans.gettext, translation._trans.ngettext

    def doubled(text: str) -> str:
        return f"{text} {text}" if translation.get_language() == "en" and text.strip() else text

    monkeypatch.setattr(translation._trans, "gettext", lambda message: doubled(real(message)))
    monkeypatch.setattr(translation._trans, "ngettext", lambda *about: doubled(plural(*about)))


@pytest.fixture(scope="module")
def world(chromium: Browser, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with standing(django_db_blocker) as opened:
        yield opened


def own_pages(world: World) -> Iterator[tuple[str, Any]]:
    """What somebody sees on their phone: by their link, signed in, and before they are."""
    place = world.places[Where.HERE]
    for row in TABLE:
        if row.method == "GET" and (row.pattern.startswith(OF_PATIENTS) or not row.pattern):
            with kept_back():
                place.bring(row.state)
                answer = world.ask(Principal.PATIENT, "GET", address_of(row, place.words()), None)
                if is_page(answer) and answer.status_code == 200:
                    yield str(row), answer


def slips(world: World) -> Iterator[tuple[str, Any]]:
    """The slip's page as the visit goes on."""
    place = world.places[Where.HERE]
    for state in (State.SCANNED, State.URGENT, State.CALLED, State.IN_CONSULTATION, State.ON_HOLD, State.COMPLETED):
        with kept_back():
            place.bring(state)
            for page in ("", "cancel/"):
                answer = Client().get(f"/t/{place.words()['code']}/{page}")
                if answer.status_code == 200:
                    yield f"{state} {page}", answer


@pytest.mark.parametrize("pages", [own_pages, slips])
def test_on_the_smallest_phone(
    world: World, chromium: Browser, twice_as_long: None, pages: Callable[[World], Iterator[tuple[str, Any]]]
):
    glass, wrong, seen = Glass(chromium, SMALL), [], 0
    for name, answer in pages(world):
        wrong += [f"{name}: {one}" for one in glass.shows(answer.content.decode(), OUTSIDE)]
        seen += 1
    glass.close()
    assert seen > 5
    assert not wrong, "\n".join(wrong)


def test_at_the_kiosk(chromium: Browser, twice_as_long: None):
    glass, wrong = Glass(chromium, KIOSK), []
    with open_ward() as ward:
        ward.keep_real_time()
        for kiosk, address, form in STAGES["at_the_kiosk"](ward):
            answer = kiosk.get(address) if form is None else kiosk.post(address, form)
            wrong += glass.shows(answer.content.decode(), OUTSIDE)
            assert "Check in Check in" in answer.content.decode()
    glass.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("shape", SHAPES)
def test_on_the_board(chromium: Browser, shape: str):
    glass = Glass(chromium, SHAPES[shape])
    with open_ward(doctors=3) as ward:
        ward.now = timezone.now()
        ward.lie_where_it_is_noon()
        screen, _ = paired_screen(ward.admin, closed_board(ward))
        pages = [screen.get("/display/corridor/")]
        for _ in range(7):
            ward.arrive()
        ward.call_next(ward.doctors[0])
        called = ward.call_next(ward.doctors[1])
        assert called
        ward.start(called)
        pages.append(screen.get("/display/corridor/"))
    wrong = []
    for page in pages:
        for turn in range(3):
            wrong += glass.shows(page.content.decode(), CUT, (LONG, turn))
    glass.close()
    assert not wrong, "\n".join(wrong)
