"""What people are told: rounded, seldom changed, always with a reason."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.eta.rules.noshow import extra_places, no_show_odds
from apps.eta.rules.telling import Kind, Stage, kind_of, rounded, stage_of, to_tell, told_anew

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def told(low: float, middle: float, high: float, kind: Kind = Kind.WINDOW):
    return to_tell(kind, at(low), at(middle), at(high))


def test_a_window_is_rounded_outwards_to_five_minutes():
    found = told(31.5, 47.4, 61.2)
    assert (found.earliest, found.likely, found.latest) == (at(30), at(45), at(65))
    assert rounded(at(40)) == at(40)


def test_small_moves_are_not_told():
    before = told(30, 45, 60)
    assert told_anew(before, told(33, 49, 64), at(49), NINE, "delay") is before


@pytest.mark.parametrize(
    ("middle", "cause", "reason"),
    [
        (70, "urgent", "urgent"),
        (70, "", "slower"),
        (25, "", "faster"),
        (25, "urgent", "faster"),
        (25, "fewer", "fewer"),
    ],
)
def test_a_move_that_matters_is_told_with_a_reason_that_fits_its_direction(middle: int, cause: str, reason: str):
    after = told_anew(told(30, 45, 60), told(middle - 15, middle, middle + 15), at(middle), NINE, cause)
    assert (after.likely, after.reason) == (at(middle), reason)


def test_whoever_is_very_soon_stays_so():
    before = told(0, 2, 6, Kind.SOON)
    assert told_anew(before, told(0, 4, 9, Kind.SOON), at(4), NINE, "") is before


def test_what_kind_of_thing_is_said():
    assert kind_of(at(3), NINE, 1, started=True, on_break=False) is Kind.SOON
    assert kind_of(at(30), NINE, 1, started=True, on_break=False) is Kind.WINDOW
    assert kind_of(at(3), NINE, 0, started=False, on_break=False) is Kind.NOT_STARTED
    assert kind_of(at(3), NINE, 0, started=True, on_break=True) is Kind.BREAK


def test_very_soon_is_not_said_to_somebody_with_many_ahead():
    said = [kind_of(at(3), NINE, ahead, started=True, on_break=False) for ahead in (0, 2, 3, 10)]
    assert said == [Kind.SOON, Kind.SOON, Kind.WINDOW, Kind.WINDOW]


def test_whoever_was_told_very_soon_gets_a_window_when_others_are_put_before_them():
    assert told_anew(told(0, 3, 6, Kind.SOON), told(2, 9, 21), at(9), NINE, "urgent").reason == "urgent"


def test_stages_by_people_ahead():
    assert [stage_of(booked=False, ahead=n) for n in (9, 5, 2, 0)] == [
        Stage.CHECK_IN,
        Stage.FIVE,
        Stage.TWO,
        Stage.NEXT,
    ]
    assert stage_of(booked=True, ahead=0) is Stage.BOOKING


def test_no_show_odds_rise_with_the_time_before_and_lean_to_a_persons_own_past():
    day = timedelta(days=1)
    assert no_show_odds(0 * day) < no_show_odds(3 * day) < no_show_odds(30 * day)
    assert no_show_odds(3 * day, kept=10) < no_show_odds(3 * day) < no_show_odds(3 * day, missed=3)


def test_places_beyond_capacity_are_fewer_than_those_expected_to_stay_away():
    assert extra_places([0.25] * 20) == 4
    assert extra_places([]) == extra_places([0.05] * 5) == 0
