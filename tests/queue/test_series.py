"""Limits of a day, the same time every week, meeting by video, and what is remembered of who waits."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from apps.queue import commands
from apps.queue.providers import NoRoom
from apps.scheduling.commands import NotPossibleNow, SlotGone
from apps.scheduling.commands.limits import DayFull, TooManyOfPerson
from apps.scheduling.models import AllocationPolicy, Appointment
from apps.scheduling.rules.slots import same_clock
from tests.bookings import book, cancel, hold, open_slot
from tests.cast import bearer, meera
from tests.ward import Ward, add_doctor

pytestmark = pytest.mark.django_db

WEEK = 24 * 7


def limit(ward: Ward, **limits: int) -> None:
    AllocationPolicy.objects.create(facility=ward.facility, department=ward.department, **limits)


def series(ward: Ward, slot: Any, weeks: int, patient: Any) -> Any:
    return commands.book_series(
        actor=ward.meera,
        now=ward.now,
        doctor_id=slot.doctor_id,
        patient_id=patient.id,
        slot_id=slot.id,
        source="follow_up",
        weeks=weeks,
    )


def test_one_person_has_no_more_bookings_a_day_than_allowed(ward):
    limit(ward, most_per_patient=1)
    other, asha = add_doctor(ward, [ward.department]), ward.register()
    first, second = open_slot(ward, 24), open_slot(ward, 24, doctor=other)
    row = book(ward, first, patient=asha).appointment
    for want in (book, hold):
        with pytest.raises(TooManyOfPerson):
            want(ward, second, patient=asha, **({"doctor_id": other.id} if want is book else {}))
    assert book(ward, second, "emergency", patient=asha, doctor_id=other.id).appointment
    cancel(ward, row)


def test_one_doctor_has_no_more_bookings_a_day_than_allowed(ward):
    limit(ward, most_per_day=2)
    slot = open_slot(ward, 24, 5)
    for _ in range(2):
        book(ward, slot)
    with pytest.raises(DayFull):
        book(ward, slot)
    assert book(ward, slot, "emergency").appointment


def test_nobody_is_moved_to_a_day_that_has_as_many_as_allowed(ward):
    slot, full = open_slot(ward, 24, 5), open_slot(ward, 48, 5)
    limit(ward, most_per_day=2)
    rows = [book(ward, slot).appointment for _ in range(2)]
    book(ward, full)
    commands.reschedule(actor=ward.meera, now=ward.now, booking_id=rows[0].id, slot_id=full.id)
    with pytest.raises(DayFull):
        commands.reschedule(actor=ward.meera, now=ward.now, booking_id=rows[1].id, slot_id=full.id)
    rows[1].refresh_from_db()
    assert rows[1].state == "BOOKED"


def test_a_series_books_what_is_possible_and_says_of_the_rest_why_not(ward):
    slots = [open_slot(ward, 24 + week * WEEK, 1) for week in (0, 1, 3)]
    asha = ward.register()
    book(ward, slots[1])
    told = series(ward, slots[0], 4, asha)
    assert [bool(one.row) for one in told.weeks] == [True, False, False, True]
    assert [one.refusal.code for one in told.weeks if one.refusal] == ["slot_not_bookable"] * 2
    rows = Appointment.objects.filter(series_id=told.id, state="BOOKED").order_by("day")
    assert [row.slot_id for row in rows] == [slots[0].id, slots[2].id]
    again = series(ward, slots[0], 4, asha)
    assert [one.refusal.code for one in again.weeks] == [
        "already_booked", "slot_not_bookable", "slot_not_bookable", "already_booked",
    ]  # fmt: skip
    with pytest.raises(SlotGone):
        series(ward, open_slot(ward, 30, closed_at=ward.now), 2, asha)


def test_the_same_clock_holds_where_summer_time_begins():
    before = datetime(2027, 3, 26, 8, 0, tzinfo=UTC)
    assert same_clock(before, 7, "Europe/Berlin") == datetime(2027, 4, 2, 7, 0, tzinfo=UTC)
    assert same_clock(before, 7, "Asia/Kolkata") == datetime(2027, 4, 2, 8, 0, tzinfo=UTC)
    assert same_clock(before, 0, "Asia/Kathmandu").date() == date(2027, 3, 26)


def test_a_booking_gets_a_room_that_nobody_can_guess_and_keeps_it(ward, settings):
    settings.MEETING_URL = "https://meet.hospital.example/"
    row, other = book(ward, open_slot(ward)).appointment, book(ward, open_slot(ward, 26)).appointment

    def meet(booking: Any) -> Any:
        return commands.give_meeting_link(actor=ward.meera, now=ward.now, booking_id=booking.id).meeting_url

    url = meet(row)
    assert url.startswith("https://meet.hospital.example/opd-")
    assert str(row.id) not in url
    assert meet(row) == url
    assert meet(other) != url
    cancel(ward, row)
    gone = book(ward, open_slot(ward, 28)).appointment
    settings.MEETING_PROVIDER = ""
    with pytest.raises(NoRoom):
        meet(gone)
    settings.MEETING_PROVIDER = "apps.queue.providers.named_rooms.room"
    cancel(ward, gone)
    with pytest.raises(NotPossibleNow):
        meet(gone)


def test_as_programs_ask_for_it(client, ward):
    ward.keep_real_time()
    ward.now = ward.now.replace(second=0, microsecond=0)
    staff = meera(ward.facility)
    staff.all_departments = True
    staff.save()
    desk = bearer(staff)

    def ask(method: str, path: str, **body: Any) -> Any:
        return client.generic(method, f"/api/v1/{path}", json.dumps(body), "application/json", headers=desk)

    slot, asha = open_slot(ward, 24, 1), ward.register()
    body = {"doctorId": str(ward.doctor.id), "slotId": str(slot.id), "patientId": str(asha.id), "source": "online"}
    assert ask("POST", "appointments/recurring", **body, weeks=1).status_code == 400
    told = ask("POST", "appointments/recurring", **body, weeks=2)
    assert told.status_code == 201
    first, second = told.json()["weeks"]
    assert (first["token"]["status"], first["problem"]) == ("BOOKED", None)
    assert (second["token"], second["problem"]["code"]) == (None, "slot_not_bookable")
    meeting = ask("POST", f"appointments/{first['token']['appointmentId']}/meeting").json()
    assert meeting["meetingUrl"].startswith("https://")
    entry = book(ward, slot).waiting
    noted = ask("PUT", f"waiting/{entry.id}/notes", notes="can only come by bus").json()
    assert noted["notes"] == "can only come by bus"
