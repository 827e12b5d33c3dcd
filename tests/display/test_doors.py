"""The check-in codes on a hall's screen: who is there scans one and comes in once; from home it is soon too late."""

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.accounts.queries import door_of, read_checkin, tracking_code
from apps.accounts.rules.doors import STEP
from apps.display.models import Board
from apps.display.queries import doors_view
from apps.queue.models import Visit
from apps.queue.queries.links import door_url
from tests.browsers import browser_of
from tests.display.hall import closed_board, paired_screen
from tests.ward import Ward, open_ward

CODES = "/display/corridor/check-in/"


def path_of(url: str) -> str:
    """What stands behind the house's address."""
    return url.removeprefix("http://localhost:8000")


def scan(ward: Ward, now: datetime | None = None) -> str:
    """Somebody's own link, from the code that a screen shows (or showed) for the first department."""
    answer = Client().get(path_of(door_url(ward.department.id, now or timezone.now())))
    assert answer.status_code == 302, answer.content.decode()
    (token,) = parse_qs(urlsplit(answer.url).query)["h"]
    return token


def check_in(ward: Ward, token: str, **more: Any) -> Any:
    """A check-in over the API."""
    body = {"departmentId": str(ward.department.id), "name": "Ravi Kumar", "age": 36, "signedCheckinToken": token}
    return Client().post("/api/v1/patient/checkin", json.dumps(body | more), content_type="application/json")


def test_who_scans_the_screen_checks_in_with_a_link_of_their_own(ward: Ward):
    token, others = scan(ward), scan(ward)
    assert token != others
    assert not Credential.objects.exists()
    phone, form = Client(), {"name": "Ravi Kumar", "age": "36", "key": str(uuid4())}
    assert ward.department.name in phone.get("/checkin", {"h": token}).content.decode()
    answer = phone.post(f"/checkin?h={token}", form)
    visit = Visit.objects.get()
    assert visit.state == "WAITING"
    assert answer.url == f"/t/{tracking_code(visit.id, timezone.now())}/"
    assert phone.post(f"/checkin?h={token}", form).url == answer.url
    again = check_in(ward, token)
    assert (again.status_code, again.json()["code"]) == (409, "link_used")
    assert check_in(ward, others, name="Asha Devi").status_code == 201
    assert Visit.objects.count() == 2


def test_the_same_request_again_gets_the_same_answer(ward: Ward):
    token = scan(ward)
    first = check_in(ward, token, idempotencyKey="phone-1")
    assert first.status_code == 201
    assert check_in(ward, token, idempotencyKey="phone-1").json() == first.json()
    assert check_in(ward, token, idempotencyKey="phone-1", name="Somebody else").status_code == 422
    assert check_in(ward, token, idempotencyKey="phone-2").status_code == 409
    assert Visit.objects.count() == 1


def test_a_photo_of_the_screen_is_worth_nothing_after_a_minute(ward: Ward):
    now = timezone.now()
    assert scan(ward, now - timedelta(seconds=STEP))
    for seconds in (2 * STEP, 3600, -3 * STEP):
        old = Client().get(path_of(door_url(ward.department.id, now - timedelta(seconds=seconds))))
        assert old.status_code == 400
        assert "scan it once more" in old.content.decode()
        assert old["Cache-Control"] == "no-store"
        assert "noindex" in old["X-Robots-Tag"]
    for forged in ("x", door_of(uuid4(), now), door_of(ward.department.id, now)[:-4] + "AAAA"):
        answer = Client().get(f"/checkin/{forged}", follow=True)
        assert answer.status_code == 400
    assert not Visit.objects.exists()


def test_a_drawn_link_is_for_ten_minutes_and_its_own_department(ward: Ward, monkeypatch: pytest.MonkeyPatch):
    token = scan(ward)
    link = read_checkin(token)
    assert link.expires_at - link.issued_at == timedelta(minutes=10)
    assert check_in(ward, token, departmentId=str(ward.departments[1].id)).status_code == 403
    with open_ward() as other:
        assert check_in(other, token).status_code == 403
    monkeypatch.setattr("apps.core.api.timezone.now", lambda: link.expires_at)
    late = check_in(ward, token)
    assert (late.status_code, late.json()["code"]) == (400, "link_expired")
    assert not Visit.objects.exists()


def test_a_screen_shows_a_code_for_each_department_that_takes_people(ward: Ward):
    board = closed_board(ward, departments=2)
    screen, _ = paired_screen(ward.admin, board)
    page = screen.get(CODES)
    assert page["Cache-Control"] == "no-store"
    shown = page.content.decode()
    for place in ward.departments:
        assert html.escape(place.name) in shown
    assert shown.count("<svg") >= 2
    (seconds,) = map(int, re.findall(r'http-equiv="refresh" content="(\d+)"', shown))
    assert seconds <= STEP + 1
    ward.departments[1].status = "INACTIVE"
    ward.departments[1].save()
    assert ward.departments[1].name not in screen.get(CODES).content.decode()


def test_the_code_changes_every_half_minute_and_the_part_says_so(ward: Ward):
    board = closed_board(ward)
    now = timezone.now().replace(second=0, microsecond=0)
    first, same, next_one = (doors_view(board, now + timedelta(seconds=s)) for s in (0, 29, 30))
    assert first["doors"] == same["doors"] != next_one["doors"]
    assert (first["seconds"], same["seconds"], next_one["sequence"]) == (30, 1, first["sequence"] + 1)
    screen, _ = paired_screen(ward.admin, board)
    part = screen.get(f"{CODES}view/")
    assert part.content.decode().lstrip().startswith('<div id="doors"')


def test_codes_are_for_the_halls_own_screen_and_staff_even_where_the_board_is_open_to_all(ward: Ward):
    closed_board(ward)
    Board.objects.update(open_to_all=True)
    other, _ = paired_screen(ward.admin, closed_board(ward, "second"))
    for stranger in (Client(), other):
        assert stranger.get("/display/corridor/").status_code == 200
        for path in (CODES, f"{CODES}view/"):
            answer = stranger.get(path)
            assert answer.status_code == 401
            assert "<svg xmlns" not in answer.content.decode()
            assert "/checkin/" not in answer.content.decode()
    assert browser_of(ward.nurse).get(CODES).status_code == 200
    with open_ward() as house:
        assert browser_of(house.admin).get(CODES).status_code == 401


def test_scanning_writes_nothing_however_often(ward: Ward, django_assert_num_queries: Any):
    path = path_of(door_url(ward.department.id, timezone.now()))
    with django_assert_num_queries(0):
        for _ in range(10):
            assert Client().get(path).status_code == 302
