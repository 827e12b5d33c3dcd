"""Pages of somebody who waits: no sign-in, no name, and nothing to be guessed."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.accounts.queries import tracking_code
from apps.core.models import IdempotencyKey
from apps.queue import commands
from apps.queue.models import Visit
from tests.ward import Ward


@pytest.fixture
def open_now(ward: Ward) -> Ward:
    """The hospital at this hour."""
    ward.now = timezone.now()
    return ward


def page_of(visit: Visit, **headers: str) -> Any:
    """The visit's own page, in somebody's phone."""
    return Client().get(f"/t/{tracking_code(visit.id, timezone.now())}/", headers=headers)


def test_the_page_shows_place_and_initials_but_no_name(open_now: Ward):
    first = open_now.arrive()
    visit = open_now.arrive(open_now.register("Ravi Kumar"), doctor_id=open_now.doctor.id)
    open_now.call_next()
    open_now.arrive()
    third = open_now.arrive(doctor_id=open_now.doctor.id)
    page = page_of(visit).content.decode()
    assert "R. K." in page
    assert "Ravi" not in page
    assert "0 before you" in page
    assert "2 before you" in page_of(third).content.decode()
    assert first.token.label in page


def test_the_page_is_nobody_elses_to_keep_or_to_find(open_now: Ward):
    answer = page_of(open_now.arrive())
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]


def test_a_call_shows_the_room(open_now: Ward):
    visit = open_now.arrive()
    open_now.call_next()
    page = page_of(visit).content.decode()
    assert "It is your turn" in page
    assert f"Go to room {open_now.doctor.room.number}, Boat" in page
    assert 'data-state="called"' in page


@pytest.mark.parametrize("state", ["IN_CONSULTATION", "ON_HOLD", "COMPLETED", "NO_SHOW", "CANCELLED", "SCANNED"])
def test_every_other_state_says_what_to_do(open_now: Ward, state: str):
    visit = open_now.arrive(doctor_id=open_now.doctor.id)
    ended = timezone.now() if state in ("COMPLETED", "NO_SHOW", "CANCELLED") else None
    Visit.objects.filter(id=visit.id).update(state=state, ended_at=ended)
    answer = page_of(visit)
    assert answer.status_code == 200
    assert 'class="why"' in answer.content.decode()


def test_an_unknown_a_revoked_and_an_expired_code_all_look_the_same(open_now: Ward):
    visit = open_now.arrive()
    code = tracking_code(visit.id, timezone.now())
    unknown = Client().get("/t/2222222222/")
    Credential.objects.filter(subject_id=visit.id).update(
        issued_at=timezone.now() - timedelta(days=3), expires_at=timezone.now() - timedelta(days=1)
    )
    expired = Client().get(f"/t/{code}/")
    assert (unknown.status_code, expired.status_code) == (404, 404)
    assert bare(unknown, "2222222222") == bare(expired, code)
    assert Client().get(f"/t/{'x' * 3000}/").status_code == 404


def bare(answer: Any, code: str) -> str:
    """A page without what differs by itself: the protection of its form, and the address it was asked at."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode()).replace(code, "")


@pytest.mark.parametrize("typed", ["{code}", " {upper} ", "http://localhost:8000/t/{code}/", "{half} {other}"])
def test_a_code_is_read_however_it_was_typed(open_now: Ward, typed: str):
    code = tracking_code(open_now.arrive().id, timezone.now())
    typed = typed.format(code=code, upper=code.upper(), half=code[:5], other=code[5:])
    assert Client().get("/t/", {"code": typed}).url == f"/t/{code}/"
    assert Client().get("/t/", {"code": "  "}).url == "/"


def test_the_part_that_changes_is_the_same_until_something_does(open_now: Ward):
    visit = open_now.arrive()
    part = page_of(visit, **{"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="track"')
    same = page_of(visit, **{"HX-Request": "true", "If-None-Match": part["ETag"]})
    assert same.status_code == 304
    open_now.call_next()
    assert page_of(visit, **{"HX-Request": "true", "If-None-Match": part["ETag"]}).status_code == 200


@pytest.fixture
def link(open_now: Ward) -> str:
    """The hall's code of the moment."""
    token, _ends = commands.create_checkin_link(
        actor=open_now.meera, now=timezone.now(), department_id=open_now.department.id, expires_in=60
    )
    return f"/checkin?h={token}"


def test_who_scans_the_halls_code_takes_a_place_and_comes_to_the_own_page(open_now: Ward, link: str):
    phone = Client()
    assert open_now.department.name in phone.get(link).content.decode()
    form = {"name": "Ravi Kumar", "age": "36", "symptoms": "chest pain", "key": uuid4()}
    answer = phone.post(link, form)
    visit = Visit.objects.get()
    assert answer.url == f"/t/{tracking_code(visit.id, timezone.now())}/"
    assert (visit.state, visit.triage_confirmed) == ("URGENT", False)
    assert phone.post(link, form).url == answer.url
    assert Visit.objects.count() == 1
    assert link.partition("=")[2] not in IdempotencyKey.objects.get().scope


def test_the_halls_code_works_once_and_not_for_long(open_now: Ward, link: str):
    Client().post(link, {"name": "Ravi Kumar", "age": "36", "key": uuid4()})
    second = Client().post(link, {"name": "Asha Devi", "age": "34", "key": uuid4()})
    assert second.status_code == 409
    assert "used already" in second.content.decode()
    Credential.objects.filter(kind="checkin").update(
        used_at=None, issued_at=timezone.now() - timedelta(hours=2), expires_at=timezone.now() - timedelta(hours=1)
    )
    late = Client().post(link, {"name": "Asha Devi", "age": "34", "key": uuid4()})
    assert late.status_code == 400
    assert "no longer valid" in late.content.decode()
    assert Visit.objects.count() == 1


@pytest.mark.parametrize("token", ["", "x", "A" * 96, "é"])
def test_a_forged_code_opens_nothing(db: None, token: str):
    answer = Client().get("/checkin", {"h": token})
    assert answer.status_code == 400
    assert "not one of ours" in answer.content.decode()


def test_mistakes_in_the_form_are_shown_and_use_nothing_up(open_now: Ward, link: str):
    phone = Client()
    assert phone.post(link, {"name": " ", "age": "400", "key": uuid4()}).status_code == 400
    assert phone.post(link, {"name": "Ravi Kumar", "age": "36", "key": uuid4()}).status_code == 302
