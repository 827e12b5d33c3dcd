"""At the kiosk of a hall people with a booking check in by their slip's code or by phone; nobody's name is shown."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.queries import tracking_code
from apps.accounts.rules.credentials import ScreenUse
from apps.queue.models import Visit
from apps.scheduling.models import Appointment, Slot
from tests.bookings import book, open_slot
from tests.display.hall import closed_board, paired_screen
from tests.ward import Ward, open_ward

PHONE = "98765 41234"
AT = "/api/v1/kiosk/check-in"


@pytest.fixture
def ward(db: None) -> Any:
    with open_ward(departments=2, doctors=2) as ward:
        ward.keep_real_time()
        yield ward


@pytest.fixture
def kiosk(ward: Ward) -> Client:
    return paired_screen(ward.admin, closed_board(ward), use=ScreenUse.KIOSK)[0]


def booked(ward: Ward, name: str = "Asha Devi", doctor: int = 0, phone: str = PHONE) -> Any:
    """Somebody's booking of today."""
    who = ward.register(name, phone=phone)
    own = {"doctor": ward.doctors[doctor], "department": ward.departments[doctor]}
    slot = Slot.objects.filter(**own).first() or open_slot(ward, 0.2, capacity=9, **own)
    row = book(ward, slot, patient=who, doctor_id=ward.doctors[doctor].id).appointment
    Appointment.objects.filter(id=row.id).update(day=ward.facility.day_of(ward.now))
    return row


def say(kiosk: Client, **body: Any) -> Any:
    return kiosk.post(AT, body, "application/json")


def test_one_booking_under_a_phone_is_checked_in_at_once(ward: Ward, kiosk: Client):
    row = booked(ward)
    answer = say(kiosk, phone=PHONE).json()
    assert (answer["checkedIn"], answer["tokenLabel"]) == (True, row.token.label)
    assert Visit.objects.get().state == "WAITING"
    assert say(kiosk, phone=PHONE).json() == {
        "checkedIn": False, "tokenLabel": None, "department": None, "room": None, "choices": []
    }  # fmt: skip


def test_of_a_family_the_kiosk_asks_who_and_shows_initials_only(ward: Ward, kiosk: Client):
    first, second = booked(ward, "Asha Devi"), booked(ward, "Ravi Kumar")
    asked = say(kiosk, phone=PHONE)
    assert [choice["initials"] for choice in asked.json()["choices"]] == ["A. D.", "R. K."]
    assert "Asha" not in asked.content.decode()
    assert say(kiosk, phone=PHONE, bookingId=str(second.id)).json()["tokenLabel"] == second.token.label
    assert not Visit.objects.filter(token_id=first.token_id).exists()


def test_the_code_of_a_slip_checks_in_alone_or_as_an_address(ward: Ward, kiosk: Client):
    row = booked(ward)
    code = tracking_code(row.id, ward.now)
    assert say(kiosk, code=f"https://opd.example/t/{code}/").json()["checkedIn"]
    assert not say(kiosk, code=code).json()["checkedIn"]


def test_a_hall_checks_in_for_its_own_departments_only(ward: Ward, kiosk: Client):
    booked(ward, doctor=1)
    assert not say(kiosk, phone=PHONE).json()["checkedIn"]
    assert not Visit.objects.exists()


@pytest.mark.parametrize("body", [{}, {"phone": PHONE, "code": "x"}, {"phone": 5}])
def test_nothing_or_both_is_refused(kiosk: Client, body: dict[str, Any]):
    assert say(kiosk, **body).status_code == 400


def test_nobody_but_a_paired_screen_may(ward: Ward, kiosk: Client):
    booked(ward)
    assert say(Client(), phone=PHONE).status_code == 401
    assert not say(kiosk, phone="98765 49999").json()["choices"]
