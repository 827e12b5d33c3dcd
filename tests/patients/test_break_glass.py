"""Breaking the glass: with a reason, with an alarm, for half an hour, and somebody looks at it afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope

from apps.accounts.models import Staff
from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid, NotFound
from apps.core.models import OutboxEvent
from apps.core.policy import Permission, Role
from apps.patients.commands import (
    AlreadyOpen,
    AlreadyReviewed,
    NotOpen,
    break_glass,
    end_break_glass,
    review_emergency_access,
)
from apps.patients.events import GLASS_BROKEN
from apps.patients.models import EmergencyAccess
from apps.patients.queries import open_access
from apps.patients.rules.emergency import LASTS
from apps.reporting.measures import exposition
from tests.browsers import browser_of
from tests.patients.conftest import NOW, Desk
from tests.patients.test_api import ask

REASON = "Unconscious, brought in by ambulance"


@pytest.fixture
def patient(desk: Desk) -> Any:
    return desk.register()


def broken(desk: Desk, patient: Any, role: Role = Role.DOCTOR, now: Any = NOW) -> EmergencyAccess:
    return break_glass(actor=desk.staff(role), now=now, patient_id=patient.id, reason=REASON)


@pytest.mark.parametrize("role", Role)
def test_only_who_treats_people_may_break_the_glass(desk: Desk, patient: Any, role: Role) -> None:
    answer = ask(desk.staff(role), "POST", f"patients/{patient.id}/break-glass", {"reason": REASON})
    allowed = role in (Role.DOCTOR, Role.NURSE)
    assert answer.status_code == (201 if allowed else 403)
    assert EmergencyAccess.objects.count() == allowed


@pytest.mark.parametrize("reason", ["", "because", "a  b  c  d", "\u200b" * 20, "x" * 301])
def test_a_reason_is_asked_for_that_can_be_judged_afterwards(desk: Desk, patient: Any, reason: str) -> None:
    answer = ask(desk.staff(Role.DOCTOR), "POST", f"patients/{patient.id}/break-glass", {"reason": reason})
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["reason"])
    with pytest.raises(Invalid):
        break_glass(actor=desk.staff(Role.DOCTOR), now=NOW, patient_id=patient.id, reason=reason)
    assert not EmergencyAccess.objects.exists()


def test_it_is_an_alarm_in_the_trail_on_the_facilitys_stream_and_in_the_measures(desk: Desk, patient: Any) -> None:
    access = broken(desk, patient)
    entry = AuditEntry.objects.get(action="patient.break_glass")
    assert (entry.entity_id, entry.reason, entry.after["accessId"]) == (str(patient.id), REASON, str(access.id))
    event = OutboxEvent.objects.get(type=GLASS_BROKEN)
    assert event.stream == f"facility.{desk.facility.id}"
    assert event.payload == {"accessId": str(access.id)}
    assert REASON not in str(event.payload)
    assert f'opd_break_glass_total{{facility="{desk.facility.code}"}} 1.0' in exposition().decode()


def test_it_ends_after_half_an_hour(desk: Desk, patient: Any) -> None:
    doctor, access = desk.staff(Role.DOCTOR), broken(desk, patient)
    assert access.ends_at == NOW + timedelta(minutes=30)
    assert open_access(doctor, patient.id, access.ends_at - timedelta(seconds=1)) == access
    assert open_access(doctor, patient.id, access.ends_at) is None


def test_the_database_itself_allows_no_longer_one(desk: Desk, patient: Any) -> None:
    access = broken(desk, patient)
    with pytest.raises(IntegrityError, match="emergency_access_is_short"), transaction.atomic():
        EmergencyAccess.objects.filter(id=access.id).update(ends_at=NOW + LASTS + timedelta(seconds=1))


def test_it_is_for_one_person_one_record_and_as_long_as_the_role_has_it(desk: Desk, patient: Any) -> None:
    broken(desk, patient)
    assert open_access(desk.staff(Role.NURSE), patient.id, NOW) is None
    assert open_access(desk.staff(Role.DOCTOR), desk.register("Meera").id, NOW) is None
    Staff.objects.filter(id=desk.staff(Role.DOCTOR).id).update(role=Role.CASHIER)
    assert open_access(desk.staff(Role.DOCTOR), patient.id, NOW) is None


def test_it_never_reaches_another_facility(desk: Desk, elsewhere: Desk) -> None:
    with scope(facility=elsewhere.facility.id):
        stranger = elsewhere.register()
    with pytest.raises(NotFound):
        break_glass(actor=desk.staff(Role.DOCTOR), now=NOW, patient_id=stranger.id, reason=REASON)
    path = f"patients/{stranger.id}/break-glass"
    assert ask(desk.staff(Role.DOCTOR), "POST", path, {"reason": REASON}).status_code == 404


def test_a_second_one_at_once_is_told_until_when_the_first_is_open(desk: Desk, patient: Any) -> None:
    broken(desk, patient)
    with pytest.raises(AlreadyOpen):
        broken(desk, patient)
    later = broken(desk, patient, now=NOW + LASTS)
    assert (later.ends_at, EmergencyAccess.objects.count()) == (NOW + 2 * LASTS, 2)


def test_it_can_be_closed_before_its_time(desk: Desk, patient: Any) -> None:
    doctor = desk.staff(Role.DOCTOR)
    broken(desk, patient)
    end_break_glass(actor=doctor, now=NOW + timedelta(minutes=1), patient_id=patient.id)
    assert open_access(doctor, patient.id, NOW + timedelta(minutes=2)) is None
    assert AuditEntry.objects.filter(action="patient.break_glass_ended").exists()
    with pytest.raises(NotOpen):
        end_break_glass(actor=doctor, now=NOW + timedelta(minutes=3), patient_id=patient.id)


def test_an_administrator_sees_those_nobody_looked_at_first_and_notes_what_they_found(desk: Desk, patient: Any) -> None:
    first = broken(desk, patient, now=timezone.now())
    second = broken(desk, desk.register("Meera Kumari"), Role.NURSE, now=timezone.now())
    office = browser_of(desk.staff(Role.ADMIN))
    looked = office.post(f"/admin/emergency-access/{second.id}/", {"note": "Was an emergency.", "key": "k1"})
    assert looked.status_code == 302
    page = office.get("/admin/emergency-access/").content.decode()
    assert page.index("Asha Devi") < page.index("Meera Kumari")
    assert (REASON in page, "Was an emergency." in page) == (True, True)
    assert AuditEntry.objects.get(action="patient.break_glass_reviewed").reason == "Was an emergency."
    assert EmergencyAccess.objects.get(id=first.id).reviewed_at is None


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_else_sees_that_list(desk: Desk, role: Role) -> None:
    assert browser_of(desk.staff(role)).get("/admin/emergency-access/").status_code == 403


def test_a_review_needs_a_note_is_made_once_and_never_of_ones_own(desk: Desk, patient: Any) -> None:
    access, admin = broken(desk, patient), desk.staff(Role.ADMIN)
    for note in ("", "  ", "x" * 301):
        with pytest.raises(Invalid):
            review_emergency_access(actor=admin, now=NOW, access_id=access.id, note=note)
    EmergencyAccess.objects.filter(id=access.id).update(staff_id=admin.id)
    with pytest.raises(Forbidden):
        review_emergency_access(actor=admin, now=NOW, access_id=access.id, note="Fine.")
    EmergencyAccess.objects.filter(id=access.id).update(staff_id=desk.meera.id)
    review_emergency_access(actor=admin, now=NOW, access_id=access.id, note="Fine.")
    with pytest.raises(AlreadyReviewed):
        review_emergency_access(actor=admin, now=NOW, access_id=access.id, note="Fine.")


def test_it_gives_no_right_to_write(desk: Desk, patient: Any) -> None:
    doctor = desk.staff(Role.DOCTOR)
    before = doctor.permissions
    broken(desk, patient, now=timezone.now())
    assert desk.staff(Role.DOCTOR).permissions == before
    assert Permission.PATIENT_REGISTER not in before
    assert ask(doctor, "PATCH", f"patients/{patient.id}", {"expectedVersion": 1, "name": "X"}).status_code == 403


# --- who opened a record ------------------------------------------------------------------------------------------


def test_a_record_that_is_opened_again_within_ten_minutes_is_one_entry(desk: Desk, patient: Any) -> None:
    for role in (Role.DOCTOR, Role.DOCTOR, Role.NURSE, Role.DOCTOR):
        ask(desk.staff(role), "GET", f"patients/{patient.id}")
    told = AuditEntry.objects.filter(action="patient.opened").values_list("actor_role", flat=True)
    assert sorted(told) == ["DOCTOR", "NURSE"]


def test_what_is_opened_while_the_glass_is_broken_names_the_access(desk: Desk, patient: Any) -> None:
    ask(desk.staff(Role.DOCTOR), "GET", f"patients/{patient.id}")
    access = broken(desk, patient, now=timezone.now())
    ask(desk.staff(Role.DOCTOR), "GET", f"patients/{patient.id}")
    rights = AuditEntry.objects.filter(action="patient.opened").order_by("number").values_list("reason", flat=True)
    assert list(rights) == ["", f"emergency access {access.id}"]


def test_an_administrator_reads_who_opened_a_record_and_nobody_else_does(desk: Desk, patient: Any) -> None:
    doctor = desk.staff(Role.DOCTOR)
    ask(doctor, "GET", f"patients/{patient.id}")
    broken(desk, patient, now=timezone.now())
    answer = ask(desk.staff(Role.ADMIN), "GET", f"patients/{patient.id}/access-log").json
    assert [(row["action"], row["actor"]["id"], row["right"]) for row in answer["results"]] == [
        ("patient.break_glass", str(doctor.id), REASON),
        ("patient.opened", str(doctor.id), ""),
    ]
    for role in set(Role) - {Role.ADMIN}:
        assert ask(desk.staff(role), "GET", f"patients/{patient.id}/access-log").status_code == 403
