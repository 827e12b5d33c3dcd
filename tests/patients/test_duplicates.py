from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.patients.rules.duplicates import LIKELY, Reason, Traits, likeness, name_likeness
from apps.patients.rules.names import name_key

RAVI = Traits(name_key("Ravi Kumar"), date(1980, 5, 2), False, "phone-of-ravi", frozenset({"abha-of-ravi"}))
STRANGER = Traits(name_key("Fatima Begum"), date(1951, 1, 1), False, "another-phone")


def test_a_shared_identifier_is_certain() -> None:
    score, reasons = likeness(replace(STRANGER, identifiers=RAVI.identifiers), RAVI)
    assert score >= 80
    assert Reason.SAME_IDENTIFIER in reasons


def test_the_same_phone_lists_the_family() -> None:
    score, reasons = likeness(Traits(name_key("Sita"), None, False, RAVI.phone), RAVI)
    assert score >= LIKELY
    assert reasons == [Reason.SAME_PHONE]


def test_name_and_birth_date_together_are_very_likely() -> None:
    assert likeness(replace(RAVI, phone="", identifiers=frozenset()), RAVI) == (
        80,
        [Reason.SAME_NAME, Reason.SAME_BIRTH_DATE],
    )


def test_a_guessed_age_near_the_birth_date_counts_a_little() -> None:
    guessed = Traits(RAVI.name_key, date(1981, 5, 1), estimated=True)
    assert likeness(guessed, RAVI) == (65, [Reason.SAME_NAME, Reason.SIMILAR_AGE])


def test_father_and_son_of_one_name_are_not_shown() -> None:
    score, _ = likeness(Traits(RAVI.name_key, date(2008, 1, 1)), RAVI)
    assert score < LIKELY


def test_a_stranger_has_nothing_in_common() -> None:
    assert likeness(STRANGER, RAVI) == (0, [])


def test_nothing_typed_is_like_nobody() -> None:
    assert likeness(Traits(), RAVI) == (0, [])
    assert likeness(Traits(), Traits()) == (0, [])


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ravi Kumar", "Kumar Ravi"), ("रवि कुमार", "Rvi Kumar"), ("Laxmi Devi", "Lakshmi Devi")],
)
def test_order_script_and_spelling_do_not_make_another_name(one: str, other: str) -> None:
    assert name_likeness(name_key(one), name_key(other)) == 1


def test_a_slip_of_the_finger_is_similar() -> None:
    score, reasons = likeness(Traits(name_key("Ravi Kumra")), RAVI)
    assert reasons == [Reason.SIMILAR_NAME]
    assert score < 50


TRAITS = st.builds(
    Traits,
    name_key=st.text("abc ", max_size=8),
    birth_date=st.none() | st.dates(date(1900, 1, 1), date(2030, 1, 1)),
    estimated=st.booleans(),
    phone=st.sampled_from(["", "one", "two"]),
    identifiers=st.frozensets(st.sampled_from(["a", "b"])),
)


@given(TRAITS, TRAITS)
def test_a_score_is_a_percentage_and_does_not_depend_on_who_is_asked(one: Traits, other: Traits) -> None:
    score, reasons = likeness(one, other)
    assert 0 <= score <= 100
    assert likeness(other, one) == (score, reasons)
