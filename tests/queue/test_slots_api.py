"""Document 004's queue by slots, and giving up, as programs ask for them."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.models import OutboxEvent
from apps.queue import commands
from apps.queue.queries.slots import doctor_day
from apps.scheduling.models import Appointment, Doctor, Slot
from tests.bookings import book, cancel, hold, open_slot, visit_type
from tests.cast import bearer, meera
from tests.ward import Ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(ward: Ward) -> dict[str, str]:
    """Meera's headers. The real clock counts over HTTP, so the hospital lies where it is noon now."""
    ward.keep_real_time()
    staff = meera(ward.facility)
    staff.all_departments = True
    staff.save()
    return bearer(staff)


def ask(client: Client, desk: dict[str, str], method: str, path: str, **body: Any) -> Any:
    return client.generic(method, f"/api/v1/{path}", json.dumps(body), "application/json", headers=desk)


def test_request_and_confirm_as_document_002_has_it(client, ward, desk):
    slot, person = open_slot(ward, 24, 1), ward.register()
    body = {"doctorId": str(ward.doctor.id), "slotId": str(slot.id), "patientId": str(person.id)}
    held = ask(client, desk, "POST", "appointments/request", **body)
    assert held.status_code == 201
    told = held.json()
    assert datetime.fromisoformat(told["holdExpiresAt"]) > timezone.now()
    other = ward.register(name="Other")
    gone = ask(client, desk, "POST", "appointments/request", **(body | {"patientId": str(other.id)}))
    assert (gone.status_code, gone.json()["code"]) == (409, "slot_not_bookable")
    done = ask(client, desk, "POST", f"appointments/{told['appointmentId']}/confirm").json()["token"]
    assert (done["status"], done["appointmentId"]) == ("BOOKED", told["appointmentId"])
    assert done["trackingUrl"].endswith("/")
    assert done["trackingToken"]


def test_a_hold_that_is_over_is_409_hold_expired(client, ward, desk):
    row = hold(ward, open_slot(ward))
    Appointment.objects.filter(id=row.id).update(hold_expires_at=ward.now)
    answer = ask(client, desk, "POST", f"appointments/{row.id}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "hold_expired")


def test_a_link_shows_the_booking_and_then_the_visit_to_anybody_who_has_it(client, ward, desk):
    slot = open_slot(ward, 1, 3)
    book(ward, slot)
    row = book(ward, slot).appointment
    token, code = row.link
    for word in (token, code):
        data = client.get(f"/api/v1/appointments/track/{word}").json()["data"]
        assert data["appointment"]["status"] == "BOOKED"
        assert data["queue"]["position"] == 2
        assert data["queue"]["estimatedWaitTime"] >= 60
        assert "show this page at the desk" in data["queue"]["queueStatus"]
    page = client.get(f"/t/{code}/").content.decode()
    assert "You are booked for" in page
    assert row.token.label in page
    assert "Somebody" not in page
    commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id)
    data = client.get(f"/api/v1/appointments/refresh-queue/{code}").json()["data"]
    assert (data["appointment"]["status"], data["queue"]["position"]) == ("CHECKED_IN", 1)
    assert data["queue"]["queueStatus"] == "You are next. Please stay near the door."
    assert "Waiting" in client.get(f"/t/{code}/").content.decode()


@pytest.mark.parametrize(
    ("wished", "said"),
    [(True, "This appointment was cancelled"), (False, "The hospital had to cancel this appointment. We are sorry.")],
)
def test_the_page_of_a_booking_that_was_cancelled_says_so_and_by_whose_wish(client, ward, desk, wished, said):
    row = book(ward, open_slot(ward)).appointment
    cancel(ward, row, wished=wished)
    assert said in client.get(f"/t/{row.link[1]}/").content.decode()
    queue = client.get(f"/api/v1/appointments/track/{row.link[1]}").json()["data"]["queue"]
    assert queue["position"] is None


