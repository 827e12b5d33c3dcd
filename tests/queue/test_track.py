"""Pages of somebody who waits: no sign-in, no name, and nothing to be guessed."""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from django.test.client import FakePayload
from django.utils import timezone

from apps.accounts.models import Credential
from apps.accounts.queries import actor_of_tracking, link_keys, tracking_code
from apps.accounts.rules.credentials import CODE_ALPHABET, CODE_LENGTH, CredentialKind
from apps.accounts.rules.links import SignedLink, seal
from apps.audit.models import AuditEntry
from apps.core.models import IdempotencyKey
from apps.core.policy import Role
from apps.queue import commands
from apps.queue.commands.slips import VisitLongOver
from apps.queue.models import Visit
from apps.queue.queries.track import track_sequence, track_view
from apps.scheduling.models import Department, Doctor
from tests.bookings import book, cancel, open_slot
from tests.browsers import browser_of
from tests.marks import tells
from tests.proving import PROVE
from tests.ward import Ward


@pytest.fixture
def open_now(ward: Ward) -> Ward:
    """The hospital at this hour."""
    ward.keep_real_time()
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


def test_the_page_names_places_and_people_in_the_reader_s_language(open_now: Ward):
    Department.objects.filter(id=open_now.department.id).update(names={"ta": "பொது மருத்துவம்"})
    Doctor.objects.filter(id=open_now.doctor.id).update(names={"ta": "டாக்டர் ராவ்", "hi": "डॉ. राव"})
    visit = open_now.arrive(doctor_id=open_now.doctor.id)
    tamil = page_of(visit, accept_language="ta").content.decode()
    assert "<dd>பொது மருத்துவம்</dd>" in tamil
    assert "<dd>டாக்டர் ராவ்</dd>" in tamil
    hindi = page_of(visit, accept_language="hi").content.decode()
    assert f"<dd>{open_now.department.name}</dd>" in hindi
    assert "<dd>डॉ. राव</dd>" in hindi


def test_the_page_is_nobody_elses_to_keep_or_to_find(open_now: Ward):
    answer = page_of(open_now.arrive())
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "same-origin"
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


@pytest.mark.usefixtures("the_clock_stands")
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


SHOWN = {
    "token", "state", "kind", "icon", "state_label", "initials", "department", "doctor", "room", "symbol",
    "people_ahead", "expected", "now_serving", "message", "stream", "sequence", "as_of", "clock",
    "place", "title_far",
    "ahead", "beside", "may_say_here", "may_say_late", "late_choices", "version", "may_cancel", "feedback",
}  # fmt: skip
"""All that a tracking link tells. A new field is a change here: never a name, phone, prescription or invoice."""


@pytest.mark.parametrize("state", ["WAITING", "CALLED", "IN_CONSULTATION", "COMPLETED"])
def test_a_tracking_link_tells_these_fields_and_nothing_else(open_now: Ward, state: str):
    person = open_now.register("Lakshmi Devi", phone="98765 41947")
    visit = open_now.arrive(person, symptoms=["chest pain"])
    for _ in range({"CALLED": 1, "IN_CONSULTATION": 2, "COMPLETED": 3}.get(state, 0)):
        fresh = open_now.fresh(visit)
        if fresh.state == "URGENT":
            open_now.call_next()
        elif fresh.state == "CALLED":
            open_now.start(fresh)
        else:
            open_now.complete(fresh, prescription="Amoxicillin 500")
    found, sequence = track_sequence(visit.id)
    assert set(track_view(found, sequence, open_now.now)) == SHOWN
    page = page_of(visit).content.decode()
    link = {"Authorization": f"Bearer {signed_token(visit)}"}
    api = Client().get(f"/api/v1/patient/visits/{visit.id}", headers=link)
    assert api.status_code == 200
    assert api["Cache-Control"] == "no-store"
    for secret in ("Lakshmi", person.uhid, str(person.id), "chest pain", "Amoxicillin"):
        assert secret not in page
        assert secret not in api.content.decode()
    assert not tells(page, "1947")
    assert not tells(api.content.decode(), "1947")


def signed_token(visit: Visit) -> str:
    """The link of a visit as the API takes it."""
    row = Credential.objects.get(subject_id=visit.id, kind="tracking", revoked_at=None)
    return seal(SignedLink(CredentialKind.TRACKING, row.id, visit.id, row.issued_at, row.expires_at), link_keys()[0])


GUESSES = 100_000 if PROVE else 10_000


def test_no_guess_is_anybodys_link(open_now: Ward):
    """A code is one of 28^10, a token has a seal of 192 bits: guesses are asked of the real table, as they come."""
    for _ in range(20):
        open_now.arrive()
    now, guess = timezone.now(), Random(3)
    visit = Credential.objects.filter(kind="tracking").first()
    assert visit is not None
    hits = 0
    for number in range(GUESSES):
        if number % 2:
            shown = "".join(guess.choices(CODE_ALPHABET, k=CODE_LENGTH))
        else:  # the ids of a real link under a seal that is made up
            real = visit.id.bytes + visit.subject_id.bytes + guess.randbytes(16)
            shown = urlsafe_b64encode(real + guess.randbytes(24)).decode()
        hits += actor_of_tracking(shown, now) is not None
    assert hits == 0
    assert actor_of_tracking(tracking_code(visit.subject_id, now), now) is not None


