"""When each turn comes: the doctor's own rule of calling, followed once with means, variances and skews.

One pass over the queue in the order of calling (`eta.md` 5.1). Whoever is not there yet counts with the odds that
they will be; a break, an interruption, an emergency and a walk-in count with theirs. What all consultations of today
share, the pace, does not even out: its uncertainty grows with the square of the work ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log, sqrt

from apps.eta.rules.laws import Laws, counted
from apps.eta.rules.shapes import Length, below, later_of, log_normal, quantile, rest_of
from apps.eta.rules.today import Doctor, Person, Today

Z10, Z80, Z90 = -1.2815516, 0.8416212, 1.2815516

THIRD = 3
"""Somebody who comes back after being called in absence is third in line."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When somebody's turn comes, in minutes from the planned start, before calibration."""

    id: object
    ahead: int
    here: bool
    p10: float
    p50: float
    p80: float
    p90: float


def pace_today(today: Today, laws: Laws) -> tuple[float, float]:
    """How far today's pace is from the expected, in logarithms, and the variance of that."""
    variance = 1 / (1 / laws.tau2 + today.pace_n / laws.sigma2)
    return variance * today.pace_sum / laws.sigma2, variance


def predict(today: Today, laws: Laws, now: float) -> list[Turn]:
    """When the turn of everybody comes whose turn is to come, in the order of calling."""
    return list(_Walk(today, laws, now).turns())


