"""What a result says of a person, and how many pieces a prescription comes to."""

from decimal import Decimal

import pytest

from apps.core.errors import Invalid
from apps.encounters.commands.stocking import INVESTIGATIONS, table
from apps.encounters.rules.chargeable import pieces
from apps.encounters.rules.investigations import Measure, Reference, checked_result, measures_for, plain, usual_words

HAEMOGLOBIN = [
    Reference("Haemoglobin", "g/dl", "", 0, 10.5, 14.0, 7.0, 20.0),
    Reference("Haemoglobin", "g/dl", "", 12, 12.0, 16.0, 7.0, 20.0),
    Reference("Haemoglobin", "g/dl", "male", 15, 13.0, 17.5, 7.0, 20.0),
]
CRP = Reference("CRP", "mg/l", "", 0, None, 5.0, None, None)


def hb(sex: str, age: int, value: str) -> tuple[str, bool]:
    (found,) = checked_result(measures_for(HAEMOGLOBIN, sex), {"Haemoglobin": Decimal(value)}, "", age)
    return found.level, found.dangerous


def test_a_value_is_held_against_the_range_of_the_age_and_the_sex():
    assert hb("male", 40, "12.5") == ("low", False)
    assert hb("female", 40, "12.5") == ("", False)
    assert hb("male", 13, "12.5") == ("", False)
    assert hb("male", 5, "11") == ("", False)
    assert hb("unknown", 40, "6.9") == ("low", True)
    assert hb("female", 40, "16.5") == ("high", False)


def test_of_the_same_age_the_range_of_the_own_sex_holds():
    rows = [Reference("HDL", "mg/dl", sex, 18, low, None, None, None) for sex, low in (("female", 50.0), ("", 40.0))]
    (woman,) = checked_result(measures_for(rows, "female"), {"HDL": Decimal(45)}, "", 30)
    (man,) = checked_result(measures_for(rows, "male"), {"HDL": Decimal(45)}, "", 30)
    assert (woman.level, woman.low, man.level) == ("low", 50.0, "")


def test_open_and_unknown_ends_are_neither_crossed_nor_printed():
    (crp,) = measures_for([CRP], "female")
    assert [one.level for one in checked_result([crp], {"CRP": Decimal(0)}, "", 30)] == [""]
    assert [usual_words(one, 30) for one in (crp, *measures_for(HAEMOGLOBIN, "male"))] == ["≤ 5", "13–17.5"]
    young = Measure("TSH", "mIU/l", ((18, (0.4, 4.5)),), ((18, (0.1, 50)),))
    (found,) = checked_result([young], {"TSH": Decimal(9)}, "", 3)
    assert (found.level, found.dangerous, usual_words(young, 3)) == ("", False, "")


@pytest.mark.parametrize(
    ("values", "report"),
    [
        ({}, " "),
        ({"CRP": None}, ""),
        ({"Sodium": Decimal(140)}, ""),
        ({"CRP": Decimal("1e9")}, ""),
        ({"CRP": Decimal("NaN")}, ""),
        ({}, "x" * 8_001),
    ],
)
def test_a_result_that_says_nothing_or_cannot_be_is_refused(values: dict[str, Decimal | None], report: str):
    with pytest.raises(Invalid):
        checked_result(measures_for([CRP], "female"), values, report, 30)


def test_words_alone_are_a_result():
    assert checked_result([], {}, "No fracture.", 30) == []


def test_in_the_list_of_the_house_what_is_critical_lies_outside_of_what_is_usual():
    for row in table(INVESTIGATIONS):
        ends = [float(row[end]) for end in ("critical_low", "low", "high", "critical_high") if row[end]]
        assert ends == sorted(ends), row
        assert bool(row["measure"]) == bool(row["low"] or row["high"]), row


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (("Paracetamol 500 mg tablet", "1-0-1", 3), 6),
        (("Paracetamol 500 mg tablet", "1-1-1", 5, "2"), 30),
        (("Metformin 500 mg tablet", "0.5-0-0.5", 3), 3),
        (("Metformin 500 mg tablet", "0.5-0-0", 5), 3),
        (("Paracetamol 500 mg tablet", "1-0-1", 3, "1 tab"), 6),
        (("Paracetamol 500 mg tablet", "1-0-1", 3, "500"), None),
        (("Paracetamol 500 mg tablet", "1-0-1", 3, "4"), 24),
        (("Paracetamol 500 mg tablet", "500-0-500", 45), None),
        (("Paracetamol 500 mg tablet", "when needed", 3), None),
        (("Paracetamol 500 mg tablet", "0-0-0", 3), None),
        (("Paracetamol 120 mg/5 ml syrup", "1-0-1", 3, "5 ml"), 1),
    ],
)
def test_the_pieces_of_a_line(line: tuple[str, str, int], expected: int | None):
    assert pieces(*line) == expected


@pytest.mark.parametrize(
    ("value", "shown"), [(12345.67, "12345.67"), (4500000.0, "4500000"), (140, "140"), (0.001, "0.001"), (-0.0, "0")]
)
def test_a_value_is_shown_with_every_digit_that_was_entered(value: float, shown: str):
    assert plain(value) == shown
