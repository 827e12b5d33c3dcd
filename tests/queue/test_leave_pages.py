"""Leave and delay at the desk: what it would mean, then the deed; who is left to the desk; only for who may."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.core.policy import Role
from apps.notifications.models import Message
from apps.scheduling.models import Appointment, Doctor, Leave, Slot
from tests.bookings import book, open_slot
from tests.browsers import browser_of
from tests.ward import Ward, open_ward

pytestmark = pytest.mark.django_db

AWAY = "/admin/desk/away/"


@pytest.fixture
def ward(db: None) -> Any:
    """Three doctors at this hour: pages know no other."""
    with open_ward(doctors=3) as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def desk(ward: Ward) -> Client:
    """Meera's browser."""
    return browser_of(ward.meera)


def one(ward: Ward, name: str, slot: Slot, **known: Any) -> Appointment:
    row: Appointment = book(ward, slot, patient=ward.register(name=name, **known)).appointment
    return row


def asked(slot: Slot, ward: Ward) -> dict[str, str]:
    return {"first": str(ward.facility.day_of(slot.starts_at)), "reason": "fever", "starts": "", "last": "", "ends": ""}


def test_a_leave_is_shown_before_it_is_taken_and_can_be_withdrawn(ward: Ward, desk: Client):
    mine, other = open_slot(ward, 48), open_slot(ward, 48, doctor=ward.doctors[1])
    row = one(ward, "Lakshmi Devi", mine, phone="98765 41947")
    path = f"{AWAY}{ward.doctor.id}/leave/"
    preview = desk.get(path, asked(mine, ward)).content.decode()
    assert "Lakshmi Devi" in preview
    assert ward.doctors[1].name in preview
    assert "Nothing has happened yet." in preview
    assert not Leave.objects.exists()
    done = desk.post(path, asked(mine, ward) | {"key": "once"}, follow=True).content.decode()
    assert "1 person was told" in done
    row.refresh_from_db()
    assert row.slot_id == other.id
    desk.post(path, asked(mine, ward) | {"key": "once"})
    assert (Leave.objects.count(), Message.objects.filter(kind="doctor_away").count()) == (1, 1)
    undo = f"{path}{Leave.objects.get().id}/undo/"
    assert "Withdraw this leave?" in desk.get(undo).content.decode()
    desk.post(undo, follow=True)
    row.refresh_from_db()
    assert row.slot_id == mine.id
    assert desk.post(undo).status_code == 409


def test_hours_are_those_of_the_hospitals_clock(ward: Ward, desk: Client):
    ward.facility.time_zone = "Asia/Kolkata"
    ward.facility.save()
    day = ward.facility.day_of(ward.now + timedelta(days=3))
    body = {"first": str(day), "starts": "10:00", "ends": "13:30", "last": "", "reason": "court"}
    desk.post(f"{AWAY}{ward.doctor.id}/leave/", body)
    taken = Leave.objects.get()
    assert (f"{taken.starts_at:%H:%M}", f"{taken.ends_at:%H:%M}") == ("04:30", "08:00")
    page = desk.get(f"{AWAY}{ward.doctor.id}/").content.decode()
    assert "10:00 – 13:30" in page


@pytest.mark.parametrize("wrong", [{"first": ""}, {"first": "2020-01-01"}, {"reason": ""}, {"last": "2020-01-01"}])
def test_a_senseless_leave_is_refused_where_it_is_entered(ward: Ward, desk: Client, wrong: dict[str, str]):
    mine = open_slot(ward, 48)
    answer = desk.post(f"{AWAY}{ward.doctor.id}/leave/", asked(mine, ward) | wrong)
    assert answer.status_code in (400, 409)
    assert "Please correct this" in answer.content.decode()
    assert not Leave.objects.exists()


def test_a_delay_is_entered_told_once_and_taken_back(ward: Ward, desk: Client):
    slot = open_slot(ward, 0.2)
    row = one(ward, "Lakshmi Devi", slot, phone="98765 41947")
    if slot.day != ward.facility.day_of(ward.now):
        slot.day = ward.facility.day_of(ward.now)  # a minute before midnight
        slot.save()
    path = f"{AWAY}{ward.doctor.id}/delay/"
    for _ in range(2):
        assert desk.post(path, {"minutes": "30", "reason": ""}).status_code == 302
    assert Message.objects.filter(kind="delay").count() == 1
    assert "30 minutes late" in desk.get(AWAY).content.decode()
    desk.post(path, {"minutes": "0"})
    at = row.at
    row.refresh_from_db()
    assert row.at == at
    assert desk.post(path, {"minutes": "7"}).status_code == 400