class _Walk:
    """The state of one pass. All times are minutes from now."""

    def __init__(self, today: Today, laws: Laws, now: float) -> None:
        self.today, self.laws, self.now = today, laws, now
        self.pace, self.pace_var = pace_today(today, laws)
        self.level = self.pace + laws.drift_at(now)
        self.works: dict[str, Length] = {}
        free, self.work = self._free()
        self.mean, self.var, self.skew = free.mean, free.var, free.skew
        self.cut_in = self.pending = 0.0
        self.pending_after = 0
        self.seen_until = 0.0
        self.break_share = 0.0
        session = today.session
        self.break_in = None if today.break_taken or session.break_at is None else session.break_at - now
        self.break_time = log_normal(laws.break_mu, laws.break_var)
        self.after = Length(laws.gap.mean + laws.pause.mean)
        self._late_comers()

    # the doctor

    def _free(self) -> tuple[Length, float]:
        """When the doctor is free for the next person, and how much of it is consultation."""
        today, laws = self.today, self.laws
        elapsed = self.now - today.since
        if today.declared is not None and today.doctor in (Doctor.EXPECTED, Doctor.AWAY, Doctor.WARD, Doctor.BREAK):
            left = today.declared - self.now
            spread = max(0.4 * max(left, 0.0), 2.0)
            return Length(max(left, 0.5 * spread), spread**2), 0.0
        if today.doctor is Doctor.EXPECTED:
            return rest_of(laws.late_mu, laws.late_var, self.now + laws.late_shift), 0.0
        if today.doctor is Doctor.INSIDE:
            rest = rest_of(laws.mu_of(today.inside) + self.pace + laws.drift_at(today.since), laws.sigma2 + self.pace_var, elapsed)
            pause = laws.pause
            return Length(rest.mean + pause.mean, rest.var + pause.var, rest.skew + pause.skew), rest.mean
        if today.doctor is Doctor.BREAK:
            return rest_of(laws.break_mu, laws.break_var, elapsed), 0.0
        if today.doctor in (Doctor.AWAY, Doctor.WARD):
            _, mu, var = laws.pauses.get(today.doctor, next(iter(laws.pauses.values())))
            return rest_of(mu, var, elapsed), 0.0
        return Length(0.0), 0.0

    def _late_comers(self) -> None:
        """Work of people who were called in their absence and may come yet."""
        for person in self.today.people.values():
            if person.missed_at is not None and not person.here:
                fading = self.laws.returns * exp(-(self.now - person.missed_at) / self.laws.return_delay)
                self._expect(fading / (1 - self.laws.returns + fading))

    def _expect(self, share: float) -> None:
        self.pending += share
        self.pending_after = THIRD

    # the people

    def turns(self) -> Iterator[Turn]:
        people = [p for p in self.today.people.values() if p.here or p.missed_at is None]
        here = sorted((p for p in people if p.here), key=_key)
        away = sorted((p for p in people if not p.here), key=_key)
        i = j = 0
        while i < len(here) or j < len(away):
            person = here[i] if i < len(here) else None
            absent = away[j] if j < len(away) else None
            if absent is not None and (person is None or (absent.key < person.key and self._due(absent))):
                j += 1
                yield self._absent(absent, person, i + j - 1)
            else:
                i += 1
                yield self._present(person, i + j - 1)  # type: ignore[arg-type]

    def _due(self, absent: Person) -> bool:
        """Whether an absent person is called before those who are there: their time passed, or they came by then."""
        return self._ready(absent).mean <= self.mean

    def _ready(self, absent: Person) -> Length:
        """When an absent person can be called: when they came, at the latest at their time."""
        offset = self.now - absent.slot
        odds = self._gone(absent)
        first, second = self.laws.by_then[_step(offset)]
        mean = (1 - odds) * first
        return Length(max(mean - offset, 0.0), max((1 - odds) * second - mean * mean, 0.0) if offset < 0 else 0.0)

    def _gone(self, absent: Person) -> float:
        """The odds that somebody not here yet does not come at all."""
        odds = self.laws.absent_odds(absent.odds)
        still = (1 - odds) * self.laws.later_than(self.now - absent.slot)
        return odds / (odds + still)

    def _present(self, person: Person, ahead: int) -> Turn:
        self._before(person)
        turn = self._turn(person, ahead, self.mean, self.var, self.skew, self.laws.gap.mean)
        self._serve(person.kind, 1 - min(person.odds * self.laws.left, 1.0) if person.slot is None else 1.0)
        return turn

    def _absent(self, absent: Person, other: Person | None, ahead: int) -> Turn:
        self._before(absent)
        ready, free = self._ready(absent), Length(self.mean, self.var, self.skew)
        later = later_of(free, ready) if ready.mean > 0 else free
        if other is None:
            self.mean, self.var, self.skew = later.mean, later.var, later.skew
        at = self.now + later.mean - absent.slot
        odds = self.laws.absent_odds(absent.odds)
        then, still = self.laws.later_than(at), self.laws.later_than(self.now - absent.slot)
        rest = odds + (1 - odds) * still
        there = (1 - odds) * max(still - then, 0.0) / rest
        turn = self._turn_of_absent(absent, ahead, free, there * self.laws.gap.mean, odds / rest)
        self._serve(absent.kind, there)
        self._expect((1 - odds) * then / rest * 0.7)
        return turn

    def _before(self, person: Person) -> None:
        """What comes between: people who came back, emergencies, walk-ins who stand before this person, a break."""
        laws = self.laws
        if self.pending and (self.pending_after <= 0):
            self._add(self._work(person.kind).poisson(self.pending))
            self.pending = 0.0
        self.pending_after -= 1
        emergencies = counted(laws.emergencies, self.now + self.seen_until, self.now + self.mean)
        self.seen_until = max(self.seen_until, self.mean)
        if emergencies:
            self._add(laws.emergency.scaled(exp(self.level)).poisson(emergencies))
        if person.slot is not None or laws.penalty < 0:
            self._walk_ins(person)
        if self.break_in is not None:
            self._break()

    def _walk_ins(self, person: Person) -> None:
        laws = self.laws
        until = min(person.key - laws.penalty, self.now + self.mean)
        number = counted(laws.walk_ins, self.now, until)
        if number > self.cut_in:
            self._add(laws.walk_in.scaled(exp(self.level)).poisson(number - self.cut_in))
            self.cut_in = number

    def _break(self) -> None:
        spread = sqrt(self.var + self.pace_var * self.work**2) + 0.01
        share = below((self.mean - self.break_in) / spread)  # type: ignore[operator]
        if share > self.break_share:
            before, now = self.break_time.times(self.break_share), self.break_time.times(share)
            self.mean += now.mean - before.mean
            self.var += now.var - before.var
            self.skew += now.skew - before.skew
            self.break_share = share

    def _work(self, kind: str) -> Length:
        found = self.works.get(kind)
        if found is None:
            found = self.works[kind] = self.laws.consultation(self.laws.mu_of(kind) + self.level)
        return found

    def _serve(self, kind: str, share: float) -> None:
        """The person is with the doctor, with these odds of being there; then perhaps an interruption."""
        work = self._work(kind)
        if self.laws.drift:
            work = work.scaled(max(1 + self.laws.drift * min(self.mean / self.laws.session.length, 1.0), 0.5))
        self._add(work if share >= 1 else work.times(share), work=share * work.mean)
        pause, gap = self.laws.pause, self.laws.gap
        self.mean += share * (gap.mean + pause.mean)
        self.var += share * (gap.var + pause.var)
        self.skew += share * pause.skew

    def _add(self, length: Length, work: float | None = None) -> None:
        self.mean += length.mean
        self.var += length.var
        self.skew += length.skew
        self.work += length.mean if work is None else work

    def _turn(self, person: Person, ahead: int, mean: float, var: float, skew: float, gap: float) -> Turn:
        mean, var = mean + gap, var + self.pace_var * self.work**2 + self.laws.gap.var
        base = self.now
        return Turn(
            person.id,
            ahead,
            person.here,
            *(base + max(quantile(z, mean, var, skew), 0.0) for z in (Z10, 0.0, Z80, Z90)),
        )


    def _turn_of_absent(self, absent: Person, ahead: int, free: Length, gap: float, never: float) -> Turn:
        """Called when the doctor is free and they came, at the latest at their time: a law with a leap there."""
        slot = absent.slot - self.now
        mean = free.mean + gap
        var = free.var + self.pace_var * self.work**2 + self.laws.gap.var
        spread = sqrt(var)
        if slot <= 0 or mean - 2.5 * spread > slot:
            return self._turn(absent, ahead, free.mean, free.var, free.skew, gap)
        bent = max(min(free.skew / (var * spread), 1.0), 0.0) / 6
        still = self.laws.later_than(-slot)
        coming = (1 - never) / still if still else 0.0

        def free_by(x: float) -> float:
            z = (x - mean) / spread
            return below(max(z - bent * (z * z - 1), -8.0) if z < 3 else z)

        def there_by(x: float) -> float:
            return coming * (still - self.laws.later_than(x - slot))

        at_slot = free_by(slot)
        before = at_slot * there_by(slot)
        quantiles = []
        for share, z in ((0.1, Z10), (0.5, 0.0), (0.8, Z80), (0.9, Z90)):
            if at_slot < share:
                x = max(quantile(z, mean, var, free.skew), slot)
            elif before <= share:
                x = slot
            else:
                low, high = 0.0, slot
                for _ in range(7):
                    x = (low + high) / 2
                    if free_by(x) * there_by(x) < share:
                        low = x
                    else:
                        high = x
            quantiles.append(self.now + x)
        return Turn(absent.id, ahead, False, *quantiles)


def _key(person: Person) -> float:
    return person.key


def _step(offset: float) -> int:
    from apps.eta.rules.learned import BIN, BINS, EARLIEST

    return min(max(int((offset - EARLIEST) // BIN), 0), BINS)


__all__ = ["Turn", "log", "pace_today", "predict"]
