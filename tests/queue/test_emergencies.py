"""Emergencies: a place at once, before everybody else, and more room in a slot until it ends."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Forbidden
from apps.core.policy import Role, system_actor
from apps.queue import commands
from apps.queue.commands.moving import NotAllowed
from apps.queue.tasks import end_overrides
from apps.scheduling.commands import SlotOver
from apps.scheduling.models import Appointment, Slot
from apps.scheduling.queries import slot_value
from apps.scheduling.rules.capacity import OVERBOOKED, Stretch, stretched
from tests.bookings import book, cancel, open_slot
from tests.cast import bearer, meera
from tests.ward import Ward

pytestmark = pytest.mark.django_db


def request(ward: Ward, severity: str = "critical", **who: Any) -> Any:
    return commands.request_emergency(
        actor=ward.meera,
        now=ward.now,
        doctor_id=ward.doctor.id,
        patient_id=who.get("patient", ward.register(name=f"Emergency {Appointment.objects.count()}")).id,
        severity=severity,
        reason="bleeding",
    )


def override(ward: Ward, slot: Slot, level: str) -> Any:
    return commands.override_slot(actor=ward.meera, now=ward.now, slot_id=slot.id, emergency_level=level)


def fast_track(ward: Ward, patient: Any) -> Any:
    return commands.fast_track(
        actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, patient_id=patient.id, reason="cannot breathe"
    )


@given(st.integers(1, 1000))
def test_a_level_is_a_half_or_a_quarter_more_rounded_up(capacity):
    assert stretched(capacity, Stretch.CRITICAL) == -(-capacity * 3 // 2)
    assert stretched(capacity, Stretch.HIGH) == -(-capacity * 5 // 4)


def test_an_emergency_gets_the_present_slot_and_moves_somebody_lower(ward):
    present, later = open_slot(ward, -0.5, 1), open_slot(ward, 2, 1)
    low = book(ward, present).appointment
    outcome = request(ward)
    assert (outcome.appointment.slot_id, outcome.appointment.severity) == (present.id, "critical")
    assert [row.id for row in outcome.moved] == [low.id]
    assert Appointment.objects.get(id=low.id).slot_id == later.id
    beyond = request(ward, "medium").appointment
    assert (beyond.overflow, beyond.at >= ward.now) in {(True, True), (False, True)}


def test_an_emergency_without_any_slot_today_waits_on_the_list(ward):
    assert request(ward).waiting.source == "emergency"


def test_who_is_here_goes_before_everybody_by_what_they_have(ward):
    waiting, booked, new = ward.register(name="A"), ward.register(name="B"), ward.register(name="C")
    first = ward.arrive()
    visit = ward.arrive(waiting)
    row = book(ward, open_slot(ward, 2), patient=booked).appointment
    for person in (waiting, booked, new):
        ward.later(seconds=1)
        told = fast_track(ward, person)
        assert (told.state, told.tier, told.emergency) == ("URGENT", 0, True)
    row.refresh_from_db()
    assert row.state == "ARRIVED"
    assert ward.fresh(visit).emergency
    called = ward.call_next()
    assert called.id != first.id
    with pytest.raises(NotAllowed):
        fast_track(ward, called.patient)


def test_a_stretched_slot_takes_more_and_gives_them_to_who_waits(ward):
    slot = open_slot(ward, 24, 3)
    for _ in range(3):
        book(ward, slot)
    waiting = [book(ward, slot).waiting for _ in range(3)]
    wide, promoted = override(ward, slot, "high")
    assert (wide.capacity, len(promoted), wide.taken) == (4, 1, 4)
    wide, promoted = override(ward, slot, "critical")
    assert (wide.capacity, wide.usual_capacity, len(promoted), wide.taken) == (5, 3, 1, 5)
    for entry in waiting:
        entry.refresh_from_db()
    assert sorted(entry.state for entry in waiting) == ["ALLOCATED", "ALLOCATED", "WAITING"]


def test_the_end_gives_the_usual_places_back_and_nobody_loses_theirs(ward):
    slot = open_slot(ward, 1, 2)
    override(ward, slot, "critical")
    rows = [book(ward, slot).appointment for _ in range(3)]
    narrow, _ = override(ward, slot, "normal")
    assert (narrow.capacity, narrow.taken, narrow.overflow, narrow.emergency_level) == (2, 3, 1, "")
    assert Appointment.objects.get(overflow=True).id == rows[2].id
    cancel(ward, rows[0])
    slot.refresh_from_db()
    assert (slot.taken, slot.overflow) == (2, 1)
    override(ward, slot, "high")
    assert not Appointment.objects.filter(overflow=True, state="BOOKED").exists()


def test_the_end_of_the_slot_ends_it_by_time_and_by_the_task(ward):
    slot = open_slot(ward, -0.5, 2)
    override(ward, slot, "critical")
    slot.refresh_from_db()
    assert slot_value(slot, ward.now)["capacity"] == 3
    after = ward.later(hours=1)
    told = slot_value(slot, after)
    assert (told["capacity"], told["level"], told["free"]) == (2, "normal", 0)
    with pytest.raises(SlotOver):
        override(ward, slot, "high")
    keeper = system_actor("slot keeper", ward.facility.id)
    ended = [commands.end_overrides(actor=keeper, now=after, department_id=ward.department.id) for _ in range(2)]
    assert ended == [1, 0]
    slot.refresh_from_db()
    assert (slot.capacity, slot.usual_capacity, slot.emergency_level) == (2, None, "")


def test_the_worker_ends_them_in_every_hospital(ward):
    slot = open_slot(ward, 24, 2)
    override(ward, slot, "high")
    past = timezone.now() - timedelta(days=400)
    Slot.objects.filter(id=slot.id).update(starts_at=past, ends_at=past + timedelta(hours=1))
    assert end_overrides() == 1
    assert end_overrides() == 0


def test_only_staff_who_may_raise_an_emergency_do(ward):
    slot = open_slot(ward)
    for role in (Role.CASHIER, Role.LAB, Role.PHARMACIST):
        with pytest.raises(Forbidden):
            commands.override_slot(actor=ward.as_role(role), now=ward.now, slot_id=slot.id, emergency_level="critical")


def test_as_programs_ask_for_it(client: Client, ward):
    ward.keep_real_time()
    staff = meera(ward.facility)
    staff.all_departments = True
    staff.save()
    desk = bearer(staff)

    def ask(method: str, path: str, **body: Any) -> Any:
        return client.generic(method, f"/api/v1/{path}", json.dumps(body), "application/json", headers=desk)

    assert ask("GET", f"emergency/current-slot/{ward.doctor.id}").json() == {"currentSlot": None, "nextSlot": None}
    now, coming = open_slot(ward, -0.4, 2), open_slot(ward, 2, 2)
    told = ask("GET", f"emergency/current-slot/{ward.doctor.id}").json()
    assert (told["currentSlot"]["slotId"], told["nextSlot"]["slotId"]) == (str(now.id), str(coming.id))
    body = {"doctorId": str(ward.doctor.id), "patientId": str(ward.register().id), "reason": "burnt"}
    assert ask("POST", "emergency/request", **body, severity="bad").status_code == 400
    made = ask("POST", "emergency/request", **body, severity="high")
    assert made.status_code == 201
    assert made.json()["token"]["priorityScore"] == 100
    wide = ask("PATCH", f"emergency/override/{now.id}", emergencyLevel="critical").json()
    assert (wide["maxCapacity"], wide["usualCapacity"], wide["emergencyLevel"]) == (3, 2, "critical")
    fast = ask("POST", "emergency/fast-track", **body).json()
    assert (fast["state"], fast["priority"]) == ("URGENT", "URGENT")
    Slot.objects.filter(id=coming.id).update(emergency_level=OVERBOOKED, usual_capacity=2, capacity=3)
    stats = ask("GET", "emergency/stats").json()
    assert (stats["total"], stats["bySeverity"], stats["byStatus"]) == (1, {"high": 1}, {"ARRIVED": 1})
    assert stats["stretchedSlots"] == 1
