"""The doctor's console: every button is a command, every answer shows how things stand."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.policy import Role
from apps.encounters.models import Prescription
from apps.queue.models import Visit
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with Dr Rao, at this hour."""
    with open_ward() as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def rao(ward: Ward) -> Client:
    """Dr Rao's browser."""
    return browser_of(ward.rao)


def press(browser: Client, ward: Ward, action: str, visit: Visit | None = None, **more: Any) -> Any:
    """A button of Dr Rao's console is pressed beside a visit."""
    form = {"key": uuid4()} | ({"visit": visit.id, "version": visit.version} if visit else {}) | more
    return browser.post(f"/console/{ward.doctor.id}/{action}/", form, headers=HTMX)


def test_a_doctor_comes_to_the_own_console_and_others_choose(ward: Ward, rao: Client):
    assert rao.get("/console/").url == f"/console/{ward.doctor.id}/"
    assert ward.doctor.name in browser_of(ward.nurse).get("/console/").content.decode()


def test_a_whole_consultation_from_the_console(ward: Ward, rao: Client):
    visit = ward.arrive(ward.register("Asha Devi"))
    assert "Next: Asha Devi" in rao.get(f"/console/{ward.doctor.id}/").content.decode()
    press(rao, ward, "call", visit)
    press(rao, ward, "call-again", ward.fresh(visit))
    press(rao, ward, "start", ward.fresh(visit))
    answer = press(rao, ward, "finish", ward.fresh(visit), prescription="Paracetamol 500 mg")
    assert answer.status_code == 200
    assert f"Visit {visit.token.label} is finished." in answer.content.decode()
    assert ward.fresh(visit).state == "COMPLETED"
    assert ward.fresh(visit).times_called == 2
    assert Prescription.objects.get(visit_id=visit.id).content == "Paracetamol 500 mg"


def test_a_reason_that_no_column_can_hold_is_refused(ward: Ward, rao: Client):
    visit = ward.arrive()
    ward.call_next()
    assert press(rao, ward, "hold", ward.fresh(visit), reason="blood\0 test").status_code == 400
    assert ward.fresh(visit).state == "CALLED"


def test_finish_and_call_brings_the_next_in_one_press(ward: Ward, rao: Client):
    first, second = ward.arrive(), ward.arrive()
    ward.call_next()
    ward.start(first)
    following = {"next_visit": second.id, "next_version": second.version}
    answer = press(rao, ward, "finish-and-call", ward.fresh(first), **following)
    assert answer.status_code == 200
    assert (ward.fresh(first).state, ward.fresh(second).state) == ("COMPLETED", "CALLED")


def test_the_same_press_twice_acts_once_and_answers_alike(ward: Ward, rao: Client):
    first, second, third = ward.arrive(), ward.arrive(), ward.arrive()
    ward.call_next()
    ward.start(first)
    seen = ward.fresh(first)
    form = {"key": "same", "next_visit": second.id, "next_version": second.version}
    statuses = [press(rao, ward, "finish-and-call", seen, **form).status_code for _ in range(2)]
    assert statuses == [200, 200]
    assert [ward.fresh(v).state for v in (first, second, third)] == ["COMPLETED", "CALLED", "WAITING"]
    assert AuditEntry.objects.filter(action="visit.complete").count() == 1


def test_when_the_next_is_gone_the_visit_is_finished_and_it_is_said(ward: Ward, rao: Client):
    other = add_doctor(ward, [ward.department])
    first, second = ward.arrive(), ward.arrive()
    ward.call_next()
    ward.start(first)
    following = {"next_visit": second.id, "next_version": second.version}
    ward.call_next(other)
    answer = press(rao, ward, "finish-and-call", ward.fresh(first), **following)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert f"{first.token.label} is finished. The next person was not called" in page
    assert f"{other.name} called {second.token.label}" in page
    assert ward.fresh(first).state == "COMPLETED"


def test_two_doctors_press_at_once_and_the_slower_is_told_who_was_faster(ward: Ward, rao: Client):
    other = add_doctor(ward, [ward.department])
    visit, following = ward.arrive(), ward.arrive()
    ward.call_next(other)
    answer = press(rao, ward, "call", visit)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert f"{other.name} called {visit.token.label} at" in page
    assert following.token.label in page


def test_a_conflict_keeps_what_was_written(ward: Ward, rao: Client):
    visit = ward.arrive()
    ward.call_next()
    ward.start(visit)
    stale = ward.fresh(visit)
    stale.version -= 1
    answer = press(rao, ward, "finish", stale, prescription="Metformin 500 mg")
    assert answer.status_code == 409
    assert "Metformin 500 mg" in answer.content.decode()
    assert not Prescription.objects.exists()


