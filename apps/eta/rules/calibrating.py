"""Windows that hold as often as they say: each quantile is stretched by what happened (adaptive conformal).

Factors are kept for each segment, and within it for each range of people ahead; both are updated when a turn came.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, repeat
from math import exp
from typing import Any, NamedTuple

from apps.eta.rules.shapes import Quantiles
from apps.eta.rules.turns import Turn, Turns


class Segment(StrEnum):
    """Where somebody was when they were told."""

    BOOKING = "booking"
    HERE = "here"
    AWAY = "away"


FASTEST, SLOWEST, SETTLED = 0.12, 0.01, 4.0
"""Steps of a tail's logarithm per turn: large at first, small once so many turns are known. Steps that stay above
nothing make windows hold in the long run whatever the law (Gibbs and Candès 2021)."""

MIDDLE = 0.025
"""Steps of the middle's, once per session and drawn back to nothing: all turns of a session share its doctor's day,
and days differ by more than a middle is ever off."""

RANGES = (0, 1, 2, 2, 4, 4, 4, 7)
"""People ahead that are judged together, by their least number; seven and more are one range."""
MANY = len(RANGES) - 1

NOT_CLOSER = 0.3
"""The ninetieth quantile is stretched no less than the eightieth by more than this, so that they keep their order."""

TOLD = 0.1
"""Step of what windows told at booking are stretched by, beyond the factors. Few are told there and those of a day
share its fate, so that by chance alone they would hold far more or less often than they say: what was told steers what
is told next. On other days of the four recorded clinics (shuffled) the share that holds scatters by 1.5 points with a
tenth and by 5 without; more only widens windows."""

ENOUGH = 12.0
"""Turns of a session that count as a whole session."""


TOLD_NAME, EIGHTY_NAME = "told", "told80"
"""Under which the factors of windows told at booking are saved, beside those of segments."""


class Window(NamedTuple):
    """Quantiles of the moment of a turn, in minutes from the planned start."""

    p10: float
    p50: float
    p80: float
    p90: float


@dataclass
class Factors:
    """Logarithms of what quantiles are stretched by: those below and above the middle, and the middle itself."""

    n: float = 0.0
    """Turns learnt from."""
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    highest: float = 0.0
    sessions: float = 0.0
    turns: float = 0.0
    late: float = 0.0
    """Turns that came in the session that goes on, and how many of them after the middle."""

    def learn(self, said: Window, came: float) -> None:
        """A turn came."""
        self.n += 1
        step = max(FASTEST / (1 + self.n / SETTLED) ** 0.6, SLOWEST)
        self.low = _held(self.low + step * ((came < said.p10) - 0.1))
        self.high = _held(self.high + step * ((came > said.p80) - 0.2))
        self.highest = _held(self.highest + step * ((came > said.p90) - 0.1))
        self.turns += 1
        self.late += came > said.p50

    def learn_middle(self) -> None:
        """A session is over."""
        if self.turns:
            weight = min(self.turns / ENOUGH, 1.0)
            self.sessions += weight
            step = weight * MIDDLE / (1 + self.sessions / 20)
            self.middle += step * (self.late / self.turns - 0.5 - 2 * self.middle)
        self.turns = self.late = 0.0


Stretches = list[Quantiles]
"""By people ahead: what quantiles are stretched by."""


@dataclass
class Calibration:
    """Factors by segment, and by segment and range of people ahead."""

    factors: dict[str, Factors] = field(default_factory=dict)
    told: float = 0.0
    """Logarithm of what windows told at booking are stretched by, beyond their factors."""
    told80: float = 0.0
    """The same of the eightieth quantile alone, which people are told as the time to reckon with."""
    cache: dict[Segment, Stretches] = field(default_factory=dict, repr=False)

    def window(self, turn: Turn, segment: Segment, now: float) -> Window:
        """What to say of a turn: from when it was worked out, in the same minutes as `now`."""
        stretch = self._stretches(segment)[min(turn.ahead, MANY)]
        return Window(*_stretched([(turn.p10, turn.p50, turn.p80, turn.p90)], [stretch], now)[0])

    def windows(self, turns: Turns, now: float, booking: Collection[object] = ()) -> list[Quantiles]:
        """What to say of everybody's turn, windows without their names: those of `booking` are told for the first
        time, unless they are here."""
        away, here = self._stretches(Segment.AWAY), self._stretches(Segment.HERE)
        ranges = chain(range(MANY), repeat(MANY))
        known = [(here if person.here else away)[place] for person, place in zip(turns.people, ranges, strict=False)]
        windows = _stretched(turns.quantiles, known, now)
        for place, person in enumerate(turns.people) if booking else ():
            if person.id in booking and not person.here:
                windows[place] = self.window(turns[place], Segment.BOOKING, now)
        return windows

    def _stretches(self, segment: Segment) -> Stretches:
        found = self.cache.get(segment)
        if found is None:
            found = self.cache[segment] = [self._stretch(segment, people) for people in RANGES]
        return found

    def _stretch(self, segment: Segment, people: int) -> Quantiles:
        whole, part = self._of(segment), self._of(f"{segment}{people}")
        more, more80 = (self.told, self.told80) if segment is Segment.BOOKING else (0.0, 0.0)
        high = whole.high + part.high + more80
        highest = max(whole.highest + part.highest + more, high - NOT_CLOSER)
        return exp(whole.low + part.low + more), exp(whole.middle + part.middle), exp(high), exp(highest)

    def resolved(self, said: Window, segment: Segment, ahead: int, came: float) -> None:
        """A turn came at a moment for which a window was said before."""
        for name in (segment, f"{segment}{RANGES[min(ahead, MANY)]}"):
            self._of(name).learn(said, came)
        self.cache.clear()

    def told_at_booking(self, said: Window, came: float) -> None:
        """A turn came of which somebody was told this window at booking."""
        self.told = _held(self.told + TOLD * ((not said.p10 <= came <= said.p90) - 0.2))
        self.told80 = _held(self.told80 + TOLD * ((came > said.p80) - 0.2))
        self.cache.clear()

    def session_over(self) -> None:
        """Learn from what was resolved since the last session ended."""
        for factors in self.factors.values():
            factors.learn_middle()
        self.cache.clear()

    def _of(self, name: str) -> Factors:
        found = self.factors.get(name)
        if found is None:
            found = self.factors[name] = Factors()
        return found

    def as_json(self) -> dict[str, Any]:
        """Numbers by name, as saved."""
        return {TOLD_NAME: self.told, EIGHTY_NAME: self.told80} | {
            name: [f.n, f.low, f.middle, f.high, f.highest, f.sessions, f.turns, f.late]
            for name, f in self.factors.items()
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Calibration":
        """What was saved."""
        factors = {name: Factors(*values) for name, values in saved.items() if name not in (TOLD_NAME, EIGHTY_NAME)}
        return cls(factors, saved.get(TOLD_NAME, 0.0), saved.get(EIGHTY_NAME, 0.0))


def _stretched(quantiles: list[Quantiles], stretches: Stretches, now: float) -> list[Quantiles]:
    """Windows from now on. The one place that runs for each of hundreds."""
    windows = []
    for (p10, p50, p80, p90), (low, middle, high, highest) in zip(quantiles, stretches, strict=True):
        said = now + p50 * middle if p50 > 0.0 else now
        first = said - (p50 - p10) * low
        windows.append((first if first > now else now, said, said + (p80 - p50) * high, said + (p90 - p50) * highest))
    return windows


def _held(value: float) -> float:
    return max(min(value, 1.4), -1.4)
