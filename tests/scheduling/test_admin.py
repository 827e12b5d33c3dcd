"""Masters kept in the admin stay whole."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Staff
from apps.audit.models import AuditEntry
from apps.core.events import department_stream
from apps.core.models import OutboxEvent
from apps.queue.commands import change_department
from apps.scheduling.commands import LetterInUse
from apps.scheduling.models import AllocationPolicy, Department, QueuePolicy
from apps.scheduling.rules.allocation import Rules
from tests.browsers import shown_in_admin
from tests.cast import PASSWORD, open_browser
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        yield opened


@pytest.fixture
def office(ward: Ward) -> Client:
    """The administrator's browser."""
    farida = Staff.objects.get(id=ward.admin.id)
    farida.set_password(PASSWORD)
    farida.save()
    return open_browser(farida)


def management(prefix: str, total: int, initial: int = 0) -> dict[str, Any]:
    return {f"{prefix}-TOTAL_FORMS": total, f"{prefix}-INITIAL_FORMS": initial}


def test_a_new_department_has_a_policy_although_nobody_touched_it(ward: Ward, office: Client):
    path = "/admin/scheduling/department/add/"
    ent = {"code": "ENT", "letter": "E", "name": "Ear, nose and throat", "kind": "consultation"}
    answer = office.post(path, shown_in_admin(office, path) | ent)
    assert answer.status_code == 302, answer.content
    made = Department.objects.get(code="ENT")
    assert QueuePolicy.objects.get(department=made).queue_limit == 500
    assert AllocationPolicy.objects.get(department=made).rules() == Rules()
    assert AuditEntry.objects.filter(entity_id=str(made.id)).exists()


def test_a_doctor_s_account_may_act_where_the_doctor_sees_people(ward: Ward, office: Client):
    second = Department.objects.create(
        facility=ward.facility, code="ORT", letter="B", name="Orthopaedics", kind="consultation"
    )
    doctor = ward.doctor
    link = doctor.departments.through.objects.get(doctor=doctor)
    answer = office.post(
        f"/admin/scheduling/doctor/{doctor.id}/change/",
        {
            "staff": doctor.staff_id,
            "name": doctor.name,
            "room": doctor.room_id,
            "license_number": doctor.license_number,
            "experience_years": 0,
            "average_consultation_minutes": 15,
            "working_days": "0",
            "doctordepartment_set-0-id": link.id,
            "doctordepartment_set-0-doctor": doctor.id,
            "doctordepartment_set-0-department": ward.department.id,
            "doctordepartment_set-1-doctor": doctor.id,
            "doctordepartment_set-1-department": second.id,
        }
        | management("doctordepartment_set", 2, 1)
        | management("own_lengths", 0, 0),
    )
    assert answer.status_code == 302, answer.content
    served = set(Staff.objects.get(id=doctor.staff_id).department_ids)
    assert served == {ward.department.id, second.id}
    assert OutboxEvent.objects.filter(type="DOCTOR_STATUS_CHANGED", entity_id=doctor.id, entity_version=2).exists()


def test_a_letter_stays_as_long_as_people_hold_its_numbers(ward: Ward, office: Client):
    path = f"/admin/scheduling/department/{ward.department.id}/change/"
    ward.keep_real_time()
    ward.arrive()
    refused = office.post(path, shown_in_admin(office, path) | {"letter": "W"})
    assert refused.status_code == 409
    assert b"People hold numbers with this letter" in refused.content
    assert office.post(path, shown_in_admin(office, path) | {"name": "Medicine"}).status_code == 302
    with pytest.raises(LetterInUse):
        change_department(actor=ward.admin, now=ward.now, department_id=ward.department.id, letter="W")
    tomorrow = ward.later(days=1)
    changed = change_department(actor=ward.admin, now=tomorrow, department_id=ward.department.id, letter="W")
    assert (changed.letter, changed.name) == ("W", "Medicine")


def told(ward: Ward) -> int:
    """How often the boards of the ward's department were told of masters."""
    stream = department_stream(ward.department.id)
    return OutboxEvent.objects.filter(stream=stream, type="queue.updated", payload__reason="masters").count()


def test_boards_are_told_of_another_name_and_another_room_at_once(ward: Ward, office: Client):
    room = ward.doctor.room
    path = f"/admin/scheduling/room/{room.id}/change/"
    assert office.post(path, {"number": room.number, "symbol": room.symbol}).status_code == 302
    assert told(ward) == 0
    assert office.post(path, {"number": room.number, "symbol": "pot"}).status_code == 302
    assert told(ward) == 1
    path = f"/admin/scheduling/department/{ward.department.id}/change/"
    assert office.post(path, shown_in_admin(office, path)).status_code == 302
    assert told(ward) == 1
    assert office.post(path, shown_in_admin(office, path) | {"name": "Medicine"}).status_code == 302
    assert told(ward) == 2


def test_names_by_language_are_kept_audited_and_told_to_boards(ward: Ward, office: Client):
    path = f"/admin/scheduling/department/{ward.department.id}/change/"
    answer = office.post(path, shown_in_admin(office, path) | {"names_hi": " सामान्य चिकित्सा ", "names_ta": ""})
    assert answer.status_code == 302, answer.content
    names = {"hi": "सामान्य चिकित्सा"}
    assert Department.objects.get(id=ward.department.id).names == names
    entry = AuditEntry.objects.filter(action="department.changed", entity_id=str(ward.department.id)).get()
    assert entry.after["names"] == names
    assert told(ward) == 1
