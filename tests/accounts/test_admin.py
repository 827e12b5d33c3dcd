"""Staff and facilities in the admin: each change audited, in one's own facility only, never one's own rights."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django_scopes import scopes_disabled

from apps.accounts.models import Facility, Staff
from apps.accounts.queries import stand_behind
from apps.audit.models import AuditEntry
from apps.core.policy import Permission, Role
from apps.scheduling.models import Department, Doctor
from tests.cast import bearer, dr_rao, open_browser
from tests.cast import meera as somebody_else
from tests.factories import PASSWORD, StaffFactory

LIST, ADD = "/admin/accounts/staff/", "/admin/accounts/staff/add/"
NEW_PASSWORD = "mazhai-varum-neram"


def at(staff: Staff) -> str:
    return f"{LIST}{staff.id}/change/"


def form(staff: Staff, **changed: Any) -> dict[str, Any]:
    """The form as it stands, with some fields filled in anew."""
    fields = {
        "name": staff.name,
        "email": staff.email,
        "role": staff.role,
        "all_departments": "on" if staff.all_departments else "",
        "is_active": "on" if staff.is_active else "",
        "new_password": "",
        "department_ids": [str(d) for d in staff.department_ids],
    }
    return {name: value for name, value in (fields | changed).items() if value != ""}


def entries() -> list[tuple[str, Any, Any]]:
    """What the audit trail tells of changes to staff."""
    rows = AuditEntry.trail.filter(action__regex=r"^staff\.(created|changed|deleted|password_set)$").order_by("number")
    return list(rows.values_list("action", "before", "after"))


@pytest.fixture
def office(farida: Staff) -> Client:
    """Farida's browser."""
    return open_browser(farida)


@pytest.fixture
def colleague(farida: Staff) -> Staff:
    return somebody_else(farida.facility)


def test_a_change_is_made_and_audited_with_what_differs(office, farida, colleague):
    answer = office.post(at(colleague), form(colleague, name="Meera P", role=Role.NURSE))
    assert answer.status_code == 302
    before, after = {"name": "Meera Pillai", "role": "RECEPTION"}, {"name": "Meera P", "role": "NURSE"}
    assert entries() == [("staff.changed", before, after)]
    assert AuditEntry.trail.get(action="staff.changed").actor_id == farida.id


def test_a_new_account_belongs_to_the_facility_of_whoever_makes_it(office, farida):
    new = {"name": "Kamala", "email": "Kamala@Hospital.test", "role": Role.LAB, "is_active": "on"}
    assert office.post(ADD, new).status_code == 400
    assert office.post(ADD, new | {"new_password": "short"}).status_code == 400
    assert office.post(ADD, new | {"new_password": NEW_PASSWORD}).status_code == 302
    made = Staff.objects.get(email="kamala@hospital.test")
    assert made.facility == farida.facility
    assert made.check_password(NEW_PASSWORD)
    ((action, before, after),) = entries()
    assert (action, before, after["email"]) == ("staff.created", None, "kamala@hospital.test")
    assert "password" not in after


def test_one_address_is_one_account_however_it_is_written(office, colleague):
    new = {"name": "K", "email": colleague.email.upper(), "role": Role.LAB, "new_password": NEW_PASSWORD}
    assert "already exists" in office.post(ADD, new).content.decode()
    assert entries() == []


def test_nobody_changes_their_own_rights(office, farida):
    for changed in ({"role": Role.NURSE}, {"all_departments": ""}, {"is_active": ""}):
        answer = office.post(at(farida), form(farida, **changed))
        assert "Nobody changes their own rights" in answer.content.decode()
    assert entries() == []
    assert office.post(at(farida), form(farida, name="Farida S")).status_code == 302


@pytest.mark.parametrize("given", [{"role": Role.DOCTOR}, {"all_departments": "on"}])
def test_nobody_gives_themselves_rights_through_an_account_that_they_made(office, farida, given):
    Staff.objects.filter(id=farida.id).update(all_departments=False)
    farida.refresh_from_db()
    new = {"name": "Twin", "email": "twin@hospital.test", "role": Role.ADMIN, "is_active": "on"}
    office.post(ADD, new | {"new_password": PASSWORD})
    twin = open_browser(Staff.objects.get(email="twin@hospital.test"))
    answer = twin.post(at(farida), form(farida, **given))
    assert (answer.status_code, "made your account" in answer.content.decode()) == (400, True)
    assert twin.post(at(farida), form(farida, role=Role.RECEPTION)).status_code == 302, "taking away is no giving"
    independent = open_browser(StaffFactory.create(facility=farida.facility, role=Role.ADMIN))
    farida.refresh_from_db()
    assert independent.post(at(farida), form(farida, **given)).status_code == 302


def test_nobody_gives_themselves_departments_as_a_doctor(office, farida):
    Staff.objects.filter(id=farida.id).update(all_departments=False)
    place = Department.objects.create(
        facility=farida.facility, code="GEN", letter="G", name="General", kind="consultation"
    )
    new = {"staff": farida.id, "name": "Dr Farida", "license_number": "L1", "experience_years": 0}
    new |= {"average_consultation_minutes": 15, "working_days": "0", "doctordepartment_set-TOTAL_FORMS": 1}
    new |= {"doctordepartment_set-INITIAL_FORMS": 0, "doctordepartment_set-0-department": place.id}
    new |= {"own_lengths-TOTAL_FORMS": 0, "own_lengths-INITIAL_FORMS": 0}
    assert office.post("/admin/scheduling/doctor/add/", new).status_code == 403
    assert Staff.objects.get(id=farida.id).department_ids == []
    with scopes_disabled():
        assert not Doctor.objects.exists()
    assert AuditEntry.trail.filter(action="refused", entity_id="staff.rights", actor_id=farida.id).exists()


