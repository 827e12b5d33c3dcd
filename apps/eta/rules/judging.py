"""How good predictions were: figures that anybody can follow, of predictions made before the outcome."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ENOUGH = 200
"""Predictions from which on a share says something."""

LOWEST, HIGHEST = 0.73, 0.87
"""Of windows that are to hold in 80 % of cases: outside of these somebody should look."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One prediction and what came of it. Minutes: how much later than the likely time, and than the configured one."""

    doctor: str
    segment: str
    apart: float
    configured: float
    inside: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of so many predictions. Minutes and shares."""

    n: int
    error: float
    bias: float
    within5: float
    within10: float
    coverage: float
    skill: float
    """1 is perfect, 0 as good as people ahead times the configured average."""

    @property
    def alarming(self) -> bool:
        """Whether windows hold too seldom or too often to be chance."""
        return self.n >= ENOUGH and not LOWEST <= self.coverage <= HIGHEST


def figures(rows: Sequence[Judged]) -> Figures:
    """The figures of some predictions, of at least one."""
    n = len(rows)
    error = sum(abs(row.apart) for row in rows) / n
    usual = sum(abs(row.configured) for row in rows) / n
    return Figures(
        n=n,
        error=error,
        bias=sum(row.apart for row in rows) / n,
        within5=sum(abs(row.apart) <= 5 for row in rows) / n,
        within10=sum(abs(row.apart) <= 10 for row in rows) / n,
        coverage=sum(row.inside for row in rows) / n,
        skill=1 - error / usual if usual else 0.0,
    )


def by_group(rows: Iterable[Judged]) -> dict[tuple[str, str], Figures]:
    """Figures in all (`("", "")`), by doctor, by segment, and by both."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for row in rows:
        for doctor in ("", row.doctor):
            for segment in ("", row.segment):
                groups.setdefault((doctor, segment), []).append(row)
    return {group: figures(found) for group, found in sorted(groups.items())}
