"""No page has what would keep somebody from using it: axe reads every page of the matrix, in every state.

The rows of `tests/matrix/table.py` are all routes there are, so a page that nobody thought of is read too: asked as
somebody who may, as the matrix' world stands. `STATES` has what a page shows besides as a visit or a doctor goes on,
`PREPARED` what none of the matrix' people gets to see, and `NO_PAGES` says of each other route why it is none. What
shows only when scripts run is looked at where they do, with the fixture `look`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser

from apps.accounts.rules.credentials import ScreenUse
from apps.core.policy import Role
from apps.queue import commands
from apps.queue.rules.states import State
from apps.scheduling.models import Counter
from tests.cast import give_app, open_browser
from tests.display.hall import paired_screen, waiting_screen
from tests.e2e.conftest import PHONE
from tests.e2e.glass import Glasses, against, is_page
from tests.factories import PASSWORD, StaffFactory
from tests.matrix.cells import address_of, told
from tests.matrix.conftest import standing
from tests.matrix.table import ADMIN_MODELS, TABLE, Row
from tests.matrix.world import Place, Principal, Where, World, kept_back
from tests.proving import PROVE

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(600)]

PAGES = [row for row in TABLE if row.method == "GET" and not row.pattern.startswith("api/v1/")]
OF_DJANGO = ("history/", "delete/")
"""Pages of the admin that Django draws alike for every model."""
P = Principal
READERS = {
    "admin/desk/": [P.RECEPTION, P.ADMIN],
    "admin/": [P.ADMIN],
    "": [P.ANONYMOUS, P.PATIENT, P.DOCTOR, P.NURSE, P.RECEPTION, P.ADMIN],
}
"""Who reads the pages under an address: the first of them who may and gets one."""

A_FILE, A_PART = "a file, not a page", "a part of the page above it"
SENT_ON, NOBODY_MAY = "only sends on", "there, but nobody may"
NO_PAGES = {
    "demo/messages.json": A_FILE,
    "me/bills/<uuid:invoice_id>/file/": A_FILE,
    "t/<str:code>/appointment.ics": A_FILE,
    "prescription/<uuid:visit_id>/file/": A_FILE,
    "me/prescriptions/<uuid:visit_id>/file/": A_FILE,
    "admin/desk/invoices/<uuid:invoice_id>/file/": A_FILE,
    "display/voice/<uuid:recording_id>/": A_FILE,
    "manifest.webmanifest": A_FILE,
    "worker.js": A_FILE,
    "admin/jsi18n/": A_FILE,
    "metrics": "numbers for machines",
    "reports/messages/<slug:channel>/": "for the provider of messages",
    **dict.fromkeys(["health", "health/live", "health/ready", "health/startup"], "for machines"),
    "api/schema/": "the contract for programs",
    "admin/autocomplete/": "what a field of the admin asks",
    "display/<slug:slug>/view/": A_PART,
    "display/<slug:slug>/check-in/view/": A_PART,
    "t/": SENT_ON,
    "login/provider/": SENT_ON,
    "login/provider/back/": SENT_ON,
    "admin/desk/day/": SENT_ON,
    "admin/login/": SENT_ON,
    "admin/password_change/": SENT_ON,
    "admin/password_change/done/": SENT_ON,
    "admin/r/<path:content_type_id>/<path:object_id>/": SENT_ON,
    **{f"admin/{model}/<path:object_id>/": SENT_ON for model in ADMIN_MODELS},
    "admin/(?P<url>.*)$": "there is nothing",
    **{f"admin/{model}/add/": NOBODY_MAY for model, keeps in ADMIN_MODELS.items() if not keeps.adds.here},
    **{
        f"admin/{model}/<path:object_id>/delete/": NOBODY_MAY
        for model, keeps in ADMIN_MODELS.items()
        if not keeps.deletes.here
    },
}
"""Routes that answer with no page, and what they answer with."""


@pytest.fixture(scope="module")
def world(chromium: Browser, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """The matrix' world. It stands on the connection of the thread as it is once the browser's loop runs in it."""
    with standing(django_db_blocker) as opened:
        yield opened


def asked(world: World, row: Row) -> Any:
    """What a row's reader is answered about here as the place stands: the first who may and gets a page of it. None
    where nobody of the matrix does."""
    order = next(order for start, order in READERS.items() if row.pattern.startswith(start))
    address = address_of(row, world.places[Where.HERE].words())
    answers = (world.ask(who, "GET", address, None) for who in order if row.who.may(who, Where.HERE))
    return next((answer for answer in answers if is_page(answer)), None)


PARTS = {
    "admin/desk/": lambda at: at.startswith("admin/desk/"),
    "admin/": lambda at: at.startswith("admin/") and not at.startswith("admin/desk/"),
    "the others": lambda at: not at.startswith("admin/"),
}


def to_read(part: str) -> list[Row]:
    """The rows of a part. What Django draws alike is read of one model, by `make prove` of each."""
    rows, alike = [], set()
    for row in [row for row in PAGES if PARTS[part](row.pattern)]:
        kind = next((ending for ending in OF_DJANGO if row.pattern.endswith(f"<path:object_id>/{ending}")), "")
        if PROVE or not (kind in alike or row.query == "q=e"):
            rows.append(row)
        alike |= {kind} - {""}
    return rows


@pytest.mark.parametrize("part", PARTS)
def test_every_page_can_be_used_by_everybody(world: World, glass: Glasses, part: str):
    wrong, read = [], set()
    for row in to_read(part):
        with kept_back():
            world.places[Where.HERE].bring(row.state)
            answer = asked(world, row)
        if answer and row.pattern not in NO_PAGES:
            read.add(row.pattern)
            wrong += against(glass, str(row), row.pattern, answer)
    assert not wrong, "\n".join(wrong)
    unread = {row.pattern for row in to_read(part)} - read
    assert not unread - set(NO_PAGES) - set(PREPARED), "Nobody has read these: say why in NO_PAGES, or how."


def _cancel(place: Place, now: datetime) -> None:
    commands.cancel(actor=place.ward.admin, now=now, visit_id=place.about, reason="went home")


def _miss(place: Place, now: datetime) -> None:
    place.bring(State.CALLED)
    commands.no_show(actor=place.rao, now=now, visit_id=place.about)


def _send_on(place: Place, now: datetime) -> None:
    laboratory = Counter.objects.get(department__code="LAB").department_id
    commands.transfer(actor=place.rao, now=now, visit_id=place.about, department_id=laboratory, reason="blood")


def _send_to_closed(place: Place, now: datetime) -> None:
    _send_on(place, now)
    Counter.objects.update(availability="OFFLINE")


def _pause(place: Place, now: datetime) -> None:
    commands.set_availability(actor=place.rao, now=now, doctor_id=place.doctor.id, status="PAUSED", reason="tea")


def _go_home(place: Place, now: datetime) -> None:
    commands.set_availability(actor=place.rao, now=now, doctor_id=place.doctor.id, status="OFFLINE")


def _nobody(place: Place, now: datetime) -> None:
    for visit_id in (place.visit, place.scanned):
        commands.cancel(actor=place.ward.admin, now=now, visit_id=visit_id, reason="went home")


STATES: dict[str, Callable[[Place, datetime], None]] = {
    **{state.value.lower(): lambda place, now, state=state: place.bring(state) for state in (
        State.WAITING, State.SCANNED, State.URGENT, State.CALLED, State.IN_CONSULTATION, State.ON_HOLD, State.COMPLETED
    )},
    "cancelled": _cancel,
    "missed": _miss,
    "sent on": _send_on,
    "sent to a station that closed": _send_to_closed,
    "the doctor has a break": _pause,
    "the doctor has gone home": _go_home,
    "nobody waits": _nobody,
}  # fmt: skip
"""How a visit or its doctor stands."""

CHANGES = {
    "t/<str:code>/",
    "console/<uuid:doctor_id>/",
    "display/<slug:slug>/",
    "admin/desk/slip/<uuid:visit_id>/",
    "admin/desk/visits/<uuid:visit_id>/",
    "admin/desk/today/",
    "me/",
}
"""Pages that look different in each of these states."""
LOST = {"t/<str:code>/", "display/<slug:slug>/", "console/<uuid:doctor_id>/"}
"""Pages that say when they have lost the house."""
LANGUAGES = ["en", pytest.param("hi", marks=pytest.mark.proof), pytest.param("ta", marks=pytest.mark.proof)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_pages_can_be_used_however_a_visit_stands(world: World, glass: Glasses, state: str, language: str):
    wrong = []
    world.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    place = world.places[Where.HERE]
    with kept_back():
        place.bring(State.WAITING)
        with place.open() as now:
            STATES[state](place, now)
        for row in {row.pattern: row for row in PAGES if row.pattern in CHANGES and not row.query}.values():
            answer = asked(world, row)
            name = f"{row}, {state}, {language}"
            assert answer, f"{name}: no page"
            wrong += against(glass, name, row.pattern, answer)
            if row.pattern in LOST:
                wrong += against(glass, f"{name}, lost", row.pattern, answer, data_link="lost")
    assert not wrong, "\n".join(wrong)


def _counter(world: World) -> Iterator[Any]:
    ward = world.places[Where.HERE].ward
    with world.places[Where.HERE].open():
        counter = Counter.objects.get(department__code="LAB")
        hands = open_browser(StaffFactory(facility=ward.facility, role=Role.LAB, all_departments=True))
        yield hands.get(f"/counter/{counter.id}/")
        yield hands.post(f"/counter/{counter.id}/open/", {"version": str(counter.version), "key": "open"}, follow=True)


def _results_here(world: World) -> Iterator[Any]:
    ward = world.places[Where.HERE].ward
    with world.places[Where.HERE].open():
        yield open_browser(StaffFactory(facility=ward.facility, role=Role.LAB, all_departments=True)).get(
            "/results/here/"
        )


def _kiosk(world: World) -> Iterator[Any]:
    place = world.places[Where.HERE]
    with place.open():
        kiosk, _ = paired_screen(place.ward.admin, place.board, use=ScreenUse.KIOSK)
        yield kiosk.get("/kiosk/")
        for phone in ("98765 00000", place.patient.phone, "12"):
            yield kiosk.post("/kiosk/", {"phone": phone}, follow=True)


def _waits_for_pairing(world: World) -> Iterator[Any]:
    with world.places[Where.HERE].open():
        yield waiting_screen()[0].get("/display/")


def _halfway(world: World, *, with_app: bool) -> Iterator[Any]:
    """Somebody who has shown their password and has an app, or has none yet and must."""
    place, browser = world.places[Where.HERE], Client()
    with place.open():
        farida = StaffFactory(facility=place.ward.facility, role=Role.ADMIN)
        if with_app:
            give_app(farida)
        yield browser.post("/login/staff/", {"email": farida.email, "password": PASSWORD}, follow=True)
        yield browser.post(browser.get("/login/staff/code/").request["PATH_INFO"], {"code": "1"}, follow=True)


def _code_by_phone(world: World) -> Iterator[Any]:
    browser = Client()
    yield browser.post("/login/phone/", {"phone": "98111 22221"}, follow=True)
    yield browser.post("/login/phone/", {"phone": "1"}, follow=True)
    yield browser.post("/login/phone/code/", {"code": "1"}, follow=True)


def _demo(world: World) -> Iterator[Any]:
    for address in ("/", "/login/staff/", "/demo/messages/", "/styleguide/"):
        yield Client().get(address)


PREPARED: dict[str, Callable[[World], Iterator[Any]]] = {
    "counter/<uuid:counter_id>/": _counter,
    "results/here/": _results_here,
    "kiosk/": _kiosk,
    "display/": _waits_for_pairing,
    "login/staff/code/": lambda world: _halfway(world, with_app=True),
    "login/staff/second-factor/": lambda world: _halfway(world, with_app=False),
    "login/phone/code/": _code_by_phone,
    "styleguide/": _demo,
    "demo/messages/": _demo,
}
"""Pages that none of the matrix' people gets to see, or not in every state; by whoever does."""


@pytest.mark.parametrize("pattern", {way: pattern for pattern, way in PREPARED.items()}.values())
def test_pages_for_others_can_be_used_too(world: World, glass: Glasses, settings: Any, pattern: str):
    settings.DEMO = PREPARED[pattern] is _demo
    with kept_back():
        answers = list(PREPARED[pattern](world))
    wrong = []
    for number, answer in enumerate(answers):
        assert is_page(answer), f"{pattern} {number}: {told(answer)}"
        wrong += against(glass, f"{pattern} {number}", pattern, answer)
    assert not wrong, "\n".join(wrong)


def test_axe_would_find_what_is_wrong(glass: Glasses):
    page = (
        "<!doctype html><html lang='en'><title>x</title><main><h1>x</h1><p style='color:#999'>so pale</p><img src='/x'>"
    )
    assert [fault for fault, _ in glass(PHONE).faults(page)] == ["color-contrast", "image-alt"]


def test_every_route_that_is_no_page_is_one_of_the_houses():
    assert set(NO_PAGES) <= {row.pattern for row in PAGES}
    assert set(PREPARED) <= {row.pattern for row in PAGES}