def test_nor_through_an_account_whose_password_they_set(office, farida):
    second = StaffFactory.create(facility=farida.facility, role=Role.ADMIN)
    office.post(at(second), form(second, new_password=NEW_PASSWORD))
    assert stand_behind(second.id) == {farida.id}


def test_fields_that_the_form_does_not_have_are_not_taken(office, colleague, farida):
    smuggled = {"password": "x", "facility": "1", "facility_id": "1", "id": "1", "is_staff": "on", "is_superuser": "on"}
    before = Staff.objects.values().get(id=colleague.id)
    office.post(at(colleague), form(colleague) | smuggled)
    assert Staff.objects.values().get(id=colleague.id) == before


def test_departments_are_given_by_name(office, farida, colleague):
    places = {}
    for facility, name in [(farida.facility, "General"), (somebody_else().facility, "Foreign")]:
        places[name] = Department.objects.create(
            facility=facility, code=name[:3].upper(), letter=name[0], name=name, kind="consultation"
        )
    page = office.get(at(colleague)).content.decode()
    assert "General" in page
    assert "Foreign" not in page
    foreign = form(colleague, all_departments="", department_ids=[str(places["Foreign"].id)])
    assert office.post(at(colleague), foreign).status_code == 400
    own = form(colleague, all_departments="", department_ids=[str(places["General"].id)])
    assert office.post(at(colleague), own).status_code == 302
    assert Staff.objects.get(id=colleague.id).department_ids == [places["General"].id]


@pytest.mark.parametrize("changed", [{"new_password": NEW_PASSWORD}, {"is_active": ""}])
def test_a_new_password_and_leaving_end_what_was_open(office, colleague, changed):
    program, browser = bearer(colleague), open_browser(colleague)
    assert office.post(at(colleague), form(colleague, **changed)).status_code == 302
    assert Client().get("/api/v1/auth/me", headers=program).status_code == 401
    assert browser.get("/api/v1/auth/me").status_code == 401


def test_a_password_that_was_set_is_audited_but_not_told(office, colleague):
    office.post(at(colleague), form(colleague, new_password=NEW_PASSWORD))
    assert entries() == [("staff.password_set", None, None)]
    assert Staff.objects.get(id=colleague.id).check_password(NEW_PASSWORD)


def test_staff_of_another_facility_cannot_be_seen_or_changed(office):
    stranger = somebody_else()
    assert stranger.email not in office.get(LIST).content.decode()
    assert office.get(at(stranger)).status_code == 302
    office.post(at(stranger), form(stranger, name="Mine now"))
    assert Staff.objects.get(id=stranger.id).name == stranger.name
    assert entries() == []


def test_who_may_only_look_looks_and_changes_nothing(farida, colleague):
    desk = open_browser(colleague)
    assert desk.get(LIST).status_code == 200
    assert 'name="role"' not in desk.get(at(farida)).content.decode()
    assert desk.post(at(farida), form(farida, name="x")).status_code == 403
    assert desk.get(ADD).status_code == 403
    assert Staff.objects.get(id=farida.id).name == farida.name


def test_nobody_is_deleted(office, colleague):
    assert office.get(f"{LIST}{colleague.id}/delete/").status_code == 403
    assert office.post(f"{LIST}{colleague.id}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(colleague.id)], "post": "yes"}
    office.post(LIST, chosen)
    assert Staff.objects.filter(id=colleague.id).exists()


def test_the_own_facility_is_kept_and_no_other(office, farida):
    other = Facility.objects.create(name="Lotus", code="lotus")
    own = farida.facility
    fields = {"name": "Asha Hospital", "time_zone": "Asia/Kolkata", "address": "Pune", "phone": "1", "code": "x"}
    assert office.post(f"/admin/accounts/facility/{own.id}/change/", fields).status_code == 302
    office.post(f"/admin/accounts/facility/{other.id}/change/", fields)
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.name, own.code, other.name) == ("Asha Hospital", farida.facility.code, "Lotus")
    bad = office.post(f"/admin/accounts/facility/{own.id}/change/", fields | {"time_zone": "Mars/Olympus"})
    assert "Asia/Kolkata" in bad.content.decode()


def test_the_admin_is_entered_and_left_by_our_own_pages(client, meera):
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/login/staff/?next=/admin/"
    browser = open_browser(meera)
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/login/").url == "/admin/"
    assert browser.get("/admin/password_change/").url == "/password/"
    assert browser.post("/admin/logout/").url == "/"
    assert browser.get("/api/v1/auth/me").status_code == 401


@pytest.mark.django_db
def test_a_doctor_is_refused_at_the_admins_door_and_that_is_audited():
    doctor = open_browser(dr_rao())
    answer = doctor.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert AuditEntry.trail.filter(action="refused", entity_id=Permission.ADMIN_SITE_USE).exists()


def test_every_admin_password_field_asks_the_browser_for_a_new_one(office):
    assert 'autocomplete="new-password"' in office.get(ADD).content.decode()


def test_what_libraries_bring_is_not_in_the_admin():
    assert {model._meta.app_label for model in admin.site._registry} <= {
        "accounts",
        "scheduling",
        "queue",
        "patients",
        "display",
        "audit",
        "encounters",
        "reporting",
        "billing",
    }


def test_djangos_own_question_is_answered_by_our_policy(meera, farida):
    assert meera.has_perm("scheduling.view_room")
    assert not meera.has_perm("scheduling.change_room")
    assert farida.has_perms(["scheduling.view_room", "scheduling.delete_room"])
    farida.is_active = False
    assert not farida.has_perm("scheduling.view_room")
    assert not farida.is_staff
