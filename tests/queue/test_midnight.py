"""A day ends: who still waits is taken off or carried over; done twice or late it does nothing more."""

from datetime import timedelta

import pytest

from apps.core.policy import system_actor
from apps.queue import commands
from apps.queue.commands.midnight import DayEnded
from apps.queue.queries.visits import position
from apps.scheduling.models import Appointment, Token
from tests.bookings import book, open_slot
from tests.ward import Ward


def end(ward: Ward) -> DayEnded:
    actor = system_actor("day keeper", ward.facility.id)
    return commands.end_day(actor=actor, now=ward.now, department_id=ward.department.id)


def carries_over(ward: Ward) -> None:
    ward.department.policy.carries_over = True
    ward.department.policy.save()


def test_before_midnight_nothing_ends(ward: Ward):
    ward.arrive()
    ward.later(hours=14, minutes=59)
    assert end(ward) == DayEnded()


def test_at_midnight_of_the_facility_whoever_waits_was_not_seen(ward: Ward):
    waiting, called, held, inside = (ward.arrive() for _ in range(4))
    for visit, verbs in ((inside, "start"), (held, "hold"), (called, "")):
        commands.call(actor=ward.rao, now=ward.now, visit_id=visit.id, doctor_id=ward.doctor.id)
        if verbs == "hold":
            commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="out")
        if verbs == "start":
            ward.start(visit)
            commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="test")
    ward.later(hours=15)
    assert end(ward).closed == 4
    assert {ward.fresh(v).state for v in (waiting, called, held, inside)} == {"NO_SHOW"}
    assert end(ward) == DayEnded()


def test_who_is_with_a_doctor_at_midnight_is_left_alone(ward: Ward):
    visit = ward.arrive()
    ward.start(ward.call_next())
    ward.later(hours=16)
    assert end(ward) == DayEnded()
    assert ward.complete(visit).state == "COMPLETED"


def test_where_the_rules_carry_over_everybody_gets_a_number_of_the_new_day_once(ward: Ward):
    carries_over(ward)
    ward.see(ward.arrive() and ward.call_next())
    first, second = ward.arrive(), ward.arrive()
    ward.later(hours=15)
    assert end(ward).carried == 2
    assert end(ward) == DayEnded()
    moved = ward.fresh(first)
    assert (moved.state, moved.day - first.day, moved.token.label) == ("WAITING", timedelta(days=1), "G01")
    assert [position(ward.fresh(v)) for v in (first, second)] == [1, 2]
    assert Token.objects.get(id=first.token_id).voided_at is not None
    assert ward.arrive().token.label == "G03"


@pytest.mark.parametrize("days", [1, 9])
def test_a_sweep_that_is_late_by_days_does_the_same_once(ward: Ward, days: int):
    carries_over(ward)
    visit = ward.arrive()
    ward.later(days=days)
    assert (end(ward).carried, end(ward).carried) == (1, 0)
    assert ward.fresh(visit).token.number == 1


def test_a_booking_for_which_nobody_came_is_missed(ward: Ward):
    row = book(ward, open_slot(ward, hours=1)).appointment
    ward.later(days=1)
    assert (end(ward).missed, end(ward).missed) == (1, 0)
    assert Appointment.objects.get(id=row.id).state == "NO_SHOW"