@pytest.mark.parametrize("word", ["x", "bcdfghjkmn", "A" * 120, "a.b.c", "%F0%9F%98%80", "9" * 3000])
def test_a_wrong_link_is_404_with_one_body(client, ward, word):
    unknown = client.get("/api/v1/appointments/track/zzzzzzzzzz")
    answer = client.get(f"/api/v1/appointments/track/{word}")
    assert (answer.status_code, answer.content) == (404, unknown.content)


def test_a_doctors_day_by_slots_with_positions(client, ward, desk, django_assert_num_queries):
    slot, other = open_slot(ward, 24, 3), open_slot(ward, 26, 3)
    first, second = book(ward, slot).appointment, book(ward, slot).appointment
    told = ask(client, desk, "GET", f"appointments/queue/slot-based/{ward.doctor.id}?date={slot.day}").json()
    assert [one["slotId"] for one in told["slots"]] == [str(slot.id), str(other.id)]
    people = told["slots"][0]["appointments"]
    assert [(one["appointmentId"], one["position"], one["status"]) for one in people] == [
        (str(first.id), 1, "BOOKED"),
        (str(second.id), 2, "BOOKED"),
    ]
    for name in (second.id, second.token_id):
        at = ask(client, desk, "GET", f"appointments/queue/slot-position/{name}").json()
        assert (at["position"], at["totalInSlot"]) == (2, 2)
    with django_assert_num_queries(2):
        doctor_day(ward.doctor.id, slot.day, ward.now)
    cancel(ward, second)
    assert ask(client, desk, "GET", f"appointments/queue/slot-position/{second.id}").status_code == 404


def test_overlaps_are_those_who_come_before_the_one_ahead_is_done(client, ward, desk):
    Doctor.objects.filter(id=ward.doctor.id).update(average_consultation_minutes=30)
    slot = open_slot(ward, 24, 6)
    kind = visit_type(ward.department, minutes=40)
    for how in ({}, {}, {"visit_type_id": kind.id}):
        book(ward, slot, **how)
    window = {"slotStartTime": slot.starts_at.isoformat(), "slotEndTime": slot.ends_at.isoformat()}
    told = ask(client, desk, "POST", f"appointments/queue/slot-overlaps/{ward.doctor.id}", **window).json()
    assert (told["totalAppointments"], told["hasOverlaps"], len(told["overlaps"])) == (3, True, 2)
    assert (told["minutesNeeded"], told["minutesThereAre"]) == (100, 60)
    assert [overlap["minutes"] for overlap in told["overlaps"]] == [30, 20]
    turned = {"slotStartTime": window["slotEndTime"], "slotEndTime": window["slotStartTime"]}
    assert ask(client, desk, "POST", f"appointments/queue/slot-overlaps/{ward.doctor.id}", **turned).status_code == 400


def test_the_best_time_is_near_the_wish_and_not_where_many_come_already(client, ward, desk):
    slots = [open_slot(ward, 48 + hours, 4, walk_in_reserve=0) for hours in (0, 2, 4)]
    slots = [slot for slot in slots if slot.day == slots[0].day]
    for _ in range(3):
        book(ward, slots[0])
    path = f"appointments/queue/suggest-slots/{ward.doctor.id}?date={slots[0].day}"
    told = ask(client, desk, "GET", path).json()
    assert told["suggestions"] == told["data"]["suggestions"]
    rows = told["suggestions"]
    assert [row["priority"] for row in rows] == sorted((row["priority"] for row in rows), reverse=True)
    assert {"timeSlot", "currentAppointments", "estimatedWaitTime", "priority"} <= set(rows[0])
    wished = slots[-1].starts_at.astimezone(ZoneInfo(ward.facility.time_zone)).hour
    near = ask(client, desk, "GET", f"{path}&preferredHour={wished}").json()["suggestions"]
    assert near[0]["slotId"] == str(slots[-1].id)
    for wrong in ("preferredHour=24", "preferredHour=x", "date=tomorrow", "unknown=1"):
        assert ask(client, desk, "GET", f"appointments/queue/suggest-slots/{ward.doctor.id}?{wrong}").status_code == 400


