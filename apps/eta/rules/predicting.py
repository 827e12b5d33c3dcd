"""When each turn comes: the doctor's own rule of calling, followed once with means, variances and skews.

One pass over the queue in the order of calling (`eta.md` 5.1). Whoever is not there yet counts with the odds that
they will be; a break, an interruption, an emergency and a walk-in count with theirs. What all consultations of today
share, the pace, does not even out: its uncertainty grows with the square of the work ahead.
"""

from math import exp, inf, sqrt
from operator import attrgetter
from typing import NamedTuple

from apps.eta.rules.laws import Laws, counted
from apps.eta.rules.leap import leaping
from apps.eta.rules.learned import EARLIEST, FIRST_HALF_HOUR, HALF_HOUR
from apps.eta.rules.shapes import NOTHING, Length, below, later_of, log_normal, plus, quantiles, rest_of
from apps.eta.rules.today import Doctor, Person, Today

THIRD = 3
"""Somebody who comes back after being called in absence is third in line."""

KEPT_TRYING = 0.7
"""Of those who come after their turn, the share who are still seen in this session."""

FAR = 25
"""People ahead from which on nobody's appointment is looked at closely: it is hours away, and they are many."""

_key = attrgetter("key")


class Turn(NamedTuple):
    """In how many minutes somebody's turn comes, before calibration."""

    id: object
    ahead: int
    here: bool
    p10: float
    p50: float
    p80: float
    p90: float


_Step = tuple[Length, float]
"""What one person adds to the moment at which the doctor is free, and to the doctor's work."""

_Likely = tuple[float, float, float, float]
"""Somebody who is not there: the odds that they never come, the odds that they are still not there, mean and variance
of the minutes until they can be called. Plain tuples, both: hundreds are made for every event."""


def pace_today(today: Today, laws: Laws) -> tuple[float, float]:
    """How far today's pace is from the expected, in logarithms, and the variance of that."""
    variance = 1 / (1 / laws.tau2 + today.pace_n / laws.sigma2)
    return variance * today.pace_sum / laws.sigma2, variance


def predict(today: Today, laws: Laws, now: float) -> list[Turn]:
    """When the turn of everybody comes whose turn is to come, in the order of calling."""
    return _Walk(today, laws, now).turns()


