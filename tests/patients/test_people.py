from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import Invalid
from apps.patients.rules.people import (
    OLDEST_TYPED,
    Sex,
    age_on,
    age_sex,
    birth,
    birth_date_of_age,
    needs_class,
)
from apps.queue.rules.order import NeedsClass

TODAY = date(2026, 11, 21)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2100, 12, 31))


@given(st.integers(min_value=0, max_value=OLDEST_TYPED), DAYS)
def test_an_age_still_holds_on_the_day_it_was_given(age: int, day: date) -> None:
    born = birth_date_of_age(age, day)
    assert age_on(born, day) == age
    assert born <= day


def test_a_birthday_counts_from_its_day() -> None:
    assert age_on(date(2000, 11, 22), TODAY) == 25
    assert age_on(date(2000, 11, 21), TODAY) == 26


def test_a_child_of_the_leap_day_has_its_birthday_in_march() -> None:
    assert age_on(date(2024, 2, 29), date(2025, 2, 28)) == 0
    assert age_on(date(2024, 2, 29), date(2025, 3, 1)) == 1


def test_a_birth_date_is_kept_as_given_and_one_from_an_age_is_marked() -> None:
    assert birth(date(1959, 3, 4), None, TODAY) == (date(1959, 3, 4), False)
    assert birth(None, 67, TODAY) == (date(1959, 5, 1), True)


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (None, None),
        (date(1959, 3, 4), 67),
        (date(2026, 11, 22), None),
        (date(1890, 1, 1), None),
        (date(1, 1, 1), None),
        (None, -1),
        (None, 121),
        (None, 10**400),
    ],
)
def test_neither_both_or_an_impossible_one_is_refused(born: date | None, age: int | None) -> None:
    with pytest.raises(Invalid):
        birth(born, age, TODAY)


@pytest.mark.parametrize(
    ("born", "sex", "shown"),
    [
        (date(1959, 5, 1), Sex.FEMALE, "67 F"),
        (date(2021, 1, 1), Sex.MALE, "5 M"),
        (date(2026, 3, 1), Sex.MALE, "8 mo M"),
        (date(2026, 11, 21), Sex.FEMALE, "0 mo F"),
        (date(1990, 1, 1), Sex.UNKNOWN, "36"),
    ],
)
def test_age_and_sex_are_told_shortly(born: date, sex: Sex, shown: str) -> None:
    assert age_sex(born, sex, TODAY) == shown


@pytest.mark.parametrize(
    ("born", "pregnant", "disabled", "needs"),
    [
        (date(1961, 11, 21), False, False, "elderly"),
        (date(1961, 11, 22), False, False, ""),
        (date(2021, 11, 22), False, False, "child"),
        (date(2021, 11, 21), False, False, ""),
        (date(1995, 1, 1), True, False, "pregnant"),
        (date(1995, 1, 1), False, True, "disabled"),
    ],
)
def test_age_and_flags_make_the_queue_s_class(born: date, pregnant: bool, disabled: bool, needs: str) -> None:
    found = needs_class(born, TODAY, pregnant=pregnant, disabled=disabled)
    assert found == needs
    assert NeedsClass(found) == needs
