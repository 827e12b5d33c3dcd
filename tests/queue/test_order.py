"""Whose turn it is: tiers first, then a key that never changes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.queue.rules.order import NeedsClass, Policy, Tier, places, standing, tier

NINE = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
POLICY = Policy(walk_in_penalty=timedelta(minutes=15))
minutes = st.integers(min_value=-180, max_value=180).map(lambda m: NINE + timedelta(minutes=m))


def at(**kwargs: float) -> datetime:
    return NINE + timedelta(**kwargs)


def test_who_booked_and_came_early_counts_from_the_appointment():
    assert standing(POLICY, arrived_at=at(minutes=-40), appointment_at=NINE).key == NINE


def test_who_booked_and_came_within_the_grace_keeps_the_appointment():
    assert standing(POLICY, arrived_at=at(minutes=15), appointment_at=NINE).key == NINE


def test_who_booked_and_came_later_counts_from_the_arrival_plus_the_penalty():
    assert standing(POLICY, arrived_at=at(minutes=16), appointment_at=NINE).key == at(minutes=31)


def test_a_walk_in_stands_behind_who_booked_the_same_minute():
    assert standing(POLICY, arrived_at=NINE).key == at(minutes=15)


def test_special_needs_have_a_head_start():
    elderly = standing(POLICY, arrived_at=NINE, needs=NeedsClass.ELDERLY).key
    assert elderly == at(minutes=15 - 25)


def test_an_emergency_goes_before_the_urgent_and_the_urgent_before_the_pinned():
    assert tier(emergency=True, urgent=True) is Tier.EMERGENCY
    assert tier(emergency=False, urgent=True, pinned=True) is Tier.URGENT
    assert tier(emergency=False, urgent=False, pinned=True) is Tier.PINNED
    assert tier(emergency=False, urgent=False) is Tier.REST
    assert Tier.EMERGENCY < Tier.URGENT < Tier.PINNED < Tier.REST


@given(first=minutes, second=minutes)
def test_between_equals_whoever_comes_first_is_never_behind(first: datetime, second: datetime):
    earlier, later = sorted((first, second))
    assert standing(POLICY, arrived_at=earlier).key <= standing(POLICY, arrived_at=later).key


@given(first=minutes, gap=st.integers(min_value=0, max_value=600))
def test_nobody_is_overtaken_by_a_head_start_of_somebody_who_comes_more_than_its_length_later(
    first: datetime, gap: int
):
    waiting = standing(POLICY, arrived_at=first).key
    privileged = standing(POLICY, arrived_at=first + timedelta(minutes=gap), needs=NeedsClass.PREGNANT).key
    assert (privileged < waiting) == (timedelta(minutes=gap) < POLICY.head_start(NeedsClass.PREGNANT))


def test_whoever_waits_for_a_doctor_is_behind_that_doctor_s_people_and_those_who_take_any():
    assert list(places(["rao", None, "nair", "rao", None, "nair"])) == [1, 2, 2, 3, 5, 4]