def test_who_found_no_place_is_on_the_desks_list_until_somebody_decides(ward: Ward, desk: Client):
    mine = open_slot(ward, 48)
    first, second = one(ward, "Lakshmi Devi", mine), one(ward, "Ramesh Kumar", mine)
    desk.post(f"{AWAY}{ward.doctor.id}/leave/", asked(mine, ward))
    listed = desk.get(AWAY).content.decode()
    assert "These people need you" in listed
    assert "Lakshmi Devi" in listed
    later = open_slot(ward, 72, doctor=ward.doctors[2])
    path = f"/admin/desk/escalations/{first.id}/"
    assert path in listed
    assert ward.doctors[2].name in desk.get(path).content.decode()
    assert desk.post(path, {"slot": str(mine.id)}).status_code == 400
    assert desk.post(path, {"slot": str(later.id)}).status_code == 302
    assert desk.post(f"/admin/desk/escalations/{second.id}/", {"reason": ""}).status_code == 400
    assert desk.post(f"/admin/desk/escalations/{second.id}/", {"reason": "moved away"}).status_code == 302
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.slot_id, second.state) == (later.id, "CANCELLED")
    after = desk.get(AWAY).content.decode()
    assert "These people need you" not in after
    assert desk.get(path).status_code == 404


def test_who_has_no_phone_is_listed_for_the_desk_to_tell(ward: Ward, desk: Client):
    mine = open_slot(ward, 48)
    open_slot(ward, 48, doctor=ward.doctors[1])
    one(ward, "Lakshmi Devi", mine)
    done = desk.post(f"{AWAY}{ward.doctor.id}/leave/", asked(mine, ward), follow=True).content.decode()
    assert "1 person has no phone number" in done
    listed = desk.get(AWAY).content.decode()
    assert "Tell these people" in listed
    assert "Lakshmi Devi" in listed


def test_a_slot_or_a_session_is_cancelled_after_a_look(ward: Ward, desk: Client):
    slots = [open_slot(ward, hours) for hours in (48, 49)]
    one(ward, "Lakshmi Devi", slots[0])
    path = f"/admin/desk/slots/{slots[0].id}/cancel/"
    assert "Waiting list" in desk.get(f"{path}?session=1").content.decode()
    assert ", 1 of" not in desk.get(path).content.decode()
    assert desk.post(path, {"reason": ""}).status_code == 400
    assert desk.post(path, {"reason": "burst pipe"}).status_code == 302
    assert [bool(Slot.objects.get(id=slot.id).closed_at) for slot in slots] == [True, False]
    assert desk.get(path).status_code == 302


@pytest.mark.parametrize("role", [Role.NURSE, Role.CASHIER])
def test_others_neither_see_the_job_nor_get_in(ward: Ward, role: Role):
    browser = browser_of(ward.as_role(role))
    assert "Leave and delay" not in browser.get("/admin/").content.decode()
    assert browser.get(AWAY).status_code == 403


def test_the_desk_of_one_department_does_not_decide_about_another_ones_doctor(db: None):
    with open_ward(departments=2, doctors=2) as two:
        two.keep_real_time()
        narrow = browser_of(two.as_role(Role.RECEPTION, [two.departments[0]]))
        listed = narrow.get(AWAY).content.decode()
        assert two.doctors[0].name in listed
        assert two.doctors[1].name not in listed
        assert narrow.get(f"{AWAY}{two.doctors[1].id}/").status_code == 404


def test_the_list_costs_the_same_however_many_are_on_it(ward: Ward, desk: Client, django_assert_max_num_queries: Any):
    mine = open_slot(ward, 48, capacity=12)
    desk.get(AWAY)
    for number in range(10):
        one(ward, f"Somebody {number}", mine)
    desk.post(f"{AWAY}{ward.doctor.id}/leave/", asked(mine, ward))
    with django_assert_max_num_queries(14):
        assert desk.get(AWAY).content.decode().count("Find a place") == 10


def test_the_desks_pages_name_doctors_in_the_readers_language(ward: Ward, desk: Client):
    slot = open_slot(ward, 48)
    row = one(ward, "Lakshmi Devi", slot)
    Doctor.objects.filter(id=ward.doctor.id).update(names={"hi": "डॉ. राव"})
    desk.cookies["django_language"] = "hi"
    day = f"?day={slot.day}"
    pages = (
        AWAY,
        f"{AWAY}{ward.doctor.id}/{day}",
        f"/admin/desk/day/{ward.doctor.id}/{day}",
        f"/admin/desk/bookings/{row.id}/",
        f"/admin/desk/bookings/{row.id}/move/",
        f"/admin/desk/book/?patient={row.patient_id}&doctor={ward.doctor.id}&day={slot.day}",
        f"/admin/desk/announce/{ward.doctor.id}/",
    )
    unnamed = [page for page in pages if "डॉ. राव" not in desk.get(page).content.decode()]
    assert not unnamed
