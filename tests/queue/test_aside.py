"""People who are not there when called, say that they are late or back, and what becomes of them by itself."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core.errors import Invalid, NotFound
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, ActorType, Permission, system_actor
from apps.queue import commands
from apps.queue.commands.moving import NotAllowed
from apps.queue.models import Visit, VisitTransition
from apps.queue.queries.visits import position
from tests.ward import Ward

MISSED = "Did not come when called"


def sweep(ward: Ward) -> int:
    actor = system_actor("sweeper", ward.facility.id)
    return commands.sweep_aside(actor=actor, now=ward.now, department_id=ward.department.id)


def miss(ward: Ward) -> Visit:
    """The next is called and does not come."""
    visit = ward.call_next()
    assert visit
    return commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason=MISSED)


def holder(ward: Ward, visit: Visit) -> Actor:
    """Whoever has the visit's link."""
    return Actor(
        ActorType.LINK,
        None,
        "link",
        ward.facility.id,
        granted=frozenset({Permission.VISIT_READ_OWN, Permission.VISIT_TELL_OWN}),
        subject_id=visit.id,
        department_ids=frozenset({visit.department_id}),
    )


def test_who_missed_a_call_is_in_line_again_after_three_others(ward: Ward):
    for _ in range(5):
        ward.arrive()
    absent = miss(ward)
    for _ in range(2):
        ward.see(ward.call_next())
    assert ward.fresh(absent).state == "ON_HOLD"
    ward.see(ward.call_next())
    back = ward.fresh(absent)
    assert (back.state, back.missed_calls, back.missed_at, position(back)) == ("WAITING", 1, None, 1)
    assert ward.call_next().id == absent.id


def test_where_few_are_called_they_are_in_line_again_after_the_grace_and_at_last_taken_off(ward: Ward):
    absent = ward.arrive()
    miss(ward)
    assert sweep(ward) == 0
    ward.later(minutes=15)
    assert (sweep(ward), sweep(ward)) == (1, 0)
    assert ward.fresh(absent).state == "WAITING"
    miss(ward)
    ward.later(minutes=14)
    assert sweep(ward) == 0
    ward.later(minutes=1)
    assert (sweep(ward), sweep(ward)) == (1, 0)
    assert ward.fresh(absent).state == "NO_SHOW"
    assert OutboxEvent.objects.filter(type="PATIENT_NO_SHOW").count() == 1


def test_a_clock_that_is_set_back_moves_nobody_and_nobody_twice(ward: Ward):
    absent = ward.arrive()
    miss(ward)
    ward.later(minutes=15)
    sweep(ward)
    ward.later(minutes=-5)
    assert sweep(ward) == 0
    assert VisitTransition.objects.filter(visit_id=absent.id, verb="resume").count() == 1


def test_who_is_sent_for_a_test_is_left_alone_by_the_sweep(ward: Ward):
    visit = ward.arrive()
    ward.start(ward.call_next())
    commands.hold(actor=ward.rao, now=ward.now, visit_id=visit.id, reason="Blood test")
    ward.later(hours=3)
    assert sweep(ward) == 0
    assert ward.fresh(visit).state == "ON_HOLD"


def test_who_will_be_late_keeps_the_place_and_is_back_by_themselves(ward: Ward):
    first, second = ward.arrive(), ward.arrive()
    late = commands.say_late(actor=holder(ward, first), now=ward.now, visit_id=first.id, minutes=20)
    assert (late.state, late.back_at, late.missed_calls) == ("ON_HOLD", ward.now + timedelta(minutes=20), 0)
    assert ward.call_next().id == second.id
    ward.later(minutes=19)
    assert sweep(ward) == 0
    ward.later(minutes=1)
    assert sweep(ward) == 1
    assert position(ward.fresh(first)) == 1


def test_who_is_back_earlier_says_so_and_saying_it_twice_changes_nothing(ward: Ward):
    first = ward.arrive()
    commands.say_late(actor=holder(ward, first), now=ward.now, visit_id=first.id, minutes=20)
    for _ in range(2):
        back = commands.say_here(actor=holder(ward, first), now=ward.now, visit_id=first.id)
        assert (back.state, back.version) == ("WAITING", 3)


def test_who_is_called_and_says_late_lets_the_doctor_go_on(ward: Ward):
    first, second = ward.arrive(), ward.arrive()
    ward.call_next()
    late = commands.say_late(actor=holder(ward, first), now=ward.now, visit_id=first.id, minutes=10)
    assert (late.state, late.missed_calls, late.doctor_id) == ("ON_HOLD", 1, None)
    assert ward.call_next().id == second.id


def test_nobody_says_it_of_another_s_visit_or_of_one_that_is_over(ward: Ward):
    mine, other = ward.arrive(), ward.arrive()
    with pytest.raises(NotFound):
        commands.say_here(actor=holder(ward, other), now=ward.now, visit_id=mine.id)
    ward.see(ward.call_next())
    for tell, more in ((commands.say_here, {}), (commands.say_late, {"minutes": 5})):
        with pytest.raises(NotAllowed):
            tell(actor=holder(ward, mine), now=ward.now, visit_id=mine.id, **more)


@pytest.mark.parametrize("minutes", [0, -1, 241])
def test_late_is_from_a_minute_to_four_hours(ward: Ward, minutes: int):
    visit = ward.arrive()
    with pytest.raises(Invalid):
        commands.say_late(actor=ward.meera, now=ward.now, visit_id=visit.id, minutes=minutes)


def test_a_demonstration_for_checks_leaves_alone_who_has_just_come(ward: Ward, settings: Any):
    settings.SWEEPS_SPARE_MINUTES = 60
    ward.arrive()
    miss(ward)
    ward.later(minutes=59)
    assert sweep(ward) == 0
    ward.later(minutes=1)
    assert sweep(ward) == 1