def test_full_closed_and_past_slots_are_not_suggested(client, ward, desk):
    full = open_slot(ward, 24, 1)
    book(ward, full)
    path = f"appointments/queue/suggest-slots/{ward.doctor.id}?date={full.day}"
    assert ask(client, desk, "GET", path).json()["suggestions"] == []


def test_moving_within_a_slot_exchanges_two_times_for_a_reason(client, ward, desk):
    slot = open_slot(ward, 24, 3)
    rows = [book(ward, slot).appointment for _ in range(3)]
    path = f"appointments/queue/move/{rows[2].token_id}"
    assert ask(client, desk, "POST", path, newPosition=1).status_code == 400
    told = ask(client, desk, "POST", path, newPosition=1, reason="comes by the early bus").json()
    assert told["queuePosition"] == 1
    times = {row.id: row.at for row in rows}
    for row in rows:
        row.refresh_from_db()
    assert [row.at for row in rows] == [times[rows[2].id], times[rows[1].id], times[rows[0].id]]
    assert AuditEntry.objects.filter(action="appointment.moved", reason="comes by the early bus").count() == 2


def test_moving_in_the_queue_goes_between_two_but_never_before_the_urgent(client, ward, desk):
    urgent = ward.arrive(symptoms=["chest pain"])
    people = [ward.arrive() for _ in range(3)]
    path = f"appointments/queue/move/{people[2].token_id}"
    told = ask(client, desk, "POST", path, newPosition=1, reason="faints").json()
    assert (told["visit"]["visitId"], told["queuePosition"]) == (str(people[2].id), 2)
    told = ask(client, desk, "POST", path, newPosition=3, reason="is well again").json()
    assert told["queuePosition"] == 3
    told = ask(client, desk, "POST", path, newPosition=99, reason="waits for a relative").json()
    assert told["queuePosition"] == 4
    assert ward.call_next().id == urgent.id
    assert AuditEntry.objects.filter(action="visit.moved").count() == 3
    assert (
        ask(client, desk, "POST", f"appointments/queue/move/{urgent.token_id}", newPosition=1, reason="x").status_code
        == 409
    )


def test_an_early_arrival_counts_from_the_appointment(client, ward, desk):
    row = book(ward, open_slot(ward, 0.4)).appointment
    told = ask(client, desk, "POST", f"appointments/queue/early-arrival/{row.id}").json()
    assert told["minutesEarly"] in (22, 23, 24)
    assert told["state"] == "WAITING"
    assert told["queue"]["position"] == 1


def test_an_announcement_reaches_the_departments_stream(client, ward, desk):
    body = {"message": "Doctor is running late", "priority": "high", "estimatedDelay": 30}
    told = ask(client, desk, "POST", f"appointments/queue/emergency/{ward.doctor.id}", **body)
    assert told.status_code == 200
    event = OutboxEvent.objects.get(type="queue.emergency")
    assert event.payload == body
    assert event.stream == f"dept.{ward.department.id}"


def test_the_statistics_of_a_day(client, ward, desk):
    slot = open_slot(ward, 24, 6)
    rows = [book(ward, slot).appointment for _ in range(4)]
    cancel(ward, rows[0])
    commands.miss_booking(actor=ward.meera, now=rows[1].at + timedelta(hours=1), booking_id=rows[1].id)
    for path in ("appointments/queue/statistics", "doctors"):
        tail = "/stats" if path == "doctors" else ""
        told = ask(client, desk, "GET", f"{path}/{ward.doctor.id}{tail}?date={slot.day}").json()
        counted = [told[name] for name in ("totalAppointments", "booked", "cancelled", "noShows", "noShowRate")]
        assert counted == [3, 2, 1, 1, 1.0]
        assert sum(hour["appointments"] for hour in told["peakHours"]) == 3


