"""Leave, delay and closed sessions as programs do it: the contract's paths and shapes."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Staff
from apps.notifications.models import Message
from apps.scheduling.models import Appointment, Leave, Slot
from tests.bookings import book, open_slot
from tests.cast import bearer, meera
from tests.ward import Ward, open_ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward(db: None) -> Any:
    """Two doctors; the real clock counts over HTTP."""
    with open_ward(doctors=2) as opened:
        opened.keep_real_time()
        yield opened


@pytest.fixture
def ask(client: Client, ward: Ward) -> Any:
    """Meera's requests."""
    staff: Staff = meera(ward.facility)
    staff.all_departments = True
    staff.save()
    headers = bearer(staff)

    def by(method: str, path: str, **body: Any) -> Any:
        return client.generic(method, f"/api/v1/{path}", json.dumps(body), "application/json", headers=headers)

    return by


def booked(ward: Ward, slot: Slot) -> Appointment:
    row: Appointment = book(ward, slot).appointment
    return row


def test_a_leave_is_previewed_taken_listed_and_withdrawn(ward: Ward, ask: Any):
    mine, other = open_slot(ward, 48), open_slot(ward, 48, capacity=1, doctor=ward.doctors[1])
    rows = [booked(ward, mine), booked(ward, mine)]
    path = f"doctors/{ward.doctor.id}/leave"
    asked = {"from": str(mine.day), "to": str(mine.day), "reason": "fever"}
    seen = ask("POST", path, **asked, preview=True)
    looked = ask("GET", f"{path}/preview?from={mine.day}&to={mine.day}")
    assert (seen.status_code, looked.json()) == (200, seen.json())
    assert not Leave.objects.exists()
    taken = ask("POST", path, **asked, idempotencyKey="once")
    assert ask("POST", path, **asked, idempotencyKey="once").json() == taken.json()
    told = taken.json()
    assert (taken.status_code, told["affected"]) == (201, 2)
    assert [row["slotId"] for row in told["reassigned"]] == [str(other.id)]
    assert [row["appointmentId"] for row in told["escalated"]] == [str(rows[1].id)]
    assert (told["rescheduled"], told["visits"], told["untold"]) == ([], [], 2)
    assert {key: told[key] for key in seen.json()} == seen.json()
    assert ask("POST", path, **asked).json()["code"] == "already_away"
    assert [row["leaveId"] for row in ask("GET", path).json()["results"]] == [told["leaveId"]]
    listed = ask("GET", "escalations").json()
    assert [row["appointmentId"] for row in listed["bookings"]] == [str(rows[1].id)]
    gone = ask("DELETE", f"{path}/{told['leaveId']}").json()
    assert [row["appointmentId"] for row in gone["putBack"]] == [str(rows[0].id)]
    assert ask("GET", "escalations").json()["bookings"] == []
    assert ask("DELETE", f"{path}/{told['leaveId']}").json()["code"] == "leave_is_over"


def test_hours_are_moments_with_an_offset_and_nonsense_is_said(ward: Ward, ask: Any):
    path, mine = f"doctors/{ward.doctor.id}/leave", open_slot(ward, 48)
    after = open_slot(ward, 50)
    hours = {"from": mine.starts_at.isoformat(), "to": mine.ends_at.isoformat()}
    ask("POST", path, **hours, reason="court")
    assert [bool(Slot.objects.get(id=slot.id).closed_at) for slot in (mine, after)] == [True, False]
    for wrong in ({"from": "soon"}, {"to": "2026-13-01"}, {"from": "2031-01-06T10:00:00"}, {"to": "2001-01-01"}):
        answer = ask("POST", path, **({"from": "2031-01-06", "to": "2031-01-06", "reason": "x"} | wrong))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), wrong
    assert ask("POST", path, to="2031-01-06", reason="x").json()["errors"].keys() == {"from"}


def test_a_stranded_person_is_placed_or_given_up_for_a_reason(ward: Ward, ask: Any):
    mine = open_slot(ward, 48)
    first, second = booked(ward, mine), booked(ward, mine)
    ask("POST", f"doctors/{ward.doctor.id}/leave", **{"from": str(mine.day), "to": str(mine.day), "reason": "x"})
    later = open_slot(ward, 72, doctor=ward.doctors[1])
    placed = ask("POST", f"escalations/{first.id}", slotId=str(later.id)).json()
    assert (placed["slotId"], placed["status"]) == (str(later.id), "BOOKED")
    assert ask("DELETE", f"escalations/{second.id}").status_code == 400
    assert ask("DELETE", f"escalations/{second.id}", reason="moved away").json()["status"] == "CANCELLED"
    assert ask("DELETE", f"escalations/{second.id}", reason="again").json()["code"] == "not_escalated"


def test_a_delay_shifts_once_per_change(ward: Ward, ask: Any):
    slot = open_slot(ward, 48)
    row = booked(ward, slot)
    path, asked = f"doctors/{ward.doctor.id}/delay", {"slotId": str(slot.id), "minutes": 25}
    shifted = ask("POST", path, **asked).json()
    times = [datetime.fromisoformat(one["appointmentTime"]) for one in shifted["shifted"]]
    assert times == [row.at + timedelta(minutes=25)]
    assert ask("POST", path, **asked).json()["shifted"] == []
    assert len(ask("POST", path, **(asked | {"minutes": 0})).json()["shifted"]) == 1
    assert ask("POST", path, **(asked | {"minutes": 241})).status_code == 400
    assert not Message.objects.exists()  # nobody here has a phone


def test_a_cancelled_slot_is_previewed_and_everybody_is_rebooked_or_waitlisted(ward: Ward, ask: Any):
    slot, later = open_slot(ward, 48), open_slot(ward, 72, capacity=1)
    rows = [booked(ward, slot), booked(ward, slot)]
    path = f"cancellations/bulk/{slot.id}"
    seen = ask("POST", path, reason="burst pipe", preview=True).json()
    assert not Slot.objects.filter(closed_at__isnull=False).exists()
    done = ask("POST", path, reason="burst pipe").json()
    assert [row["slotId"] for row in done["rebooked"]] == [row["slotId"] for row in seen["rebooked"]] == [str(later.id)]
    assert done["rebooked"][0]["tokenId"] != seen["rebooked"][0]["tokenId"]  # another day, another number
    assert done["rebooked"][0]["fromSlotId"] == str(slot.id)
    assert datetime.fromisoformat(done["rebooked"][0]["fromTime"]) == rows[0].at
    assert [row["appointmentId"] for row in done["waitlisted"]] == [str(rows[1].id)]
    assert done["affected"] == 2
    assert ask("POST", path, reason="again").json()["code"] == "slot_not_bookable"
