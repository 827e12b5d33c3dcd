"""A doctor is away: nobody comes in vain, nobody is lost, everybody is told once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Forbidden, Invalid
from apps.core.models import OutboxEvent
from apps.core.policy import Role, system_actor
from apps.notifications.models import Message
from apps.queue import commands
from apps.queue.commands.closing import NotStranded
from apps.queue.queries.leave import left_waiting, plan_leave
from apps.queue.tasks import begin_leaves
from apps.scheduling.commands import AlreadyAway, LeaveIsOver
from apps.scheduling.models import AllocationPolicy, Appointment, Doctor, Leave, Slot, Token
from apps.scheduling.queries import stranded
from tests.bookings import book, open_slot
from tests.ward import Ward, open_ward

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward(db: None) -> Any:
    """One department with Dr Rao and two others."""
    with open_ward(doctors=3) as opened:
        yield opened


def leave(ward: Ward, starts: datetime, hours: float = 24, **how: Any) -> Any:
    """Meera enters that the first doctor is away."""
    return commands.take_leave(
        actor=how.pop("actor", ward.meera),
        now=ward.now,
        doctor_id=ward.doctor.id,
        starts_at=starts,
        ends_at=starts + timedelta(hours=hours),
        reason="fever",
    )


def test_the_limits_of_a_day_hold_for_whoever_is_moved_and_the_rest_is_left_to_the_desk(ward: Ward):
    AllocationPolicy.objects.create(facility=ward.facility, department=ward.department, most_per_day=2)
    mine, other = open_slot(ward, 24), open_slot(ward, 24, capacity=5, doctor=ward.doctors[1])
    rows = [with_phone(ward, mine, number) for number in (1, 2)]
    book(ward, other, doctor_id=ward.doctors[1].id)
    before = plan_leave(ward.doctor.id, mine.starts_at, mine.ends_at, ward.now)
    taken = leave(ward, mine.starts_at)
    assert [len(plan.reassigned) for plan in (before, taken.plan)] == [1, 1]
    assert [row.id for row in stranded()] == [rows[1].id]


def begin(ward: Ward, actor: Any = None) -> Any:
    """The keeper of leaves comes by."""
    keeper = actor or system_actor("leave keeper", ward.facility.id)
    return commands.begin_leave(actor=keeper, now=ward.now, doctor_id=ward.doctor.id)


def availability(ward: Ward) -> str:
    return str(Doctor.objects.values_list("availability", flat=True).get(id=ward.doctor.id))


def test_a_doctor_goes_when_the_leave_comes_and_not_before_and_once(ward: Ward):
    leave(ward, ward.now + timedelta(hours=2))
    assert (begin(ward), availability(ward)) == (False, "AVAILABLE")
    ward.later(hours=2)
    assert [begin(ward), begin(ward)] == [True, False]
    assert availability(ward) == "OFFLINE"
    assert AuditEntry.objects.filter(action="leave.begun").count() == 1


def test_a_doctor_who_comes_all_the_same_is_not_sent_away_again(ward: Ward):
    leave(ward, ward.now + timedelta(hours=2))
    ward.later(hours=2)
    begin(ward)
    commands.set_availability(actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status="AVAILABLE")
    assert (begin(ward), availability(ward)) == (False, "AVAILABLE")


def test_a_leave_that_has_begun_when_it_is_taken_has_no_second_beginning(ward: Ward):
    leave(ward, ward.now - timedelta(minutes=5))
    commands.set_availability(actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id, status="AVAILABLE")
    assert (begin(ward), availability(ward)) == (False, "AVAILABLE")


def test_a_leave_that_was_withdrawn_or_is_over_never_begins(ward: Ward):
    undo(ward, leave(ward, ward.now + timedelta(hours=2)))
    leave(ward, ward.now + timedelta(hours=30), hours=1)
    ward.later(hours=2)
    assert not begin(ward)
    ward.later(hours=30)
    assert (begin(ward), availability(ward)) == (False, "AVAILABLE")


def test_only_the_house_itself_sends_doctors_on_leave(ward: Ward):
    leave(ward, ward.now + timedelta(hours=2))
    with pytest.raises(Forbidden):
        begin(ward, ward.admin)


def test_the_keeper_finds_the_leaves_that_have_come(ward: Ward):
    ward.keep_real_time()
    ward.now -= timedelta(hours=3)
    leave(ward, ward.now + timedelta(hours=2))
    assert [begin_leaves(), begin_leaves()] == [1, 0]
    assert availability(ward) == "OFFLINE"


def undo(ward: Ward, taken: Any) -> Any:
    return commands.undo_leave(actor=ward.meera, now=ward.now, doctor_id=ward.doctor.id, leave_id=taken.leave.id)


def told(ward: Ward) -> list[str]:
    return [message.text for message in Message.objects.filter(kind="doctor_away").order_by("created_at")]


def with_phone(ward: Ward, slot: Slot, number: int = 1, source: str = "online") -> Appointment:
    patient = ward.register(name=f"Phone {number}", phone=f"+91 98765 4321{number}")
    row: Appointment = book(ward, slot, source, patient=patient).appointment
    return row


def test_whoever_is_booked_goes_to_the_one_with_least_to_do_and_keeps_the_number(ward: Ward):
    mine = open_slot(ward, 24)
    busy = open_slot(ward, 24, doctor=ward.doctors[1])
    book(ward, busy, doctor_id=ward.doctors[1].id)
    free = open_slot(ward, 25, doctor=ward.doctors[2])
    row = with_phone(ward, mine)
    number = row.token_id
    taken = leave(ward, mine.starts_at)
    row.refresh_from_db()
    assert (row.slot_id, row.doctor_id, row.token_id, row.displaced) == (free.id, ward.doctors[2].id, number, 0)
    mine.refresh_from_db(), free.refresh_from_db()
    assert (mine.taken, free.taken, bool(mine.closed_at)) == (0, 1, True)
    assert [one.fate for one in taken.plan.bookings.decided] == ["reassigned"]
    assert len(told(ward)) == 1
    assert row.token.label in told(ward)[0]
    assert ward.doctors[2].name in told(ward)[0]
    assert OutboxEvent.objects.filter(type="DOCTOR_LEAVE_DECLARED").count() == 1
    assert AuditEntry.objects.filter(action="leave.taken").count() == 1


def test_the_preview_says_the_same_and_writes_nothing(ward: Ward):
    mine = open_slot(ward, 24)
    open_slot(ward, 24, doctor=ward.doctors[1])
    for number in range(2):
        with_phone(ward, mine, number)
    tables = [Leave, Message, AuditEntry, OutboxEvent]
    before = [table.objects.count() for table in tables]
    plan = plan_leave(ward.doctor.id, mine.starts_at, mine.ends_at, ward.now)
    assert [table.objects.count() for table in tables] == before
    taken = leave(ward, mine.starts_at, 1)
    seen = [(one.row.id, one.fate, one.slot.id) for one in plan.bookings.decided if one.slot]
    assert [(one.row.id, one.fate, one.slot.id) for one in taken.plan.bookings.decided] == seen
    assert len(seen) == 2


def test_who_booked_for_a_day_far_ahead_keeps_the_doctor_on_another_day(ward: Ward):
    mine, next_day = open_slot(ward, 24 * 9), open_slot(ward, 24 * 10)
    open_slot(ward, 24 * 9, doctor=ward.doctors[1])
    row = book(ward, mine).appointment
    old = row.token
    leave(ward, mine.starts_at, 1)
    row.refresh_from_db(), old.refresh_from_db()
    assert (row.slot_id, row.doctor_id) == (next_day.id, ward.doctor.id)
    assert old.voided_at
    assert row.token.day == next_day.day


def test_who_finds_no_place_stays_booked_and_is_left_to_a_person(ward: Ward):
    mine = open_slot(ward, 24, capacity=2)
    place = open_slot(ward, 24, capacity=1, doctor=ward.doctors[1])
    low, high = with_phone(ward, mine, 1, "walk_in"), with_phone(ward, mine, 2, "paid_priority")
    leave(ward, mine.starts_at)
    low.refresh_from_db(), high.refresh_from_db()
    assert high.slot_id == place.id
    assert (low.state, low.slot_id) == ("BOOKED", mine.id)
    assert [row.id for row in stranded()] == [low.id]
    mine.refresh_from_db()
    assert mine.taken == 1
    assert any("will call you" in text for text in told(ward))


def test_an_emergency_goes_beyond_the_places_of_another_doctor_flagged(ward: Ward):
    mine, place = open_slot(ward, 24), open_slot(ward, 24, capacity=1, doctor=ward.doctors[1])
    book(ward, place, "emergency", doctor_id=ward.doctors[1].id)
    row = book(ward, mine, "emergency").appointment
    leave(ward, mine.starts_at)
    row.refresh_from_db(), place.refresh_from_db()
    assert (row.slot_id, row.overflow, place.taken, place.overflow) == (place.id, True, 2, 1)


def test_the_desk_gives_a_stranded_person_a_place_or_cancels_for_a_reason(ward: Ward):
    mine = open_slot(ward, 24)
    first, second = with_phone(ward, mine, 1), with_phone(ward, mine, 2)
    leave(ward, mine.starts_at)
    later = open_slot(ward, 30, doctor=ward.doctors[2])
    commands.place_escalated(actor=ward.meera, now=ward.now, booking_id=first.id, slot_id=later.id)
    commands.give_up_escalated(actor=ward.meera, now=ward.now, booking_id=second.id, reason="moved away")
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.slot_id, first.doctor_id, second.state) == (later.id, ward.doctors[2].id, "CANCELLED")
    assert second.end_reason == "moved away"
    assert not stranded().exists()
    assert len(told(ward)) == 4
    with pytest.raises(NotStranded):
        commands.give_up_escalated(actor=ward.meera, now=ward.now, booking_id=second.id, reason="again")


def test_a_leave_withdrawn_within_the_hour_puts_everybody_back(ward: Ward):
    mine, other = open_slot(ward, 24), open_slot(ward, 24, doctor=ward.doctors[1])
    row, touched = with_phone(ward, mine, 1), with_phone(ward, mine, 2)
    number, at = row.token_id, row.at
    taken = leave(ward, mine.starts_at)
    elsewhere = open_slot(ward, 48, doctor=ward.doctors[1])
    fresh, _ = commands.reschedule(actor=ward.meera, now=ward.now, booking_id=touched.id, slot_id=elsewhere.id)
    ward.later(minutes=59)
    undone = undo(ward, taken)
    row.refresh_from_db(), mine.refresh_from_db(), other.refresh_from_db(), fresh.refresh_from_db()
    assert (row.slot_id, row.doctor_id, row.token_id, row.at) == (mine.id, ward.doctor.id, number, at)
    assert (mine.taken, mine.closed_at, other.taken) == (1, None, 0)
    assert fresh.slot_id == elsewhere.id
    assert [one.id for one in undone.back] == [row.id]
    assert told(ward)[-1].endswith("as before.")
    with pytest.raises(LeaveIsOver):
        undo(ward, taken)


def test_later_people_stay_where_they_went_but_the_slots_open_again(ward: Ward):
    mine, other = open_slot(ward, 24), open_slot(ward, 24, capacity=1, doctor=ward.doctors[1])
    row, left = with_phone(ward, mine, 1), with_phone(ward, mine, 2)
    taken = leave(ward, mine.starts_at)
    ward.later(minutes=61)
    undone = undo(ward, taken)
    row.refresh_from_db(), mine.refresh_from_db(), left.refresh_from_db()
    assert (row.slot_id, mine.closed_at, undone.back) == (other.id, None, [])
    assert left.slot_id == mine.id
    assert not stranded().exists()


def test_a_withdrawn_leave_gives_its_places_to_those_who_wait(ward: Ward):
    mine = open_slot(ward, 24, capacity=1)
    book(ward, mine)
    waiting = book(ward, mine).waiting
    place = open_slot(ward, 25, capacity=1, doctor=ward.doctors[1])
    taken = leave(ward, mine.starts_at)
    ward.later(hours=2)
    assert [row.patient_id for row in undo(ward, taken).promoted] == [waiting.patient_id]
    assert Slot.objects.get(id=place.id).taken == 1


def test_those_who_wait_in_the_hall_are_spread_over_those_who_are_there(ward: Ward):
    visits = [ward.arrive(doctor_id=ward.doctor.id) for _ in range(3)]
    ward.arrive(doctor_id=ward.doctors[1].id)
    with_him = ward.call_next()
    assert with_him
    taken = leave(ward, ward.now, 4)
    assert ward.fresh(visits[0]).doctor_id == ward.doctor.id
    assert {ward.fresh(visits[1]).doctor_id, ward.fresh(visits[2]).doctor_id} == {d.id for d in ward.doctors[1:]}
    ward.doctor.refresh_from_db()
    assert ward.doctor.availability == "OFFLINE"
    undo(ward, taken)
    assert {ward.fresh(visit).doctor_id for visit in visits} == {ward.doctor.id}


def test_without_anybody_at_work_they_are_free_for_whoever_comes(ward: Ward):
    visit = ward.arrive(doctor_id=ward.doctor.id)
    for doctor in ward.doctors[1:]:
        commands.set_availability(actor=ward.meera, now=ward.now, doctor_id=doctor.id, status="OFFLINE")
    leave(ward, ward.now, 4)
    assert (ward.fresh(visit).doctor_id, ward.fresh(visit).pooled) == (None, True)


def test_where_there_is_no_other_doctor_the_desk_sees_who_is_left():
    with open_ward() as ward:
        visit = ward.arrive(doctor_id=ward.doctor.id)
        taken = leave(ward, ward.now, 4)
        assert [one.id for one in taken.plan.left] == [visit.id]
        assert [one.id for one in left_waiting(ward.now)] == [visit.id]


def test_who_came_early_for_a_time_within_the_leave_goes_to_another_doctor(ward: Ward):
    mine = open_slot(ward, 3)
    row = book(ward, mine).appointment
    visit = commands.arrive(actor=ward.meera, now=ward.now, booking_id=row.id).visit
    stays = ward.arrive(doctor_id=ward.doctor.id)
    leave(ward, mine.starts_at, 2)
    row.refresh_from_db()
    assert row.state == "ARRIVED"
    assert ward.fresh(visit).doctor_id in {d.id for d in ward.doctors[1:]}
    assert ward.fresh(stays).doctor_id == ward.doctor.id


def test_two_leaves_do_not_overlap_and_senseless_ones_are_refused(ward: Ward):
    leave(ward, ward.now)
    with pytest.raises(AlreadyAway):
        leave(ward, ward.now + timedelta(hours=23))
    for starts, hours in ((ward.now - timedelta(days=2), 24), (ward.now, -1), (ward.now, 24 * 400)):
        with pytest.raises(Invalid):
            leave(ward, starts, hours)
    assert Leave.objects.count() == 1


@pytest.mark.parametrize("role", [Role.NURSE, Role.DOCTOR, Role.CASHIER])
def test_only_the_desk_and_the_administrator_decide(ward: Ward, role: Role):
    with pytest.raises(Forbidden):
        leave(ward, ward.now, actor=ward.as_role(role))


def test_numbers_stay_without_gaps(ward: Ward):
    mine = open_slot(ward, 24, capacity=5)
    open_slot(ward, 48, capacity=5)
    for number in range(5):
        with_phone(ward, mine, number)
    leave(ward, mine.starts_at, 2)
    for day in {token.day for token in Token.objects.all()}:
        numbers = sorted(Token.objects.filter(day=day).values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
