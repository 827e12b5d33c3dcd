"""Booking at the desk: Meera finds a time for Asha, moves it, gives it up, lets her in, and sees a doctor's day."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Credential
from apps.accounts.queries import facility_facts
from apps.audit.models import AuditEntry
from apps.core.policy import Role
from apps.queue.models import Visit
from apps.scheduling.models import AllocationPolicy, Appointment, Offer, Slot, WaitingEntry
from tests.bookings import book, cancel, hold, open_slot, visit_type
from tests.browsers import browser_of
from tests.ward import Ward, add_doctor, open_ward

DAY_STATEMENTS = 7
"""Of a doctor's day: session with credential, departments, their streams, doctors, bookings, slots, waiting list."""


@pytest.fixture
def ward(ward: Ward) -> Ward:
    """The hospital at this hour: pages know no other."""
    ward.keep_real_time()
    return ward


@pytest.fixture
def desk(ward: Ward) -> Client:
    """Meera's browser."""
    return browser_of(ward.meera)


def page_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def book_url(patient: Any, **more: Any) -> str:
    asked = {"patient": patient.id} | more
    return "/admin/desk/book/?" + "&".join(f"{name}={value}" for name, value in asked.items())


def send(desk: Client, url: str, **fields: Any) -> Any:
    return desk.post(url, {"key": uuid4()} | fields)


def day_of(desk: Client, ward: Ward, slot: Slot) -> str:
    return page_of(desk.get(f"/admin/desk/day/{ward.doctor.id}/", {"day": slot.day}))


def test_meera_books_the_first_free_time_for_asha(ward: Ward, desk: Client):
    slot, asha = open_slot(ward, capacity=3), ward.register(phone="98765 41947")
    url = book_url(asha)
    page = page_of(desk.get(url))
    assert "Asha Devi" in page
    assert "3 free" in page
    assert f'value="free:{slot.id}" required checked' in page
    answer = send(desk, url, slot=f"free:{slot.id}", reason="knee")
    row = Appointment.objects.get(patient=asha)
    assert answer.url == f"/admin/desk/bookings/{row.id}/"
    told = page_of(desk.get(answer.url))
    assert row.token.label in told
    assert "Print slip" in told
    assert "knee" in told
    assert "Already booked" in page_of(desk.get(url))


def test_a_form_that_is_sent_twice_books_once(ward: Ward, desk: Client):
    slot, asha = open_slot(ward), ward.register()
    form = {"key": str(uuid4()), "slot": f"free:{slot.id}", "reason": ""}
    first, second = (desk.post(book_url(asha), form) for _ in range(2))
    assert first.url == second.url
    assert Appointment.objects.count() == 1


def test_a_time_that_was_just_taken_shows_the_nearest_and_keeps_the_choice(ward: Ward, desk: Client):
    gone, *later = open_slot(ward, 24, 1), open_slot(ward, 26, 1), open_slot(ward, 28, 1), open_slot(ward, 30, 1)
    open_slot(ward, 70, 1)
    book(ward, gone)
    asha = ward.register()
    answer = send(desk, book_url(asha, source="online"), slot=f"free:{gone.id}", reason="knee pain")
    page = page_of(answer)
    assert answer.status_code == 409
    assert "There is no free place at this time any more" in page
    near = page[page.index('id="near"') : page.index("</fieldset>")]
    assert re.findall(r'value="free:([\w-]+)"', near) == [str(slot.id) for slot in later]
    assert 'value="knee pain"' in page
    assert not Appointment.objects.filter(patient=asha).exists()


def test_on_a_full_day_the_name_goes_onto_the_waiting_list(ward: Ward, desk: Client):
    slot, asha = open_slot(ward, 24, 1), ward.register()
    book(ward, slot, "emergency")
    url = book_url(asha, source="walk_in")
    page = page_of(desk.get(url))
    assert "This day is full" in page
    assert f'value="wait:{slot.id}" required checked' in page
    answer = desk.post(url, {"key": uuid4(), "slot": f"wait:{slot.id}", "reason": ""}, follow=True)
    assert WaitingEntry.objects.get().patient_id == asha.id
    assert "on the waiting list of this day" in page_of(answer)
    assert "Asha Devi" in page_of(answer)