class _Walk:
    """The state of one pass. All times are minutes from now; means, variances and skews add up."""

    def __init__(self, today: Today, laws: Laws, now: float) -> None:
        self.today, self.laws, self.now = today, laws, now
        self.pace, self.pace_var = pace_today(today, laws)
        self.told: list[Turn] = []
        free = self._free()
        self.mean, self.var, self.skew = free.mean, free.var, free.skew
        self.work = free.mean if today.doctor is Doctor.INSIDE else 0.0
        self.steps: dict[str | tuple[str, float], _Step] = {}
        self.between_two = plus(plus(laws.pause, laws.gap), laws.walk)
        self.urgent, self.walk_in = laws.emergency.scaled(exp(self.pace)), laws.walk_in.scaled(exp(self.pace))
        self.settled_until = now + laws.penalty
        self.long_before: dict[float, _Likely] = {}
        self.calm_until = self.look_at = -1.0
        self.walk_ins = self.pending = self.break_share = 0.0
        self.pending_at = inf
        session = today.session
        self.break_in = inf if today.break_taken or session.break_at is None else session.break_at - now
        self.break_time = log_normal(laws.break_mu, laws.break_var)
        self._emergencies(0.0)
        self._late_comers()

    # the doctor

    def _free(self) -> Length:
        """When the doctor is free for the next person."""
        today, laws = self.today, self.laws
        elapsed = self.now - today.since
        if today.doctor is Doctor.INSIDE:
            mu = laws.mu_of(today.inside) + self.pace + laws.drift_at(today.since)
            return plus(rest_of(mu, laws.sigma2 + self.pace_var, elapsed), laws.pause)
        if today.doctor is Doctor.FREE:
            return NOTHING
        if today.declared is not None:
            left = max(today.declared - self.now, 1.0)
            return Length(left, max(0.4 * left, 2.0) ** 2)
        if today.doctor is Doctor.EXPECTED:
            return rest_of(laws.late_mu, laws.late_var, self.now + laws.late_shift)
        if today.doctor is Doctor.BREAK:
            return rest_of(laws.break_mu, laws.break_var, elapsed)
        _, mu, var = laws.pauses.get(today.doctor) or next(iter(laws.pauses.values()))
        return rest_of(mu, var, elapsed)

    def _late_comers(self) -> None:
        """Work of people who were called in their absence and may come yet."""
        returns = self.laws.returns
        for person in self.today.people.values():
            if person.missed_at is not None and not person.here:
                fading = returns * exp(-(self.now - person.missed_at) / self.laws.return_delay)
                self._expect(fading / (1 - returns + fading))

    def _expect(self, share: float) -> None:
        self.pending += share
        self.pending_at = len(self.told) + THIRD

    # the people

    def turns(self) -> list[Turn]:
        """Everybody's turn, in the order of calling."""
        people = self.today.people.values()
        here = sorted([p for p in people if p.here], key=_key)
        away = sorted([p for p in people if not p.here and p.missed_at is None], key=_key)
        served = 0
        for absent in away:
            likely = self._likely(absent)
            if served < len(here):
                served = self._line(here, served, absent.key, likely[2])
            self._absent(absent, likely, alone=served == len(here))
        self._line(here, served, inf, inf)
        return self.told

    def _line(self, here: list[Person], served: int, next_key: float, next_ready: float) -> int:
        """Call those who are there, until somebody absent comes first: their key is smaller, and their time passed or
        they came by then. The one place that runs for each of hundreds."""
        gap, gap_var, pace_var = self.laws.gap.mean, self.laws.gap.var, self.pace_var
        told, steps, ahead, made = self.told.append, self.steps, len(self.told), tuple.__new__
        settled_until, pending_at = self.settled_until, self.pending_at
        mean, var, skew, work = self.mean, self.var, self.skew, self.work
        for place in range(served, len(here)):
            person = here[place]
            key = person.key
            if mean >= next_ready and key > next_key:
                break
            if mean >= self.look_at or key > settled_until or ahead >= pending_at:
                self.mean, self.var, self.skew, self.work = mean, var, skew, work
                self._between(person, ahead)
                mean, var, skew, work = self.mean, self.var, self.skew, self.work
                pending_at = self.pending_at
            p10, p50, p80, p90 = quantiles(mean + gap, var + gap_var + pace_var * work * work, skew)
            told(made(Turn, (person.id, ahead, True, p10, p50, p80, p90)))
            ahead += 1
            kind = person.kind if person.slot is not None else (person.kind, person.odds)
            (more, more_var, more_skew), more_work = steps.get(kind) or self._step(kind)
            mean += more
            var += more_var
            skew += more_skew
            work += more_work
        else:
            place = len(here)
        self.mean, self.var, self.skew, self.work = mean, var, skew, work
        return place

    def _absent(self, absent: Person, likely: "_Likely", *, alone: bool) -> None:
        """Somebody who is not there is called when the doctor is free, at the earliest at their time or when they
        came; if nobody else is there, the doctor waits for them."""
        ahead = len(self.told)
        self._between(absent, ahead)
        odds, unknown, ready, ready_var = likely
        laws, slot = self.laws, (absent.slot or 0.0) - self.now
        mean, var, skew = later, later_var, later_skew = self.mean, self.var, self.skew
        if ready > 0 and (mean <= ready or (mean - ready) ** 2 < 16 * (var + ready_var)):
            later, later_var, later_skew = later_of(Length(mean, var, skew), Length(ready, ready_var))
        then = (1 - odds) * laws.later_than(later - slot)
        there = max(unknown - odds - then, 0.0) / unknown
        gap, gap_var, _ = laws.gap
        gap, gap_var = there * gap, gap_var + self.pace_var * self.work * self.work
        if ahead < FAR:
            p10, p50, p80, p90 = leaping(Length(mean + gap, var + gap_var, skew), slot, odds / unknown, laws)
        else:
            p10, p50, p80, p90 = quantiles(later + gap, later_var + gap_var, later_skew)
        self.told.append(tuple.__new__(Turn, (absent.id, ahead, False, p10, p50, p80, p90)))
        if alone and later > mean:
            self.mean, self.var, self.skew = later, later_var, later_skew
            self._emergencies(mean)
        step, work = self.steps.get(absent.kind) or self._step(absent.kind)
        self._add(step.times(there), there * work)
        if then:
            self._expect(then / unknown * KEPT_TRYING)

    def _likely(self, absent: Person) -> "_Likely":
        """How likely an absent person comes, and when they can be called: when they came, at the latest at their
        time. Long before their time only their odds tell people apart."""
        offset = self.now - (absent.slot or 0.0)
        if offset > EARLIEST:
            odds, unknown, mean, var = self._coming(absent.odds, offset)
            return odds, unknown, mean - offset if mean > offset else 0.0, var if offset < 0 else 0.0
        known = self.long_before.get(absent.odds)
        if known is None:
            known = self.long_before[absent.odds] = self._coming(absent.odds, EARLIEST)
        odds, unknown, mean, var = known
        return odds, unknown, mean - offset, var

    def _coming(self, given: float, offset: float) -> _Likely:
        """The odds, and when somebody comes against their time who is not there so many minutes after it."""
        laws = self.laws
        odds = laws.absent_odds(given)
        unknown = odds + (1 - odds) * laws.later_than(offset)
        coming = 1 - odds / unknown
        first, second = laws.arrival_after(offset)
        mean = coming * first
        return odds, unknown, mean, max(coming * second - mean * mean, 0.0)

    # what comes between them

    def _between(self, person: Person, ahead: int) -> None:
        """People who came back, walk-ins who stand before this person, a break; and what the next half hour is like."""
        if ahead >= self.pending_at:
            work = self._consultation(person.kind).poisson(self.pending)
            self._add(work, work.mean)
            self.pending, self.pending_at = 0.0, inf
        if person.key > self.settled_until and self.laws.walk_ins[-1]:
            until = min(person.key - self.laws.penalty, self.now + self.mean)
            number = counted(self.laws.walk_ins, self.now, until)
            if number > self.walk_ins:
                work = self.walk_in.poisson(number - self.walk_ins)
                self._add(work, work.mean)
                self.walk_ins = number
        if self.mean >= self.calm_until:
            self.steps.clear()
            self.calm_until = self.mean + max(HALF_HOUR / 2, self.mean / 4)
        if self.mean >= self.look_at or self.break_in != inf:
            self.look_at = min(self.calm_until, self._break())

    def _break(self) -> float:
        """Add the planned break with the odds that it falls before this moment; when to look again."""
        if self.break_in == inf:
            return inf
        spread = sqrt(self.var + self.pace_var * self.work**2) + 0.01
        share = below((self.mean - self.break_in) / spread)
        if share < 0.001:
            return (self.mean + self.break_in) / 2
        before, after = self.break_time.times(self.break_share), self.break_time.times(share)
        self.mean += after.mean - before.mean
        self.var += after.var - before.var
        self.skew += after.skew - before.skew
        self.break_share = share
        if share > 0.999:
            self.break_in = inf
            return inf
        return self.mean + spread / 4

    def _emergencies(self, since: float) -> None:
        """Emergencies who come while nobody is seen."""
        number = counted(self.laws.emergencies, self.now + since, self.now + self.mean)
        if number:
            work = self.urgent.poisson(number)
            self._add(work, work.mean)

    def _consultation(self, kind: str) -> Length:
        t = self.now + self.mean
        return self.laws.consultation(self.laws.mu_of(kind) + self.pace + self.laws.drift_at(t))

    def _step(self, key: str | tuple[str, float]) -> _Step:
        """What a person of a kind adds, with the odds of having left if they have no appointment: consultation,
        interruption, change-over, and the emergencies that come meanwhile."""
        kind, odds = (key, 0.0) if isinstance(key, str) else key
        work = self._consultation(kind)
        whole = plus(work, self.between_two)
        if odds:
            whole = whole.times(1 - min(odds * self.laws.left, 1.0))
        busy = work.mean * (1 - odds)
        t = max(self.now + self.mean, FIRST_HALF_HOUR)
        number = counted(self.laws.emergencies, t, t + whole.mean)
        if number:
            urgent = self.urgent.poisson(number)
            whole, busy = plus(whole, urgent), busy + urgent.mean
        step = self.steps[key] = whole, busy
        return step

    def _add(self, length: Length, work: float) -> None:
        mean, var, skew = length
        self.mean += mean
        self.var += var
        self.skew += skew
        self.work += work


__all__ = ["Turn", "pace_today", "predict"]
