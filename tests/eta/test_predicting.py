"""The closed form: against a played clinic, and what must hold of any queue."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.eta.rules.laws import Session
from apps.eta.rules.learned import Learned, newcomer
from apps.eta.rules.predicting import predict
from apps.eta.rules.today import Doctor, Person, Today
from tests.eta.clinic import KIND, experienced, laws_of, played, queue, spread_of

DOCTORS = st.sampled_from([d for d in Doctor if d is not Doctor.GONE])


@st.composite
def queues(draw: st.DrawFn) -> tuple[Today, float]:
    """Any doctor, with people here, people expected and people who missed their call."""
    now = draw(st.floats(-60, 300))
    today = Today(
        Session(draw(st.floats(2, 40)), booked=8, break_at=draw(st.sampled_from([None, 120.0])), break_length=15),
        draw(DOCTORS),
        since=now - draw(st.floats(0, 90)),
        inside=KIND,
        pace_n=draw(st.integers(0, 20)),
        pace_sum=draw(st.floats(-3, 3)),
    )
    for at in range(draw(st.integers(1, 12))):
        slot = draw(st.none() | st.floats(0, 240))
        here = slot is None or draw(st.booleans())
        missed = None if here or draw(st.booleans()) else now - 5
        key = now - 20 + at if slot is None else slot
        today.people[at] = Person(at, KIND, key, slot, draw(st.floats(0, 0.9)), here, missed)
    return today, now


@pytest.mark.parametrize("minutes", [5.0, 12.0])
def test_it_says_what_a_thousand_played_days_say(minutes: float):
    today = queue(8, minutes=minutes)
    laws = laws_of(today)
    for turn, times in zip(predict(today, laws, 53.0), played(today, laws, 53.0), strict=True):
        low, middle, high, highest = spread_of(times)
        width = highest - low
        assert turn.p50 == pytest.approx(middle, abs=0.06 * width + 0.3)
        assert turn.p10 == pytest.approx(low, abs=0.1 * width + 0.5)
        assert turn.p80 == pytest.approx(high, abs=0.1 * width + 0.5)
        assert turn.p90 == pytest.approx(highest, abs=0.12 * width + 0.5)


@given(queues())
def test_quantiles_stand_in_order_and_everybody_gets_an_answer(given_: tuple[Today, float]):
    today, now = given_
    turns = predict(today, laws_of(today), now)
    assert {turn.id for turn in turns} == {p.id for p in today.people.values() if p.here or p.missed_at is None}
    for turn in turns:
        assert turn.p10 <= turn.p50 + 1e-6
        assert turn.p50 <= turn.p80 + 1e-6
        assert turn.p80 <= turn.p90 + 1e-6


@given(queues())
def test_the_same_queue_gets_the_same_answer(given_: tuple[Today, float]):
    today, now = given_
    assert predict(today, laws_of(today), now) == predict(today, laws_of(today), now)


@given(st.integers(1, 30), st.floats(2, 30))
def test_nobody_is_told_an_earlier_time_because_more_people_stand_before_them(people: int, minutes: float):
    middles = [turn.p50 for turn in predict(queue(people, minutes=minutes), laws_of(queue(0, minutes=minutes)), 55.0)]
    assert middles == sorted(middles)


def test_before_any_data_it_is_the_configured_average():
    last = predict(queue(11, minutes=10), laws_of(queue(0, minutes=10)), 50.0)[-1]
    assert 100 < last.p50 < 130


def test_a_doctor_known_to_be_quick_is_expected_earlier_than_the_settings_say():
    today = queue(6, minutes=10)
    usual = predict(today, laws_of(today), 55.0)[-1].p50
    quick = predict(today, laws_of(today, experienced(5)), 55.0)[-1].p50
    assert quick < 0.75 * usual


def test_a_slow_morning_moves_everybody_back():
    today = queue(6)
    slow = replace(today, pace_n=8, pace_sum=8 * 0.5)
    assert predict(slow, laws_of(today), 55.0)[-1].p50 > predict(today, laws_of(today), 55.0)[-1].p50 + 3


def test_a_doctor_who_said_when_they_are_back_is_believed():
    today = replace(queue(1), doctor=Doctor.AWAY, declared=95.0)
    turn = predict(today, laws_of(today), 55.0)[0]
    assert 35 < turn.p50 < 47
    assert turn.p90 > 45


def test_somebody_expected_later_is_not_called_before_their_time_unless_they_come():
    today = Today(Session(10, booked=1), Doctor.FREE, since=50.0)
    today.people = {1: Person(1, KIND, 90.0, slot=90.0, odds=0.2)}
    turn = predict(today, laws_of(today), 50.0)[0]
    assert turn.p90 == pytest.approx(40.0)
    assert 10 < turn.p50 <= 40


def test_whoever_is_here_goes_before_somebody_whose_time_is_later_and_who_is_not():
    today = queue(0)
    today.people = {
        1: Person(1, KIND, 200.0, slot=200.0),
        2: Person(2, KIND, 220.0, slot=220.0, here=True),
    }
    assert [turn.id for turn in predict(today, laws_of(today), 55.0)] == [2, 1]


def test_a_planned_break_puts_those_behind_it_back():
    plain = queue(10, minutes=10)
    with_break = replace(plain, session=replace(plain.session, break_at=100.0, break_length=30.0))
    laws = laws_of(with_break)
    before, after = (predict(today, laws, 55.0) for today in (plain, with_break))
    assert after[0].p50 == pytest.approx(before[0].p50, abs=1)
    assert after[9].p50 > before[9].p50 + 20


def test_people_who_are_likely_not_to_come_take_less_time():
    def last(odds: float) -> float:
        today = queue(0)
        today.people = {at: Person(at, KIND, 20.0 + at, slot=20.0 + at, odds=odds) for at in range(6)}
        today.people[9] = Person(9, KIND, 40.0, here=True)
        return predict(today, laws_of(today, pool=Learned()), 55.0)[-1].p50

    assert last(0.8) < last(0.05)


def test_walk_ins_with_a_head_start_delay_only_those_who_have_not_waited_as_long():
    plain, half = experienced(10.0), experienced(10.0)
    for memory, start in ((plain, 0.0), (half, 25.0)):
        for number in range(int(memory.sessions) * 24):
            newcomer(memory, 10.0 * (number % 24), KIND, -start * (number % 2), emergency=False)
    turns = {}
    for name, memory in (("plain", plain), ("half", half)):
        for waited in (0.0, 26.0):
            today = Today(Session(10.0, 300.0), Doctor.INSIDE, since=60.0, inside=KIND)
            today.people = {at: Person(at, KIND, 60.0 - waited + at / 100, here=True) for at in range(6)}
            laws = laws_of(today, memory, memory)
            turns[name, waited] = predict(today, laws, 60.0)[-1].p50
    assert laws.head_start == pytest.approx(25, abs=1)
    assert laws.hurried == pytest.approx(0.5, abs=0.05)
    assert turns["half", 26.0] == pytest.approx(turns["plain", 26.0], rel=0.02), "nobody goes before them any more"
    assert turns["half", 0.0] > turns["plain", 0.0] * 1.15, "every other newcomer goes before them"
