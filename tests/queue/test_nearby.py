"""Somebody checks in by a phone at the hospital; where the phone is decides, and is not kept."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Facility
from apps.audit.models import AuditEntry
from apps.queue.models import Visit
from apps.queue.rules.geofence import OPENS, RADIUS, Position, Verdict, band, distance, is_open, verdict
from apps.scheduling.models import Appointment
from tests.bookings import book, open_slot
from tests.patients.codes import PHONE
from tests.queue.test_own import Holder, signed_in_browser
from tests.queue.test_usual_journeys import goes_through, usual
from tests.stations import Stations
from tests.ward import Ward

GATE = Position(18.52000, 73.85000)
NORTH = 1 / 111_195
"""Degrees of latitude to a metre."""


def at(metres: float, accuracy: float = 10.0) -> Position:
    return Position(GATE.latitude + metres * NORTH, GATE.longitude, accuracy)


def test_a_degree_of_latitude_and_the_way_to_the_antipode_are_as_long_as_known():
    assert distance(Position(0, 0), Position(1, 0)) == pytest.approx(111_195, rel=1e-4)
    assert distance(Position(0, 0), Position(0, 180)) == pytest.approx(20_015_087, rel=1e-4)
    assert distance(Position(60, 10), Position(60, 11)) == pytest.approx(55_597, rel=1e-3)


@pytest.mark.parametrize(
    ("phone", "said"),
    [
        (at(0), Verdict.INSIDE),
        (at(185), Verdict.INSIDE),
        (at(195), Verdict.DOUBT),
        (at(215), Verdict.OUTSIDE),
        (at(150, accuracy=80), Verdict.DOUBT),
        (at(260, accuracy=80), Verdict.DOUBT),
        (at(5_000, accuracy=1_500), Verdict.DOUBT),
        (None, Verdict.DOUBT),
    ],
)
def test_the_whole_circle_in_which_a_phone_may_be_decides(phone: Position | None, said: Verdict):
    assert verdict(GATE, phone) is said
    assert verdict(None, phone) is Verdict.DOUBT


@given(st.floats(0, 5_000), st.floats(0, 900))
def test_nobody_is_inside_or_outside_who_may_be_the_other(metres: float, accuracy: float):
    said, away = verdict(GATE, at(metres, accuracy)), distance(GATE, at(metres))
    assert (said is Verdict.INSIDE) == (away + accuracy <= RADIUS)
    assert (said is Verdict.OUTSIDE) == (away - accuracy > RADIUS)


def test_only_a_coarse_band_is_kept():
    assert [band(GATE, at(m)) for m in (0, 70, 199, 400, 9_000)] == [
        "0-50",
        "50-100",
        "100-200",
        "200-500",
        "over 2000",
    ]
    assert band(GATE, None) == band(None, at(1)) == "unknown"


def test_check_in_opens_an_hour_before():
    now = timezone.now()
    assert is_open(now, now + OPENS)
    assert not is_open(now, now + OPENS + timedelta(seconds=1))


@pytest.fixture
def booked(ward: Ward) -> Any:
    """Asha has a booking in a few minutes, and the hospital has said where it is."""
    ward.keep_real_time()
    Facility.objects.filter(id=ward.facility.id).update(latitude=GATE.latitude, longitude=GATE.longitude)
    row = book(ward, open_slot(ward, 0.2), patient=ward.register("Asha Devi", phone=PHONE)).appointment
    Appointment.objects.filter(id=row.id).update(day=ward.facility.day_of(ward.now))  # also just before midnight
    return row


def vars_of(phone: Position) -> dict[str, float]:
    return {"latitude": phone.latitude, "longitude": phone.longitude, "accuracy": phone.accuracy}


def come(row: Any, phone: Position | None, holder: Holder | None = None) -> Any:
    where = vars_of(phone) if phone else {}
    return (holder or Holder())("PATCH", f"/api/v1/tokens/{row.token_id}/check-in", where)


@pytest.mark.parametrize(("phone", "state"), [(at(20), "WAITING"), (at(195), "SCANNED"), (None, "SCANNED")])
def test_a_phone_at_the_hospital_leads_into_the_queue_and_one_in_doubt_to_the_desk(
    booked: Any, phone: Position | None, state: str
):
    answer = come(booked, phone)
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert answer.json()["tokenNumber"] == booked.token.token_number
    kept = AuditEntry.objects.get(action="visit.geofence")
    assert set(kept.after) == {"verdict", "band"}
    for entry in AuditEntry.objects.all():
        assert not re.search(r"(?<![\d:])18\.52", f"{entry.before} {entry.after}"), "a part of a second may look so"


def test_a_phone_elsewhere_is_refused_and_nothing_happens(booked: Any):
    answer = come(booked, at(3_000))
    assert (answer.status_code, answer.json()["code"]) == (409, "too_far")
    assert not Visit.objects.exists()


def test_too_early_and_somebody_elses_are_refused(ward: Ward, booked: Any):
    other = book(ward, open_slot(ward, 3), patient=ward.register("Rani", phone="98765 11111")).appointment
    holder = Holder()
    assert come(other, at(0), holder).status_code == 404
    Appointment.objects.filter(id=booked.id).update(at=timezone.now() + timedelta(hours=2))
    answer = come(booked, at(0), holder)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_early")


def test_the_page_checks_in_with_and_without_a_place(booked: Any):
    browser = signed_in_browser()
    address = f"/me/bookings/{booked.id}/"
    assert f"{address}here/" in browser.get(address).content.decode()
    assert "data-here" in browser.get(f"{address}here/").content.decode()
    far = {"latitude": "19.9", "longitude": "73.85", "accuracy": "5", "key": "far"}
    assert browser.post(f"{address}here/", far).status_code == 409
    assert browser.post(f"{address}here/", {"key": "no-place"}).status_code == 302
    assert Visit.objects.get().state == "SCANNED"


def test_by_phone_the_usual_journey_begins_and_goes_on_to_the_cashier(ward: Ward, booked: Any):
    stations = Stations(ward)
    usual(ward, stations, ("TRI",), ("",), ("CSH",), departments=frozenset({ward.department.id}))
    answer = come(booked, at(20))
    assert (answer.status_code, answer.json()["state"]) == (200, "WAITING")
    assert answer.json()["departmentId"] == str(stations.department("TRI").id)
    goes_through(ward, stations, booked)
