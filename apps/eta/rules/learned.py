"""What is remembered of a doctor, or of all doctors together: small sums that forget (half-life 30 sessions).

Everything is a number, or numbers by name, so that it is saved as it stands. What follows for one session is in
`laws`, where a doctor's own experience is weighed against everybody's.
"""

from dataclasses import dataclass, field, fields
from math import exp, log
from typing import Any

HALF_LIFE = 30.0
"""Sessions after which an experience counts half."""

HALF_HOUR = 30.0
FIRST_HALF_HOUR = -60.0
HALF_HOURS = 20
"""Walk-ins and emergencies are counted by half hour, from one hour before the planned start."""

EARLIEST, BIN, BINS = -120.0, 5.0, 40
"""Patients' arrivals, counted in steps of five minutes from two hours before their time to eighty minutes after."""


@dataclass
class Tally:
    """How often, the sum and the sum of squares of something."""

    n: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    def add(self, value: float, weight: float = 1.0) -> None:
        """One more value."""
        self.n += weight
        self.total += weight * value
        self.squares += weight * value * value

    def forget(self, kept: float) -> None:
        """Let what was count less."""
        self.n *= kept
        self.total *= kept
        self.squares *= kept

    def mean(self, prior: float, weight: float) -> float:
        """The mean, with a prior that counts as so many values."""
        return (self.total + weight * prior) / (self.n + weight)

    def var(self, prior: float, weight: float) -> float:
        """The variance around its own mean, with a prior that counts as so many values."""
        within = self.squares - self.total**2 / self.n if self.n else 0.0
        return (max(within, 0.0) + weight * prior) / (self.n + weight)


Tallies = dict[str, Tally]


