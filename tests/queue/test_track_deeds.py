"""What somebody does by their link alone: come later, give up, take another time; and that it is theirs only."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.queries import actor_of_tracking, tracking_code
from apps.core.errors import NotFound
from apps.notifications.models import Message
from apps.notifications.queries import newest_messages
from apps.queue import commands
from apps.queue.commands.giving_up import NotMissingYet
from apps.queue.commands.moving import NotAllowed
from apps.queue.models import Journey, Visit
from apps.queue.queries.track import track_sequence
from apps.queue.rules.order import booked_for
from apps.queue.rules.states import OPEN
from apps.scheduling.commands import NotPossibleNow, SlotGone
from apps.scheduling.models import Appointment, Slot, WaitingEntry
from tests.bookings import book, cancel, open_slot
from tests.browsers import browser_of
from tests.stations import Stations
from tests.ward import MONDAY, Ward

GRACE = timedelta(minutes=15)


@pytest.fixture
def today(ward: Ward) -> Ward:
    """The hospital at this hour, which is noon there."""
    ward.keep_real_time()
    return ward


def booked(ward: Ward, hours: float = 2, **more: Any) -> Appointment:
    patient = ward.register("Ravi Kumar", phone="98765 41947")
    return book(ward, open_slot(ward, hours, **more), patient=patient).appointment


def path_of(subject: Any) -> str:
    return f"/t/{tracking_code(subject.id, timezone.now())}/"


def press(subject: Any, deed: str, **form: Any) -> Any:
    return Client().post(f"{path_of(subject)}{deed}/", {"key": uuid4(), **form})


def holder(subject: Any) -> Any:
    found = actor_of_tracking(tracking_code(subject.id, timezone.now()), timezone.now())
    assert found
    return found


def at(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("late_until", "arrived", "stands_by"),
    [
        (None, 40, 0),  # said nothing: their own time, and the penalty for coming late
        (30, 10, 0),  # came within the grace all the same
        (30, 35, 30),  # came as they said
        (30, 90, 30),  # came later than they said: the penalty again
    ],
)
def test_who_said_that_they_come_later_stands_by_what_they_said(late_until: int | None, arrived: int, stands_by: int):
    said = at(late_until) if late_until else None
    assert booked_for(at(0), said, at(arrived), GRACE) == at(stands_by)


def test_being_late_is_said_before_the_day_of_the_visit_begins_for_nobody(today: Ward):
    row = booked(today, 26)
    assert "I will be late" not in Client().get(path_of(row)).content.decode()
    press(row, "late", minutes=20)
    row.refresh_from_db()
    assert row.late_until is None


def test_somebody_comes_later_and_everybody_knows(today: Ward):
    row = booked(today)
    page = Client().get(path_of(row)).content.decode()
    assert "I will be late" in page
    assert press(row, "late", minutes=30).url == path_of(row)
    row.refresh_from_db()
    assert row.late_until == row.at + timedelta(minutes=30)
    assert "Noted: you come at" in Client().get(path_of(row)).content.decode()
    desk = browser_of(today.meera).get(f"/admin/desk/day/{row.doctor_id}/?day={row.day}").content.decode()
    assert "Comes later" in desk


def test_nobody_is_missing_before_they_said_they_come(today: Ward):
    row = booked(today)
    commands.come_late(actor=holder(row), now=today.now, booking_id=row.id, minutes=60)
    told = {"actor": today.meera, "booking_id": row.id}
    with pytest.raises(NotMissingYet):
        commands.miss_booking(now=row.at + timedelta(minutes=70), **told)
    assert commands.miss_booking(now=row.at + timedelta(minutes=76), **told)


def test_who_comes_as_late_as_they_said_has_no_penalty(today: Ward):
    row = booked(today)
    commands.come_late(actor=holder(row), now=today.now, booking_id=row.id, minutes=30)
    arrived = commands.arrive(actor=today.meera, now=row.at + timedelta(minutes=28), booking_id=row.id)
    assert arrived.visit.arrival_key == row.at + timedelta(minutes=30)


@pytest.mark.parametrize(
    "minutes", ["0", "11", "-10", "x", "²", "99999", pytest.param("0010" + "0" * 5000, id="endless")]
)
def test_only_the_offered_minutes_are_taken(today: Ward, minutes: str):
    assert press(booked(today), "late", minutes=minutes).status_code == 400


def test_a_booking_is_cancelled_by_its_link_after_a_question(today: Ward):
    row = booked(today)
    page = Client().get(path_of(row)).content.decode()
    assert f"{path_of(row)}cancel/" in page
    assert "Cancel this booking?" in Client().get(f"{path_of(row)}cancel/").content.decode()
    row.refresh_from_db()
    assert row.state == "BOOKED"  # asking changes nothing
    assert press(row, "cancel", version=row.version).url == path_of(row)
    row.refresh_from_db()
    assert (row.state, row.ended_by) == ("CANCELLED", "link")
    page = Client().get(path_of(row)).content.decode()
    assert "This appointment was cancelled" in page
    assert "Will one of these times do?" not in page


def test_a_cancellation_that_is_too_late_or_overtaken_says_so(today: Ward):
    row = booked(today, hours=0.2)
    assert "cancel/" not in Client().get(path_of(row)).content.decode()
    answer = press(row, "cancel", version=row.version)
    assert answer.status_code == 409
    assert "Less than 30 minutes" in answer.content.decode()
    later = book(today, open_slot(today, 5)).appointment
    assert press(later, "cancel", version=later.version + 1).status_code == 409
    assert press(later, "cancel").status_code == 400


def test_somebody_who_waits_gives_their_place_up(today: Ward):
    visit = today.arrive()
    assert "Cancel this visit?" in Client().get(f"{path_of(visit)}cancel/").content.decode()
    press(visit, "cancel", version=visit.version)
    assert Visit.objects.get(id=visit.id).state == "CANCELLED"


def test_the_hospital_that_cancels_says_sorry_and_offers_two_times(today: Ward):
    row = booked(today)
    for hours in (4, 6, 8):
        open_slot(today, hours)
    cancel(today, row, "doctor is ill")
    told = [message["text"] for message in newest_messages() if "is cancelled. We are sorry" in message["text"]]
    assert len(told) == 1
    assert path_of(row) in told[0]
    page = Client().get(path_of(row)).content.decode()
    assert "The hospital had to cancel this appointment. We are sorry." in page
    assert page.count('name="slot"') == 2


def test_one_press_books_another_time_and_the_link_goes_along(today: Ward):
    row = booked(today)
    other = open_slot(today, 4)
    cancel(today, row, "doctor is ill")
    path = path_of(row)
    assert press(row, "again", slot=other.id).url == path
    fresh = Appointment.objects.get(moved_from=row)
    assert (fresh.slot_id, fresh.state, fresh.patient_id) == (other.id, "BOOKED", row.patient_id)
    page = Client().get(path).content.decode()
    assert fresh.token.label in page
    assert "You are booked for" in page
    assert (
        Client().post(f"{path}again/", {"slot": other.id, "key": uuid4()}).url == path
    )  # the second press does nothing
    assert Appointment.objects.filter(state="BOOKED").count() == 1


def test_only_what_the_hospital_cancelled_has_another_time_for_the_asking(today: Ward):
    row, other = booked(today), open_slot(today, 4)
    commands.cancel_booking(actor=holder(row), now=today.now, booking_id=row.id, reason="by the patient")
    with pytest.raises(NotPossibleNow):
        commands.take_other_time(actor=holder(row), now=today.now, booking_id=row.id, slot_id=other.id)


def test_a_link_is_for_one_booking_even_of_the_same_person(today: Ward):
    mine = booked(today)
    person = mine.patient
    second = book(today, open_slot(today, 30), patient=person).appointment
    for command, about in (
        (commands.cancel_booking, {"reason": "x"}),
        (commands.come_late, {"minutes": 10}),
        (commands.reschedule, {"slot_id": mine.slot_id}),
    ):
        with pytest.raises(NotFound):
            command(actor=holder(mine), now=today.now, booking_id=second.id, **about)
    visit = today.arrive(person)
    with pytest.raises(NotFound):
        commands.cancel_own(actor=holder(mine), now=today.now, visit_id=visit.id)


@pytest.mark.parametrize("deed", ["cancel", "late", "again", "feedback", "here"])
def test_an_unknown_link_does_nothing(db: None, deed: str):
    assert Client().post(f"/t/2222222222/{deed}/", {"minutes": 10, "version": 1}).status_code == 404


@pytest.fixture
def stations(today: Ward) -> Stations:
    return Stations(today)


def test_going_out_and_being_back_is_at_the_station_that_the_page_shows(today: Ward, stations: Stations):
    first = today.arrive(journey_id=stations.kind_of_visit(("TRI",), ("",)).id)
    stations.serve("TRI")
    then = Visit.objects.get(department=today.department)
    press(first, "late", minutes=10)
    assert today.fresh(then).state == "ON_HOLD"
    press(first, "here")
    assert today.fresh(then).state == "WAITING"


def errand(ward: Ward, stations: Stations) -> tuple[Visit, Visit]:
    """Somebody on hold for a test, and where they stand for it."""
    visit = ward.arrive()
    ward.start(ward.call_next())
    ward.later(minutes=5)
    lab = stations.department("LAB").id
    commands.send_for_tests(actor=ward.rao, now=ward.now, visit_id=visit.id, department_ids=[lab], reason="blood")
    return visit, Visit.objects.get(department_id=lab)


def test_who_goes_out_on_an_errand_stays_on_hold_with_the_doctor(today: Ward, stations: Stations):
    visit, test = errand(today, stations)
    today.later(minutes=1)
    press(visit, "late", minutes=10)
    sent = today.fresh(visit)
    assert (sent.state, sent.back_at, today.fresh(test).state) == ("ON_HOLD", None, "ON_HOLD")
    press(visit, "here")
    assert (today.fresh(visit).state, today.fresh(test).state) == ("ON_HOLD", "WAITING")


def test_giving_up_by_link_gives_up_every_station(today: Ward, stations: Stations):
    visit, test = errand(today, stations)
    press(visit, "cancel", version=test.version)
    assert (today.fresh(visit).state, today.fresh(test).state) == ("CANCELLED", "CANCELLED")
    assert Journey.objects.get().ended_at
    assert not Visit.objects.filter(state__in=sorted(OPEN)).exists()


def test_giving_up_by_link_leaves_nobody_in_another_line(today: Ward, stations: Stations):
    other = today.arrive(journey_id=stations.kind_of_visit(("LAB", "XRA"), ("",)).id)
    press(other, "cancel", version=track_sequence(other.id)[0].version)
    assert not Visit.objects.filter(state__in=sorted(OPEN)).exists()


def test_who_is_called_does_not_give_up_by_a_link(today: Ward, stations: Stations):
    visit = today.arrive(journey_id=stations.kind_of_visit(("LAB", "XRA"), ("",)).id)
    called = stations.call("XRA")
    assert press(visit, "cancel", version=called.version).status_code == 409
    beside = Visit.objects.get(department=stations.department("LAB"))
    for about in (called, beside):
        with pytest.raises(NotAllowed):
            commands.cancel_own(actor=holder(visit), now=today.now, visit_id=about.id)
    assert (today.fresh(called).state, today.fresh(beside).state) == ("CALLED", "WAITING")


def test_a_booking_is_not_moved_by_its_link(today: Ward):
    row, other = booked(today), open_slot(today, 5)
    with pytest.raises(NotFound):
        commands.reschedule(actor=holder(row), now=today.now, booking_id=row.id, slot_id=other.id)


def test_another_time_that_is_gone_says_so_and_stays_on_the_page(today: Ward):
    row, other = booked(today), open_slot(today, 4, 1)
    cancel(today, row, "doctor is ill")
    book(today, other)
    answer = press(row, "again", slot=other.id)
    assert answer.status_code == 409
    assert str(SlotGone.detail) in answer.content.decode()


def test_no_time_is_offered_that_cannot_be_booked(today: Ward, stations: Stations):
    row = booked(today)
    there = open_slot(today, 4)
    Slot.objects.filter(id=there.id).update(department=stations.department("LAB"))
    book(today, open_slot(today, 24), patient=row.patient)
    that_day, free = open_slot(today, 26), open_slot(today, 48)
    cancel(today, row, "doctor is ill")
    page = Client().get(path_of(row)).content.decode()
    assert [str(slot.id) in page for slot in (there, that_day, free)] == [False, False, True]


def closed(ward: Ward) -> Appointment:
    """A booking whose session is cancelled: its person is on the waiting list now."""
    row = booked(ward)
    commands.close_session(actor=ward.admin, now=ward.now, slot_id=row.slot_id, reason="doctor is ill")
    row.refresh_from_db()
    assert WaitingEntry.objects.get().state == "WAITING"
    return row


def test_who_takes_another_time_waits_for_none_any_more(today: Ward):
    row = closed(today)
    other = open_slot(today, 52)
    press(row, "again", slot=other.id)
    entry = WaitingEntry.objects.get()
    assert (entry.state, entry.appointment) == ("ALLOCATED", Appointment.objects.get(moved_from=row))


def test_whom_the_waiting_list_has_seated_is_offered_nothing(today: Ward):
    row = closed(today)
    slot, other = open_slot(today, 52), open_slot(today, 76)
    seated = book(today, slot).appointment
    entry = WaitingEntry.objects.get()
    WaitingEntry.objects.filter(id=entry.id).update(state="ALLOCATED", ended_at=today.now, appointment=seated)
    assert 'name="slot"' not in Client().get(path_of(row)).content.decode()
    with pytest.raises(NotPossibleNow):
        commands.take_other_time(actor=holder(row), now=today.now, booking_id=row.id, slot_id=other.id)


def test_what_the_desk_cancels_at_the_persons_wish_is_no_fault_of_the_hospital(today: Ward):
    row = booked(today)
    open_slot(today, 4)
    meera = browser_of(today.meera)
    path = f"/admin/desk/bookings/{row.id}/cancel/"
    assert "The patient wishes it" in meera.get(path).content.decode()
    meera.post(path, {"reason": "is well", "wished": "on", "version": row.version, "key": uuid4()})
    row.refresh_from_db()
    assert (row.state, row.ended_by) == ("CANCELLED", "patient")
    assert not [message for message in newest_messages() if "is cancelled. We are sorry" in message["text"]]
    page = Client().get(path_of(row)).content.decode()
    assert "We are sorry" not in page
    assert 'name="slot"' not in page


def test_that_something_is_cancelled_is_told_also_after_its_time(today: Ward):
    cancel(today, booked(today), "doctor is ill")
    told = Message.objects.get(dedupe_key__contains=":cancelled:")
    assert told.not_after is None
