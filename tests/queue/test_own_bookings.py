"""A family books, moves and gives up by itself: its own, in time, and by no way that belongs to the desk."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.patients.commands import change
from apps.queue.models import Visit
from apps.queue.queries.own_bookings import FOLLOW_UP_WITHIN
from apps.scheduling.models import (
    AllocationPolicy,
    Appointment,
    Department,
    DoctorDepartment,
    Slot,
    WaitingEntry,
)
from tests.bookings import book, cancel, open_slot, visit_type
from tests.patients.codes import PHONE
from tests.queue.test_own import OTHER, Holder, call, checked_in, signed_in_browser
from tests.ward import Ward, add_doctor

HERE = "/api/v1"


@pytest.fixture
def ward(ward: Ward) -> Ward:
    """The hospital at this hour."""
    ward.keep_real_time()
    return ward


@pytest.fixture
def asha(ward: Ward) -> Any:
    return ward.register("Asha Devi", phone=PHONE)


@pytest.fixture
def holder(asha: Any) -> Holder:
    """Asha's phone, signed in by a code."""
    return Holder()


def wish(ward: Ward, slot: Slot, **more: Any) -> dict[str, Any]:
    return {"doctorId": str(ward.doctor.id), "source": "online", "preferredSlotId": str(slot.id)} | more


def page_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# --- the API ------------------------------------------------------------------------------------------------------


def test_somebody_sees_the_clinics_and_their_doctors_to_choose_from_and_nothing_else(ward: Ward, holder: Holder):
    here, other = {"facility": ward.facility, "letter": "P"}, add_doctor(ward, [])
    pharmacy = Department.objects.create(code="PHA", name="Pharmacy", kind="pharmacy", **here)
    DoctorDepartment.objects.create(doctor=other, department=pharmacy)
    assert [row["id"] for row in holder("GET", f"{HERE}/departments").json()["results"]] == [str(ward.department.id)]
    for asked in ("", f"?department={ward.department.id}"):
        found = holder("GET", f"{HERE}/doctors{asked}").json()["results"]
        assert [row["id"] for row in found] == [str(ward.doctor.id)]
    assert holder("GET", f"{HERE}/doctors?department={pharmacy.id}").json()["results"] == []
    for path, status in (
        (f"departments/{ward.department.id}", 200),
        (f"departments/{pharmacy.id}", 404),
        (f"doctors/{ward.doctor.id}", 200),
        (f"doctors/{other.id}", 404),
        (f"doctors/{ward.doctor.id}/slots?date={ward.now.date()}", 200),
    ):
        assert holder("GET", f"{HERE}/{path}").status_code == status, path
    assert holder("PATCH", f"{HERE}/doctors/{ward.doctor.id}", {"name": "Dr Me"}).status_code == 403


def test_somebody_books_sees_moves_and_gives_up_their_own(ward: Ward, asha: Any, holder: Holder):
    slot, other = open_slot(ward, 30), open_slot(ward, 60)
    day = f"{HERE}/tokens/availability?doctorId={ward.doctor.id}&date={slot.day}"
    assert holder("GET", day).json()["availableSlots"] == 1
    made = holder("POST", f"{HERE}/tokens", wish(ward, slot))
    assert made.status_code == 201
    token = made.json()["token"]
    assert (token["status"], token["patientId"]) == ("BOOKED", str(asha.id))
    assert "moved" not in made.json()
    assert holder("GET", f"{HERE}/tokens/{token['tokenId']}").json()["appointmentId"] == token["appointmentId"]
    listed = holder("GET", f"{HERE}/patient/bookings").json()
    assert (listed["count"], listed["results"][0]["patient"]["name"]) == (1, "Asha Devi")
    moved = holder("POST", f"{HERE}/tokens/{token['tokenId']}/reschedule", {"slotId": str(other.id)}).json()
    assert moved["token"]["slotId"] == str(other.id)
    assert "promoted" not in moved
    fresh = moved["token"]["tokenId"]
    assert holder("GET", f"{HERE}/cancellations/check/{fresh}").json()["canCancel"] is True
    gone = holder("DELETE", f"{HERE}/cancellations/{fresh}", {"reason": "cannot come"})
    assert gone.json()["freedSlot"] == str(other.id)
    assert AuditEntry.objects.filter(action="appointment.cancelled").exists()


