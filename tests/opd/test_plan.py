"""A planned day: the same for the same seed, and like a day of a district hospital."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.queue.rules.order import Source
from apps.queue.rules.triage import urgent_by
from opd.demo.hospital import DEMO, TRIAGE
from opd.simulation.people import CHILDREN_BELOW
from opd.simulation.plan import DOORS_OPEN, LONGEST, SHORTEST, Fate, Plan, Practice, Presence, plan_day

PRACTICES = DEMO.practices()
seeds = st.integers(min_value=0, max_value=2**32)


def year_of_days() -> list[Plan]:
    """Enough days for shares to settle."""
    return [plan_day(seed, PRACTICES, 300) for seed in range(30)]


@given(seeds, st.integers(min_value=1, max_value=120))
def test_the_same_seed_gives_the_same_day(seed, visits):
    assert plan_day(seed, PRACTICES, visits) == plan_day(seed, PRACTICES, visits)


def test_another_seed_gives_another_day():
    assert plan_day(1, PRACTICES, 50).arrivals != plan_day(2, PRACTICES, 50).arrivals


@given(seeds, st.integers(min_value=1, max_value=120))
def test_everybody_comes_in_order_while_the_doors_are_open(seed, visits):
    arrivals = plan_day(seed, PRACTICES, visits).arrivals
    assert [arrival.number for arrival in arrivals] == list(range(visits))
    assert all(0 <= arrival.at < DOORS_OPEN for arrival in arrivals)
    assert all(before.at <= after.at for before, after in pairwise(arrivals))


@given(seeds)
def test_everybody_has_a_phone_of_their_own_and_children_see_the_paediatrician(seed):
    arrivals = plan_day(seed, PRACTICES, 100).arrivals
    assert len({arrival.person.phone for arrival in arrivals}) == 100
    assert all((a.department == "PED") == (a.person.age < CHILDREN_BELOW) for a in arrivals)


@given(seeds)
def test_a_doctor_asked_for_works_in_that_department(seed):
    homes = {practice.key: practice.department for practice in PRACTICES}
    asked = [arrival for arrival in plan_day(seed, PRACTICES, 100).arrivals if arrival.doctor]
    assert all(homes[arrival.doctor] == arrival.department for arrival in asked if arrival.doctor)


@given(seeds)
def test_breaks_follow_each_other_within_the_day(seed):
    for session in plan_day(seed, PRACTICES, 1).sessions:
        ends = [pause.at + pause.seconds for pause in session.breaks]
        assert session.begins < session.breaks[0].at
        assert all(end <= after.at for end, after in zip(ends, session.breaks[1:], strict=False))
        assert ends[-1] < DOORS_OPEN


@given(seeds)
def test_consultations_have_a_human_length(seed):
    plan = plan_day(seed, PRACTICES, 60)
    lengths = [session.seconds(arrival) for session in plan.sessions for arrival in plan.arrivals]
    assert all(SHORTEST <= seconds <= LONGEST for seconds in lengths)


def test_consultations_take_about_what_the_doctor_is_known_for():
    lengths = [
        session.seconds(arrival) / 60
        for plan in (plan_day(seed, [Practice("rao", "GEN", 6)], 100) for seed in range(100))
        for session in plan.sessions
        for arrival in plan.arrivals
    ]
    assert 5.3 < sum(lengths) / len(lengths) < 6.3


def test_departments_get_people_in_proportion_to_their_doctors():
    arrivals = [arrival for plan in year_of_days() for arrival in plan.arrivals]
    assert 0.17 < sum(arrival.department == "PED" for arrival in arrivals) / len(arrivals) < 0.23


def test_urgent_cases_emergencies_and_absences_keep_their_shares():
    arrivals = [arrival for plan in year_of_days() for arrival in plan.arrivals]
    phrases = TRIAGE[""]

    def share(among):
        return sum(map(bool, among)) / len(arrivals)

    urgent = share(urgent_by(a.symptoms, phrases) or a.worse_after is not None for a in arrivals)
    assert 0.03 < urgent < 0.05
    assert 0.007 < share(a.source is Source.EMERGENCY for a in arrivals) < 0.013
    assert 0.03 < share(a.presence in (Presence.GONE, Presence.TOO_LATE) for a in arrivals) < 0.07
    assert {arrival.source for arrival in arrivals} == set(Source)


@given(seeds)
def test_who_has_booked_comes_by_it_and_a_few_are_lost(seed):
    plan = plan_day(seed, PRACTICES, 96)
    homes = {practice.key: practice.department for practice in PRACTICES}
    coming = {booking.number: booking for booking in plan.bookings if booking.fate is Fate.COMES}
    for arrival in plan.arrivals:
        booking = coming.get(arrival.number)
        if booking:
            assert (booking.person, booking.at, homes[booking.doctor]) == (
                arrival.person,
                arrival.at,
                arrival.department,
            )
        assert bool(booking) or arrival.source in (Source.WALK_IN, Source.EMERGENCY)
    assert len(plan.bookings) - len(coming) == 96 // 12


def test_all_sources_that_can_be_booked_ahead_are():
    booked = {booking.source for plan in year_of_days() for booking in plan.bookings}
    assert booked == {"paid_priority", "follow_up", "online", "walk_in"}


def test_some_go_through_several_stations_go_out_for_a_while_or_are_put_elsewhere():
    arrivals = [arrival for plan in year_of_days() for arrival in plan.arrivals]
    alone = [a for a in arrivals if a.source is Source.EMERGENCY or a.self_check_in]
    at_the_desk = len(arrivals) - len(alone)
    for what, share in (("way", 0.35), ("late_after", 0.03), ("moved_after", 0.013)):
        assert sum(getattr(a, what) is not None for a in arrivals) / at_the_desk == pytest.approx(share, rel=0.15)
        assert not any(getattr(a, what) is not None for a in alone)
