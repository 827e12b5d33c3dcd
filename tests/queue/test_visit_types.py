"""Types of visit with lengths of their own: at booking, with one doctor and another, and when people move."""

import pytest
from django.db import IntegrityError, transaction

from apps.core.errors import Invalid
from apps.queue import commands
from apps.queue.queries.slots import suggestions
from apps.scheduling.commands import LengthsDiffer, SlotGone
from apps.scheduling.models import Appointment, OwnLength, Slot, VisitType
from apps.scheduling.queries import availability
from apps.scheduling.rules.allocation import BookingSource
from opd.invariants import INVARIANTS, Look
from tests.bookings import book, cancel, hold, open_slot, visit_type
from tests.ward import open_ward


def minutes_after(slot: Slot, row: Appointment) -> float:
    return (row.at - slot.starts_at).total_seconds() / 60


def free(ward, slot, minutes=None) -> int:
    day = availability(ward.doctor.id, slot.day, BookingSource.ONLINE, ward.now, minutes)
    return int(day["slots"][0]["availableSpots"])


def holds(ward) -> str:
    return INVARIANTS["a slot's count is of those who have a place"](Look([ward.facility.id], ward.now))[1]


def test_a_procedure_takes_three_of_six_places_and_whoever_comes_after_comes_later(ward):
    slot, procedure = open_slot(ward, capacity=6), visit_type(ward.department, minutes=30)
    long = book(ward, slot, visit_type_id=procedure.id).appointment
    usual = book(ward, slot).appointment
    assert (long.place, long.places, long.minutes, usual.place) == (0, 3, 30, 3)
    assert (minutes_after(slot, long), minutes_after(slot, usual)) == (0, 20)
    assert Slot.objects.get(id=slot.id).taken == 4
    assert (free(ward, slot), free(ward, slot, 20), free(ward, slot, 30)) == (2, 1, 0)
    assert not holds(ward)


def test_a_doctor_may_take_another_time_for_the_same(ward):
    slot, kind = open_slot(ward, capacity=6), visit_type(ward.department, minutes=10)
    OwnLength.objects.create(doctor=ward.doctor, visit_type=kind, minutes=25)
    assert book(ward, slot, visit_type_id=kind.id).appointment.places == 3


def test_what_is_longer_than_what_is_left_goes_elsewhere_or_waits(ward):
    slot, kind = open_slot(ward, capacity=2), visit_type(ward.department, minutes=60)
    book(ward, slot)
    entry = book(ward, slot, visit_type_id=kind.id).waiting
    assert (entry.visit_type_id, entry.minutes) == (kind.id, 60)
    with pytest.raises(SlotGone):
        book(ward, slot, visit_type_id=kind.id, exact=True)
    later = open_slot(ward, hours=25, capacity=2)
    assert book(ward, slot, visit_type_id=kind.id).appointment.slot_id == later.id


def test_who_waits_for_a_long_visit_is_promoted_only_into_enough_places(ward):
    slot, kind = open_slot(ward, capacity=3), visit_type(ward.department, minutes=40)
    first, second, third = (book(ward, slot).appointment for _ in range(3))
    entry = book(ward, slot, visit_type_id=kind.id).waiting
    assert cancel(ward, first)[1] == []
    assert cancel(ward, third)[1] == []
    (promoted,) = cancel(ward, second)[1]
    assert (promoted.patient_id, promoted.places) == (entry.patient_id, 2)
    assert not holds(ward)


def test_without_a_wish_the_first_day_is_one_on_which_the_visit_fits(ward):
    narrow, wide = open_slot(ward, hours=24, capacity=2), open_slot(ward, hours=72, capacity=2)
    kind = visit_type(ward.department, minutes=60)
    book(ward, narrow)
    assert book(ward, visit_type_id=kind.id).appointment.slot_id == wide.id
    assert book(ward).appointment.slot_id == narrow.id


