"""When each turn comes: the doctor's own rule of calling, followed once with means, variances and skews.

One pass over the queue in the order of calling (`eta.md` 5.1). Whoever is not there yet counts with the odds that
they will be; a break, an interruption, an emergency and a walk-in count with theirs. What all consultations of today
share, the pace, does not even out: its uncertainty grows with the square of the work ahead.
"""

import sys
from collections import defaultdict
from math import exp, inf, sqrt
from operator import attrgetter

from apps.eta.rules.freeing import free_in, pace_today
from apps.eta.rules.laws import Laws, counted
from apps.eta.rules.leap import leaping
from apps.eta.rules.learned import EARLIEST, FIRST_HALF_HOUR, HALF_HOUR
from apps.eta.rules.shapes import (
    NOTHING,
    Cumulants,
    Quantiles,
    below,
    later_of,
    log_normal,
    of_powers,
    plus,
    powers,
    quantiles,
    sometimes,
)
from apps.eta.rules.today import Doctor, Person, Today
from apps.eta.rules.turns import Turns

THIRD = 3
"""Somebody who comes back after being called in absence is third in line."""

KEPT_TRYING = 0.7
"""Of those who come after their turn, the share who are still seen in this session."""

FAR = 25
"""People ahead from which on nobody's appointment is looked at closely: it is hours away, and they are many."""

_key = attrgetter("key")


NOBODY = sys.maxsize
"""A place in line that nobody has."""

_Step = tuple[float, float, float, float]
"""What one person adds to the moment at which the doctor is free (mean, variance, skew), and to the doctor's work."""

_Likely = tuple[float, float, float, float]
"""Somebody who is not there: the odds that they never come, the odds that they are still not there, mean and variance
of the minutes until they can be called. Plain tuples, both: hundreds are made for every event."""


def predict(today: Today, laws: Laws, now: float) -> Turns:
    """When the turn of everybody comes whose turn is to come, in the order of calling."""
    return _Walk(today, laws, now).turns()


