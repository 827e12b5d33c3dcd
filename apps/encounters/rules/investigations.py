"""Tests in the laboratory and in imaging: where an order stands, and what a result says."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from apps.core.errors import Invalid, sentence
from apps.encounters.rules.ranges import ByAge, Range, at, judged

LONGEST_REPORT = 8_000
"""Characters of a report in words."""

LONGEST_QUESTION = 300
MOST_AT_ONCE = 20
"""Tests of one order."""

SHORTEST_REASON = 5
"""Characters of the reason for which a result is corrected."""

BEYOND = Decimal(10_000_000)
"""No value of any test is so large; a slip of the keyboard is."""


class OrderState(StrEnum):
    """Where an order stands: to be done, with a result, or taken back."""

    ORDERED = "ordered"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of a test's reference ranges: what is usual of one measured thing from an age on (completed years), for
    one sex or, left empty, for all. Open ends are None; outside of the critical ones somebody is in danger."""

    name: str
    unit: str
    sex: str
    since_age: int
    low: float | None
    high: float | None
    critical_low: float | None
    critical_high: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that a test measures of one person: its name, its unit, what is usual and what is safe at which age."""

    name: str
    unit: str
    usual: ByAge
    safe: ByAge


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with the range that it was held against; an open or unknown end is None."""

    name: str
    unit: str
    value: float
    low: float | None
    high: float | None
    level: str
    dangerous: bool

    def values(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def measures_for(rows: Iterable[Reference], sex: str) -> list[Measure]:
    """What a test measures of somebody, in the order of its rows. Of the rows for all and for somebody's own sex the
    one from the latest age on holds; from the same age on that of the own sex."""
    of: dict[str, list[Reference]] = {}
    for row in rows:
        of.setdefault(row.name, []).append(row)
    return [_measure(name, found, sex) for name, found in of.items()]


def _measure(name: str, rows: Sequence[Reference], sex: str) -> Measure:
    fitting = sorted((row for row in rows if row.sex in ("", sex)), key=lambda row: (row.since_age, row.sex != ""))
    return Measure(
        name,
        rows[0].unit,
        tuple((row.since_age, _range(row.low, row.high)) for row in fitting),
        tuple((row.since_age, _range(row.critical_low, row.critical_high)) for row in fitting),
    )


def _range(low: float | None, high: float | None) -> Range:
    return (-math.inf if low is None else low, math.inf if high is None else high)


def usual_words(measure: Measure, age: int) -> str:
    """The range that is usual at an age, as it is printed."""
    return range_words(*_ends(at(measure.usual, age)))


def range_words(low: float | None, high: float | None) -> str:
    """A range as it is printed: `4.5–11`, `≤ 5`, `≥ 40`, or nothing."""
    if low is None:
        return f"≤ {plain(high)}" if high is not None else ""
    return f"{plain(low)}–{plain(high)}" if high is not None else f"≥ {plain(low)}"


def plain(value: float) -> str:
    """A value as it was entered: every digit, no exponent, no zeros behind."""
    return f"{(Decimal(str(value)) + 0).normalize():f}"


def _ends(usual: Range | None) -> tuple[float | None, float | None]:
    low, high = usual or (-math.inf, math.inf)
    return (None if low == -math.inf else low, None if high == math.inf else high)


def checked_result(
    measures: Sequence[Measure], values: Mapping[str, Decimal | None], report: str, age: int
) -> list[Measured]:
    """The values of a result, judged, in the order of the test's own. Raises `Invalid` for a result that says nothing,
    for what the test does not measure, and for what no test can give."""
    told = {name: value for name, value in values.items() if value is not None}
    if not told and not report.strip():
        raise Invalid({"values": [sentence("Enter a value, or write what was found.")]})
    if len(report) > LONGEST_REPORT:
        raise Invalid({"report": [sentence("This is too long: at most 8,000 characters.")]})
    if told.keys() - {measure.name for measure in measures}:
        raise Invalid({"values": [sentence("This test does not measure that. Look again.")]})
    if any(not value.is_finite() or abs(value) >= BEYOND for value in told.values()):
        raise Invalid({"values": [sentence("This value cannot be right. Look at the unit.")]})
    return [_judged(measure, float(told[measure.name]), age) for measure in measures if measure.name in told]


def _judged(measure: Measure, value: float, age: int) -> Measured:
    seen = judged(value, measure.usual, measure.safe, age)
    low, high = _ends(at(measure.usual, age))
    return Measured(measure.name, measure.unit, value, low, high, seen.level, seen.dangerous)
