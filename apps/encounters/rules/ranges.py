"""What is usual of a measured value at an age, and what is dangerous: one rule for vital signs and results of tests."""

from dataclasses import dataclass

Range = tuple[float, float]
ByAge = tuple[tuple[int, Range], ...]
"""From which age on (completed years) which range is usual, both ends included."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Where a value lies: `level` is `low`, `high`, or empty for a usual one; `dangerous`: somebody has to look now."""

    level: str
    dangerous: bool


def at(by_age: ByAge, age: int) -> Range | None:
    """The range that holds at an age; none before the first."""
    return next((found for since, found in reversed(by_age) if age >= since), None)


def level(value: float, usual: Range) -> str:
    """`low`, `high`, or empty inside of the range."""
    return "low" if value < usual[0] else "high" if value > usual[1] else ""


def judged(value: float, usual: ByAge, safe: ByAge, age: int) -> Judged:
    """A value against what is usual and what is safe at an age. Where nothing is known, nothing is said."""
    holds, danger = at(usual, age), at(safe, age)
    return Judged(level(value, holds) if holds else "", bool(danger and level(value, danger)))
