"""Somebody is brought in whom nobody knows: in the queue with two clicks, with a name when there is one."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden
from apps.core.policy import Role
from apps.patients.commands import NotProvisional, change
from apps.patients.models import Patient
from apps.queue import commands
from apps.queue.commands.admitting import AlreadyHere
from apps.queue.models import Visit
from apps.queue.queries.desk import emergency_departments
from apps.scheduling.commands import AlreadyBooked, AlreadyWaiting
from apps.scheduling.models import Department, Doctor, Token, WaitingEntry
from tests.bookings import book, open_slot
from tests.browsers import browser_of
from tests.cast import bearer, meera
from tests.ward import Ward, open_ward

pytestmark = pytest.mark.django_db

TODAY, EMERGENCY = "/admin/desk/today/", "/admin/desk/emergency/"


@pytest.fixture
def open_now(db: None) -> Iterator[Ward]:
    with open_ward() as ward:
        ward.keep_real_time()
        yield ward


def brought_in(ward: Ward, **how: Any) -> Visit:
    """Somebody unconscious."""
    arrived = commands.take_in_unknown(
        actor=ward.meera, now=ward.now, department_id=ward.department.id, reason="Unconscious", **how
    )
    return Visit.objects.select_related("patient", "token").get(id=arrived.visit.id)


def recognise(ward: Ward, visit: Visit, known: Any) -> list[Visit]:
    return commands.recognise(actor=ward.meera, now=ward.now, patient_id=visit.patient_id, known_id=known.id)


def test_two_clicks_from_today_put_somebody_unknown_before_everybody(open_now: Ward):
    waiting = open_now.arrive()
    desk = browser_of(open_now.meera)
    assert f'href="{EMERGENCY}"' in desk.get(TODAY).content.decode()
    page = desk.get(EMERGENCY).content.decode()
    assert f'value="{open_now.department.id}" required id="id_department_id_0" checked' in page.replace("\n", " ")
    pressed = {"reason": "Collapsed", "department_id": str(open_now.department.id), "sex": "unknown", "key": "k"}
    answer = desk.post(EMERGENCY, pressed)
    visit = Visit.objects.select_related("patient").get(emergency=True)
    assert answer.url == f"/admin/desk/slip/{visit.id}/?print=now"
    assert desk.get(answer.url).status_code == 200
    assert desk.post(EMERGENCY, pressed).url == answer.url
    assert (visit.patient.provisional, visit.ahead_reason, visit.state) == (True, "Collapsed", "URGENT")
    shown = desk.get(TODAY).content.decode()
    assert "Name not known" in shown
    assert f"/admin/desk/identity/{visit.patient_id}/" in shown
    assert open_now.call_next().id == visit.id != waiting.id
    assert AuditEntry.objects.get(action="visit.taken_in_unknown").reason == "Collapsed"


def test_a_record_without_a_name_is_completed_at_the_desk(open_now: Ward):
    visit = brought_in(open_now, age=70, sex="male")
    desk = browser_of(open_now.meera)
    address = f"/admin/desk/identity/{visit.patient_id}/"
    typed = {"name": "Ravi Shankar", "sex": "male", "age": "62", "phone": "", "language": "hi", "version": "1"}
    assert desk.post(address, typed | {"name": "", "key": "a"}).status_code == 400
    assert desk.post(address, typed | {"key": "b"}).url == TODAY
    patient = Patient.objects.get(id=visit.patient_id)
    assert (patient.name, patient.provisional, patient.language) == ("Ravi Shankar", False, "hi")
    assert desk.get(address).status_code == 404
    assert "Who is this?" not in desk.get(TODAY).content.decode()


def test_somebody_who_has_a_record_all_along_is_recognised(open_now: Ward):
    known = open_now.register(name="Ravi Shankar", age=62)
    visit = brought_in(open_now, sex="male")
    desk = browser_of(open_now.meera)
    address = f"/admin/desk/identity/{visit.patient_id}/"
    typed = {"name": "Ravi Shankar", "sex": "male", "age": "62", "phone": "", "language": "en", "version": "1"}
    offered = desk.post(address, typed | {"key": "a"})
    assert offered.status_code == 409
    there = f"{address}{known.id}/"
    assert f'href="{there}"' in offered.content.decode()
    assert known.uhid in desk.get(there).content.decode()
    assert desk.post(there, {"key": "b"}).url == TODAY
    assert Visit.objects.get(id=visit.id).patient_id == known.id
    assert Token.objects.get(id=visit.token_id).patient_id == known.id
    old = Patient.objects.get(id=visit.patient_id)
    assert (old.status, old.provisional) == ("INACTIVE", True)
    assert AuditEntry.objects.get(action="visit.recognised").before["patientId"] == str(old.id)


def test_a_record_is_not_taken_for_its_own_double_and_one_that_was_given_up_is_not_named(open_now: Ward):
    visit = brought_in(open_now)
    name = Patient.objects.get(id=visit.patient_id).name
    desk, address = browser_of(open_now.meera), f"/admin/desk/identity/{visit.patient_id}/"
    typed = {"name": name, "sex": "unknown", "age": "40", "phone": "", "language": "en", "version": "1"}
    assert desk.post(address, typed | {"key": "a"}).url == TODAY
    other = brought_in(open_now)
    recognise(open_now, other, open_now.register(name="Ravi Shankar"))
    assert desk.get(f"/admin/desk/identity/{other.patient_id}/").status_code == 404


def test_nobody_is_recognised_twice_or_while_they_wait_themselves_or_out_of_a_real_record(ward: Ward):
    known = ward.register(name="Ravi Shankar")
    visit = brought_in(ward)
    ward.arrive(known)
    with pytest.raises(AlreadyHere):
        recognise(ward, visit, known)
    assert Patient.objects.get(id=visit.patient_id).status == "ACTIVE"
    change(actor=ward.meera, now=ward.now, patient_id=visit.patient_id, expected_version=1, name="Somebody Else")
    with pytest.raises(NotProvisional):
        recognise(ward, visit, ward.register(name="A third one"))


def test_what_was_booked_for_somebody_unknown_is_theirs_once_they_are_recognised(ward: Ward):
    known = ward.register(name="Ravi Shankar")
    visit = brought_in(ward)
    slot = open_slot(ward, hours=2, capacity=1)
    row = book(ward, slot, patient=visit.patient).appointment
    later = open_slot(ward, hours=26, capacity=1)
    book(ward, later)
    entry = book(ward, later, patient=visit.patient).waiting
    commands.cancel(actor=ward.meera, now=ward.now, visit_id=visit.id, reason="left")
    recognise(ward, visit, known)
    assert WaitingEntry.objects.get(id=entry.id).patient_id == known.id
    assert Token.objects.get(id=row.token_id).patient_id == known.id
    came = commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id).visit
    assert came.patient_id == known.id
    kept = AuditEntry.objects.get(action="appointment.recognised")
    assert (kept.before["patientId"], kept.after["patientId"]) == (str(visit.patient_id), str(known.id))
    assert AuditEntry.objects.filter(action="waiting_entry.recognised").count() == 1


def test_nobody_is_recognised_into_a_second_place_with_the_same_doctor_on_one_day(ward: Ward):
    known = ward.register(name="Ravi Shankar")
    visit = brought_in(ward)
    slot = open_slot(ward, capacity=2)
    for patient in (known, visit.patient):
        book(ward, slot, patient=patient)
    with pytest.raises(AlreadyBooked):
        recognise(ward, visit, known)
    assert Patient.objects.get(id=visit.patient_id).status == "ACTIVE"


def test_nobody_is_recognised_into_a_second_wait(ward: Ward):
    known = ward.register(name="Ravi Shankar")
    visit = brought_in(ward)
    slot = open_slot(ward, capacity=1)
    for patient in (ward.register(), known, visit.patient):
        book(ward, slot, patient=patient)
    with pytest.raises(AlreadyWaiting):
        recognise(ward, visit, known)
    assert Visit.objects.get(id=visit.id).patient_id == visit.patient_id


@pytest.mark.parametrize("role", [Role.CASHIER, Role.LAB, Role.PHARMACIST, Role.DOCTOR])
def test_only_who_may_register_check_in_and_name_an_emergency_does_so(ward: Ward, role: Role):
    with pytest.raises(Forbidden):
        commands.take_in_unknown(
            actor=ward.as_role(role), now=ward.now, department_id=ward.department.id, reason="Unconscious"
        )


def test_the_api_takes_in_and_recognises(ward: Ward, client: Client):
    desk = bearer(meera(ward.facility))
    body = {"departmentId": str(ward.department.id), "reason": "Unconscious"}
    made = client.post("/api/v1/emergency/unknown", body, "application/json", headers=desk)
    assert (made.status_code, made.json()["priority"]) == (201, "URGENT")
    visit = Visit.objects.get(id=made.json()["visitId"])
    known = ward.register(name="Ravi Shankar")
    body = {"patientId": str(visit.patient_id), "knownId": str(known.id)}
    told = client.post("/api/v1/emergency/recognise", body, "application/json", headers=desk)
    assert told.json() == {"visitIds": [str(visit.id)]}


def test_with_every_department_closed_the_desk_is_told_what_to_do(open_now: Ward):
    Department.objects.update(status="INACTIVE")
    page = browser_of(open_now.meera).get(EMERGENCY).content.decode()
    assert "Bring the person to the doctor on duty at once." in page
    assert 'value="Collapsed"' not in page


def test_at_night_the_desk_hears_that_no_doctor_is_there_and_takes_the_person_in_all_the_same(open_now: Ward):
    Doctor.objects.update(availability="OFFLINE")
    desk = browser_of(open_now.meera)
    page = desk.get(EMERGENCY).content.decode()
    assert "No doctor sees people now. Call the doctor on duty" in page
    assert f"{open_now.department.name} (no doctor now)" in page
    pressed = {"reason": "Collapsed", "department_id": str(open_now.department.id), "sex": "unknown", "key": "k"}
    assert desk.post(EMERGENCY, pressed).status_code == 302
    assert Visit.objects.get().emergency


def test_a_department_with_a_doctor_in_it_is_offered_first(db: None):
    with open_ward(departments=2, doctors=2) as ward:
        Doctor.objects.filter(id=ward.doctors[0].id).update(availability="PAUSED")
        offered = emergency_departments(ward.meera)
        assert [(place.id, seen) for place, seen in offered] == [
            (ward.departments[1].id, True),
            (ward.departments[0].id, False),
        ]


def test_a_full_queue_turns_no_emergency_away(open_now: Ward):
    open_now.department.policy.queue_limit = 0
    open_now.department.policy.save()
    assert brought_in(open_now).state == "URGENT"
    known = open_now.register()
    commands.fast_track(
        actor=open_now.meera, now=open_now.now, doctor_id=open_now.doctor.id, patient_id=known.id, reason="Bleeds"
    )
    assert Visit.objects.filter(emergency=True).count() == 2
