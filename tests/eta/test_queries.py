"""What is expected before anything is learnt: the configured average, with its usual spread."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.eta.queries import expected_added, expected_at, expected_end, expected_turn

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def at(*minutes: int) -> list[datetime]:
    return [NINE + timedelta(minutes=after) for after in minutes]


def test_a_turn_is_people_times_average_in_a_window_around_it():
    five = expected_turn(ahead=5, average_minutes=12)
    assert five.likely == 60
    assert 0 < five.low < 60 < five.high
    assert expected_turn(ahead=0).high == 0


def test_somebody_waits_for_those_who_are_booked_closer_than_it_takes():
    assert expected_at(at=NINE, booked=[], average_minutes=10).likely == 0
    assert expected_at(at=at(10)[0], booked=at(0), average_minutes=10).likely == 0
    assert round(expected_at(at=at(5)[0], booked=at(0, 0), average_minutes=10).likely) == 15


def test_one_more_makes_those_after_wait_and_nobody_before():
    assert expected_added(at=NINE, booked=at(10, 20), average_minutes=10) == 0
    assert expected_added(at=NINE, booked=at(0, 10), average_minutes=10) == 10
    assert expected_added(at=at(30)[0], booked=at(0, 10), average_minutes=10) == 0


def test_the_end_is_told_on_the_late_side():
    assert expected_end(booked=[], average_minutes=10) is None
    end = expected_end(booked=at(0, 10), average_minutes=10)
    assert end
    assert end > at(20)[0]


@given(st.lists(st.integers(0, 600), max_size=12), st.integers(0, 600), st.integers(1, 60))
def test_nobody_waits_less_than_nothing_and_one_more_never_helps_the_others(minutes, wish, average):
    booked, time = at(*minutes), at(wish)[0]
    assert expected_at(at=time, booked=booked, average_minutes=average).likely >= 0
    assert expected_added(at=time, booked=booked, average_minutes=average) >= -1e-6
