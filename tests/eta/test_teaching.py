"""What a hospital's events teach, one by one: the same sums as a recorded day's."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import exp, log
from uuid import UUID, uuid4

import pytest

from apps.eta.rules.laws import Session, counted
from apps.eta.rules.learned import Learned
from apps.eta.rules.queues import Lesson, Plan
from apps.eta.rules.teaching import DayKept, teach
from apps.eta.rules.today import Doctor
from apps.eta.rules.weighing import laws_for

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUSE = uuid4()


class House:
    """One doctor of a hospital, and everybody's experience."""

    def __init__(self) -> None:
        self.own, self.pool, self.kept, self.day = Learned(), Learned(), DayKept(), 0

    def teach(self, minutes: float, **what: object) -> None:
        at = NINE + timedelta(days=self.day, minutes=minutes)
        what = {k: at if v == "now" else v for k, v in what.items()}
        lesson = Lesson(HOUSE, at, UUID(int=1), "usual", 10.0, **what)  # type: ignore[arg-type]
        teach(self.own, self.pool, self.kept, lesson, date(2026, 11, 23) + timedelta(days=self.day), 1)

    def begin(self, late: float = 0.0) -> None:
        """The first call of a day."""
        plan = Plan(NINE + timedelta(days=self.day), 480.0, 20)
        self.teach(late, plan=plan)

    def laws(self, **session: float):
        return laws_for(replace(Session(10.0), **session), self.own, self.pool)


def test_before_anything_is_known_it_is_what_is_usual():
    house = House()
    laws = house.laws()
    assert exp(laws.mu_of("usual")) * laws.mean_factor == pytest.approx(10, rel=0.05)
    assert 0 < laws.gap.mean < 2
    assert counted(laws.walk_ins, 0, 240) == 0
    assert counted(laws.emergencies, 0, 240) > 0


def test_a_doctor_who_begins_late_every_day_is_expected_late_also_where_slots_cover_the_whole_day():
    house = House()
    for house.day in range(12):
        house.begin(late=25)
    laws = house.laws()
    assert exp(laws.late_mu) - laws.late_shift == pytest.approx(25, abs=4)


def test_the_gap_between_two_people_is_learnt_and_waiting_for_the_next_one_is_no_gap():
    house = House()
    for house.day in range(6):
        house.begin()
        for at in range(0, 200, 20):
            house.teach(at + 3, begun="now", ready=NINE)
            house.teach(at + 17, consulted=14.0)
    assert house.laws().gap.mean == pytest.approx(6, abs=0.6)
    before = house.own.gap.n
    house.teach(300, begun="now", ready=NINE + timedelta(days=house.day, minutes=299.5))
    assert house.own.gap.total / house.own.gap.n < 6
    assert house.own.gap.n == before + 1


def test_interruptions_are_learnt_how_often_and_how_long():
    house = House()
    house.begin()
    for at in range(0, 300, 15):
        house.teach(at, consulted=10.0)
        if at % 60 == 0:
            house.teach(at + 1, left=True)
            house.teach(at + 9, back=True)
    often, middle, _ = house.laws().pauses[Doctor.AWAY]
    assert often > 0.05
    assert exp(middle) == pytest.approx(8, rel=0.25)


def test_a_doctor_who_comes_back_later_than_said_is_expected_so():
    house = House()
    house.begin()
    for at in range(0, 400, 20):
        house.teach(at, left=True, said_back=NINE + timedelta(minutes=at + 5))
        house.teach(at + 10, back=True)
    assert exp(house.laws().break_mu) == pytest.approx(2, rel=0.2)


def test_two_departments_that_tell_of_the_same_break_count_it_once():
    house = House()
    house.begin()
    for _ in range(2):
        house.teach(10, left=True)
    for _ in range(2):
        house.teach(20, back=True)
    assert house.own.pauses[Doctor.AWAY].n == 1


def test_walk_ins_and_emergencies_are_learnt_by_the_half_hour_they_came_in():
    house = House()
    for house.day in range(10):
        house.begin()
        due = NINE + timedelta(days=house.day)
        for at in (62, 70, 80):
            house.teach(at + 30, newcomer="walk_in", ready=due + timedelta(minutes=at), behind=15.0)
        house.teach(200, newcomer="emergency", ready=due + timedelta(minutes=199))
    house.day += 1
    house.begin()
    laws = house.laws()
    assert counted(laws.walk_ins, 60, 90) == pytest.approx(3, rel=0.3)
    assert counted(laws.walk_ins, 90, 400) == 0
    assert counted(laws.emergencies, 180, 210) == pytest.approx(1, rel=0.4)
    assert laws.penalty == pytest.approx(15, abs=2)


def test_a_doctor_who_slows_down_over_the_day_is_expected_to():
    house = House()
    for house.day in range(15):
        house.begin()
        for at in range(0, 480, 20):
            house.teach(at, consulted=8 * exp(0.5 * at / 480))
    assert house.laws(length=480.0).drift == pytest.approx(0.5, abs=0.15)


def test_old_days_count_less_and_a_new_pace_takes_over():
    house = House()
    for house.day in range(120):
        house.begin()
        for at in range(0, 300, 30):
            house.teach(at, consulted=16.0 if house.day < 60 else 8.0)
    assert exp(house.laws().mu_of("usual")) < 11
    assert house.own.pace["usual"].n < 45 * 10


def test_who_came_back_after_a_missed_call_and_who_did_not():
    house = House()
    for _ in range(30):
        house.teach(10, returned=True, away_for=12.0)
        house.teach(10, returned=False)
    laws = house.laws()
    assert laws.returns == pytest.approx(0.5, abs=0.06)
    assert laws.return_delay == pytest.approx(12, abs=1.5)


def test_what_is_kept_of_a_day_comes_back_as_it_was_saved():
    house = House()
    house.begin(late=3)
    house.teach(20, consulted=8.0)
    assert DayKept(**house.kept.as_json()) == house.kept
    assert house.kept.pace[0] == 1
    assert log(8) < log(10)


def test_the_way_from_the_call_to_the_door_is_no_part_of_when_the_turn_comes_but_of_what_the_next_one_waits():
    house = House()
    for house.day in range(6):
        house.begin()
        for at in range(0, 200, 20):
            house.teach(at + 1, called="now", ready=NINE)
            house.teach(at + 3, begun="now", ready=NINE, walked=2.0)
            house.teach(at + 17, consulted=14.0)
    assert house.laws().walk.mean == pytest.approx(2, abs=0.1)
    assert house.laws().gap.mean == pytest.approx(4, abs=0.6)