def test_what_belongs_to_others_is_as_if_it_were_not_there(ward: Ward, holder: Holder):
    slot = open_slot(ward, 30, 1)
    stranger = ward.register("Somebody else", phone=OTHER)
    row = book(ward, slot, patient=stranger).appointment
    waits = book(ward, slot, patient=ward.register("Another", phone=OTHER)).waiting
    for method, path, body in [
        ("GET", "tokens/{}", None),
        ("POST", "tokens/{}/reschedule", {"slotId": str(slot.id)}),
        ("GET", "cancellations/check/{}", None),
        ("DELETE", "cancellations/{}", {"reason": "x"}),
    ]:
        strange = holder(method, f"{HERE}/{path.format(row.token_id)}", body)
        unknown = holder(method, f"{HERE}/{path.format(uuid4())}", body)
        assert (strange.status_code, strange.content) == (404, unknown.content), path
    for method in ("GET", "DELETE"):
        assert holder(method, f"{HERE}/waiting/{waits.id}").status_code == 404
    assert holder("POST", f"{HERE}/tokens", wish(ward, slot, patientId=str(stranger.id))).status_code == 404
    assert holder("GET", f"{HERE}/patient/bookings").json()["count"] == 0
    assert holder("GET", f"{HERE}/patient/waiting").json()["count"] == 0
    row.refresh_from_db()
    assert row.state == "BOOKED"
    assert AuditEntry.objects.filter(action="refused").exists()


def test_a_booking_goes_with_the_phone_as_it_is_now(ward: Ward, asha: Any, holder: Holder):
    row = book(ward, open_slot(ward), patient=asha).appointment
    change(actor=ward.meera, now=ward.now, patient_id=asha.id, expected_version=1, phone=OTHER)
    assert holder("GET", f"{HERE}/tokens/{row.token_id}").status_code == 404
    assert Holder(OTHER)("GET", f"{HERE}/tokens/{row.token_id}").status_code == 200


def test_with_several_people_it_has_to_be_said_for_whom(ward: Ward, asha: Any, holder: Holder):
    ravi, slot = ward.register("Ravi", age=7, phone=PHONE), open_slot(ward)
    answer = holder("POST", f"{HERE}/tokens", wish(ward, slot))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["patientId"])
    made = holder("POST", f"{HERE}/tokens", wish(ward, slot, patientId=str(ravi.id))).json()
    assert made["token"]["patientId"] == str(ravi.id)


@pytest.mark.parametrize("source", ["emergency", "walk_in"])
def test_the_desks_ways_are_the_desks(ward: Ward, holder: Holder, source: str):
    answer = holder("POST", f"{HERE}/tokens", wish(ward, open_slot(ward), source=source))
    assert (answer.status_code, answer.json()["code"]) == (403, "source_for_staff")
    assert not Appointment.objects.exists()


def test_a_follow_up_needs_a_visit_to_follow_up(ward: Ward, asha: Any, holder: Holder):
    slot = open_slot(ward, 30)
    follow_up = wish(ward, slot, source="follow_up")
    assert holder("POST", f"{HERE}/tokens", follow_up).json()["code"] == "no_visit_to_follow_up"
    visit = ward.arrive(asha)
    ward.call_next()
    ward.see(visit, minutes=0)
    long_ago = timezone.now() - FOLLOW_UP_WITHIN - timedelta(hours=1)
    Visit.objects.filter(id=visit.id).update(completed_at=long_ago)
    assert holder("POST", f"{HERE}/tokens", follow_up).status_code == 403
    Visit.objects.filter(id=visit.id).update(completed_at=timezone.now())
    assert holder("POST", f"{HERE}/tokens", follow_up).json()["token"]["priorityScore"] == 60