def test_a_link_that_strangers_have_seen_is_replaced_at_the_desk(open_now: Ward):
    visit = open_now.arrive()
    code, token = tracking_code(visit.id, timezone.now()), signed_token(visit)
    desk = browser_of(open_now.meera)
    slip = f"/admin/desk/slip/{visit.id}/"
    assert f"{slip}link/" in desk.get(slip).content.decode()
    assert desk.get(f"{slip}link/").status_code == 200
    assert Client().get(f"/t/{code}/").status_code == 200  # asking changes nothing
    assert desk.post(f"{slip}link/", {"key": uuid4(), "version": "1"}).url == slip
    assert Client().get(f"/t/{code}/").status_code == 404
    api = Client().get(f"/api/v1/patient/visits/{visit.id}", headers={"Authorization": f"Bearer {token}"})
    assert api.status_code == 401
    assert actor_of_tracking(code, timezone.now()) is None
    fresh = tracking_code(visit.id, timezone.now())
    assert fresh not in ("", code)
    assert fresh in desk.get(slip).content.decode()
    assert Client().get(f"/t/{fresh}/").status_code == 200
    entry = AuditEntry.objects.get(action="tracking_link.renewed")
    assert (entry.actor_id, entry.entity_id, entry.after) == (open_now.meera.id, str(visit.id), {"takenBack": 1})
    assert fresh not in str(vars(entry))


def test_only_who_checks_people_in_replaces_links_and_not_for_ever(open_now: Ward):
    visit = open_now.arrive()
    cashier = browser_of(open_now.as_role(Role.CASHIER))
    assert "/link/" not in cashier.get(f"/admin/desk/slip/{visit.id}/").content.decode()
    assert cashier.post(f"/admin/desk/slip/{visit.id}/link/", {"key": uuid4()}).status_code == 403
    with pytest.raises(VisitLongOver):
        commands.renew_link(actor=open_now.meera, now=timezone.now() + timedelta(days=3), visit_id=visit.id)


@pytest.mark.parametrize("path", ["/t/2222222222/", "/t/?code=x", "/checkin", "/checkin/x"])
def test_every_page_of_a_link_is_kept_from_others(db: None, path: str):
    answer = Client().get(path)
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == ("no-referrer" if path.startswith("/t/?") else "same-origin")


TOO_LARGE = 64 * 1024 + 1


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_over_64_kb_is_refused_in_the_readers_language(open_now: Ward, link: str, content_type: str):
    phone = Client(headers={"Accept-Language": "hi"})
    answer = phone.post(link, b"x" * TOO_LARGE, content_type=content_type)
    assert answer.status_code == 413
    assert 'lang="hi"' in answer.content.decode()
    api = phone.post("/api/v1/patient/checkin", b" " * TOO_LARGE, content_type="application/json")
    assert (api.status_code, api.json()["code"]) == (413, "too_large")
    assert re.search("[ऀ-ॿ]", api.json()["detail"])
    assert Credential.objects.get(kind="checkin").used_at is None
    assert not Visit.objects.exists()


def test_a_body_of_64_kb_is_read(open_now: Ward, link: str):
    words = {"name": "Ravi Kumar", "age": "36", "key": uuid4(), "symptoms": "pain"}
    padded = f"{urlencode(words)}&x="
    body = padded + "x" * (64 * 1024 - len(padded))
    answer = Client().post(link, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 302


@pytest.mark.parametrize("path", ["/checkin?h=x", "/api/v1/patient/checkin"])
def test_a_body_that_does_not_say_how_long_it_is_is_refused_unread(db: None, path: str):
    body = FakePayload(b"x" * TOO_LARGE)
    answer = Client().generic(
        "POST",
        path,
        b"",
        headers={"Transfer-Encoding": "chunked"},
        **{"wsgi.input": body, "CONTENT_TYPE": "application/json"},
    )
    assert answer.status_code == 411
    assert not body.read_started


def test_a_booking_goes_into_the_phones_calendar_until_somebody_comes_for_it(open_now: Ward):
    row = book(open_now, open_slot(open_now, 30), patient=open_now.register("Ravi Kumar")).appointment
    path = f"/t/{tracking_code(row.id, timezone.now())}/"
    assert f"{path}appointment.ics" in Client().get(path).content.decode()
    answer = Client().get(f"{path}appointment.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    file = answer.content.decode().replace("\r\n ", "")
    assert f"DTSTART:{row.at:%Y%m%dT%H%M%SZ}" in file
    assert f"{row.token.label}" in file
    for secret in ("Ravi", "R. K.", open_now.department.name, open_now.doctor.name):
        assert secret not in file
    cancel(open_now, row)
    assert Client().get(f"{path}appointment.ics").status_code == 404
    assert Client().get("/t/2222222222/appointment.ics").status_code == 404
    here = open_now.arrive()
    assert Client().get(f"/t/{tracking_code(here.id, timezone.now())}/appointment.ics").status_code == 404


def test_what_a_page_can_be_heard_saying_names_nobody(open_now: Ward):
    visit = open_now.arrive(open_now.register("Ravi Kumar"), doctor_id=open_now.doctor.id)
    open_now.call_next()
    page = page_of(visit).content.decode()
    said = re.search(r'data-say="([^"]*)"', page)
    assert said
    assert said[1] == f"Your turn: room {open_now.doctor.room.number}, Boat."