@dataclass
class Learned:
    """Everything remembered of one doctor, or of all."""

    sessions: float = 0.0
    pace: Tallies = field(default_factory=dict)
    """By type of visit: the logarithm of a consultation's length over the configured average."""
    within: Tally = field(default_factory=Tally)
    """Per consultation: the squared distance from its session's pace, in logarithms (n counts degrees of freedom)."""
    between: Tally = field(default_factory=Tally)
    """Per session, weighted by consultations: the squared pace beyond what chance gives."""
    smear: list[float] = field(default_factory=lambda: [0.0] * 4)
    """Weight, and sums of the first three powers of a consultation's length over its middle."""
    slopes: list[float] = field(default_factory=lambda: [0.0] * 5)
    """Of pace on list length and on progress: sums of xx, xp, pp, xy, py."""
    booked: Tally = field(default_factory=Tally)
    gap: Tally = field(default_factory=Tally)
    """Minutes from a free doctor to the next turn: the call, or the start where nobody is called."""
    walk: Tally = field(default_factory=Tally)
    """Minutes from a call to the start."""
    ends: float = 0.0
    pauses: Tallies = field(default_factory=dict)
    """By kind of unplanned absence: the logarithm of its minutes; n over `ends` is how often."""
    breaks: Tally = field(default_factory=Tally)
    """The logarithm of a break's minutes over the planned ones."""
    late: dict[str, Tally] = field(default_factory=dict)
    """The doctor's arrival after the planned start: its logarithm, for each of several shifts."""
    late_raw: Tally = field(default_factory=Tally)
    arrivals: list[float] = field(default_factory=lambda: [0.0] * BINS)
    """Patients' arrivals against their time, by steps of five minutes."""
    odds: list[float] = field(default_factory=lambda: [0.0, 1.0, 0.0])
    """No-show odds as given → as seen: intercept, slope, how many were seen."""
    left: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """Walk-ins who had left when called: how many, and how many were foretold."""
    returned: Tally = field(default_factory=Tally)
    """Of people called in their absence: 1 for each who came later, 0 for who did not."""
    return_delay: Tally = field(default_factory=Tally)
    walk_ins: list[float] = field(default_factory=lambda: [0.0] * HALF_HOURS)
    emergencies: list[float] = field(default_factory=lambda: [0.0] * HALF_HOURS)
    walk_in_types: dict[str, float] = field(default_factory=dict)
    emergency_types: dict[str, float] = field(default_factory=dict)
    penalty: Tally = field(default_factory=Tally)
    """How far behind their arrival walk-ins stand."""
    head_start: Tally = field(default_factory=Tally)
    """How far before their arrival walk-ins stand who go before others (elderly people, say): their mean among all
    would fit neither them nor the rest."""

    def forget(self, half_life: float = HALF_LIFE) -> None:
        """One session more went by: what was before counts a little less."""
        kept = 0.5 ** (1 / half_life)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Tally):
                value.forget(kept)
            elif isinstance(value, dict):
                for name, item in value.items():
                    if isinstance(item, Tally):
                        item.forget(kept)
                    else:
                        value[name] = item * kept
            elif isinstance(value, list) and each.name != "odds":
                setattr(self, each.name, [item * kept for item in value])
            elif isinstance(value, float):
                setattr(self, each.name, value * kept)

    def as_json(self) -> dict[str, Any]:
        """Numbers by name, as saved."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Learned":
        """What was saved; a field that a later version added is empty. Without a walk, the gap that was saved was
        taught at the start and holds the walk as well: it is empty too, or the walk would count twice."""
        made = cls()
        stale = {"gap"} if "walk" not in saved else set()
        for each in fields(cls):
            if each.name in saved.keys() - stale:
                setattr(made, each.name, _lively(getattr(made, each.name), saved[each.name]))
        return made


def _plain(value: Any) -> Any:
    if isinstance(value, Tally):
        return [value.n, value.total, value.squares]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _lively(empty: Any, saved: Any) -> Any:
    if isinstance(empty, Tally):
        return Tally(*saved)
    if isinstance(saved, dict):
        return {name: Tally(*item) if isinstance(item, list) else item for name, item in saved.items()}
    return saved


SHIFTS = {"1": 1.0, "5": 5.0, "20": 20.0, "60": 60.0}
"""Minutes added to a doctor's lateness before its logarithm is taken: small ones fit doctors who are never early and
sometimes very late, large ones fit symmetric habits. Which fits best is decided by the data."""


LEAST_HEAD_START = 1.0
"""Minutes before their arrival from which on somebody stands there on purpose."""


def half_hour(t: float) -> int:
    """The place of a moment in the counts by half hour."""
    return min(max(int((t - FIRST_HALF_HOUR) // HALF_HOUR), 0), HALF_HOURS - 1)


def finished(learned: Learned, kind: str, residual: float) -> None:
    """A consultation ended; its length over the configured average, as a logarithm."""
    learned.pace.setdefault(kind, Tally()).add(residual)
    learned.ends += 1


def smeared(learned: Learned, apart: float) -> None:
    """How far, in logarithms, a consultation was from the middle expected for it."""
    for power in range(4):
        learned.smear[power] += exp(power * max(min(apart, 3.0), -3.0))


def sloped(learned: Learned, longer: float, progress: float, apart: float) -> None:
    """Pace against list length (in tens beyond usual) and progress (share of the session, from its middle)."""
    for place, value in enumerate(
        (longer * longer, longer * progress, progress * progress, longer * apart, progress * apart)
    ):
        learned.slopes[place] += value


def doctor_came(learned: Learned, t: float) -> None:
    """The doctor arrived so many minutes after the planned start."""
    learned.late_raw.add(t)
    for name, shift in SHIFTS.items():
        learned.late.setdefault(name, Tally()).add(log(max(t + shift, 0.25)))


def newcomer(learned: Learned, t: float, kind: str, behind: float, *, emergency: bool) -> None:
    """Somebody without an appointment came, and stands so many minutes behind that."""
    (learned.emergencies if emergency else learned.walk_ins)[half_hour(t)] += 1
    types = learned.emergency_types if emergency else learned.walk_in_types
    types[kind] = types.get(kind, 0.0) + 1
    if not emergency:
        if behind < -LEAST_HEAD_START:
            learned.head_start.add(-behind)
        else:
            learned.penalty.add(behind)


def came(learned: Learned, offset: float) -> None:
    """A booked person arrived so many minutes after their time."""
    learned.arrivals[min(max(int((offset - EARLIEST) // BIN), 0), BINS - 1)] += 1


def settled(learned: Learned, odds: float, *, absent: bool) -> None:
    """A booked person came in the end, or did not: the odds given for it are corrected by gradient steps."""
    intercept, slope, seen = learned.odds
    x = logit(odds)
    step = 0.5 / (8 + min(seen, 400.0)) ** 0.6
    apart = float(absent) - 1 / (1 + exp(-(intercept + slope * x)))
    learned.odds = [
        min(max(intercept + step * apart, -3.0), 3.0),
        min(max(slope + 0.2 * step * apart * (x + 1.5), 0.1), 2.0),
        seen + 1,
    ]


def logit(share: float) -> float:
    """The logarithm of the odds."""
    share = min(max(share, 0.002), 0.998)
    return log(share / (1 - share))
