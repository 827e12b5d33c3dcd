"""The desk in the admin: find or register, walk in, print, and what is done from today's list."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.queries import tracking_code
from apps.audit.models import AuditEntry
from apps.core.policy import Role
from apps.core.relay import Relay
from apps.queue.models import Visit
from apps.queue.queries.links import code_in, tracking_code_of
from apps.scheduling.models import Department, Doctor
from opd.subscriptions import handlers_for
from tests.bookings import book, open_slot
from tests.browsers import browser_of
from tests.marks import tells
from tests.ward import Ward, add_doctor, open_ward

TODAY = "/admin/desk/today/"
STATEMENTS = 14
"""Of the whole page: session, credential, departments with streams, count, who is shown, they, times, doctors; whom
somebody has to look at now by vital signs and by results; messages that did not go out, and providers that do not
answer."""


@pytest.fixture
def open_now(ward: Ward) -> Ward:
    """The hospital at this hour: pages know no other."""
    ward.keep_real_time()
    return ward


@pytest.fixture
def desk(open_now: Ward) -> Client:
    """Meera's browser."""
    return browser_of(open_now.meera)


def test_todays_list_shows_numbers_people_and_states(open_now: Ward, desk: Client):
    first = open_now.arrive(open_now.register("Lakshmi Devi", 67, phone="98765 41947"))
    open_now.arrive(open_now.register("Ramesh Kumar"), symptoms=["strong chest pain"])
    page = desk.get(TODAY).content.decode()
    assert first.token.label in page
    assert "Lakshmi Devi" in page
    assert "67 F, phone ends 1947" in page
    assert "Chest pain" in page
    assert "Elderly" in page


@pytest.mark.parametrize("role", [Role.CASHIER, Role.PHARMACIST, Role.LAB])
def test_who_only_looks_learns_nothing_of_complaints_needs_or_phones(open_now: Ward, role: Role):
    open_now.arrive(open_now.register("Lakshmi Devi", 67, phone="98765 41947"), symptoms=["strong chest pain"])
    browser = browser_of(open_now.as_role(role))
    page = browser.get(TODAY).content.decode()
    assert "Lakshmi Devi" in page
    assert "Chest pain" not in page
    assert "Elderly" not in page
    assert tells(page, "1947") == (role == Role.CASHIER)
    assert bool(rows(browser.get(TODAY, {"q": "1947"}))) == (role == Role.CASHIER)


def test_todays_list_costs_the_same_however_many_came(open_now: Ward, desk: Client, django_assert_num_queries: Any):
    open_now.arrive()
    desk.get(TODAY)
    for _ in range(12):
        open_now.arrive()
    with django_assert_num_queries(STATEMENTS):
        assert len(rows(desk.get(TODAY))) == 13


def test_who_waits_has_the_likely_time_that_their_own_page_tells(open_now: Ward, desk: Client):
    inside = open_now.arrive()
    open_now.call_next()
    waiting = [open_now.arrive() for _ in range(3)]
    Relay(handlers_for).run_once()
    answer = desk.get(TODAY)
    times = dict(zip(rows(answer), [row["likely"] for row in answer.context["rows"]], strict=True))
    own = Client().get(f"/t/{tracking_code_of(waiting[-1], open_now.now)}/").content.decode()
    assert times[inside.token.label] == ""
    assert re.fullmatch(r"\d\d:\d\d to \d\d:\d\d", times[waiting[-1].token.label])
    assert times[waiting[-1].token.label] in own
    assert times[waiting[-1].token.label] in answer.content.decode()


