"""Booking through the desk: nothing is oversold, nobody is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import Role
from apps.queue import commands
from apps.queue.commands.booking import OtherDay
from apps.queue.commands.giving_up import NotMissingYet
from apps.scheduling.commands import AlreadyBooked, AlreadyWaiting, NotPossibleNow, SlotGone
from apps.scheduling.models import AllocationPolicy, Appointment, Slot, Token, WaitingEntry
from apps.scheduling.queries import position_of
from tests.bookings import book, cancel, clock, open_slot
from tests.patients.codes import messages

pytestmark = pytest.mark.django_db


def test_a_booking_has_a_time_a_number_and_a_place(ward):
    slot = open_slot(ward, capacity=6)
    first, second = book(ward, slot).appointment, book(ward, slot).appointment
    assert (first.state, first.at, first.place) == ("BOOKED", slot.starts_at, 0)
    assert (second.at, second.place) == (slot.starts_at, 1)
    assert book(ward, slot).appointment.at == slot.starts_at + timedelta(minutes=10)
    assert [first.token.number, second.token.number] == [1, 2]
    assert first.token.day == slot.day
    slot.refresh_from_db()
    assert (slot.taken, slot.overflow) == (3, 0)
    assert AuditEntry.objects.filter(action="appointment.booked").count() == 3
    assert OutboxEvent.objects.filter(type="APPOINTMENT_CONFIRMED").count() == 3


def test_without_a_wish_it_is_the_first_day_with_room_and_its_least_used_slot(ward):
    full, busy, free = open_slot(ward, 24, 1), open_slot(ward, 48, 3), open_slot(ward, 50, 3)
    book(ward, full), book(ward, busy)
    assert book(ward).appointment.slot_id == free.id


def test_nobody_waits_for_a_day_that_is_over(ward):
    person = ward.register()
    for at, refusal in ((datetime(1, 1, 1, tzinfo=UTC), Invalid), (ward.now - timedelta(days=1), SlotGone)):
        with pytest.raises(refusal):
            commands.book(
                actor=ward.meera,
                now=ward.now,
                doctor_id=ward.doctor.id,
                source="walk_in",
                patient_id=person.id,
                appointment_time=at,
            )
    assert not WaitingEntry.objects.exists()


def test_a_full_day_leads_to_the_waiting_list_and_a_cancellation_to_a_promotion(ward):
    slot = open_slot(ward, capacity=1)
    first = book(ward, slot).appointment
    waiting = book(ward, slot).waiting
    assert waiting.state == "WAITING"
    row, promoted = cancel(ward, first)
    assert row.state == "CANCELLED"
    assert [other.patient_id for other in promoted] == [waiting.patient_id]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.appointment_id) == ("ALLOCATED", promoted[0].id)
    first.token.refresh_from_db()
    assert first.token.voided_at
    assert [t.number for t in Token.objects.order_by("number")] == [1, 2]


def test_promotion_goes_by_source_then_by_time_and_position_tells_it(ward):
    slot = open_slot(ward, capacity=1)
    first = book(ward, slot, "emergency").appointment
    entries = []
    for source in ("walk_in", "online", "follow_up", "online"):
        ward.later(seconds=1)
        entries.append(book(ward, slot, source).waiting)
    assert [position_of(entry, ward.now) for entry in entries] == [4, 2, 1, 3]
    _, promoted = cancel(ward, first)
    assert [row.patient_id for row in promoted] == [entries[2].patient_id]


def test_a_move_on_the_waiting_list_changes_the_promotion_and_says_why(ward):
    slot = open_slot(ward, capacity=1)
    first = book(ward, slot, "emergency").appointment
    entries = [book(ward, slot).waiting for _ in range(3)]
    commands.move_in_waiting_list(
        actor=ward.meera, now=ward.now, waiting_id=entries[2].id, new_position=1, reason="came by bus from far away"
    )
    assert AuditEntry.objects.get(action="waiting.moved").reason == "came by bus from far away"
    _, promoted = cancel(ward, first)
    assert promoted[0].patient_id == entries[2].patient_id


def test_a_higher_source_takes_the_place_and_the_displaced_keeps_the_number(ward):
    slot, later = open_slot(ward, 24, 1), open_slot(ward, 26, 1)
    low = book(ward, slot, "online").appointment
    outcome = book(ward, slot, "paid_priority")
    assert outcome.appointment.slot_id == slot.id
    assert [row.id for row in outcome.moved] == [low.id]
    number = low.token_id
    low.refresh_from_db()
    assert (low.slot_id, low.token_id, low.displaced, low.state) == (later.id, number, 1, "BOOKED")
    assert low.first_slot_id == slot.id
    assert Slot.objects.get(id=slot.id).taken == Slot.objects.get(id=later.id).taken == 1


def test_who_is_displaced_to_another_day_gets_a_number_of_that_day_and_the_old_one_is_void(ward):
    slot, tomorrow = open_slot(ward, 24, 1), open_slot(ward, 48, 1)
    low = book(ward, slot).appointment
    old = low.token
    book(ward, slot, "paid_priority")
    low.refresh_from_db()
    old.refresh_from_db()
    assert low.slot_id == tomorrow.id
    assert (low.token.day, low.day) == (tomorrow.day, tomorrow.day)
    assert old.voided_at


def test_nobody_is_displaced_to_a_day_on_which_they_have_another_booking(ward):
    slot, tomorrow, after = open_slot(ward, 24, 1), open_slot(ward, 48, 2), open_slot(ward, 72, 1)
    asha = ward.register()
    low = book(ward, slot, patient=asha).appointment
    book(ward, tomorrow, patient=asha)
    book(ward, slot, "paid_priority")
    low.refresh_from_db()
    assert low.slot_id == after.id
    other = book(ward, after, "paid_priority")
    assert other.appointment is None, "there is no other day for her: she stays"


def test_an_emergency_goes_beyond_the_places_flagged(ward):
    slot = open_slot(ward, capacity=1)
    book(ward, slot, "emergency")
    extra = book(ward, slot, "emergency").appointment
    slot.refresh_from_db()
    assert (slot.taken, slot.overflow, extra.overflow) == (2, 1, True)


def test_the_database_itself_refuses_one_more_than_there_are_places(ward):
    slot = open_slot(ward, capacity=1)
    row = book(ward, slot).appointment
    with pytest.raises(IntegrityError, match="slot_not_oversold"), transaction.atomic():
        Slot.objects.filter(id=slot.id).update(taken=2)
    row.pk, row.patient_id = None, ward.register(name="Second").id
    with pytest.raises(IntegrityError, match="one_person_a_place"), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(IntegrityError, match="slots_of_a_doctor_do_not_overlap"), transaction.atomic():
        open_slot(ward, 24.5)


def test_nobody_has_two_bookings_with_a_doctor_on_a_day_nor_waits_twice(ward):
    slot, other = open_slot(ward, 24, 1), open_slot(ward, 26, 1)
    asha = ward.register()
    book(ward, slot, patient=asha)
    with pytest.raises(AlreadyBooked):
        book(ward, other, patient=asha)
    book(ward, other)
    waits = ward.register(name="Waits")
    book(ward, slot, patient=waits)
    with pytest.raises(AlreadyWaiting):
        book(ward, slot, patient=waits)
    assert WaitingEntry.objects.count() == 1


def test_a_slot_that_is_over_closed_or_unknown_is_not_booked(ward):
    over, closed = open_slot(ward, -2), open_slot(ward, 30, closed_at=ward.now)
    for slot in (over, closed):
        with pytest.raises(SlotGone):
            book(ward, slot)
    assert not Appointment.objects.exists()


def test_a_reschedule_keeps_the_chain_and_gives_the_old_place_on(ward):
    slot, other = open_slot(ward, 24, 1), open_slot(ward, 48, 1)
    row = book(ward, slot).appointment
    waiting = book(ward, slot).waiting
    fresh, promoted = commands.reschedule(actor=ward.meera, now=ward.now, booking_id=row.id, slot_id=other.id)
    row.refresh_from_db()
    assert (row.state, fresh.moved_from_id, fresh.slot_id) == ("RESCHEDULED", row.id, other.id)
    assert [one.patient_id for one in promoted] == [waiting.patient_id]
    open_slot(ward, 72, 1)
    with pytest.raises(SlotGone):
        commands.reschedule(actor=ward.meera, now=ward.now, booking_id=fresh.id, slot_id=slot.id)
    fresh.refresh_from_db()
    assert fresh.state == "BOOKED"


def test_a_reschedule_within_the_same_slot_keeps_a_place(ward):
    slot = open_slot(ward, 24, 1)
    row = book(ward, slot).appointment
    fresh, _ = commands.reschedule(actor=ward.meera, now=ward.now, booking_id=row.id, slot_id=slot.id)
    slot.refresh_from_db()
    assert (fresh.slot_id, slot.taken) == (slot.id, 1)


def test_arriving_makes_a_visit_under_the_same_number_in_the_order_of_the_booking(ward):
    slot = open_slot(ward, 2, 1)
    row = book(ward, slot).appointment
    walk_in = ward.arrive()
    clock(ward, slot.starts_at - timedelta(minutes=20))
    visit = commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id).visit
    row.refresh_from_db()
    assert row.state == "ARRIVED"
    assert (visit.token_id, visit.number, visit.state, visit.doctor_id) == (row.token_id, 1, "WAITING", ward.doctor.id)
    assert visit.arrival_key == row.at
    assert walk_in.number == 2
    with pytest.raises(NotPossibleNow):
        commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id)
    with pytest.raises(NotPossibleNow):
        cancel(ward, row)


def test_a_booking_of_another_day_is_not_checked_in(ward):
    row = book(ward, open_slot(ward, 24)).appointment
    with pytest.raises(OtherDay):
        commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id)


def test_somebody_is_missing_only_after_the_grace(ward):
    row = book(ward, open_slot(ward, 2, 1)).appointment
    clock(ward, row.at + timedelta(minutes=14))
    with pytest.raises(NotMissingYet):
        commands.miss_booking(actor=ward.meera, now=ward.now, booking_id=row.id)
    clock(ward, row.at + timedelta(minutes=15))
    missed, _ = commands.miss_booking(actor=ward.meera, now=ward.now, booking_id=row.id)
    assert missed.state == "NO_SHOW"


def test_who_may_not_book_is_refused(ward):
    slot = open_slot(ward)
    patient = ward.register()
    for role in (Role.CASHIER, Role.LAB, Role.PHARMACIST):
        with pytest.raises(Forbidden):
            commands.book(
                actor=ward.as_role(role),
                now=ward.now,
                doctor_id=ward.doctor.id,
                patient_id=patient.id,
                source="online",
                preferred_slot_id=slot.id,
            )
    assert not Appointment.objects.exists()


def test_a_booking_asks_the_database_few_things(ward, django_assert_max_num_queries):
    slot, patient = open_slot(ward), ward.register()
    with django_assert_max_num_queries(18):
        book(ward, slot, patient=patient)


ASHA, RAVI = "+919876543210", "+919876543211"


def test_whoever_gets_loses_or_moves_a_place_is_told_with_a_link(ward):
    slot, other = open_slot(ward, capacity=1), open_slot(ward, hours=26, capacity=1)
    asha, ravi = ward.register("Asha", phone=ASHA), ward.register("Ravi", phone=RAVI)
    book(ward, slot, source="online", patient=asha)
    (text,) = messages(ASHA)
    assert "booked. G01 with" in text
    assert "/t/" in text
    row = book(ward, slot, source="paid_priority", patient=ravi).appointment
    assert {"somebody more urgent" in text for text in messages(ASHA)} == {True, False}
    assert ["booked. G02 with" in text for text in messages(RAVI)] == [True]
    late = ward.register("Late", phone="+919876543212")
    assert book(ward, other, source="online", patient=late).waiting
    assert messages("+919876543212") == []
    cancel(ward, row)
    assert "there is a place for you. G03 with" in messages("+919876543212")[0]


def test_whoever_is_asked_about_a_place_is_told_until_when_they_may_answer(ward):
    AllocationPolicy.objects.create(facility=ward.facility, department=ward.department, asks_first=True)
    slot = open_slot(ward, capacity=1)
    first = book(ward, slot, patient=ward.register("First")).appointment
    book(ward, slot, patient=ward.register("Asha", phone=ASHA))
    cancel(ward, first)
    (text,) = messages(ASHA)
    assert "Do you want it?" in text
    assert "/me/" in text
