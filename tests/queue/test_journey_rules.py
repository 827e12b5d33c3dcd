"""Where somebody goes next, decided over plain values."""

from hypothesis import given
from hypothesis import strategies as st

from apps.core.policy import Role
from apps.queue.rules.journeys import COUNTER_ROLES, Leg, Next, Outcome, may_staff, next_step, planned, what_next
from apps.scheduling.rules import DepartmentKind

DONE, LEFT, OPEN, SKIPPED = Outcome.DONE, Outcome.LEFT, Outcome.OPEN, Outcome.SKIPPED


def leg(step: int, outcome: Outcome = OPEN, *, here: bool = False, detour: str | None = None) -> Leg:
    return Leg(step, here, outcome, detour)


def test_after_a_station_comes_the_next():
    assert what_next(leg(1, DONE), [leg(1, DONE), leg(2)]) is Next.GO_ON
    assert what_next(leg(1, SKIPPED), [leg(1, SKIPPED), leg(2)]) is Next.GO_ON
    assert what_next(leg(2, DONE), [leg(1, DONE), leg(2, DONE)]) is Next.END


def test_stations_of_one_step_are_waited_for():
    assert what_next(leg(1, DONE), [leg(1, DONE), leg(1, here=True), leg(2)]) is Next.WAIT
    assert what_next(leg(1, LEFT), [leg(1, DONE), leg(1, LEFT), leg(2)]) is Next.GO_ON


def test_who_passed_no_station_of_a_step_has_left():
    assert what_next(leg(1, LEFT), [leg(1, LEFT), leg(1, LEFT), leg(2)]) is Next.END


def test_an_errand_leads_back_and_its_end_without_a_result_leads_nowhere():
    consultation = leg(1, here=True)
    assert what_next(leg(1, DONE, detour="v"), [consultation, leg(1, DONE, detour="v"), leg(2)]) is Next.RETURN
    assert what_next(leg(1, LEFT, detour="v"), [consultation, leg(1, LEFT, detour="v"), leg(2)]) is Next.WAIT


def test_a_step_in_which_somebody_still_is_goes_on_once():
    assert what_next(leg(1, DONE), [leg(1, DONE), leg(2, here=True), leg(3)]) is Next.WAIT


def test_a_kind_of_visit_begins_where_somebody_came_unless_it_names_that():
    assert planned([(3, "PHA"), (3, "LAB")], "GEN") == [(1, "GEN"), (2, "PHA"), (2, "LAB")]
    assert planned([(1, "TRI"), (4, None), (9, None)], "GEN") == [(1, "TRI"), (2, "GEN"), (3, "GEN")]
    assert planned([(1, None), (1, "GEN")], "GEN") == [(1, "GEN")]


@given(st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["A", "B", "C", None])), max_size=24))
def test_every_journey_is_walked_to_its_end_with_no_station_lost(stations: list[tuple[int, str | None]]):
    way = planned(stations, "A")
    assert [step for step, _ in way] == sorted(step for step, _ in way)
    legs = [leg(step) for step, _ in way]
    walked = 0
    at = next_step(legs)
    while at is not None:
        legs = [leg(one.step, here=True) if one.step == at else one for one in legs]
        for index, one in enumerate(legs):
            if one.step != at:
                continue
            legs[index] = leg(at, DONE)
            walked += 1
            last = not any(other.under_way for other in legs)
            told = what_next(legs[index], legs)
            assert told is (Next.WAIT if not last else Next.GO_ON if next_step(legs) else Next.END)
        at = next_step(legs)
    assert walked == len(way)


def test_counters_are_staffed_by_one_role_each_and_consultations_have_none():
    assert set(COUNTER_ROLES) == set(DepartmentKind) - {DepartmentKind.CONSULTATION}
    for kind in DepartmentKind:
        for role in (None, *Role):
            assert may_staff(role, kind) == (role is not None and COUNTER_ROLES.get(kind) is role)