def test_a_higher_kind_takes_a_full_time_and_meera_hears_who_had_to_give_way(ward: Ward, desk: Client):
    slot, later = open_slot(ward, 24, 1), open_slot(ward, 26, 1)
    low = book(ward, slot, "online").appointment
    asha = ward.register()
    url = book_url(asha, source="paid_priority", day=slot.day, doctor=ward.doctor.id)
    assert f'value="over:{slot.id}"' in page_of(desk.get(url))
    answer = desk.post(url, {"key": uuid4(), "slot": f"over:{slot.id}", "reason": ""}, follow=True)
    assert f"New time of {low.token.label}" in page_of(answer)
    low.refresh_from_db()
    assert low.slot_id == later.id
    assert "Had to give way 1 time" in day_of(desk, ward, later)


def test_a_second_booking_on_the_same_day_is_refused_in_a_sentence(ward: Ward, desk: Client):
    slot, asha = open_slot(ward), ward.register()
    book(ward, slot, patient=asha)
    answer = send(desk, book_url(asha), slot=f"free:{slot.id}", reason="")
    assert answer.status_code == 409
    assert "already has a booking with this doctor" in page_of(answer)


@pytest.mark.parametrize("slot", ["", "free", "free:x", "free:" + "1" * 50])
def test_what_is_no_time_is_asked_for_again(ward: Ward, desk: Client, slot: str):
    open_slot(ward)
    answer = send(desk, book_url(ward.register()), slot=slot, reason="")
    assert answer.status_code == 400
    assert not Appointment.objects.exists()


def test_without_a_person_or_a_doctor_there_is_nothing_to_book(ward: Ward, desk: Client):
    assert desk.get("/admin/desk/book/").url == "/admin/desk/find/"
    assert desk.get(f"/admin/desk/book/?patient={uuid4()}").status_code == 404
    assert "no times in these two weeks" in page_of(desk.get(book_url(ward.register())))


def test_nonsense_in_the_address_is_left_out(ward: Ward, desk: Client):
    slot = open_slot(ward)
    for more in ({"day": "x"}, {"day": "9999-12-31"}, {"doctor": "x"}, {"source": "vip"}, {"day": slot.day}):
        assert desk.get(book_url(ward.register(), **more)).status_code == 200


def test_the_doctor_who_is_free_first_is_chosen_beforehand(ward: Ward, desk: Client):
    open_slot(ward, 48)
    sooner = add_doctor(ward, [ward.department])
    slot = open_slot(ward, 24, doctor=sooner)
    page = page_of(desk.get(book_url(ward.register())))
    assert f'value="{sooner.id}" selected' in page
    assert f"free:{slot.id}" in page


def test_the_slip_of_a_booking_shows_when_to_come_and_no_name(ward: Ward, desk: Client):
    row = book(ward, open_slot(ward), patient=ward.register("Ravi Kumar", 36)).appointment
    page = page_of(desk.get(f"/admin/desk/bookings/{row.id}/slip/"))
    assert row.token.label in page
    assert facility_facts(ward.facility.id).clock(row.at) in page
    assert "R. K., 36 F" in page
    assert 'class="copy"' not in page
    assert "Ravi" not in page
    assert "<svg" in page
    assert f"/t/{row.link[1]}/" in page
    Credential.objects.filter(subject_id=row.id).update(revoked_at=timezone.now())
    assert "/t/" not in page_of(desk.get(f"/admin/desk/bookings/{row.id}/slip/"))


def test_a_booking_is_moved_and_the_waiting_list_moves_up(ward: Ward, desk: Client):
    slot, other = open_slot(ward, 24, 1), open_slot(ward, 72, 1)
    row = book(ward, slot).appointment
    waits = book(ward, slot, patient=ward.register("Waits Long")).waiting
    url = f"/admin/desk/bookings/{row.id}/move/"
    assert f"free:{other.id}" in page_of(desk.get(url, {"day": other.day}))
    answer = desk.post(url, {"key": uuid4(), "version": row.version, "slot": f"free:{other.id}"}, follow=True)
    fresh = Appointment.objects.get(moved_from=row)
    assert answer.redirect_chain[0][0] == f"/admin/desk/bookings/{fresh.id}/"
    promoted = Appointment.objects.get(patient_id=waits.patient_id)
    assert f"The place went to {promoted.token.label} from the waiting list" in page_of(answer)


