"""Vital signs: units, what can be a measurement at all, what is usual at an age, what is dangerous.

Ranges of adults: NEWS2 (Royal College of Physicians, 2017) and the WHO's grades of body mass index; of children:
Pediatric Advanced Life Support (PALS, American Heart Association). Of these signs none has a usual range of its own
for women or men; age alone decides.

What is dangerous in children: an upper blood pressure that PALS calls hypotension (below 70 in the first year, below
70 + 2 × age up to ten, below 90 from there on; newborns, who may have 60, are not told apart by completed years and
are shown rather once too often), or one about 30 above the 95th percentile (American Academy of Pediatrics, 2017;
from twelve on 180/120); pulse and breathing a quarter outside of the usual, but a pulse below 60 before twelve and
above 220 always (PALS), and from twelve on never more strictly than in adults. A low lower blood pressure has no
mark in PALS: a quarter below the usual, at most the adults' 35.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from apps.core.errors import Invalid, sentence
from apps.encounters.rules.ranges import ByAge, Range, judged, level

ADULT = 18
"""Years. From here on the ranges of adults hold; body mass index means nothing before."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One vital sign: its name, its unit, the least and most that a person can have, and what is usual when.
    Outside of `safe` somebody of that age is in danger."""

    name: str
    unit: str
    possible: Range
    usual: ByAge = ()
    safe: ByAge = ()


SIGNS: dict[str, Sign] = {
    "systolic": Sign(
        sentence("Upper blood pressure"), "mmHg", (40, 300),
        ((0, (72, 104)), (1, (86, 106)), (3, (89, 112)), (6, (97, 115)), (10, (102, 120)), (12, (110, 131)),
         (ADULT, (91, 139))),
        ((0, (70, 130)), (1, (72, 134)), (2, (74, 134)), (3, (76, 138)), (4, (78, 138)), (5, (80, 138)),
         (6, (82, 142)), (7, (84, 142)), (8, (86, 142)), (9, (88, 142)), (10, (90, 150)), (12, (90, 180)),
         (ADULT, (91, 219))),
    ),
    "diastolic": Sign(
        sentence("Lower blood pressure"), "mmHg", (20, 200),
        ((0, (37, 56)), (1, (42, 63)), (3, (46, 72)), (6, (57, 76)), (10, (61, 80)), (12, (64, 83)),
         (ADULT, (60, 89))),
        ((0, (27, 85)), (1, (31, 86)), (3, (34, 92)), (6, (35, 102)), (10, (35, 108)), (12, (35, 120)),
         (ADULT, (35, 129))),
    ),
    "pulse": Sign(
        sentence("Pulse"), "/min", (20, 300),
        ((0, (100, 180)), (1, (98, 140)), (3, (80, 120)), (6, (75, 118)), (12, (60, 100)), (ADULT, (51, 100))),
        ((0, (75, 220)), (1, (73, 175)), (3, (60, 150)), (6, (60, 148)), (12, (45, 130)), (ADULT, (41, 130))),
    ),
    "temperatureC": Sign(sentence("Temperature"), "°C", (25, 45), ((0, (36.0, 38.0)),), ((0, (35.1, 39.9)),)),
    "spo2": Sign(sentence("Oxygen"), "%", (30, 100), ((0, (95, 100)),), ((0, (92, 100)),)),
    "respiratoryRate": Sign(
        sentence("Breaths"), "/min", (4, 120),
        ((0, (30, 53)), (1, (22, 37)), (3, (20, 28)), (6, (18, 25)), (12, (12, 20)), (ADULT, (12, 20))),
        ((0, (22, 67)), (1, (16, 47)), (3, (15, 35)), (6, (13, 32)), (12, (9, 24)), (ADULT, (9, 24))),
    ),
    "weightKg": Sign(sentence("Weight"), "kg", (0.3, 400)),
    "heightCm": Sign(sentence("Height"), "cm", (20, 260)),
    "glucoseMgDl": Sign(sentence("Sugar"), "mg/dl", (10, 1000), ((0, (70, 140)),), ((0, (55, 400)),)),
}  # fmt: skip
"""The signs by the contract's names."""

USUAL_BMI = (18.5, 24.9)


@dataclass(frozen=True, slots=True)
class Abnormal:
    """A sign outside of what is usual."""

    name: str
    level: str
    dangerous: bool


def checked_vitals(values: Mapping[str, Decimal | None]) -> dict[str, float]:
    """The measured values. Raises `Invalid` for none, for what nobody can have, and for half a blood pressure."""
    measured = {name: float(value) for name, value in values.items() if value is not None and name in SIGNS}
    errors = {
        name: [sentence("This cannot be right. Measure again, or look at the unit.")]
        for name, value in measured.items()
        if not SIGNS[name].possible[0] <= value <= SIGNS[name].possible[1]
    }
    if ("systolic" in measured) != ("diastolic" in measured):
        errors["diastolic"] = [sentence("A blood pressure has an upper and a lower value.")]
    elif "systolic" in measured and measured["systolic"] <= measured["diastolic"]:
        errors["diastolic"] = [sentence("The lower blood pressure is below the upper one.")]
    if not measured:
        errors["vitals"] = [sentence("Nothing was measured.")]
    if errors:
        raise Invalid(errors)
    return measured


def bmi(values: Mapping[str, float]) -> float | None:
    """Body mass index in kg/m², to one decimal; None without weight and height."""
    if "weightKg" not in values or "heightCm" not in values:
        return None
    metres = Decimal(str(values["heightCm"])) / 100
    exact = Decimal(str(values["weightKg"])) / (metres * metres)
    return float(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


def abnormal(values: Mapping[str, float], age: int) -> list[Abnormal]:
    """What is outside of the usual for somebody of this age in years, in the order of `SIGNS`; BMI last."""
    seen = {name: judged(values[name], sign.usual, sign.safe, age) for name, sign in SIGNS.items() if name in values}
    found = [Abnormal(name, one.level, one.dangerous) for name, one in seen.items() if one.level]
    index = bmi(values)
    if index is not None and age >= ADULT and (off := level(index, USUAL_BMI)):
        found.append(Abnormal("bmi", off, False))
    return found


def in_force(taken: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The latest value of each sign, of measurements newest first: half of them measured again leaves the others."""
    latest: dict[str, float] = {}
    for values in taken:
        latest = {**values, **latest}
    return latest
