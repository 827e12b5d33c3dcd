"""What can be measured of a person, what is usual at an age, what is dangerous."""

from decimal import Decimal
from typing import Any

import pytest

from apps.core.errors import Invalid
from apps.encounters.rules.vitals import SIGNS, abnormal, bmi, checked_vitals


def flags(age: int, **values: float) -> list[tuple[str, str, bool]]:
    return [(flag.name, flag.level, flag.dangerous) for flag in abnormal(values, age)]


def test_what_is_usual_depends_on_the_age():
    assert flags(30, pulse=110) == [("pulse", "high", False)]
    assert flags(0, pulse=110) == []
    assert flags(4, respiratoryRate=24) == []
    assert flags(40, respiratoryRate=24) == [("respiratoryRate", "high", False)]


def test_what_is_dangerous_is_told_apart_from_what_is_unusual():
    assert flags(54, systolic=152, diastolic=94) == [("systolic", "high", False), ("diastolic", "high", False)]
    assert flags(54, systolic=224, diastolic=94)[0] == ("systolic", "high", True)
    assert flags(54, systolic=85, diastolic=62)[0] == ("systolic", "low", True)
    assert flags(3, spo2=90) == [("spo2", "low", True)]
    assert flags(1, pulse=150) == [("pulse", "high", False)]


@pytest.mark.parametrize(
    ("age", "sign", "safe", "dangerous"),
    [
        (0, "systolic", 70, 69),
        (1, "systolic", 72, 71),
        (5, "systolic", 80, 79),
        (9, "systolic", 88, 87),
        (10, "systolic", 90, 89),
        (17, "systolic", 90, 89),
        (5, "systolic", 138, 139),
        (0, "pulse", 220, 221),
        (7, "pulse", 60, 59),
        (3, "pulse", 150, 151),
        (0, "respiratoryRate", 67, 68),
        (4, "respiratoryRate", 15, 14),
        (14, "respiratoryRate", 24, 25),
    ],
)
def test_children_are_in_danger_by_bounds_of_their_age(age: int, sign: str, safe: float, dangerous: float):
    assert not any(flag[2] for flag in flags(age, **{sign: safe}))
    assert any(flag[2] for flag in flags(age, **{sign: dangerous}))


@pytest.mark.parametrize("name", sorted(name for name, sign in SIGNS.items() if sign.safe))
def test_what_is_usual_is_dangerous_at_no_age(name: str):
    for age in range(19):
        usual, safe = (
            next(found for since, found in reversed(ranges) if age >= since)
            for ranges in (SIGNS[name].usual, SIGNS[name].safe)
        )
        assert safe[0] <= usual[0] <= usual[1] <= safe[1]


def test_body_mass_index_is_computed_and_judged_in_adults():
    assert bmi({"weightKg": 70, "heightCm": 170}) == 24.2
    assert bmi({"weightKg": 70}) is None
    assert flags(40, weightKg=95, heightCm=170) == [("bmi", "high", False)]
    assert flags(10, weightKg=95, heightCm=170) == []


@pytest.mark.parametrize(
    "signs",
    [
        {},
        {"pulse": None},
        {"temperatureC": Decimal("98.4")},
        {"spo2": Decimal(101)},
        {"systolic": Decimal(120)},
        {"systolic": Decimal(80), "diastolic": Decimal(120)},
    ],
)
def test_what_nobody_can_have_is_refused(signs: dict[str, Any]):
    with pytest.raises(Invalid):
        checked_vitals(signs)


@pytest.mark.parametrize("name", sorted(SIGNS))
def test_every_sign_has_a_usual_range_inside_of_what_is_possible_at_every_age(name: str):
    sign = SIGNS[name]
    assert [since for since, _ in sign.usual] == sorted(since for since, _ in sign.usual)
    for _, (least, most) in sign.usual:
        assert sign.possible[0] <= least <= most <= sign.possible[1]
    assert not sign.usual or sign.usual[0][0] == 0