def test_the_length_that_was_agreed_goes_along(ward):
    slot, finer = open_slot(ward, capacity=6), open_slot(ward, hours=26, capacity=12)
    kind = visit_type(ward.department, minutes=30)
    row = hold(ward, slot, visit_type_id=kind.id)
    assert row.places == 3
    row = commands.confirm_booking(actor=ward.meera, now=ward.now, booking_id=row.id)
    VisitType.objects.filter(id=kind.id).update(minutes=5)
    fresh, _ = commands.reschedule(actor=ward.meera, now=ward.now, booking_id=row.id, slot_id=finer.id)
    assert (fresh.places, fresh.minutes, fresh.visit_type_id) == (6, 30, kind.id)
    assert [Slot.objects.get(id=place.id).taken for place in (slot, finer)] == [0, 6]


def test_a_displaced_person_keeps_the_length(ward):
    slot, later = open_slot(ward, capacity=2), open_slot(ward, hours=26, capacity=4)
    kind = visit_type(ward.department, minutes=60)
    row = book(ward, slot, visit_type_id=kind.id).appointment
    book(ward, slot, "paid_priority")
    row.refresh_from_db()
    assert (row.slot_id, row.places) == (later.id, 4)
    assert not holds(ward)


def test_people_of_different_lengths_do_not_exchange_their_times(ward):
    slot, kind = open_slot(ward, capacity=6), visit_type(ward.department, minutes=30)
    book(ward, slot, visit_type_id=kind.id)
    row = book(ward, slot).appointment
    with pytest.raises(LengthsDiffer):
        commands.move_in_queue(actor=ward.meera, now=ward.now, some_id=row.id, new_position=1, reason="asked")


@pytest.mark.django_db
def test_a_type_of_another_department_or_out_of_use_is_refused():
    with open_ward(departments=2) as ward:
        slot, other = open_slot(ward), visit_type(ward.departments[1], minutes=10)
        with pytest.raises(Invalid):
            book(ward, slot, visit_type_id=other.id)
        old = visit_type(ward.department, minutes=10, is_active=False)
        with pytest.raises(Invalid):
            book(ward, slot, visit_type_id=old.id)


def test_the_database_itself_lets_no_long_visit_reach_into_a_place_that_is_taken(ward):
    slot, kind = open_slot(ward, capacity=6), visit_type(ward.department, minutes=30)
    row = book(ward, slot, visit_type_id=kind.id).appointment
    other = book(ward, slot).appointment
    with pytest.raises(IntegrityError, match="one_person_a_place"), transaction.atomic():
        Appointment.objects.filter(id=other.id).update(place=row.place + 2)


def test_the_suggested_times_are_such_that_the_visit_fits(ward):
    slot, wide = open_slot(ward, capacity=2), open_slot(ward, hours=26, capacity=2)
    book(ward, slot)
    found = suggestions(ward.doctor, slot.day, None, ward.now, 60)
    assert [one["slot"].id for one in found] == [wide.id]
    assert len(suggestions(ward.doctor, slot.day, None, ward.now)) == 2


def test_who_waits_for_a_long_visit_and_takes_a_short_one_waits_no_more(ward):
    slot, kind = open_slot(ward, capacity=2), visit_type(ward.department, minutes=60)
    asha = ward.register()
    book(ward, slot)
    entry = book(ward, slot, patient=asha, visit_type_id=kind.id).waiting
    row = book(ward, slot, patient=asha).appointment
    entry.refresh_from_db()
    assert (entry.state, entry.appointment_id) == ("ALLOCATED", row.id)


def test_who_is_displaced_to_a_day_on_which_they_wait_waits_no_more(ward):
    today, later = open_slot(ward, capacity=1), open_slot(ward, hours=48, capacity=2)
    asha, kind = ward.register(), visit_type(ward.department, minutes=60)
    row = book(ward, today, patient=asha).appointment
    book(ward, later)
    entry = book(ward, later, patient=asha, visit_type_id=kind.id).waiting
    book(ward, today, "paid_priority")
    row.refresh_from_db()
    entry.refresh_from_db()
    assert (row.slot_id, entry.state) == (later.id, "ALLOCATED")