def test_a_list_of_everybody_is_read_in_pages(open_now: Ward, desk: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("apps.queue.views.desk.ROWS", 2)
    labels = [open_now.arrive().token.label for _ in range(3)]
    assert rows(desk.get(TODAY)) == labels[:2]
    assert rows(desk.get(TODAY, {"page": 2})) == labels[2:]


@pytest.mark.parametrize("typed", ["{label}", "{number}", "lakshmi", "LAKSHMI DEVI", "1947", "{letter} {plain}"])
def test_somebody_is_found_by_token_name_or_last_digits(open_now: Ward, desk: Client, typed: str):
    open_now.arrive()
    visit = open_now.arrive(open_now.register("Lakshmi Devi", 67, phone="98765 41947"))
    token = visit.token
    query = typed.format(label=token.label.lower(), number=token.token_number, letter=token.letter, plain=token.number)
    assert rows(desk.get(TODAY, {"q": query})) == [token.label]


def test_a_scanned_slip_finds_the_visit_or_leads_to_the_booking(open_now: Ward, desk: Client):
    open_now.arrive()
    visit = open_now.arrive()
    address = f"https://hospital.example/t/{tracking_code(visit.id, timezone.now())}/"
    assert rows(desk.get(TODAY, {"q": address})) == [visit.token.label]
    booked = book(open_now, open_slot(open_now)).appointment
    answer = desk.get(TODAY, {"q": tracking_code(booked.id, timezone.now())})
    assert answer.url == f"/admin/desk/bookings/{booked.id}/"
    assert rows(desk.get(TODAY, {"q": "abcdefghjk"})) == []


def test_filters_narrow_the_list_and_nonsense_in_them_is_left_out(desk: Client, open_now: Ward):
    waiting = open_now.arrive()
    called = open_now.call_next()
    later = open_now.arrive()
    assert called is not None
    assert rows(desk.get(TODAY, {"state": "called"})) == [waiting.token.label]
    assert rows(desk.get(TODAY, {"state": "waiting"})) == [later.token.label]
    assert rows(desk.get(TODAY, {"doctor": str(open_now.doctor.id)})) == [waiting.token.label]
    nonsense = {"state": "x", "doctor": "y", "department": "z", "page": "-4"}
    assert len(rows(desk.get(TODAY, nonsense))) == 2


def test_doctors_and_departments_are_called_as_the_reader_calls_them(desk: Client, open_now: Ward):
    Doctor.objects.filter(id=open_now.doctor.id).update(names={"hi": "डॉ. राव"})
    Department.objects.filter(id=open_now.department.id).update(names={"hi": "सामान्य चिकित्सा"})
    open_now.arrive(doctor_id=open_now.doctor.id)
    desk.cookies["django_language"] = "hi"
    page = desk.get(TODAY).content.decode()
    assert "<td>डॉ. राव</td>" in page
    assert page.count("डॉ. राव") >= 2
    assert ">सामान्य चिकित्सा</a>" in page


def test_the_desk_of_one_department_does_not_see_another(desk: Client):
    with open_ward(departments=2) as two:
        two.keep_real_time()
        here, there = two.arrive(), two.arrive(department=two.departments[1])
        narrow = browser_of(two.as_role(Role.RECEPTION, [two.departments[0]]))
        assert rows(narrow.get(TODAY)) == [here.token.label]
        assert narrow.get(f"/admin/desk/slip/{there.id}/").status_code == 404


@pytest.mark.usefixtures("the_clock_stands")
def test_the_list_alone_answers_to_the_page_itself_and_says_when_nothing_changed(open_now: Ward, desk: Client):
    open_now.arrive()
    part = desk.get(TODAY, headers={"HX-Request": "true"})
    assert part.content.decode().startswith('<div id="today"')
    same = desk.get(TODAY, headers={"HX-Request": "true", "If-None-Match": part["ETag"]})
    assert same.status_code == 304
    open_now.arrive()
    changed = desk.get(TODAY, headers={"HX-Request": "true", "If-None-Match": part["ETag"]})
    assert changed.status_code == 200


def test_the_doctor_with_the_fewest_waiting_is_chosen_beforehand(open_now: Ward, desk: Client):
    free = add_doctor(open_now, [open_now.department])
    add_doctor(open_now, [open_now.department], availability="OFFLINE")
    open_now.arrive(doctor_id=open_now.doctor.id)
    page = desk.get("/admin/desk/walk-in/", {"patient": open_now.register().id}).content.decode()
    assert re.search(rf'value="{open_now.department.id}:{free.id}" selected', page)
    assert f"{open_now.doctor.name}, 1 waiting" in page
    assert "(not here now)" in page
    assert "chest pain" in page


def test_a_walk_in_gets_one_number_however_often_the_button_is_pressed(open_now: Ward, desk: Client):
    patient = open_now.register()
    form = walk_in(open_now) | {"symptoms": "fever\nchest pain\n"}
    answers = [desk.post(f"/admin/desk/walk-in/?patient={patient.id}", form) for _ in range(2)]
    visit = Visit.objects.get(patient=patient)
    assert visit.state == "URGENT"
    assert visit.symptoms == ["fever", "chest pain"]
    assert {answer.url for answer in answers} == {f"/admin/desk/slip/{visit.id}/?print=now"}


def test_a_second_visit_in_the_same_queue_is_refused_in_a_sentence(open_now: Ward, desk: Client):
    patient = open_now.register()
    open_now.arrive(patient)
    answer = desk.post(f"/admin/desk/walk-in/?patient={patient.id}", walk_in(open_now))
    assert answer.status_code == 409
    assert "already has an open visit" in answer.content.decode()


def test_a_walk_in_without_a_person_asks_who_it_is(desk: Client):
    assert desk.get("/admin/desk/walk-in/").url == "/admin/desk/find/"
    assert desk.get("/admin/desk/walk-in/", {"patient": uuid4()}).status_code == 404


def test_the_slip_shows_number_room_and_code_but_no_name(open_now: Ward, desk: Client):
    visit = open_now.arrive(open_now.register("Ravi Kumar", 36), doctor_id=open_now.doctor.id)
    page = desk.get(f"/admin/desk/slip/{visit.id}/").content.decode()
    assert visit.token.label in page
    assert "R. K., 36 F" in page
    assert "Ravi" not in page
    assert "<svg" in page
    code = re.search(r"/t/(\w{10})/", page)
    assert code
    assert Client().get(f"/t/{code[1]}/").status_code == 200


def test_the_slips_own_language_names_the_rooms_picture_first(open_now: Ward, desk: Client):
    visit = open_now.arrive(open_now.register("Ravi Kumar", 36, language="ta"), doctor_id=open_now.doctor.id)
    page = desk.get(f"/admin/desk/slip/{visit.id}/").content.decode()
    assert page.index("படகு") < page.index("Boat") < page.index("नाव")


def test_a_slip_printed_later_is_a_copy_with_the_same_code(open_now: Ward, desk: Client):
    visit = open_now.arrive()
    first = desk.get(f"/admin/desk/slip/{visit.id}/").content.decode()
    Visit.objects.filter(id=visit.id).update(scanned_at=timezone.now() - timedelta(minutes=3))
    second = desk.get(f"/admin/desk/slip/{visit.id}/").content.decode()
    assert 'class="copy"' not in first
    assert 'class="copy"' in second
    assert re.findall(r"/t/\w{10}/", first) == re.findall(r"/t/\w{10}/", second)


def test_a_visit_is_cancelled_with_a_reason_and_the_reason_is_kept(open_now: Ward, desk: Client):
    visit = open_now.arrive()
    address = f"/admin/desk/visits/{visit.id}/cancel/"
    assert desk.get(address).status_code == 200
    assert desk.post(address, {"version": visit.version, "key": uuid4()}).status_code == 400
    answer = desk.post(address, {"version": visit.version, "key": uuid4(), "reason": "Went home"})
    assert answer.url == TODAY
    assert Visit.objects.get(id=visit.id).state == "CANCELLED"
    assert AuditEntry.objects.get(action="visit.cancel").reason == "Went home"


def test_urgent_needs_a_reason_and_an_emergency_goes_before_all(open_now: Ward, desk: Client):
    visit = open_now.arrive()
    address = f"/admin/desk/visits/{visit.id}/urgent/"
    desk.post(address, {"version": visit.version, "key": uuid4(), "reason": "Fainted", "emergency": "on"})
    visit = open_now.fresh(visit)
    assert (visit.state, visit.emergency) == ("URGENT", True)


def test_somebody_who_scanned_a_printed_code_is_let_in_from_the_list(open_now: Ward, desk: Client):
    visit = open_now.arrive()
    Visit.objects.filter(id=visit.id).update(state="SCANNED", queued_at=None)
    page = desk.get(TODAY).content.decode()
    assert "data-check-in" in page
    desk.post(f"/admin/desk/visits/{visit.id}/confirm/", {"version": visit.version, "key": uuid4()})
    assert open_now.fresh(visit).state == "WAITING"


def test_who_comes_too_late_is_told_and_sees_how_it_stands(open_now: Ward, desk: Client):
    visit = open_now.arrive()
    open_now.call_next()
    form = {"version": visit.version, "key": uuid4(), "reason": "Fainted"}
    answer = desk.post(f"/admin/desk/visits/{visit.id}/urgent/", form)
    assert answer.status_code == 409
    assert "Somebody else acted on this visit" in answer.content.decode()


def test_the_cashier_looks_but_does_not_act(open_now: Ward):
    visit = open_now.arrive()
    cashier = browser_of(open_now.as_role(Role.CASHIER))
    page = cashier.get(TODAY).content.decode()
    assert visit.token.label in page
    assert "/cancel/" not in page
    form = {"version": visit.version, "key": uuid4(), "reason": "x"}
    assert cashier.post(f"/admin/desk/visits/{visit.id}/cancel/", form).status_code == 403
    assert open_now.fresh(visit).state == "WAITING"


@pytest.mark.parametrize(
    "path", ["today/", "find/", "register/", "walk-in/", "slip/00000000-0000-4000-8000-000000000000/"]
)
def test_nobody_sees_the_desk_without_signing_in(db: None, path: str):
    assert "/login/" in Client().get(f"/admin/desk/{path}").url


def test_a_department_closes_only_when_nobody_waits(open_now: Ward):
    admin = browser_of(open_now.admin)
    visit = open_now.arrive()
    address = f"/admin/departments/{open_now.department.id}/close/"
    assert admin.post(address, {"key": uuid4()}).status_code == 409
    open_now.call_next()
    open_now.see(visit)
    assert admin.post(address, {"key": uuid4()}).status_code == 302
    open_now.department.refresh_from_db()
    assert open_now.department.status == "INACTIVE"


def rows(answer: Any) -> list[str]:
    """The tokens of the list, from above."""
    return re.findall(r'<th scope="row"><span class="tag"[^>]*>(\w+)</span>', answer.content.decode())


def walk_in(ward: Ward) -> dict[str, Any]:
    """A form for a number."""
    return {"place": str(ward.department.id), "source": "walk_in", "needs": "", "key": uuid4()}


@pytest.mark.parametrize("typed", ["//[", "http://[x", "//℀/t/abc/"])
def test_an_address_that_is_none_holds_no_code(typed):
    assert code_in(typed) == ""