def test_half_an_hour_before_it_is_too_late_for_the_holder_but_not_for_the_desk(ward: Ward, asha: Any, holder: Holder):
    slot, other = open_slot(ward, 0.4), open_slot(ward, 30)
    row = book(ward, slot, patient=asha).appointment
    assert holder("GET", f"{HERE}/cancellations/check/{row.token_id}").json()["canCancel"] is False
    for method, path, body in [
        ("DELETE", f"cancellations/{row.token_id}", {"reason": "x"}),
        ("POST", f"tokens/{row.token_id}/reschedule", {"slotId": str(other.id)}),
    ]:
        answer = holder(method, f"{HERE}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
    cancel(ward, row)


def test_nobody_fills_the_calendar_by_themselves(ward: Ward, holder: Holder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("apps.queue.queries.own_bookings.MOST_AHEAD", 1)
    first, second = open_slot(ward, 30), open_slot(ward, 60)
    assert holder("POST", f"{HERE}/tokens", wish(ward, first)).status_code == 201
    answer = holder("POST", f"{HERE}/tokens", wish(ward, second))
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_bookings")


def test_a_place_on_the_waiting_list_is_seen_and_left(ward: Ward, asha: Any, holder: Holder):
    slot = open_slot(ward, 30, 1)
    book(ward, slot, "emergency")
    book(ward, slot, "follow_up")
    waiting = holder("POST", f"{HERE}/tokens", wish(ward, slot)).json()["waiting"]
    assert waiting["queuePosition"] == 2
    assert holder("GET", f"{HERE}/patient/waiting").json()["results"][0]["waitingId"] == waiting["waitingId"]
    assert holder("GET", f"{HERE}/waiting/{waiting['waitingId']}").json()["queuePosition"] == 2
    move = holder("POST", f"{HERE}/waiting/{waiting['waitingId']}/move", {"newPosition": 1, "reason": "x"})
    assert move.status_code == 403
    assert holder("DELETE", f"{HERE}/waiting/{waiting['waitingId']}").status_code == 200
    assert WaitingEntry.objects.get(id=waiting["waitingId"]).state == "CANCELLED"


def test_a_patient_neither_misses_nor_checks_in_by_the_desks_ways(ward: Ward, asha: Any, holder: Holder):
    row = book(ward, open_slot(ward, 0), patient=asha).appointment
    assert holder("POST", f"{HERE}/tokens/{row.token_id}/no-show", {}).status_code == 403
    came = holder("PATCH", f"{HERE}/tokens/{row.token_id}/check-in", {})
    assert (came.status_code, Visit.objects.get().state) == (200, "SCANNED")  # until the desk has looked
    assert holder("GET", f"{HERE}/tokens").status_code == 403


def test_who_came_back_by_a_restore_token_books_for_the_person_of_that_visit(ward: Ward):
    secret = checked_in(ward)["restoreToken"]
    slot = open_slot(ward, 30)
    made = call("POST", f"{HERE}/tokens", wish(ward, slot), secret).json()["token"]
    assert made["patientId"] == str(Visit.objects.get().patient_id)
    other = book(ward, slot).appointment
    assert call("GET", f"{HERE}/tokens/{other.token_id}", secret=secret).status_code == 404
    assert call("GET", f"{HERE}/patient/bookings", secret=secret).status_code == 403


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def phone(asha: Any) -> Client:
    """Asha's browser."""
    return signed_in_browser()


def send(browser: Client, url: str, **fields: Any) -> Any:
    return browser.post(url, {"key": uuid4()} | fields)


def link(page: str, beginning: str) -> str:
    """The first address on a page that begins so."""
    found = re.search(rf'href="({re.escape(beginning)}[^"]*)"', page)
    assert found, page
    return found[1].replace("&amp;", "&")


def test_from_the_family_page_to_a_number_there_are_four_screens(ward: Ward, asha: Any, phone: Client):
    slot = open_slot(ward, 30)
    start = link(page_of(phone.get("/me/")), "/book/?for=")
    departments = page_of(phone.get(start))
    assert "Next free:" in departments
    doctors = page_of(phone.get(link(departments, f"/book/?for={asha.id}&amp;department=")))
    assert ward.doctor.name in doctors
    check = link(doctors, f"/book/{ward.doctor.id}/check/")
    page = page_of(phone.get(check))
    assert "Is this right?" in page
    assert "Asha Devi" in page
    done = send(phone, check, reason="knee")
    row = Appointment.objects.get(patient=asha)
    assert (row.slot_id, row.source, row.reason) == (slot.id, "online", "knee")
    assert done.url == f"/me/bookings/{row.id}/"
    told = page_of(phone.get(done.url))
    assert "Your number" in told
    assert "Cancel this booking" in told
    assert f"/me/bookings/{row.id}/" in page_of(phone.get("/me/"))
    track = re.search(r'href="(/t/\w+/)"', told)
    assert track
    assert "You are booked for" in page_of(Client().get(track[1]))


def test_days_and_times_are_chosen_by_links_alone(ward: Ward, asha: Any, phone: Client):
    open_slot(ward, 30)
    slot = open_slot(ward, 54)
    page = page_of(phone.get(f"/book/{ward.doctor.id}/?for={asha.id}"))
    other = page_of(phone.get(link(page, f"/book/{ward.doctor.id}/?for={asha.id}&amp;day={slot.day}")))
    assert f"slot={slot.id}" in other


def test_a_time_that_was_just_taken_offers_the_nearest(ward: Ward, asha: Any, phone: Client):
    gone, free = open_slot(ward, 30, 1), open_slot(ward, 33, 1)
    book(ward, gone)
    answer = send(phone, f"/book/{ward.doctor.id}/check/?for={asha.id}&slot={gone.id}", reason="knee")
    page = page_of(answer)
    assert answer.status_code == 409
    assert "There is no free place at this time any more" in page
    assert f"slot={free.id}" in page
    assert 'value="knee"' in page
    assert not Appointment.objects.filter(patient=asha).exists()


def test_on_a_full_day_one_joins_the_waiting_list_and_sees_the_place(ward: Ward, asha: Any, phone: Client):
    slot = open_slot(ward, 30, 1)
    first = book(ward, slot, "emergency").appointment
    page = page_of(phone.get(f"/book/{ward.doctor.id}/?for={asha.id}"))
    assert "No times are left on this day" in page
    joined = send(phone, link(page, f"/book/{ward.doctor.id}/check/"), reason="")
    entry = WaitingEntry.objects.get(patient=asha)
    assert joined.url == f"/me/waiting/{entry.id}/"
    place = page_of(phone.get(joined.url))
    assert "Your place on the waiting list" in place
    assert ">1<" in place
    assert "On the waiting list" in page_of(phone.get("/me/"))
    cancel(ward, first)
    row = Appointment.objects.get(patient=asha)
    assert phone.get(joined.url).url == f"/me/bookings/{row.id}/"


def test_whoever_is_asked_about_a_place_takes_it_or_leaves_it_by_a_button(ward: Ward, asha: Any, phone: Client):
    AllocationPolicy.objects.create(facility=ward.facility, department=ward.department, asks_first=True)
    for answer, state in [("decline", "WAITING"), ("take", "ALLOCATED")]:
        slot = open_slot(ward, 30 if answer == "take" else 60, capacity=1)
        first = book(ward, slot).appointment
        entry = book(ward, slot, patient=asha).waiting
        path = f"/me/waiting/{entry.id}/"
        assert "A place is free" not in page_of(phone.get(path))
        cancel(ward, first)
        assert "A place is free. Do you want it?" in page_of(phone.get("/me/"))
        assert "Yes, I will come" in page_of(phone.get(path))
        assert phone.post(path, {"answer": answer}).url == path
        entry.refresh_from_db()
        assert entry.state == state
    assert Appointment.objects.get(patient=asha, state="BOOKED").slot_id == slot.id


def test_who_answers_too_late_is_told_so(ward: Ward, asha: Any, phone: Client):
    slot = open_slot(ward, 30, capacity=1)
    book(ward, slot)
    entry = book(ward, slot, patient=asha).waiting
    late = phone.post(f"/me/waiting/{entry.id}/", {"answer": "take"})
    assert late.status_code == 409
    assert "somebody else was faster" in page_of(late)


def test_the_waiting_list_is_left_by_a_button(ward: Ward, asha: Any, phone: Client):
    slot = open_slot(ward, 30, 1)
    book(ward, slot, "emergency")
    entry = book(ward, slot, patient=asha).waiting
    assert send(phone, f"/me/waiting/{entry.id}/").url == "/me/"
    assert phone.get(f"/me/waiting/{entry.id}/").url == "/me/"


def test_a_family_moves_and_gives_up_a_booking_knowing_what_it_means(ward: Ward, asha: Any, phone: Client):
    slot, other = open_slot(ward, 10), open_slot(ward, 60)
    row = book(ward, slot, patient=asha).appointment
    page = page_of(phone.get(f"/me/bookings/{row.id}/cancel/"))
    assert "50 % comes back" in page
    assert "a late fee is due" in page
    move = f"/me/bookings/{row.id}/move/"
    assert f"free:{other.id}" in page_of(phone.get(move, {"day": other.day}))
    assert send(phone, move, version=1).status_code == 400
    moved = send(phone, move, version=1, slot=f"free:{other.id}")
    fresh = Appointment.objects.get(moved_from=row)
    assert moved.url == f"/me/bookings/{fresh.id}/"
    again = send(phone, move, version=1, slot=f"free:{other.id}")
    assert again.status_code == 409
    assert send(phone, f"/me/bookings/{fresh.id}/cancel/", version=1).status_code == 302
    fresh.refresh_from_db()
    assert fresh.state == "CANCELLED"
    assert "Cancelled" in page_of(phone.get(f"/me/bookings/{fresh.id}/"))


def test_shortly_before_the_page_says_to_call_the_desk(ward: Ward, asha: Any, phone: Client):
    row = book(ward, open_slot(ward, 0.4), patient=asha).appointment
    assert "Please call the desk" in page_of(phone.get(f"/me/bookings/{row.id}/"))
    answer = send(phone, f"/me/bookings/{row.id}/cancel/", version=1)
    assert answer.status_code == 409
    assert "Please call the desk" in page_of(answer)


def test_a_follow_up_is_offered_after_a_visit(ward: Ward, asha: Any, phone: Client):
    slot = open_slot(ward, 30)
    check = f"/book/{ward.doctor.id}/check/?for={asha.id}&slot={slot.id}"
    assert "I come again" not in page_of(phone.get(check))
    visit = ward.arrive(asha)
    ward.call_next()
    ward.see(visit, minutes=0)
    assert "I come again" in page_of(phone.get(check))
    send(phone, check, reason="", follow_up="on")
    assert Appointment.objects.get(patient=asha).source == "follow_up"


def test_pages_of_others_are_not_there(ward: Ward, phone: Client):
    slot = open_slot(ward, 30, 1)
    stranger = ward.register("Somebody else", phone=OTHER)
    row = book(ward, slot, patient=stranger).appointment
    waits = book(ward, slot, patient=ward.register("Another", phone=OTHER)).waiting
    for path in (
        f"bookings/{row.id}/",
        f"bookings/{row.id}/move/",
        f"bookings/{row.id}/cancel/",
        f"waiting/{waits.id}/",
    ):
        assert phone.get(f"/me/{path}").status_code == 404, path
    assert phone.get(f"/book/?for={stranger.id}").status_code == 404
    assert phone.get(f"/book/{ward.doctor.id}/check/?for={stranger.id}&slot={slot.id}").status_code == 404


def test_who_has_several_people_says_for_whom(ward: Ward, asha: Any, phone: Client):
    ward.register("Ravi", age=7, phone=PHONE)
    page = page_of(phone.get("/book/"))
    assert "Who is it for?" in page
    assert "Ravi" in page


def test_booking_asks_for_a_sign_in_first():
    assert Client().get("/book/").url == "/login?next=/book/"


def test_the_family_page_costs_the_same_with_many_bookings(
    ward: Ward, asha: Any, phone: Client, django_assert_max_num_queries: Any
):
    for number in range(5):
        book(ward, open_slot(ward, 30 + 24 * number, 1), patient=asha)
    for number in range(3):
        slot = open_slot(ward, 400 + 24 * number, 1)
        book(ward, slot, "emergency")
        book(ward, slot, patient=asha)
    with django_assert_max_num_queries(12):
        assert page_of(phone.get("/me/")).count('class="turn') == 8


def test_asha_says_what_she_comes_for_and_gets_a_time_that_is_long_enough(ward, phone, asha):
    slot = open_slot(ward, capacity=6)
    kind = visit_type(ward.department, minutes=20, name="First visit")
    visit_type(ward.department, minutes=60, name="Operation", by_patients=False)
    page = page_of(phone.get(f"/book/{ward.doctor.id}/?for={asha.id}&type={kind.id}"))
    assert "Operation" not in page
    check = link(page, f"/book/{ward.doctor.id}/check/")
    assert "First visit, 20 min" in page_of(phone.get(check))
    send(phone, check, reason="")
    row = Appointment.objects.get(patient=asha)
    assert (row.slot_id, row.visit_type_id, row.places) == (slot.id, kind.id, 2)


def test_asha_reads_the_types_that_she_may_choose_and_books_one_over_the_api(ward, asha):
    slot = open_slot(ward, capacity=6)
    kind = visit_type(ward.department, minutes=20, name="First visit")
    staff_only = visit_type(ward.department, minutes=60, by_patients=False)
    holder, doctor = Holder(), ward.doctor.id
    told = {"id": str(kind.id), "name": "First visit", "minutes": 20}
    assert holder("GET", f"/api/v1/doctors/{doctor}/visit-types").json()["results"] == [told]
    day = f"/api/v1/tokens/availability?doctorId={doctor}&date={slot.day}&visitTypeId="
    assert holder("GET", f"{day}{kind.id}").json()["slots"][0]["availableSpots"] == 3
    wish = {"doctorId": str(doctor), "source": "online", "preferredSlotId": str(slot.id)}
    refused = holder("POST", "/api/v1/tokens", wish | {"visitTypeId": str(staff_only.id)})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["visitTypeId"])
    token = holder("POST", "/api/v1/tokens", wish | {"visitTypeId": str(kind.id)}).json()["token"]
    assert (token["visitTypeId"], token["minutes"]) == (str(kind.id), 20)