def test_who_did_not_come_waits_aside_comes_back_or_is_taken_off(ward: Ward, rao: Client):
    visit = ward.arrive()
    ward.call_next()
    press(rao, ward, "did-not-come", ward.fresh(visit))
    assert ward.fresh(visit).state == "ON_HOLD"
    press(rao, ward, "resume", ward.fresh(visit))
    assert ward.fresh(visit).state == "WAITING"
    press(rao, ward, "call", ward.fresh(visit))
    press(rao, ward, "put-back", ward.fresh(visit))
    assert ward.fresh(visit).state == "WAITING"
    ward.call_next()
    assert press(rao, ward, "hold", ward.fresh(visit), reason=" ").status_code == 400
    press(rao, ward, "hold", ward.fresh(visit), reason="Sent for a test")
    assert ward.fresh(visit).hold_reason == "Sent for a test"
    press(rao, ward, "no-show", ward.fresh(visit))
    assert ward.fresh(visit).state == "NO_SHOW"


def test_a_session_begins_pauses_and_ends_at_the_console(ward: Ward, rao: Client):
    for action, status in (("pause", "PAUSED"), ("end", "OFFLINE"), ("begin", "AVAILABLE")):
        ward.doctor.refresh_from_db()
        assert press(rao, ward, action, version=ward.doctor.version).status_code == 200
        ward.doctor.refresh_from_db()
        assert ward.doctor.availability == status


def test_nobody_is_called_to_a_doctor_who_is_not_there(ward: Ward):
    visit = ward.arrive()
    away = add_doctor(ward, [ward.department], availability="OFFLINE")
    browser = browser_of(ward.as_doctor(away))
    form = {"key": uuid4(), "visit": visit.id, "version": visit.version}
    answer = browser.post(f"/console/{away.id}/call/", form, headers=HTMX)
    assert answer.status_code == 409
    assert "not seeing patients now" in answer.content.decode()


def test_a_form_without_scripts_leads_back_to_the_page(ward: Ward, rao: Client):
    visit = ward.arrive()
    form = {"key": uuid4(), "visit": visit.id, "version": visit.version}
    answer = rao.post(f"/console/{ward.doctor.id}/call/", form)
    assert answer.url == f"/console/{ward.doctor.id}/"


def test_opening_a_persons_record_is_audited_once_per_visit_and_person_looking(ward: Ward, rao: Client):
    visit = ward.arrive()
    rao.get(f"/console/{ward.doctor.id}/")
    assert not opened(visit)
    ward.call_next()
    for _ in range(3):
        rao.get(f"/console/{ward.doctor.id}/")
    assert opened(visit) == [str(ward.rao.id)]
    browser_of(ward.nurse).get(f"/console/{ward.doctor.id}/")
    assert sorted(opened(visit)) == sorted([str(ward.rao.id), str(ward.nurse.id)])


def opened(visit: Visit) -> list[str]:
    """Who opened the record of the visit's person."""
    entries = AuditEntry.objects.filter(action="patient.opened", entity_type="patient", entity_id=str(visit.patient_id))
    return [str(entry.actor_id) for entry in entries]


def test_a_doctor_neither_sees_nor_uses_another_doctors_console(ward: Ward, rao: Client):
    other = add_doctor(ward, [ward.department])
    visit = ward.arrive()
    assert rao.get(f"/console/{other.id}/").status_code == 403
    form = {"key": uuid4(), "visit": visit.id, "version": visit.version}
    assert rao.post(f"/console/{other.id}/call/", form).status_code == 403
    assert ward.fresh(visit).state == "WAITING"


def test_the_console_is_for_those_whose_role_calls(ward: Ward):
    assert browser_of(ward.as_role(Role.CASHIER)).get(f"/console/{ward.doctor.id}/").status_code == 403
    assert "/login/" in Client().get(f"/console/{ward.doctor.id}/").url
    with open_ward() as elsewhere:
        stranger = browser_of(elsewhere.meera)
    assert stranger.get(f"/console/{ward.doctor.id}/").status_code == 404


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("call", {}),
        ("call", {"visit": "x", "version": "1"}),
        ("start", {"visit": "00000000-0000-4000-8000-000000000000", "version": "9" * 40}),
        ("begin", {"version": "-1"}),
        ("finish", {"visit": "00000000-0000-4000-8000-000000000000", "version": "1", "prescription": "x" * 20_001}),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(ward: Ward, rao: Client, action: str, form: dict[str, str]):
    ward.arrive()
    answer = rao.post(f"/console/{ward.doctor.id}/{action}/", {"key": uuid4()} | form, headers=HTMX)
    assert 400 <= answer.status_code < 500
    assert Visit.objects.get().state == "WAITING"
    assert rao.post(f"/console/{ward.doctor.id}/dance/").status_code == 404


@pytest.mark.usefixtures("the_clock_stands")
def test_the_part_that_changes_is_the_same_until_something_does(ward: Ward, rao: Client):
    ward.arrive()
    address = f"/console/{ward.doctor.id}/"
    part = rao.get(address, headers=HTMX)
    assert part.content.decode().startswith('<div id="console"')
    assert rao.get(address, headers=HTMX | {"If-None-Match": part["ETag"]}).status_code == 304
    ward.call_next()
    assert rao.get(address, headers=HTMX | {"If-None-Match": part["ETag"]}).status_code == 200