def test_a_move_to_a_time_that_is_gone_offers_the_nearest(ward: Ward, desk: Client):
    slot, gone, free = open_slot(ward, 24, 1), open_slot(ward, 26, 1), open_slot(ward, 28, 1)
    row = book(ward, slot).appointment
    book(ward, gone)
    answer = send(desk, f"/admin/desk/bookings/{row.id}/move/", slot=f"free:{gone.id}", version=row.version)
    assert answer.status_code == 409
    assert f"free:{free.id}" in page_of(answer)
    row.refresh_from_db()
    assert row.state == "BOOKED"


def test_before_a_cancellation_meera_sees_what_comes_back(ward: Ward, desk: Client):
    row = book(ward, open_slot(ward, 13)).appointment
    url = f"/admin/desk/bookings/{row.id}/cancel/"
    page = page_of(desk.get(url))
    assert "Of the fee 75 % comes back" in page
    assert "a late fee is due" in page
    assert send(desk, url, version=row.version).status_code == 400
    answer = desk.post(url, {"key": uuid4(), "version": row.version, "reason": "Fever is gone"}, follow=True)
    assert f"The booking {row.token.label} was cancelled" in page_of(answer)
    row.refresh_from_db()
    assert row.state == "CANCELLED"
    assert AuditEntry.objects.get(action="appointment.cancelled").reason == "Fever is gone"
    again = send(desk, url, version=row.version, reason="x")
    assert again.status_code == 409
    assert "not possible any more" in page_of(again)


def test_who_comes_gets_the_slip_of_the_visit_under_the_same_number(ward: Ward, desk: Client):
    slot = open_slot(ward, 0)
    asha = ward.register()
    row = book(ward, slot, patient=asha).appointment
    walk_in = page_of(desk.get("/admin/desk/walk-in/", {"patient": asha.id}))
    assert "This person has a booking today" in walk_in
    url = f"/admin/desk/bookings/{row.id}/arrive/"
    assert f'action="{url}"' in walk_in
    answer = send(desk, url)
    visit = Visit.objects.get(patient=asha)
    assert answer.url == f"/admin/desk/slip/{visit.id}/?print=now"
    assert visit.token_id == row.token_id
    refused = send(desk, url)
    assert refused.status_code == 409
    assert "Has come" in day_of(desk, ward, slot)


def test_who_is_booked_for_another_day_is_not_let_in_by_a_form(ward: Ward, desk: Client):
    row = book(ward, open_slot(ward, 48)).appointment
    answer = send(desk, f"/admin/desk/bookings/{row.id}/arrive/")
    assert answer.status_code == 409
    assert "another day" in page_of(answer)


def test_somebody_did_not_come_once_the_grace_is_over(ward: Ward, desk: Client):
    row = book(ward, open_slot(ward, 1)).appointment
    url = f"/admin/desk/bookings/{row.id}/no-show/"
    assert send(desk, url).status_code == 409
    past = ward.now - timedelta(minutes=20)
    Appointment.objects.filter(id=row.id).update(at=past)
    answer = desk.post(url, {"key": uuid4()}, follow=True)
    assert f"{row.token.label} did not come" in page_of(answer)
    row.refresh_from_db()
    assert row.state == "NO_SHOW"


def test_the_day_shows_slots_people_and_the_waiting_list_in_order(ward: Ward, desk: Client):
    slot = open_slot(ward, 24, 2, walk_in_reserve=1)
    book(ward, slot, patient=ward.register("Lakshmi Devi", 67, phone="98765 41947"))
    book(ward, slot, "walk_in", patient=ward.register("Ramesh Kumar"))
    book(ward, slot, "emergency", patient=ward.register("Sunita Pawar"))
    for name, source in (("First Waits", "online"), ("Second Waits", "walk_in")):
        book(ward, slot, source, patient=ward.register(name))
    page = day_of(desk, ward, slot)
    assert "2 of 2 taken" in page or "3 of 2 taken" in page
    assert "67 F, phone ends 1947" in page
    assert page.index("First Waits") < page.index("Second Waits")
    assert "Waiting list of this day" in page


