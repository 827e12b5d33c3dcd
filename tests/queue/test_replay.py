"""A past day under other rules: the same calls, other people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.queries import facility_facts
from apps.queue.models import VisitTransition
from apps.queue.queries.replay import compare, day_of
from apps.queue.rules.order import NeedsClass, Policy, Tier
from apps.queue.rules.replay import Call, Turn, class_of, replay, summary
from tests.ward import Ward, add_doctor

NINE = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
NONE = Policy(head_starts={})


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def turn(number: int, since: float, **more: object) -> Turn:
    return Turn(number=number, since=at(since), arrived_at=at(since), **more)  # type: ignore[arg-type]


def test_without_head_starts_whoever_came_first_is_called_first():
    young, old = turn(1, 0), turn(2, 5, needs=NeedsClass.ELDERLY)
    calls = [Call(at(10), "rao"), Call(at(20), "rao")]
    assert [one for one, _ in replay(NONE, [young, old], calls)] == [young, old]
    assert [one for one, _ in replay(Policy(), [young, old], calls)] == [old, young]


def test_nobody_is_called_before_coming_or_after_leaving_or_by_another_doctor():
    gone, nairs, late = turn(1, 0, left_at=at(5)), turn(2, 0, doctor="nair"), turn(3, 15)
    calls = [Call(at(10), "rao"), Call(at(20), "rao"), Call(at(30), "nair")]
    assert [one for one, _ in replay(NONE, [gone, nairs, late], calls)] == [late, nairs]


def test_an_emergency_goes_first_under_any_rules():
    assert replay(NONE, [turn(1, 0), turn(2, 9, tier=Tier.EMERGENCY)], [Call(at(10), "rao")])[0][0].number == 2


def test_whoever_was_overtaken_too_often_is_next():
    old = [turn(number, number, needs=NeedsClass.ELDERLY) for number in range(2, 8)]
    calls = [Call(at(10 + number), "rao") for number in range(5)]
    called = replay(Policy(pin_after=2), [turn(1, 0), *old], calls)
    assert [one.number for one, _ in called][:3] == [2, 3, 1]


def test_figures_are_the_middle_nine_of_ten_and_the_longest_of_first_turns():
    turns = [turn(number, 0) for number in range(10)] + [turn(99, 0, first=False)]
    waits = summary([(one, timedelta(minutes=number + 1)) for number, one in enumerate(turns)])["all"]
    assert (waits.people, waits.p50, waits.p90, waits.most) == (10, 5, 9, 10)
    assert class_of(turn(1, 0, booked_for=NINE)) == "booked"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(since=st.lists(st.integers(0, 120), min_size=1, max_size=20), gap=st.integers(1, 9))
def test_as_many_are_called_as_there_are_calls_for_somebody_there_each_once(since: list[int], gap: int):
    turns = [turn(number, minutes) for number, minutes in enumerate(since)]
    calls = [Call(at(minutes), "rao") for minutes in range(0, 240, gap)]
    for policy in (NONE, Policy(), replace(NONE, pin_after=1)):
        called = [one for one, _ in replay(policy, turns, calls)]
        assert len(called) == len(set(called)) == min(len(turns), len(called))
        assert all(wait >= timedelta(0) for _, wait in replay(policy, turns, calls))


def a_day(ward: Ward) -> None:
    """Two doctors, an old and a young crowd, an emergency; everybody is seen."""
    add_doctor(ward, [ward.department])
    for number in range(8):
        ward.arrive(ward.register(name=f"Person {number}", age=75 if number % 3 == 0 else 30))
        ward.later(minutes=3)
    ward.arrive(source="emergency")
    while called := ward.call_next(ward.doctors[VisitTransition.objects.count() % 2]):
        ward.see(called, minutes=7)


def test_under_its_own_rules_a_day_comes_out_as_it_was(ward: Ward):
    a_day(ward)
    day = facility_facts(ward.facility.id).day_of(ward.now)
    turns, calls = day_of(ward.department.id, day)
    called = replay(Policy(), turns, calls)
    really = VisitTransition.objects.filter(to_state="CALLED").order_by("at")
    assert [round(wait.total_seconds()) for _, wait in called] == [move.actual_wait_seconds for move in really]


def test_without_head_starts_the_old_wait_longer_and_the_young_shorter(ward: Ward):
    a_day(ward)
    day = facility_facts(ward.facility.id).day_of(ward.now)
    none = {f"head_start_{needs}": 0 for needs in NeedsClass if needs}
    table = {name: (now, then) for name, now, then in compare(ward.department.id, day, none)}
    assert table["priority"][1].p50 > table["priority"][0].p50
    assert table["walk_in"][1].p50 < table["walk_in"][0].p50
    assert table["all"][0].people == table["all"][1].people == 9


def test_the_command_prints_both_sides(ward: Ward, capsys):
    a_day(ward)
    day = facility_facts(ward.facility.id).day_of(ward.now)
    call_command("replay_day", "--facility", ward.facility.code, "--department", ward.department.code,
                 "--day", day.isoformat(), "--rule", "head_start_elderly=0")  # fmt: skip
    told = capsys.readouterr().out
    assert "priority" in told
    assert "p90" in told
