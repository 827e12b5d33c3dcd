"""What a consultation comes to, as plain values."""

from datetime import date, timedelta

import pytest

from apps.core.errors import Invalid
from apps.encounters.rules.outcome import (
    MOST_DIAGNOSES,
    LineGone,
    code_said,
    diagnosis,
    outcome_in,
    with_diagnoses,
    with_diagnosis,
    with_diet,
    with_first,
    with_follow_up,
    with_own_words,
    with_referral,
    without,
)

FEVER, COLD = {"code": "R50.9", "text": "Fever, unspecified"}, {"code": "", "text": "A cold"}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("E11.9 Type 2 diabetes", "E11.9"),
        ("e119", "E11.9"),
        ("I10", "I10"),
        (" s93.401a ankle", "S93.401A"),
        ("Fever", ""),
        ("B12 deficiency", "B12"),
        ("2 days of fever", ""),
        ("", ""),
    ],
)
def test_a_code_is_known_by_what_is_typed_first(typed: str, code: str):
    assert code_said(typed) == code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("S93.4", "Sprain of ankle"),
        ("S93.4 sprain of ankle", "Sprain of ankle"),
        ("s93.4 sprain  LEFT ankle", "Sprain of ankle: sprain LEFT ankle"),
        ("Sprain of ankle: LEFT", "Sprain of ankle: LEFT"),
        ("", "Sprain of ankle"),
    ],
)
def test_the_doctors_own_words_stay_beside_the_title_of_a_code(typed: str, kept: str):
    assert with_own_words("Sprain of ankle", typed) == kept


def test_the_first_diagnosis_is_the_principal_one_until_another_is_put_first():
    both = with_diagnosis(with_diagnosis({}, FEVER), COLD)
    assert both == {"diagnoses": [FEVER, COLD]}
    assert with_diagnosis(both, COLD) == both
    assert with_first(both, 1) == {"diagnoses": [COLD, FEVER]}
    assert without(both, "diagnoses", 0) == {"diagnoses": [COLD]}
    assert without({"diagnoses": [COLD]}, "diagnoses", 0) == {}


def test_a_line_that_is_gone_says_so():
    for lost in (lambda: with_first({}, 0), lambda: without({"diagnoses": [COLD]}, "diagnoses", 1)):
        with pytest.raises(LineGone):
            lost()


def test_what_nobody_could_read_is_refused():
    for text in ("", "  ", "x" * 301):
        with pytest.raises(Invalid):
            diagnosis("", text)
    assert diagnosis("", " A \n cold ") == COLD
    many = [{"code": "", "text": str(number)} for number in range(MOST_DIAGNOSES + 1)]
    with pytest.raises(Invalid):
        with_diagnoses({}, many)
    assert with_diagnoses({}, [COLD, COLD]) == {"diagnoses": [COLD]}


TODAY = date(2026, 11, 22)


def test_a_day_to_come_again_lies_ahead_within_a_year():
    assert with_follow_up({}, TODAY + timedelta(days=7), TODAY) == {"followUp": {"on": "2026-11-29"}}
    assert with_follow_up({"followUp": {"on": "2026-11-29"}}, None, TODAY) == {}
    for day in (TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=367)):
        with pytest.raises(Invalid):
            with_follow_up({}, day, TODAY)


def test_a_referral_says_to_whom_and_why_and_a_diet_something():
    assert with_referral({}, None, " Dr Sen ", "Heart ")["referrals"] == [
        {"departmentId": None, "to": "Dr Sen", "reason": "Heart"}
    ]
    assert with_diet({}, "soft", {"en": {}}, "")["diets"] == [{"code": "soft", "words": {"en": {}}, "text": ""}]
    for refused in (
        lambda: with_referral({}, None, "", "Heart"),
        lambda: with_referral({}, None, "Dr Sen", " "),
        lambda: with_diet({}, "", {}, " "),
        lambda: with_diet({"diets": [{"text": str(n)} for n in range(4)]}, "", {}, "One more"),
    ):
        with pytest.raises(Invalid):
            refused()


def test_of_a_signed_note_the_outcome_is_found_again():
    assert outcome_in({"plan": "Rest", "salt": "1", "diagnoses": [COLD], "diets": []}) == {"diagnoses": [COLD]}
