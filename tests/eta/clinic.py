"""A clinic of which everything is known, played as often as one likes: the oracle that the closed form is held to."""

import random
import statistics
from math import exp, log

from apps.eta.rules import learned as lessons
from apps.eta.rules.laws import Session
from apps.eta.rules.learned import Learned
from apps.eta.rules.today import Doctor, Person, Today
from apps.eta.rules.weighing import laws_for

KIND = "new"


def queue(people: int, *, minutes: float = 10.0, since: float = 50.0, **session: float) -> Today:
    """So many people who are here, behind one who is with the doctor since `since`; now is minute 55 or later."""
    today = Today(Session(minutes, **session), Doctor.INSIDE, since=since, inside=KIND)
    today.people = {at: Person(at, KIND, float(at), here=True) for at in range(people)}
    return today


def laws_of(today: Today, doctor: Learned | None = None, pool: Learned | None = None):
    return laws_for(today.session, doctor or Learned(), pool or Learned())


def played(today: Today, laws, now: float, *, paths: int = 3000, seed: int = 7) -> list[list[float]]:
    """For each place in line, the minutes from now at which the turn came in each of so many days. People who are
    here only, no break: what is drawn is today's pace, the rest of the consultation, interruptions and changes."""
    dice = random.Random(seed)
    turns: list[list[float]] = [[] for _ in today.people]
    often, mu_away, var_away = next(iter(laws.pauses.values()))
    for _ in range(paths):
        pace = dice.gauss(0, laws.tau2**0.5)

        def long(pace: float = pace) -> float:
            return exp(laws.mu_of(KIND) + pace + dice.gauss(0, laws.sigma2**0.5))

        def away() -> float:
            return exp(dice.gauss(mu_away, var_away**0.5)) if dice.random() < often else 0.0

        elapsed = now - today.since
        first = long()
        while first < elapsed:
            first = long()
        at = first - elapsed + away()
        for place in range(len(today.people)):
            at += max(dice.gauss(laws.gap.mean, laws.gap.var**0.5), 0.0)
            turns[place].append(at)
            at += long() + away()
    return turns


def spread_of(values: list[float]) -> tuple[float, float, float, float]:
    """The 10th, 50th, 80th and 90th percentile."""
    cuts = statistics.quantiles(values, n=10)
    return cuts[0], cuts[4], cuts[7], cuts[8]


def experienced(minutes: float, sessions: int = 20, *, each: int = 15) -> Learned:
    """A doctor whose consultations took so long, configured at ten minutes."""
    memory, dice = Learned(), random.Random(3)
    for _ in range(sessions):
        for _ in range(each):
            lessons.finished(memory, KIND, log(minutes / 10) + dice.gauss(0, 0.3))
        memory.within.add(0.09, each - 1)
        memory.sessions += 1
    return memory
