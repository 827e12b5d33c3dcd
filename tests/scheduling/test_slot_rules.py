"""From weekly hours to the slots of a day, right over every jump of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.scheduling.rules.slots import (
    DAY_MINUTES,
    Pattern,
    Window,
    first_free_place,
    places_needed,
    plan_day,
    times_in,
    visits_that_fit,
)

MONDAY = date(2026, 11, 23)
KOLKATA = "Asia/Kolkata"


def hours(starts: str, ends: str) -> Window:
    return Window.of(time.fromisoformat(starts), time.fromisoformat(ends))


def local(plans: list, zone: str) -> list[str]:
    clock = ZoneInfo(zone)
    return [f"{p.starts_at.astimezone(clock):%H:%M}-{p.ends_at.astimezone(clock):%H:%M}" for p in plans]


def test_a_morning_becomes_slots_of_an_hour():
    pattern = Pattern(0, hours("09:00", "12:00"), 60, 6, walk_in_percent=20)
    plans = plan_day(pattern, MONDAY, KOLKATA)
    assert local(plans, KOLKATA) == ["09:00-10:00", "10:00-11:00", "11:00-12:00"]
    assert {(p.capacity, p.walk_in_reserve) for p in plans} == {(6, 1)}


def test_other_weekdays_and_days_outside_of_the_validity_have_none():
    pattern = Pattern(0, hours("09:00", "12:00"), 60, 6, valid_from=MONDAY, valid_to=MONDAY)
    assert plan_day(pattern, MONDAY, KOLKATA)
    for day in (MONDAY + timedelta(days=1), MONDAY + timedelta(days=7), MONDAY - timedelta(days=7)):
        assert plan_day(pattern, day, KOLKATA) == []


def test_slots_go_around_breaks_and_closed_hours():
    pattern = Pattern(0, hours("09:00", "14:00"), 60, 6, breaks=(hours("11:00", "11:30"),))
    closed = [hours("13:00", "18:00")]
    assert local(plan_day(pattern, MONDAY, KOLKATA, closed), KOLKATA) == [
        "09:00-10:00",
        "10:00-11:00",
        "11:30-12:30",
        "12:30-13:00",
    ]


def test_a_closed_day_has_none_and_midnight_is_the_end_of_the_day():
    pattern = Pattern(0, hours("22:00", "00:00"), 60, 6)
    assert local(plan_day(pattern, MONDAY, KOLKATA), KOLKATA) == ["22:00-23:00", "23:00-00:00"]
    assert plan_day(pattern, MONDAY, KOLKATA, [Window(0, DAY_MINUTES)]) == []


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("America/New_York", date(2026, 3, 8), ["00:30-01:00", "01:00-01:30", "01:30-03:00", "03:00-03:30"]),
        ("Europe/London", date(2026, 3, 29), ["00:30-02:00", "02:00-02:30", "02:30-03:00", "03:00-03:30"]),
        ("Asia/Kathmandu", MONDAY, ["00:30-01:00", "01:00-01:30", "01:30-02:00"]),
    ],
)
def test_times_that_the_clock_skips_make_no_slot(zone, day, expected):
    pattern = Pattern(day.weekday(), hours("00:30", "03:30"), 30, 6)
    plans = plan_day(pattern, day, zone)
    assert local(plans, zone)[: len(expected)] == expected
    assert {plan.ends_at - plan.starts_at for plan in plans} == {timedelta(minutes=30)}


@given(
    zone=st.sampled_from(["Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Europe/London", "Pacific/Auckland"]),
    day=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    minutes=st.integers(5, 180),
    starts=st.integers(0, 23),
    length=st.integers(1, 24),
    pause=st.tuples(st.integers(0, 1439), st.integers(1, 120)),
)
def test_slots_never_overlap_never_leave_the_hours_and_keep_the_pause_free(zone, day, minutes, starts, length, pause):
    window = Window(starts * 60, min((starts + length) * 60, DAY_MINUTES))
    gap = Window(pause[0], min(sum(pause), DAY_MINUTES))
    pattern = Pattern(day.weekday(), window, minutes, 3, breaks=(gap,) if gap.starts < gap.ends else ())
    plans = plan_day(pattern, day, zone)
    for before, after in pairwise(plans):
        assert before.ends_at <= after.starts_at
    for plan in plans:
        assert plan.starts_at < plan.ends_at
        clock = plan.starts_at.astimezone(ZoneInfo(zone))
        minute = clock.hour * 60 + clock.minute
        assert clock.date() == day
        assert minute >= window.starts
        skipped = bool(clock.utcoffset() != datetime.combine(day, time.min, ZoneInfo(zone)).utcoffset())
        assert skipped or not gap.starts <= minute < gap.ends


@given(places=st.integers(1, 120), minutes=st.integers(5, 240))
def test_individual_times_are_in_order_inside_the_slot_and_on_whole_minutes(places, minutes):
    starts = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    ends = starts + timedelta(minutes=minutes)
    times = times_in(starts, ends, places)
    assert len(times) == places
    assert times == sorted(times)
    assert times[0] == starts
    assert all(starts <= at < ends and at.second == 0 for at in times)
    if minutes >= 5 * places:
        assert len(set(times)) >= places - 1
        assert all((at - starts) % timedelta(minutes=5) == timedelta(0) for at in times)


def test_the_first_two_come_at_the_start_unless_people_come_far_apart():
    nine = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert [(at - nine).seconds // 60 for at in times_in(nine, nine + hour, 6)] == [0, 0, 10, 20, 30, 40]
    assert [(at - nine).seconds // 60 for at in times_in(nine, nine + hour, 3)] == [0, 20, 40]


@given(st.sets(st.integers(0, 30)), st.integers(1, 4))
def test_the_first_free_places_are_the_lowest_that_nobody_has(taken, needed):
    free = first_free_place(taken, needed)
    assert taken.isdisjoint(range(free, free + needed))
    assert all(taken & set(range(place, place + needed)) for place in range(free))


def test_a_visit_takes_the_places_that_its_length_covers_and_never_more_than_there_are():
    hour = timedelta(hours=1)
    lengths = (None, 5, 10, 11, 30, 240)
    assert [places_needed(minutes, hour, 6) for minutes in lengths] == [1, 1, 1, 2, 3, 6]


@given(st.sets(st.integers(0, 11)), st.integers(1, 6), st.integers(1, 12))
def test_what_is_said_to_fit_can_be_seated_one_after_the_other(held, needed, capacity):
    held = {place for place in held if place < capacity}
    fit = visits_that_fit(needed, capacity - len(held), capacity, held)
    for _ in range(fit):
        place = first_free_place(held, needed)
        assert place + needed <= capacity
        held |= set(range(place, place + needed))
    assert needed == 1 or first_free_place(held, needed) + needed > capacity
