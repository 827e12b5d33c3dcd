"""Windows that hold as often as they say: each quantile is stretched by what happened (adaptive conformal).

Factors are kept for each segment, and within it for each range of people ahead; both are updated when a turn came.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from math import exp
from typing import Any

from apps.eta.rules.predicting import Turn


class Segment(StrEnum):
    """Where somebody was when they were told."""

    BOOKING = "booking"
    HERE = "here"
    AWAY = "away"


AIMS = (0.1, 0.5, 0.8, 0.9)
FASTEST, SLOWEST, SETTLED = 0.25, 0.02, 4.0
"""Steps of a factor's logarithm: large at first, small once experience is there."""
MIDDLE = 0.001
"""Steps of the middle's, which is drawn back to nothing: days differ by more than a middle is ever off."""


@dataclass(frozen=True, slots=True)
class Window:
    """Quantiles of the moment of a turn, in minutes from the planned start."""

    p10: float
    p50: float
    p80: float
    p90: float


@dataclass
class Factors:
    """Logarithms of what quantiles are stretched by: those below and above the middle, and the middle itself."""

    n: float = 0.0
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    highest: float = 0.0


@dataclass
class Calibration:
    """Factors by segment, and by segment and range of people ahead."""

    factors: dict[str, Factors] = field(default_factory=dict)

    def window(self, turn: Turn, segment: Segment, now: float) -> Window:
        """What to say of a turn."""
        whole, part = self._pair(segment, turn.ahead)
        wait = (turn.p50 - now) * exp(whole.middle + part.middle)
        return Window(
            max(now, now + wait - (turn.p50 - turn.p10) * exp(whole.low + part.low)),
            now + wait,
            now + wait + max(turn.p80 - turn.p50, 0.0) * exp(whole.high + part.high),
            now + wait + max(turn.p90 - turn.p50, 0.0) * exp(max(whole.highest + part.highest, whole.high + part.high - 0.3)),
        )

    def resolved(self, said: Window, segment: Segment, ahead: int, came: float) -> None:
        """A turn came at a moment for which a window was said before."""
        for factors, share in zip(self._pair(segment, ahead), (0.5, 0.5), strict=True):
            factors.n += 1
            step = share * max(FASTEST / (1 + factors.n / SETTLED) ** 0.6, SLOWEST)
            factors.low = _held(factors.low + step * ((came < said.p10) - AIMS[0]))
            factors.high = _held(factors.high + step * ((came > said.p80) - (1 - AIMS[2])))
            factors.highest = _held(factors.highest + step * ((came > said.p90) - (1 - AIMS[3])))
            factors.middle += MIDDLE * ((came > said.p50) - 0.5 - 2 * factors.middle)

    def _pair(self, segment: Segment, ahead: int) -> tuple[Factors, Factors]:
        return self._of(segment), self._of(f"{segment}{_range(ahead)}")

    def _of(self, name: str) -> Factors:
        found = self.factors.get(name)
        if found is None:
            found = self.factors[name] = Factors()
        return found

    def as_json(self) -> dict[str, Any]:
        """Numbers by name, as saved."""
        return {name: [f.n, f.low, f.middle, f.high, f.highest] for name, f in self.factors.items()}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Calibration":
        """What was saved."""
        return cls({name: Factors(*values) for name, values in saved.items()})


def _range(ahead: int) -> int:
    return ahead if ahead < 2 else 2 if ahead < 4 else 4 if ahead < 7 else 7


def _held(value: float) -> float:
    return max(min(value, 1.4), -1.4)
