"""Masters changed by two people at once: neither undoes the other, and both are told how it stands."""

from threading import Barrier, Event
from typing import Any

import pytest
from django.test import Client

from apps.core.admin import MasterForm
from apps.core.commands import command
from apps.core.events import department_stream, facility_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor
from apps.scheduling import admin as masters_admin
from apps.scheduling.commands import set_availability_in
from apps.scheduling.models import Doctor, Room
from apps.scheduling.queries import doctor_of
from apps.scheduling.rules import Availability
from tests.browsers import browser_of
from tests.races.threads import at_once, somebody_waits
from tests.ward import Ward, open_ward


@command
def pause_while(*, actor: Actor, now: Any, doctor_id: Any, streams: list[str], locked: Event, saved: Event) -> None:
    """A pause at the console, in the middle of which the administrator presses "save"."""
    lock_streams(*streams)
    doctor = doctor_of(doctor_id)
    locked.set()
    while not saved.wait(0.02):
        if somebody_waits():
            break
    set_availability_in(doctor, Availability.PAUSED)


def rename(office: Client, ward: Ward) -> int:
    """The administrator's form, filled in while the doctor was seeing patients."""
    link = ward.doctor.departments.through.objects.get(doctor=ward.doctor)
    form = {
        "staff": ward.doctor.staff_id,
        "name": "Dr Rao-Iyer",
        "room": ward.doctor.room_id,
        "license_number": ward.doctor.license_number,
        "experience_years": 0,
        "average_consultation_minutes": 15,
        "working_days": "0",
        "doctordepartment_set-TOTAL_FORMS": 1,
        "doctordepartment_set-INITIAL_FORMS": 1,
        "doctordepartment_set-0-id": link.id,
        "doctordepartment_set-0-doctor": ward.doctor.id,
        "doctordepartment_set-0-department": ward.department.id,
        "own_lengths-TOTAL_FORMS": 0,
        "own_lengths-INITIAL_FORMS": 0,
    }
    return office.post(f"/admin/scheduling/doctor/{ward.doctor.id}/change/", form).status_code


@pytest.mark.django_db(transaction=True)
def test_a_doctor_who_pauses_while_the_administrator_saves_stays_paused_and_both_are_counted():
    with open_ward() as ward:
        office = browser_of(ward.admin)
        streams = [department_stream(ward.department.id), facility_stream(ward.facility.id)]
        locked, saved = Event(), Event()

        def work(index: int) -> None:
            if index == 0:
                pause_while(
                    actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, streams=streams, locked=locked, saved=saved
                )
            else:
                locked.wait()
                try:
                    assert rename(office, ward) == 302
                finally:
                    saved.set()

        _, errors = at_once(work, 2, ward.facility.id)
        assert errors == []
        doctor = Doctor.objects.get(id=ward.doctor.id)
        assert (doctor.name, doctor.availability, doctor.version) == ("Dr Rao-Iyer", "PAUSED", 3)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_add_the_same_room_get_one_room_and_one_clear_refusal(monkeypatch: pytest.MonkeyPatch):
    both_have_asked = Barrier(2, timeout=90)
    look = MasterForm.validate_unique

    def look_before_either_saves(form: MasterForm) -> None:
        look(form)
        both_have_asked.wait()

    monkeypatch.setattr(MasterForm, "validate_unique", look_before_either_saves)
    monkeypatch.setattr(masters_admin, "lock_streams", lambda *streams: None)  # as for masters that nobody locks
    with open_ward() as ward:
        offices = [browser_of(ward.admin) for _ in range(2)]
        room = {"number": "77", "symbol": "pot"}
        answers, errors = at_once(lambda i: offices[i].post("/admin/scheduling/room/add/", room), 2, ward.facility.id)
        assert errors == []
        assert sorted(answer.status_code for answer in answers) == [302, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert b"Somebody else saved the same" in refused.content
        assert Room.objects.filter(number="77").count() == 1
