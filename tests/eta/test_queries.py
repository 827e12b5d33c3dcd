"""What is expected before anything is learnt: the configured average, with its usual spread."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.eta.queries import expected_added, expected_at, expected_end, expected_turn
from apps.eta.rules import Booked

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def at(*minutes: int) -> list[Booked]:
    return [Booked(NINE + timedelta(minutes=after)) for after in minutes]


def wait(after: int, *booked: Booked) -> float:
    return expected_at(at=NINE + timedelta(minutes=after), booked=booked, average_minutes=10).likely


def test_a_turn_is_people_times_average_in_a_window_around_it():
    five = expected_turn(ahead=5, average_minutes=12)
    assert five.likely == 60
    assert 0 < five.low < 60 < five.high
    assert expected_turn(ahead=0).high == 0


def test_somebody_waits_for_those_who_are_booked_closer_than_it_takes():
    assert wait(0) == 0
    assert wait(10, *at(0)) == 0
    assert round(wait(5, *at(0, 0))) == 15


def test_who_has_a_length_of_their_own_takes_as_long_as_that():
    procedure = Booked(NINE, 30)
    assert round(wait(10, procedure)) == 20
    assert round(expected_added(new=procedure, booked=at(0, 10), average_minutes=10)) == 30
    short, long = (expected_end(booked=[Booked(NINE, minutes)], average_minutes=10) for minutes in (None, 30))
    assert short
    assert long == short + timedelta(minutes=20)


def test_one_more_makes_those_after_wait_and_nobody_before():
    assert expected_added(new=Booked(NINE), booked=at(10, 20), average_minutes=10) == 0
    assert expected_added(new=Booked(NINE), booked=at(0, 10), average_minutes=10) == 10
    assert expected_added(new=at(30)[0], booked=at(0, 10), average_minutes=10) == 0


def test_the_end_is_told_on_the_late_side():
    assert expected_end(booked=[], average_minutes=10) is None
    end = expected_end(booked=at(0, 10), average_minutes=10)
    assert end
    assert end > at(20)[0].at


@given(st.lists(st.integers(0, 600), max_size=12), st.integers(0, 600), st.integers(1, 60))
def test_nobody_waits_less_than_nothing_and_one_more_never_helps_the_others(minutes, wish, average):
    booked, new = at(*minutes), at(wish)[0]
    assert expected_at(at=new.at, booked=booked, average_minutes=average).likely >= 0
    assert expected_added(new=new, booked=booked, average_minutes=average) >= -1e-6
