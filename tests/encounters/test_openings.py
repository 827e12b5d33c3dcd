"""A person sees who opened their record, and nobody sees that of others."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.audit.models import AuditEntry
from apps.core.policy import Role
from apps.encounters.queries.openings import openings_of, openings_told
from apps.patients.commands import break_glass
from apps.patients.rules.login_codes import FRESH
from tests.browsers import browser_of
from tests.patients.codes import PHONE, phone_of
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward(departments=2, doctors=2) as ward:
        ward.keep_real_time()
        yield ward


def with_doctor(ward: Ward, name: str = "Asha Devi", phone: str = PHONE) -> Any:
    """Somebody who is with the doctor just now."""
    visit = ward.arrive(ward.register(name=name, phone=phone))
    ward.call_next()
    ward.start(visit)
    return visit


def opened(phone: Client, patient_id: Any, language: str = "en") -> str:
    return phone.get(f"/me/opened/{patient_id}/", headers={"Accept-Language": language}).content.decode()


def test_a_person_reads_who_read_what_and_why(ward: Ward):
    visit = with_doctor(ward)
    assert browser_of(ward.as_doctor(ward.doctor)).get(f"/note/{visit.id}/").status_code == 200
    khan = ward.as_doctor(ward.doctors[1])
    break_glass(actor=khan, now=timezone.now(), patient_id=visit.patient_id, reason="Brought in by ambulance")
    page = opened(phone_of(timezone.now()), visit.patient_id)
    assert f"{ward.staff[ward.doctor.staff_id].name}, doctor read the notes of a visit, because you were in" in page
    assert "opened your whole record in an emergency, because you were here for a visit" in page
    assert "Reason given: Brought in by ambulance" in page


def test_what_happens_without_a_visit_is_marked(ward: Ward):
    visit = with_doctor(ward)
    ward.later(minutes=-5)
    ward.complete(visit)
    browser_of(ward.as_doctor(ward.doctor)).get(f"/note/{visit.id}/")
    assert "You were not here for a visit then." in opened(phone_of(timezone.now()), visit.patient_id)


@pytest.mark.parametrize(("language", "expected"), [("hi", "ने एक विज़िट के नोट पढ़े"), ("ta", "குறிப்புகளைப் படித்தார்")])
def test_it_is_told_in_the_readers_language(ward: Ward, language: str, expected: str):
    visit = with_doctor(ward)
    browser_of(ward.as_doctor(ward.doctor)).get(f"/note/{visit.id}/")
    assert expected in opened(phone_of(timezone.now()), visit.patient_id, language)


def test_nobody_sees_it_of_another_family_nor_without_a_fresh_code(ward: Ward):
    own, other = with_doctor(ward), ward.register(name="Ravi Kumar", phone="+919811122334")
    phone = phone_of(timezone.now())
    api = "/api/v1/patients/{}/access-log"
    assert phone.get(f"/me/opened/{other.id}/").status_code == 404
    assert phone.get(api.format(other.id)).status_code == 404
    assert phone.get(api.format(own.patient_id)).status_code == 200
    Credential.objects.filter(kind="patient_login").update(issued_at=timezone.now() - FRESH - timedelta(seconds=1))
    assert phone.get(f"/me/opened/{own.patient_id}/").status_code == 302
    refused = phone.get(api.format(own.patient_id))
    assert (refused.status_code, refused.json()["code"]) == (401, "code_too_old")


def test_the_administration_sees_it_from_the_desk_and_that_is_recorded(ward: Ward):
    visit = with_doctor(ward)
    browser_of(ward.as_doctor(ward.doctor)).get(f"/note/{visit.id}/")
    admin, path = browser_of(ward.as_role(Role.ADMIN)), f"/admin/desk/opened/{visit.patient_id}/"
    assert path in admin.get("/admin/desk/find/", {"q": "Asha"}).content.decode()
    assert "read the notes of a visit" in admin.get(path).content.decode()
    assert AuditEntry.trail.filter(action="audit.opened", entity_id=f"patient:{visit.patient_id}").exists()
    meera = browser_of(ward.as_role(Role.RECEPTION))
    assert path not in meera.get("/admin/desk/find/", {"q": "Asha"}).content.decode()
    assert meera.get(path).status_code == 403


def test_a_page_of_openings_costs_the_same_however_many_there_are(ward: Ward, django_assert_num_queries: Any):
    visit = with_doctor(ward)
    for name in ("note", "vitals"):
        browser_of(ward.as_doctor(ward.doctor)).get(f"/{name}/{visit.id}/")
    rows = list(openings_of(visit.patient))
    assert len(rows) > 1
    with django_assert_num_queries(2):
        openings_told(rows, visit.patient_id)


def test_a_prescription_that_is_read_over_the_api_is_on_record(ward: Ward):
    visit = with_doctor(ward)
    ward.complete(visit, "Rest")
    phone = phone_of(timezone.now())
    assert phone.get(f"/api/v1/patient/visits/{visit.id}").json()["prescription"]["text"] == "Rest"
    assert AuditEntry.trail.filter(action="patient.opened", reason="prescription", actor_type="patient").count() == 1
    Credential.objects.filter(kind="patient_login").update(issued_at=timezone.now() - FRESH - timedelta(seconds=1))
    refused = phone.get(f"/api/v1/patient/visits/{visit.id}")
    assert (refused.status_code, refused.json()["code"]) == (401, "code_too_old")
    assert "Rest" not in refused.content.decode()