class _Walk:
    """The state of one pass. All times are minutes from now; means, variances and skews add up."""

    def __init__(self, today: Today, laws: Laws, now: float) -> None:
        self.today, self.laws, self.now = today, laws, now
        self.pace, self.pace_var = pace_today(today, laws)
        self.order: list[Person] = []
        self.told: list[Quantiles] = []
        free = free_in(today, laws, now)
        self.mean, self.var, self.skew = free.mean, free.var, free.skew
        self.work = free.mean if today.doctor is Doctor.INSIDE else 0.0
        self.steps: defaultdict[float | None, dict[str, _Step]] = defaultdict(dict)
        self.shares: defaultdict[float, dict[str, _Step]] = defaultdict(dict)
        self.gap, self.gap_var, _ = laws.gap
        self.between_two = plus(plus(laws.pause, laws.gap), laws.walk)
        self.urgent, self.walk_in = (powers(x.scaled(exp(self.pace))) for x in (laws.emergency, laws.walk_in))
        self.settled_until = now + (-laws.head_start if laws.hurried else laws.penalty) if laws.walk_ins[-1] else inf
        self.long_before: dict[float, _Likely] = {}
        self.calm_until = self.look_at = -1.0
        self.walk_ins = self.pending = 0.0
        self.pending_at = NOBODY
        session = today.session
        self.break_in = inf if today.break_taken or session.break_at is None else session.break_at - now
        self.broken: Cumulants = NOTHING
        self.break_time = powers(log_normal(laws.break_mu, laws.break_var))
        self._emergencies(0.0)
        self._late_comers()

    # the people

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

    def turns(self) -> Turns:
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
        return Turns(self.order, self.told)

    def _line(self, here: list[Person], served: int, next_key: float, next_ready: float) -> int:
        """Call those who are there, until somebody absent comes first: their key is smaller, and their time passed or
        they came by then. The one place that runs for each of hundreds."""
        gap, gap_var, pace_var = self.gap, self.gap_var, self.pace_var
        told, steps, ahead = self.told.append, self.steps, len(self.told)
        settled_until, look_at, pending_at = self.settled_until, self.look_at, self.pending_at
        mean, var, skew, work = self.mean, self.var, self.skew, self.work
        for place in range(served, len(here)):
            person = here[place]
            key = person.key
            if mean >= next_ready and key > next_key:
                break
            if mean >= look_at or key > settled_until or ahead >= pending_at:
                self.mean, self.var, self.skew, self.work = mean, var, skew, work
                self._between(person, ahead)
                mean, var, skew, work = self.mean, self.var, self.skew, self.work
                look_at, pending_at = self.look_at, self.pending_at
            told(quantiles(mean + gap, var + gap_var + pace_var * work * work, skew))
            ahead += 1
            odds = person.odds if person.slot is None else None
            more, more_var, more_skew, more_work = steps[odds].get(person.kind) or self._step(person.kind, odds)
            mean += more
            var += more_var
            skew += more_skew
            work += more_work
        else:
            place = len(here)
        self.order += here[served:place]
        self.mean, self.var, self.skew, self.work = mean, var, skew, work
        return place

    def _absent(self, absent: Person, likely: "_Likely", *, alone: bool) -> None:
        """Somebody who is not there is called when the doctor is free, at the earliest at their time or when they
        came; if nobody else is there, the doctor waits for them."""
        ahead = len(self.order)
        if self.mean >= self.look_at or absent.key > self.settled_until or ahead >= self.pending_at:
            self._between(absent, ahead)
        odds, unknown, ready, ready_var = likely
        laws, slot = self.laws, (absent.slot or 0.0) - self.now
        mean, var, skew, work = later, later_var, later_skew, _ = self.mean, self.var, self.skew, self.work
        if ready > 0.0 and (mean <= ready or (mean - ready) * (mean - ready) < 16.0 * (var + ready_var)):
            later, later_var, later_skew = later_of((mean, var, skew), (ready, ready_var, 0.0))
        then = (1.0 - odds) * laws.later_than(later - slot)
        there = unknown - odds - then
        there = there / unknown if there > 0.0 else 0.0
        gap, gap_var = there * self.gap, self.gap_var + self.pace_var * work * work
        if ahead < FAR:
            told = leaping((mean + gap, var + gap_var, skew), slot, odds / unknown, laws)
        else:
            told = quantiles(later + gap, later_var + gap_var, later_skew)
        self.order.append(absent)
        self.told.append(told)
        if alone and later > mean:
            self.mean, self.var, self.skew = later, later_var, later_skew
            self._emergencies(mean)
            mean, var, skew, work = self.mean, self.var, self.skew, self.work
        share = self.shares[there].get(absent.kind) or self._share(absent.kind, there)
        more, more_var, more_skew, more_work = share
        self.mean, self.var, self.skew, self.work = mean + more, var + more_var, skew + more_skew, work + more_work
        if then:
            self._expect(then / unknown * KEPT_TRYING)

    def _likely(self, absent: Person) -> "_Likely":
        """How likely an absent person comes, and when they can be called: when they came, at the latest at their
        time. Long before their time only their odds tell people apart."""
        offset = self.now - (absent.slot or 0.0)
        if offset > EARLIEST:
            odds, unknown, mean, var = self._coming(absent.odds, offset)
            return odds, unknown, mean - offset if mean > offset else 0.0, var if offset < 0.0 else 0.0
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
            self._come(self.pending, powers(self._consultation(person.kind)))
            self.pending, self.pending_at = 0.0, NOBODY
        if person.key > self.settled_until:
            number = self.laws.walk_ins_before(person.key, self.now, self.now + self.mean)
            if number > self.walk_ins:
                self._come(number - self.walk_ins, self.walk_in)
                self.walk_ins = number
        if self.mean >= self.calm_until:
            self.steps.clear()
            self.shares.clear()
            self.calm_until = self.mean + max(HALF_HOUR, self.mean / 3.0)
        if self.mean >= self.look_at or self.break_in != inf:
            self.look_at = min(self.calm_until, self._break())

    def _break(self) -> float:
        """Add the planned break with the odds that it falls before this moment; when to look again."""
        if self.break_in == inf:
            return inf
        spread = sqrt(self.var + self.pace_var * (self.work * self.work)) + 0.01
        share = below((self.mean - self.break_in) / spread)
        if share < 0.001:
            return (self.mean + self.break_in) / 2
        first, second, third = self.break_time
        mean, var, skew = of_powers(share * first, share * second, share * third)
        had, had_var, had_skew = self.broken
        self.mean += mean - had
        self.var += var - had_var
        self.skew += skew - had_skew
        self.broken = mean, var, skew
        if share > 0.999:
            self.break_in = inf
            return inf
        return self.mean + spread / 4

    def _emergencies(self, since: float) -> None:
        """Emergencies who come while nobody is seen."""
        number = counted(self.laws.emergencies, self.now + since, self.now + self.mean)
        if number:
            self._come(number, self.urgent)

    def _consultation(self, kind: str) -> Cumulants:
        laws = self.laws
        return laws.consultation(laws.mu_of(kind) + self.pace + laws.drift_at(self.now + self.mean))

    def _step(self, kind: str, odds: float | None) -> _Step:
        """What a person of a kind adds, with the odds of having left if they have no appointment: consultation,
        interruption, change-over, and the emergencies that come meanwhile."""
        laws, start = self.laws, max(self.now + self.mean, FIRST_HALF_HOUR)
        work, var, skew = self._consultation(kind)
        between, between_var, between_skew = self.between_two
        mean, var, skew = work + between, var + between_var, skew + between_skew
        if odds:
            mean, var, skew = sometimes((mean, var, skew), 1.0 - min(odds * laws.left, 1.0))
            work *= 1.0 - odds
        number = counted(laws.emergencies, start, start + mean)
        if number:
            first, second, third = self.urgent
            mean, var, skew = mean + number * first, var + number * second, skew + number * third
            work += number * first
        step = self.steps[odds][kind] = mean, var, skew, work
        return step

    def _share(self, kind: str, there: float) -> _Step:
        """What a person of a kind adds who is there with these odds."""
        mean, var, skew, work = self.steps[None].get(kind) or self._step(kind, None)
        step = self.shares[there][kind] = *sometimes((mean, var, skew), there), there * work
        return step

    def _come(self, number: float, who: Cumulants) -> None:
        """So many more come by chance and are seen first; each takes as long as these powers say."""
        first, second, third = who
        self.mean += number * first
        self.var += number * second
        self.skew += number * third
        self.work += number * first