def test_somebody_is_moved_up_the_waiting_list_with_a_reason_or_taken_off(ward: Ward, desk: Client):
    slot = open_slot(ward, 24, 1)
    book(ward, slot, "emergency")
    first = book(ward, slot, patient=ward.register("Came First")).waiting
    ward.later(seconds=1)
    second = book(ward, slot, patient=ward.register("Came Second")).waiting
    url = f"/admin/desk/waiting/{second.id}/move/"
    assert "is number 2" in page_of(desk.get(url))
    assert send(desk, url, position=1).status_code == 400
    assert send(desk, url, position=1, reason="came far").status_code == 302
    page = day_of(desk, ward, slot)
    assert page.index("Came Second") < page.index("Came First")
    assert AuditEntry.objects.get(action="waiting.moved").reason == "came far"
    url = f"/admin/desk/waiting/{first.id}/remove/"
    assert desk.get(url).status_code == 200
    assert send(desk, url).status_code == 302
    assert send(desk, url).status_code == 409
    assert "Came First" not in day_of(desk, ward, slot)
    assert desk.get(f"/admin/desk/waiting/{second.id}/eat/").status_code == 404


def test_the_day_costs_the_same_however_many_are_booked(ward: Ward, desk: Client, django_assert_num_queries: Any):
    slot = open_slot(ward, 24, 20)
    book(ward, slot)
    path = f"/admin/desk/day/{ward.doctor.id}/?day={slot.day}"
    desk.get(path)
    for _ in range(12):
        book(ward, slot)
    for hours in (26, 28):
        book(ward, open_slot(ward, hours, 1))
    with django_assert_num_queries(DAY_STATEMENTS):
        assert desk.get(path).content.count(b'<th scope="row">') >= 13


def test_the_cashier_sees_the_day_and_changes_nothing(ward: Ward):
    slot = open_slot(ward)
    row = book(ward, slot, patient=ward.register("Lakshmi Devi")).appointment
    cashier = browser_of(ward.as_role(Role.CASHIER))
    page = day_of(cashier, ward, slot)
    assert "Lakshmi Devi" in page
    assert "/cancel/" not in page
    assert send(cashier, f"/admin/desk/bookings/{row.id}/cancel/", version=1, reason="x").status_code == 403
    assert cashier.get(book_url(ward.register())).status_code == 403


def test_the_desk_of_one_department_sees_nothing_of_another(ward: Ward):
    with open_ward(departments=2, doctors=2) as two:
        two.keep_real_time()
        other = two.doctors[1]
        slot = open_slot(two, 24, 1, doctor=other, department=two.departments[1])
        row = book(two, slot, doctor_id=other.id).appointment
        waits = book(two, slot, doctor_id=other.id).waiting
        narrow = browser_of(two.as_role(Role.RECEPTION, [two.departments[0]]))
        for path in (f"day/{other.id}/", f"bookings/{row.id}/", f"bookings/{row.id}/slip/", f"bookings/{row.id}/move/"):
            assert narrow.get(f"/admin/desk/{path}").status_code == 404, path
        assert send(narrow, f"/admin/desk/bookings/{row.id}/cancel/", version=1, reason="x").status_code == 404
        assert send(narrow, f"/admin/desk/waiting/{waits.id}/remove/").status_code == 404
        assert narrow.get("/admin/desk/day/").url == f"/admin/desk/day/{two.doctor.id}/"
        assert str(other.id) not in page_of(narrow.get(book_url(two.register())))


