"""Booking as programs do it: the contract's paths and shapes."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.models import Staff
from apps.scheduling.models import Appointment
from apps.scheduling.queries import availability
from apps.scheduling.rules.allocation import BookingSource
from tests.bookings import open_slot
from tests.cast import bearer, meera
from tests.ward import Ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(ward: Ward) -> dict[str, str]:
    """Meera's headers. The real clock counts over HTTP: slots must lie ahead of it."""
    staff: Staff = meera(ward.facility)
    staff.all_departments = True
    staff.save()
    return bearer(staff)


@pytest.fixture
def tomorrow(ward: Ward) -> Any:
    """A slot of tomorrow with one place."""
    ward.keep_real_time()
    return open_slot(ward, 24, capacity=1)


def ask(client: Client, desk: dict[str, str], method: str, path: str, **body: Any) -> Any:
    return client.generic(method, f"/api/v1/{path}", json.dumps(body), "application/json", headers=desk)


def wish(ward: Ward, slot: Any, source: str = "online") -> dict[str, Any]:
    patient = ward.register(name=f"Somebody {uuid4().hex[:6]}")
    return {
        "doctorId": str(ward.doctor.id),
        "patientId": str(patient.id),
        "source": source,
        "preferredSlotId": str(slot.id),
    }


def test_from_availability_to_a_place_to_the_waiting_list_and_back(client, ward, desk, tomorrow):
    day = f"tokens/availability?doctorId={ward.doctor.id}&date={tomorrow.day}"
    found = ask(client, desk, "GET", day).json()
    assert (found["totalSlots"], found["availableSlots"]) == (1, 1)
    assert found["slots"][0]["availableSpots"] == 1
    made = ask(client, desk, "POST", "tokens", **wish(ward, tomorrow))
    assert made.status_code == 201
    token = made.json()["token"]
    assert token["status"] == "BOOKED"
    assert (token["priorityScore"], token["isReallocation"]) == (40, False)
    assert token["tokenNumber"].endswith("-001")
    waiting = ask(client, desk, "POST", "tokens", **wish(ward, tomorrow)).json()["waiting"]
    assert waiting["queuePosition"] == 1
    assert ask(client, desk, "GET", day).json()["slots"][0]["status"] == "full"
    check = ask(client, desk, "GET", f"cancellations/check/{token['tokenId']}").json()
    assert check["canCancel"] is True
    gone = ask(client, desk, "DELETE", f"cancellations/{token['tokenId']}", reason="cannot come").json()
    assert gone["freedSlot"] == str(tomorrow.id)
    assert gone["promoted"][0]["patientId"] == waiting["patientId"]
    assert ask(client, desk, "GET", f"waiting/{waiting['waitingId']}").json()["status"] == "ALLOCATED"
    listed = ask(client, desk, "GET", f"tokens?status=BOOKED&doctor={ward.doctor.id}").json()
    assert [row["appointmentId"] for row in listed["results"]] == [gone["promoted"][0]["appointmentId"]]


@pytest.mark.parametrize("wished", [True, False])
def test_a_program_of_the_desk_says_whose_wish_it_was(client, ward, desk, tomorrow, *, wished):
    token = ask(client, desk, "POST", "tokens", **wish(ward, tomorrow)).json()["token"]
    gone = ask(client, desk, "DELETE", f"cancellations/{token['tokenId']}", reason="x", patientWishes=wished)
    assert gone.status_code == 200
    row = Appointment.objects.get()
    assert row.ended_by == ("patient" if wished else "staff")


def test_a_repeat_under_the_same_key_books_once(client, ward, desk, tomorrow):
    body = wish(ward, tomorrow) | {"idempotencyKey": "once"}
    first, second = (ask(client, desk, "POST", "tokens", **body) for _ in range(2))
    assert first.json() == second.json()
    assert Appointment.objects.count() == 1


def test_what_is_wrong_is_said(client, ward, desk, tomorrow):
    good = wish(ward, tomorrow)
    for wrong, status in [
        ({"source": "vip"}, 400),
        ({"doctorId": str(uuid4())}, 404),
        ({"patientId": str(uuid4())}, 404),
        ({"preferredSlotId": str(uuid4())}, 409),
        ({"preferredSlotId": "x"}, 400),
    ]:
        assert ask(client, desk, "POST", "tokens", **(good | wrong)).status_code == status, wrong
    asha = ask(client, desk, "POST", "tokens", **good)
    assert asha.status_code == 201
    again = ask(client, desk, "POST", "tokens", **good)
    assert (again.status_code, again.json()["code"]) == (409, "already_booked")
    assert ask(client, desk, "GET", "tokens?status=LOST").status_code == 400
    assert ask(client, desk, "DELETE", f"cancellations/{uuid4()}", reason="x").status_code == 404


def test_reading_availability_asks_twice_and_writes_nothing(client, ward, desk, tomorrow, django_assert_num_queries):
    with django_assert_num_queries(2):
        availability(ward.doctor.id, tomorrow.day, BookingSource.ONLINE, ward.now)


def test_a_time_that_no_clock_of_the_hospital_shows_is_refused(client: Client, ward: Ward, desk: dict[str, str]):
    body = {"doctorId": str(ward.doctor.id), "patientId": str(ward.register().id), "source": "online"}
    answer = ask(client, desk, "POST", "tokens", **body, appointmentTime="9999-12-31T23:00:00Z")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["appointmentTime"])
