"""A doctor is late, or a session does not take place: times shift, people are told once, nobody is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.queries.facilities import _facts
from apps.core.errors import Invalid, NotFound
from apps.core.models import OutboxEvent
from apps.notifications.models import Message
from apps.queue import commands
from apps.queue.commands.delaying import NothingToDelay
from apps.scheduling.commands import SlotGone
from apps.scheduling.models import Appointment, Slot, WaitingEntry
from tests.bookings import book, clock, open_slot
from tests.ward import Ward, open_ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward(db: None) -> Any:
    """One department with Dr Rao and another one."""
    with open_ward(doctors=2) as opened:
        yield opened


def delay(ward: Ward, minutes: int, **how: Any) -> Any:
    return commands.delay_doctor(
        actor=ward.meera, now=ward.now, doctor_id=how.pop("doctor", ward.doctor).id, minutes=minutes, **how
    )


def close(ward: Ward, slot: Slot, **how: Any) -> Any:
    return commands.close_session(actor=ward.meera, now=ward.now, slot_id=slot.id, reason="burst pipe", **how)


def with_phone(ward: Ward, slot: Slot, number: int = 1, source: str = "online") -> Appointment:
    patient = ward.register(name=f"Phone {number}", phone=f"+91 98765 4321{number}")
    row: Appointment = book(ward, slot, source, patient=patient).appointment
    return row


def told(kind: str = "delay") -> list[str]:
    return [message.text for message in Message.objects.filter(kind=kind).order_by("created_at")]


def test_a_delay_shifts_everybody_of_today_once_and_tells_each_once(ward: Ward):
    soon, later, tomorrow = open_slot(ward, 1), open_slot(ward, 2), open_slot(ward, 24)
    rows = [with_phone(ward, soon, 1), with_phone(ward, later, 2), with_phone(ward, tomorrow, 3)]
    times = [row.at for row in rows]
    delay(ward, 30, reason="traffic")
    for _ in range(3):
        ward.later(seconds=1)
        assert delay(ward, 30).shifted == []
    for row in rows:
        row.refresh_from_db()
    assert [row.at - at for row, at in zip(rows, times, strict=True)] == [timedelta(minutes=m) for m in (30, 30, 0)]
    assert len(told()) == 2
    assert Slot.objects.get(id=soon.id).starts_at == soon.starts_at
    assert OutboxEvent.objects.filter(type="appointment.moved").count() == 2


def test_another_value_is_another_change_and_zero_takes_it_back(ward: Ward):
    slot = open_slot(ward, 1)
    row = with_phone(ward, slot)
    at = row.at
    for minutes in (20, 45, 0):
        delay(ward, minutes)
        ward.later(seconds=1)
        row.refresh_from_db()
        assert row.at == at + timedelta(minutes=minutes)
    assert len(told()) == 3
    assert "is late" in told()[1]
    assert "catches up" in told()[2]


def test_a_delay_of_one_slot_shifts_it_and_those_after_it(ward: Ward):
    first, second, third = (open_slot(ward, hours) for hours in (24, 25, 26))
    rows = [book(ward, slot).appointment for slot in (first, second, third)]
    delay(ward, 15, slot_id=second.id)
    assert [Slot.objects.get(id=s.id).delay_minutes for s in (first, second, third)] == [0, 15, 15]
    assert [Appointment.objects.get(id=r.id).at - r.at for r in rows] == [timedelta(minutes=m) for m in (0, 15, 15)]
    with pytest.raises(NotFound):
        delay(ward, 15, slot_id=second.id, doctor=ward.doctors[1])


def test_who_was_told_of_a_delay_is_not_told_again_when_others_join_it(ward: Ward):
    first, second = open_slot(ward, 24), open_slot(ward, 25)
    early, late = with_phone(ward, first, 1), with_phone(ward, second, 2)
    delay(ward, 15, slot_id=second.id)
    assert [row.id for row in delay(ward, 15, slot_id=first.id).shifted] == [early.id]
    assert len(told()) == 2
    late.refresh_from_db()
    assert late.version == 2


def test_who_books_into_a_late_slot_gets_the_late_time(ward: Ward):
    slot = open_slot(ward, 1)
    delay(ward, 30)
    assert book(ward, slot).appointment.at == slot.starts_at + timedelta(minutes=30)


def test_whoever_waits_in_the_hall_hears_of_it_and_keeps_the_place(ward: Ward):
    open_slot(ward, 1)
    visit = ward.arrive(ward.register(name="Here", phone="+91 98765 43210"), doctor_id=ward.doctor.id)
    key = visit.arrival_key
    delay(ward, 30)
    assert len(told()) == 1
    assert "30 min late" in told()[0]
    assert ward.fresh(visit).arrival_key == key


def test_the_desk_learns_whom_it_has_to_call(ward: Ward):
    slot = open_slot(ward, 1)
    row = book(ward, slot).appointment
    assert [one.id for one in delay(ward, 30).untold] == [row.id]
    assert told() == []


def test_after_midnight_the_night_before_is_still_running_and_the_session_goes_on(ward: Ward):
    clock(ward, datetime(2026, 11, 23, 17, 40, tzinfo=UTC))  # ten past eleven at night in Kolkata
    before, after = open_slot(ward, 0.5), open_slot(ward, 1.5)
    row = with_phone(ward, before)
    assert before.day != after.day
    clock(ward, before.starts_at + timedelta(minutes=40))
    delay(ward, 30)
    row.refresh_from_db()
    assert row.at == before.starts_at + timedelta(minutes=30)
    close(ward, before, whole_session=True)
    assert not Slot.objects.filter(closed_at__isnull=True).exists()


def test_where_no_slot_is_left_nothing_can_be_late(ward: Ward):
    open_slot(ward, -2), open_slot(ward, 48)
    with pytest.raises(NothingToDelay):
        delay(ward, 30)


def test_nobody_is_later_than_four_hours(ward: Ward):
    for minutes in (-1, 241):
        with pytest.raises(Invalid):
            delay(ward, minutes)


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        ("Asia/Kathmandu", datetime(2026, 11, 23, 17, 45, tzinfo=UTC)),  # half past eleven at night there, +05:45
        ("Europe/Berlin", datetime(2026, 10, 24, 21, 30, tzinfo=UTC)),  # the clock goes back in this night
        ("Europe/Berlin", datetime(2026, 3, 28, 22, 30, tzinfo=UTC)),  # it goes forward
    ],
)
def test_over_midnight_it_is_still_the_slots_day(ward: Ward, zone: str, now: datetime):
    type(ward.facility).objects.filter(id=ward.facility.id).update(time_zone=zone)
    ward.facility.time_zone = zone
    _facts.cache_clear()
    clock(ward, now)
    slot = open_slot(ward, 0)
    row, next_day = with_phone(ward, slot), open_slot(ward, 24)
    number, at = row.token_id, row.at
    clock(ward, now + timedelta(minutes=20))
    delay(ward, 120)
    row.refresh_from_db(), next_day.refresh_from_db()
    assert (row.at, row.day, row.token_id) == (at + timedelta(hours=2), slot.day, number)
    assert next_day.delay_minutes == 0


def test_a_cancelled_slot_sends_everybody_to_the_next_place_or_the_waiting_list(ward: Ward):
    slot, next_day = open_slot(ward, 24, capacity=3), open_slot(ward, 48, capacity=1)
    other = open_slot(ward, 26, capacity=1, doctor=ward.doctors[1])
    low, high, middle = (with_phone(ward, slot, n, s) for n, s in ((1, "walk_in"), (2, "emergency"), (3, "online")))
    closed = close(ward, slot)
    for row in (low, high, middle):
        row.refresh_from_db()
    assert (high.slot_id, middle.slot_id, low.state) == (next_day.id, other.id, "CANCELLED")
    entry = WaitingEntry.objects.get(state="WAITING")
    assert (entry.patient_id, entry.preferred_day) == (low.patient_id, next_day.day)
    assert [one.id for one in closed.waiting] == [entry.id]
    assert len(told("doctor_away")) == 3
    with pytest.raises(SlotGone):
        close(ward, slot)


def test_a_session_is_what_hangs_together(ward: Ward):
    morning = [open_slot(ward, hours) for hours in (24, 25, 26)]
    afternoon = open_slot(ward, 28)
    close(ward, morning[1], whole_session=True)
    assert [bool(Slot.objects.get(id=slot.id).closed_at) for slot in (*morning, afternoon)] == [True] * 3 + [False]


def test_whoever_has_arrived_stays_in_the_queue(ward: Ward):
    slot = open_slot(ward, 1)
    row = book(ward, slot).appointment
    visit = commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id).visit
    closed = close(ward, slot)
    assert [one.id for one in closed.plan.arrived] == [row.id]
    assert ward.fresh(visit).state == "WAITING"
