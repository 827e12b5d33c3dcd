"""Bookings go to another doctor, for a reason: told, audited, and nobody lost."""

from uuid import uuid4

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden
from apps.core.policy import Role
from apps.notifications.models import Message
from apps.queue import commands
from apps.scheduling.models import Appointment, Slot
from tests.bookings import book, open_slot, visit_type
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor


@pytest.fixture
def ward(ward: Ward) -> Ward:
    """Two doctors of one department, at this hour."""
    ward.keep_real_time()
    add_doctor(ward, [ward.department])
    return ward


def reassign(ward: Ward, *rows: Appointment, **how):
    return commands.reassign_bookings(
        actor=how.get("actor", ward.meera),
        now=ward.now,
        booking_ids=[row.id for row in rows],
        doctor_id=ward.doctors[1].id,
        reason="asked for a woman",
    )


def test_several_go_to_the_other_doctor_at_their_time_or_later_and_are_told(ward):
    mine = open_slot(ward, capacity=4)
    theirs, later = (open_slot(ward, hours, 1, doctor=ward.doctors[1]) for hours in (24, 26))
    rows = [book(ward, mine, patient=ward.register(phone=f"98765 4321{n}")).appointment for n in range(3)]
    done = reassign(ward, *rows)
    assert [row.slot_id for row in done.moved] == [theirs.id, later.id]
    assert [row.id for row in done.left] == [rows[2].id]
    for row, before in zip(done.moved, rows, strict=False):
        row.refresh_from_db()
        assert (row.doctor_id, row.token_id) == (ward.doctors[1].id, before.token_id)
        assert row.at >= before.at
    assert [Slot.objects.get(id=slot.id).taken for slot in (mine, theirs, later)] == [1, 1, 1]
    assert Message.objects.filter(dedupe_key__startswith="booking:reassigned").count() == 2
    entries = AuditEntry.objects.filter(action="appointment.reassigned")
    assert {entry.reason for entry in entries} == {"asked for a woman"}


def test_the_place_that_is_left_goes_to_who_waits(ward):
    mine = open_slot(ward, capacity=1)
    open_slot(ward, doctor=ward.doctors[1])
    row = book(ward, mine).appointment
    waits = book(ward, mine).waiting
    reassign(ward, row)
    assert Appointment.objects.get(patient=waits.patient_id).slot_id == mine.id


def test_who_has_a_booking_there_or_needs_more_places_stays(ward):
    mine, theirs = open_slot(ward, capacity=4), open_slot(ward, capacity=2, doctor=ward.doctors[1])
    asha, kind = ward.register(), visit_type(ward.department, minutes=60)
    twice = book(ward, mine, patient=asha).appointment
    book(ward, theirs, patient=asha, doctor_id=ward.doctors[1].id)
    long = book(ward, mine, visit_type_id=kind.id)
    assert long.waiting
    done = reassign(ward, twice)
    assert (done.moved, [row.id for row in done.left]) == ([], [twice.id])


def test_who_may_not_change_bookings_gives_none_away(ward):
    row = book(ward, open_slot(ward)).appointment
    open_slot(ward, doctor=ward.doctors[1])
    with pytest.raises(Forbidden):
        reassign(ward, row, actor=ward.as_role(Role.CASHIER))


def test_meera_chooses_whose_bookings_go_and_to_whom(ward):
    mine = open_slot(ward, capacity=3)
    open_slot(ward, capacity=3, doctor=ward.doctors[1])
    row = book(ward, mine, patient=ward.register("Bela Rao")).appointment
    desk, path = browser_of(ward.meera), f"/admin/desk/day/{ward.doctor.id}/reassign/?day={mine.day}"
    assert path in desk.get(f"/admin/desk/day/{ward.doctor.id}/?day={mine.day}").content.decode()
    page = desk.get(f"{path}&booking={row.id}").content.decode()
    assert "Bela Rao" in page
    assert "checked" in page
    form = {"key": uuid4(), "bookings": [row.id], "doctor": ward.doctors[1].id, "reason": "asked for a woman"}
    assert desk.post(path, form | {"reason": ""}).status_code == 400
    answer = desk.post(path, form, follow=True)
    assert "1 booking has another doctor now." in answer.content.decode()
    row.refresh_from_db()
    assert row.doctor_id == ward.doctors[1].id
