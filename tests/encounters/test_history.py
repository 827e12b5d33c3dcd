"""Past visits and prescriptions: of the own departments, or of all while the glass is broken, and never for long."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.policy import Actor, Role
from apps.encounters.queries import earlier_visits, history, history_values
from apps.patients.commands import break_glass
from apps.patients.models import EmergencyAccess
from tests.browsers import browser_of
from tests.patients.test_api import ask
from tests.ward import Ward, open_ward

REASON = "Unconscious, brought in by ambulance"
HERE, THERE = "Paracetamol 500 mg", "Sertraline 50 mg"


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """Two departments with a doctor each, at this hour."""
    with open_ward(departments=2, doctors=2) as opened:
        opened.keep_real_time()
        opened.later(hours=-1)
        yield opened


@pytest.fixture
def asha(ward: Ward) -> Any:
    """Seen in both departments, with a prescription from each."""
    patient = ward.register("Asha Devi")
    for place, doctor, text in zip(ward.departments, ward.doctors, (HERE, THERE), strict=True):
        ward.arrive(patient, place, symptoms=["cough"])
        visit = ward.call_next(doctor)
        assert visit
        ward.start(visit)
        ward.complete(visit, text)
        ward.later(minutes=5)
    return patient


def texts(actor: Actor, patient: Any) -> list[str]:
    """The prescriptions that somebody reads, newest visit first."""
    answer = ask(actor, "GET", f"patients/{patient.id}/visits")
    assert answer.status_code == 200, answer.json
    assert answer.json["count"] == len(answer.json["results"])
    return [row["prescription"]["text"] for row in answer.json["results"]]


def test_a_doctor_reads_what_the_own_departments_wrote_and_sees_no_trace_of_others(ward: Ward, asha: Any) -> None:
    assert texts(ward.as_doctor(ward.doctors[0]), asha) == [HERE]
    assert texts(ward.as_doctor(ward.doctors[1]), asha) == [THERE]
    page = browser_of(ward.rao).get(f"/record/{asha.id}/").content.decode()
    assert (HERE in page, THERE in page, ward.departments[1].name in page) == (True, False, False)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.RECEPTION, Role.NURSE, Role.CASHIER, Role.LAB])
def test_who_does_not_treat_reads_nothing_of_it(ward: Ward, asha: Any, role: Role) -> None:
    somebody = ward.as_role(role)
    answer = ask(somebody, "GET", f"patients/{asha.id}/visits")
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    page = browser_of(somebody).get(f"/record/{asha.id}/")
    assert page.status_code == (200 if role is Role.NURSE else 403)
    assert HERE not in page.content.decode()
    assert AuditEntry.objects.filter(action="refused", entity_id="patient.clinical", actor_id=somebody.id).exists()
    assert not AuditEntry.objects.filter(action="patient.opened", actor_id=somebody.id).exists()


def test_the_pharmacist_reads_todays_prescriptions_and_no_complaints(ward: Ward, asha: Any) -> None:
    pharmacist = ward.as_role(Role.PHARMACIST)
    assert texts(pharmacist, asha) == [THERE, HERE]
    found = history(pharmacist, asha.id, ward.now)
    assert all("symptoms" not in row for row in history_values(list(found.visits), found, pharmacist))
    assert not history(pharmacist, asha.id, ward.now + timedelta(days=1)).visits.exists()


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.NURSE])
def test_a_broken_glass_opens_all_departments_until_it_ends(ward: Ward, asha: Any, role: Role) -> None:
    somebody = ward.as_role(role, [ward.departments[0]])
    break_glass(actor=somebody, now=timezone.now(), patient_id=asha.id, reason=REASON)
    assert texts(somebody, asha) == [THERE, HERE]
    access = EmergencyAccess.objects.get()
    assert AuditEntry.objects.get(action="patient.opened").reason == f"emergency access {access.id}"
    over = timezone.now() - timedelta(minutes=31)
    EmergencyAccess.objects.update(opened_at=over, ends_at=over + timedelta(minutes=30))
    if role is Role.DOCTOR:
        assert texts(somebody, asha) == [HERE]
    else:
        assert ask(somebody, "GET", f"patients/{asha.id}/visits").status_code == 403


def test_a_broken_glass_opens_the_history_and_no_visit_of_another_department_to_act_on(ward: Ward, asha: Any) -> None:
    waiting = ward.arrive(department=ward.departments[1])
    break_glass(actor=ward.rao, now=timezone.now(), patient_id=waiting.patient_id, reason=REASON)
    assert ask(ward.rao, "GET", f"visits/{waiting.id}").status_code == 404
    assert ask(ward.rao, "POST", f"doctor/visits/{waiting.id}/hold", {"reason": "x"}).status_code == 403
    refused = AuditEntry.objects.filter(action="refused", actor_id=ward.rao.id)
    assert set(refused.values_list("entity_id", flat=True)) == {"queue.read", "visit.hold"}


def test_a_record_of_another_facility_is_not_there(ward: Ward) -> None:
    with open_ward() as other:
        stranger = other.register()
    with open_ward() as here:
        assert ask(here.rao, "GET", f"patients/{stranger.id}/visits").status_code == 404
        assert browser_of(here.rao).get(f"/record/{stranger.id}/").status_code == 404


def test_reading_history_costs_the_same_however_many_visits(
    ward: Ward, asha: Any, django_assert_max_num_queries: Any
) -> None:
    found = history(ward.rao, asha.id, ward.now)
    with django_assert_max_num_queries(3):
        history_values(list(found.visits), found, ward.rao)


# --- the page -----------------------------------------------------------------------------------------------------


def send(browser: Client, patient: Any, what: str, **form: str) -> Any:
    return browser.post(f"/record/{patient.id}/{what}/", form | {"key": f"{what} {form}"})


def test_the_page_asks_why_opens_says_until_when_and_closes(ward: Ward, asha: Any) -> None:
    browser = browser_of(ward.rao)
    refused = send(browser, asha, "open", reason="because")
    assert (refused.status_code, THERE in refused.content.decode()) == (400, False)
    assert send(browser, asha, "open", reason=REASON).status_code == 302
    page = browser.get(f"/record/{asha.id}/").content.decode()
    assert THERE in page
    assert "Close the record" in page
    assert send(browser, asha, "close").status_code == 302
    assert THERE not in browser.get(f"/record/{asha.id}/").content.decode()


def test_the_console_leads_to_earlier_visits(ward: Ward, asha: Any) -> None:
    ward.keep_real_time()
    ward.arrive(asha, ward.departments[0])
    visit = ward.call_next(ward.doctors[0])
    assert visit
    page = browser_of(ward.rao).get(f"/console/{ward.doctor.id}/").content.decode()
    assert f"/record/{asha.id}/" in page


@pytest.mark.parametrize("what", ["open", "close"])
@pytest.mark.parametrize("role", [Role.RECEPTION, Role.ADMIN, Role.PHARMACIST])
def test_who_may_not_break_the_glass_is_refused_by_the_page_too(ward: Ward, asha: Any, role: Role, what: str) -> None:
    assert send(browser_of(ward.as_role(role)), asha, what, reason=REASON).status_code == 403
    assert not EmergencyAccess.objects.exists()


def test_beside_a_consultation_stand_the_earlier_visits_that_the_doctor_may_read(
    ward: Ward, asha: Any, django_assert_num_queries: Any
) -> None:
    visit = ward.arrive(asha, ward.departments[0])
    ward.call_next(ward.doctors[0])
    console = browser_of(ward.as_doctor(ward.doctors[0]))
    path = f"/console/{ward.doctors[0].id}/"
    called = console.get(path).content.decode()
    assert re.search(r'<aside class="pane past"[^>]* hidden>', called), "nobody sits there yet"
    assert HERE not in called
    ward.start(ward.fresh(visit))
    page = console.get(path).content.decode()
    assert not re.search(r'<aside class="pane past"[^>]* hidden>', page)
    assert (HERE in page, THERE in page, "cough" in page) == (True, False, True)
    with django_assert_num_queries(5):
        assert len(earlier_visits(ward.as_doctor(ward.doctors[0]), asha.id, visit.id, ward.now)) == 1


def test_who_calls_for_a_doctor_sees_no_earlier_visits(ward: Ward, asha: Any) -> None:
    assert earlier_visits(ward.as_role(Role.NURSE), asha.id, asha.id, ward.now) == []