def test_meera_chooses_a_procedure_and_sees_where_it_fits(ward: Ward, desk: Client):
    slot, asha = open_slot(ward, capacity=6), ward.register()
    kind = visit_type(ward.department, minutes=30, name="Procedure", by_patients=False)
    assert "Procedure, 30 min" in page_of(desk.get(book_url(asha)))
    url = book_url(asha, doctor=ward.doctor.id, type=kind.id)
    page = page_of(desk.get(url))
    assert f'<option value="{kind.id}" selected' in page
    assert "2 free" in page
    send(desk, url, slot=f"free:{slot.id}", reason="")
    row = Appointment.objects.get(patient=asha)
    assert (row.visit_type_id, row.places) == (kind.id, 3)
    assert "Procedure" in day_of(desk, ward, slot)


# --- offers and holds ---------------------------------------------------------------------------------------------


def offered(ward: Ward) -> tuple[WaitingEntry, Slot]:
    """Somebody who waits and is asked about a place that was given up."""
    AllocationPolicy.objects.create(facility=ward.facility, department=ward.department, asks_first=True)
    slot = open_slot(ward, capacity=1)
    row = book(ward, slot).appointment
    entry = book(ward, slot, patient=ward.register("Bela Rao")).waiting
    cancel(ward, row)
    return entry, slot


def test_meera_answers_for_who_is_asked_about_a_place(ward: Ward, desk: Client):
    entry, slot = offered(ward)
    page = day_of(desk, ward, slot)
    assert "asked about" in page
    take = f"/admin/desk/waiting/{entry.id}/accept/"
    assert take in page
    assert "Bela Rao is asked about the place at" in page_of(desk.get(take))
    assert send(desk, take).status_code == 302
    row = Appointment.objects.get(patient=entry.patient_id, state="BOOKED")
    assert row.slot_id == slot.id
    trail = AuditEntry.objects.filter(action="offer.accepted", entity_id=str(entry.id)).get()
    assert trail.actor_id == ward.meera.id


def test_meera_says_that_somebody_does_not_want_the_place(ward: Ward, desk: Client):
    entry, slot = offered(ward)
    assert send(desk, f"/admin/desk/waiting/{entry.id}/decline/").status_code == 302
    assert Slot.objects.get(id=slot.id).taken == 0
    assert AuditEntry.objects.filter(action="offer.declined").exists()
    assert "asked about" not in day_of(desk, ward, slot)


def test_an_answer_that_comes_too_late_is_said_to(ward: Ward, desk: Client):
    entry, _ = offered(ward)
    Offer.objects.update(expires_at=ward.now)
    answer = send(desk, f"/admin/desk/waiting/{entry.id}/accept/")
    assert answer.status_code == 409
    assert "This offer is over" in page_of(answer)


def test_a_cashier_cannot_answer_for_somebody(ward: Ward):
    entry, _ = offered(ward)
    assert send(browser_of(ward.as_role(Role.CASHIER)), f"/admin/desk/waiting/{entry.id}/accept/").status_code == 403
    assert Offer.objects.get(entry=entry).state == "OPEN"


def test_a_place_that_is_held_is_booked_at_the_desk(ward: Ward, desk: Client):
    slot = open_slot(ward)
    row = hold(ward, slot)
    confirm = f"/admin/desk/bookings/{row.id}/confirm/"
    assert confirm in day_of(desk, ward, slot)
    assert send(desk, confirm).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.token.number) == ("BOOKED", 1)


@pytest.mark.usefixtures("the_clock_stands")
def test_the_day_that_meera_looks_at_moves_by_itself(ward: Ward, desk: Client):
    slot = open_slot(ward, capacity=3)
    path, part = f"/admin/desk/day/{ward.doctor.id}/?day={slot.day}", {"HX-Request": "true"}
    whole = page_of(desk.get(path))
    assert f'data-stream="desk.{ward.facility.id}"' in whole
    assert 'src="/static/js/live' in whole
    first = desk.get(path, headers=part)
    assert page_of(first).strip().startswith('<div id="day-shown"')
    assert desk.get(path, headers=part | {"If-None-Match": first.headers["ETag"]}).status_code == 304
    row = book(ward, slot, patient=ward.register("Bela Rao")).appointment
    again = desk.get(path, headers=part | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert row.token.label in page_of(again)
