"""What a session is like, and everything a prediction needs to know of it: plain numbers, in minutes."""

from dataclasses import dataclass, field
from math import exp

from apps.eta.rules.learned import BIN, BINS, EARLIEST, FIRST_HALF_HOUR, HALF_HOUR, HALF_HOURS, logit
from apps.eta.rules.shapes import Cumulants, Length, of_powers


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session when it is opened. Minutes."""

    average: float
    length: float = 240.0
    booked: int = 0
    break_at: float | None = None
    break_length: float = 0.0


@dataclass
class Laws:
    """All that a prediction needs, for one doctor in one session."""

    session: Session
    mu: dict[str, float]
    """By type of visit: the middle of the logarithm of a consultation's minutes."""
    other_mu: float
    sigma2: float
    tau2: float
    mean_factor: float
    second_factor: float
    third_factor: float
    """exp(mu) times these: the mean, and the means of square and cube, of a consultation."""
    longer: float
    """What this session's list length adds to each of these logarithms."""
    drift: float
    """Change of the logarithm of a consultation's length over a session."""
    gap: Length
    walk: Length
    pauses: dict[str, tuple[float, float, float]]
    """By kind: how often after a consultation, and mean and variance of the logarithm of its minutes."""
    pause: Length
    break_mu: float
    break_var: float
    late_shift: float
    late_mu: float
    late_var: float
    walk_ins: list[float]
    emergencies: list[float]
    """How many come from the first half hour counted until the end of each."""
    walk_in: Length
    emergency: Length
    penalty: float
    head_start: float
    hurried: float
    """Minutes that walk-ins stand behind their arrival; that some stand before it, and the share of those."""
    left: float
    returns: float
    return_delay: float
    odds: tuple[float, float]
    still: list[float] = field(default_factory=list)
    """Of booked people who come: the share who come later than each step of five minutes against their time."""
    known_odds: dict[float, float] = field(default_factory=dict)
    """No-show odds as they turned out, by those given: asked for everybody who is not there."""
    by_then: list[tuple[float, float]] = field(default_factory=list)
    """Of those: mean of (arrival, at most their time) and of its square, when not there at each step."""

    def mu_of(self, kind: str) -> float:
        """The middle of the logarithm of a consultation of a kind."""
        return self.mu.get(kind, self.other_mu)

    def drift_at(self, t: float) -> float:
        """What the moment of a session adds to the logarithm of a consultation's length."""
        return self.drift * progress_at(t, self.session.length) if self.drift else 0.0

    def consultation(self, mu: float) -> Cumulants:
        """How long a consultation takes whose logarithm has this middle."""
        middle = exp(mu)
        square = middle * middle
        return of_powers(middle * self.mean_factor, square * self.second_factor, square * middle * self.third_factor)

    def later_than(self, offset: float) -> float:
        """The share of those who come that come later than so many minutes after their time."""
        place = (offset - EARLIEST) / BIN
        if place <= 0.0:
            return 1.0
        if place >= BINS:
            return 0.0
        step = int(place)
        return self.still[step] + (self.still[step + 1] - self.still[step]) * (place - step)

    def arrival_after(self, offset: float) -> tuple[float, float]:
        """Of those who come later than so many minutes after their time: mean and mean square of when, at most 0."""
        place = (offset - EARLIEST) // BIN
        return self.by_then[0 if place < 0 else BINS if place > BINS else int(place)]

    def walk_ins_before(self, key: float, now: float, free: float) -> float:
        """How many walk-ins come until the doctor is free and stand before this key: some have a head start."""
        number = (1 - self.hurried) * counted(self.walk_ins, now, min(key - self.penalty, free))
        if self.hurried:
            number += self.hurried * counted(self.walk_ins, now, min(key + self.head_start, free))
        return number

    def absent_odds(self, given: float) -> float:
        """No-show odds as they turned out, from those given."""
        found = self.known_odds.get(given)
        if found is None:
            found = self.known_odds[given] = 1 / (1 + exp(-(self.odds[0] + self.odds[1] * logit(given))))
        return found


def progress_at(t: float, length: float) -> float:
    """The share of a session that went by, from its middle."""
    share = t / length
    return (0.0 if share < 0.0 else 1.3 if share > 1.3 else share) - 0.5


def counted(cumulative: list[float], start: float, end: float) -> float:
    """How many come between two moments, by a list that says how many came by the end of each half hour."""
    return _by(cumulative, end) - _by(cumulative, start) if end > start else 0.0


def _by(cumulative: list[float], t: float) -> float:
    place = (t - FIRST_HALF_HOUR) / HALF_HOUR
    if place <= 0.0:
        return 0.0
    if place >= HALF_HOURS:
        return cumulative[-1]
    step = int(place)
    before = cumulative[step - 1] if step else 0.0
    return before + (cumulative[step] - before) * (place - step)