@pytest.mark.parametrize(("hours", "percent", "late"), [(30, 100, False), (13, 75, True), (7, 50, True), (2, 0, True)])
def test_what_comes_back_is_by_the_notice_that_was_given(client, ward, desk, hours, percent, late):
    row = book(ward, open_slot(ward, hours)).appointment
    path = f"cancellations/refund/{row.token_id}"
    assert ask(client, desk, "POST", path).json()["code"] == "not_cancelled"
    cancel(ward, row, wished=True)
    told = ask(client, desk, "POST", path).json()
    assert (told["refundPercentage"], told["lateFee"]) == (percent, late)
    assert AuditEntry.objects.get(action="appointment.refund_asked").after["percent"] == percent
    history = ask(client, desk, "GET", f"cancellations/history?doctorId={ward.doctor.id}").json()["results"]
    assert [(one["refundPercentage"], one["cancellationReason"]) for one in history] == [(percent, "cannot come")]


def test_what_the_hospital_cancels_comes_back_whole(client, ward, desk):
    row = book(ward, open_slot(ward, 2)).appointment
    cancel(ward, row)
    told = ask(client, desk, "POST", f"cancellations/refund/{row.token_id}").json()
    assert told["refundPercentage"] == 100


def test_the_history_is_narrowed_and_the_counts_are_of_its_days(client, ward, desk):
    slot = open_slot(ward, 24, 1)
    row = book(ward, slot).appointment
    book(ward, slot)
    cancel(ward, row)
    hold(ward, open_slot(ward, 26))
    day = slot.day.isoformat()
    told = ask(client, desk, "GET", f"cancellations/stats?from={day}&to={day}").json()
    assert (told["totalBookings"], told["cancelled"], told["promotedFromWaitingList"]) == (2, 1, 1)
    assert told["cancellationRate"] == 0.5
    for query, many in [
        (f"patientId={row.patient_id}", 1),
        (f"patientId={uuid4()}", 0),
        (f"from={day}", 1),
        (f"to={day}", 1),
    ]:
        assert ask(client, desk, "GET", f"cancellations/history?{query}").json()["count"] == many
    assert ask(client, desk, "GET", "cancellations/stats?from=2026-02-01&to=2026-01-01").status_code == 400


def test_a_waiting_list_is_counted(client, ward, desk):
    slot = open_slot(ward, 24, 1)
    row = book(ward, slot, "emergency").appointment
    for source in ("online", "online", "follow_up"):
        book(ward, slot, source)
    cancel(ward, row)
    told = ask(client, desk, "GET", f"waiting/stats?doctorId={ward.doctor.id}").json()
    assert told["totalWaiting"] == 2
    assert told["bySource"] == {"online": 2}
    assert told["byDate"] == {slot.day.isoformat(): 2}
    assert told["became"] == {"ALLOCATED": 1}


def test_a_status_is_a_synonym_of_its_command(client, ward, desk):
    slot = open_slot(ward, 0.2)
    row = book(ward, slot).appointment

    def to(status: str, **more: Any) -> Any:
        return ask(client, desk, "PATCH", f"tokens/{row.token_id}/status", status=status, **more)

    assert to("COMPLETED").status_code == 409
    assert to("LOST").status_code == 400
    here = to("CHECKED_IN").json()
    assert here["state"] == "WAITING"
    again = to("CHECKED_IN")
    assert (again.status_code, again.json()["state"]) == (409, "CHECKED_IN")
    assert to("CALLED", expectedVersion=99).json()["code"] == "version_conflict"
    assert to("CALLED").json()["state"] == "CALLED"
    assert to("WAITING").json()["state"] == "WAITING"
    assert to("IN_CONSULTATION").status_code in (403, 409)
    assert to("CANCELLED").status_code == 400
    assert to("CANCELLED", reason="went home").json()["state"] == "CANCELLED"
    held = hold(ward, open_slot(ward, 30))
    told = ask(client, desk, "PATCH", f"tokens/{held.id}/status", status="BOOKED").json()
    assert told["status"] == "BOOKED"
    assert ask(client, desk, "PATCH", f"tokens/{uuid4()}/status", status="BOOKED").status_code == 404
    assert Slot.objects.get(id=slot.id).taken == 1
