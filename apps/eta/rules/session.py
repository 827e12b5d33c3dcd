"""A queue that lives through its events, and learns from them: the same for the benchmark's and ours."""

from dataclasses import dataclass, field
from math import log

from apps.eta.rules import learned as lessons
from apps.eta.rules.calibrating import Calibration, Segment, Window
from apps.eta.rules.laws import Laws, Session, progress_at
from apps.eta.rules.learned import Learned, Tally
from apps.eta.rules.predicting import predict
from apps.eta.rules.today import Doctor, Person, Today
from apps.eta.rules.turns import Turn, Turns
from apps.eta.rules.weighing import laws_for, longer_than_usual

BEFORE = -30.0
"""Minutes from the planned start before which a prediction counts as made at booking."""

AT_ONCE = 0.1
"""Minutes after somebody came without an appointment in which they are told for the first time."""

FAR = 10
"""People ahead up to which windows are judged, but at booking."""

EVERY = 10.0
"""Minutes between the predictions by which windows are calibrated."""


@dataclass
class Memory:
    """What is remembered of every doctor of a hospital, and of all together."""

    pool: Learned = field(default_factory=Learned)
    doctors: dict[object, Learned] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)

    def of(self, doctor: object) -> Learned:
        """What is remembered of one doctor."""
        return self.doctors.setdefault(doctor, Learned())


@dataclass
class _Said:
    segment: Segment
    ahead: int
    window: Window
    told: bool = False


class Live:
    """One session of one doctor, from its opening to its end. Times are minutes from its planned start."""

    def __init__(self, memory: Memory, doctor: object, session: Session, booked: list[Person]) -> None:
        self.memory, self.session = memory, session
        self.pool, self.own = memory.pool, memory.of(doctor)
        self.laws: Laws = laws_for(session, self.own, self.pool)
        self.today = Today(session, people={person.id: person for person in booked})
        self.kinds = {person.id: person.kind for person in booked}
        self.booked = {person.id: person for person in booked}
        self.came: set[object] = set()
        self.said: dict[object, list[_Said]] = {}
        self.inside: object = None
        self.free_at: float | None = None
        self.ready_at = 0.0
        self.newest: object = None
        self.apart: list[tuple[float, float]] = []
        self.pauses: list[tuple[Doctor, float]] = []
        self.next_sample = 0.0
        self.cache: tuple[float, Turns, dict[object, int]] | None = None
        self._say(-60.0, booking=True)

    # what is asked

    def window(self, id_: object, now: float) -> Window:
        """When somebody's turn comes."""
        turns, places = self._turns(now)
        if id_ not in places:
            return Window(now, now, now, now)
        turn = turns[places[id_]]
        segment = self._segment(turn, now)
        window = self.memory.calibration.window(turn, segment, now)
        if segment is Segment.BOOKING:
            self.said.setdefault(id_, []).append(_Said(segment, turn.ahead, window, told=True))
        return window

    def _turns(self, now: float) -> tuple[Turns, dict[object, int]]:
        """Everybody's turn, and who has which."""
        if self.cache is None or self.cache[0] != now:
            turns = predict(self.today, self.laws, now)
            self.cache = now, turns, {person.id: place for place, person in enumerate(turns.people)}
        return self.cache[1:]

    def _segment(self, turn: Turn, now: float) -> Segment:
        person = self.today.people[turn.id]
        if now <= BEFORE or (person.slot is None and turn.id == self.newest and now - self.ready_at < AT_ONCE):
            return Segment.BOOKING
        return Segment.HERE if turn.here else Segment.AWAY

    def _say(self, now: float, *, booking: bool = False, only: object = None) -> None:
        """Predict, to be judged when the turn comes."""
        turns, places = self._turns(now)
        judged = range(len(turns) if booking else min(len(turns), FAR + 1))
        for place in judged if only is None else {places[only]}.intersection(judged):
            turn = turns[place]
            segment = self._segment(turn, now)
            window = self.memory.calibration.window(turn, segment, now)
            self.said.setdefault(turn.id, []).append(_Said(segment, place, window))

    def _turn_came(self, id_: object, t: float) -> None:
        for said in self.said.pop(id_, ()):
            if said.told:
                self.memory.calibration.told_at_booking(said.window, t)
            else:
                self.memory.calibration.resolved(said.window, said.segment, said.ahead, t)

    def before(self, t: float) -> None:
        """Time passes up to a moment at which something happens."""
        while self.next_sample < t:
            if self.next_sample >= 0:
                self.cache = None
                self._say(self.next_sample)
            self.next_sample += EVERY
        self.cache = None

    # what happens

    def check_in(self, t: float, id_: object, key: float) -> None:
        """A booked person came."""
        person = self.booked[id_]
        late = person.missed_at
        if late is not None:
            self._turn_came(id_, late)
            self.pool.returned.add(1.0)
            self.pool.return_delay.add(t - late)
        if id_ not in self.came:
            lessons.came(self.pool, t - (person.slot or 0.0))
            lessons.settled(self.pool, person.odds, absent=False)
            self.came.add(id_)
        person.here, person.key = True, key
        self._someone(t)

    def newcomer(self, t: float, id_: object, kind: str, key: float, odds: float, *, emergency: bool) -> None:
        """Somebody without an appointment came."""
        for memory in (self.pool, self.own):
            lessons.newcomer(memory, t, kind, key - t, emergency=emergency)
        self.today.people[id_] = Person(id_, kind, key, odds=odds, here=True)
        self.kinds[id_] = kind
        self._someone(t)
        self.newest = id_
        if not emergency:
            self._say(t, only=id_)

    def _someone(self, t: float) -> None:
        self.ready_at = t
        self.cache = None

    def arrived(self, t: float) -> None:
        """The doctor came."""
        for memory in (self.pool, self.own):
            lessons.doctor_came(memory, t)
        self._free(t)

    def start(self, t: float, id_: object) -> None:
        """A consultation began."""
        if self.free_at is not None:
            gap = t - max(self.free_at, min(self.ready_at, t) if self._waited() else self.free_at)
            if 0 <= gap < 15:
                self.pool.gap.add(gap)
                self.own.gap.add(gap)
        self._turn_came(id_, t)
        person = self.today.people.pop(id_, None)
        if person is not None and person.slot is None and person.odds:
            self._left(person, 0.0)
        self.inside, self.free_at = id_, None
        self.today.doctor, self.today.since = Doctor.INSIDE, t
        self.today.inside = self.kinds.get(id_, "")

    def _waited(self) -> bool:
        return self.free_at is not None and self.ready_at > self.free_at

    def end(self, t: float) -> None:
        """A consultation ended."""
        kind = self.today.inside
        length = log(max(t - self.today.since, 0.05))
        progress = progress_at(self.today.since, self.session.length)
        apart = length - self.laws.mu_of(kind) - self.laws.drift * progress
        self.apart.append((apart, progress))
        self.today.pace_n += 1
        self.today.pace_sum += apart
        for memory in (self.pool, self.own):
            lessons.finished(memory, kind, length - log(max(self.session.average, 0.5)))
            lessons.smeared(memory, apart)
        self._free(t)

    def missed(self, t: float, id_: object, *, final: bool) -> None:
        """Somebody's turn came and they were not there. Windows are promises to those who come: only once they do,
        is it known whether theirs held."""
        person = self.today.people.get(id_)
        if person is None:
            return
        if final or person.slot is None:
            self._left(person, 1.0)
            del self.today.people[id_]
        else:
            person.missed_at, person.here = t, False

    def _left(self, person: Person, seen: float) -> None:
        self.pool.left[0] += seen
        self.pool.left[1] += person.odds

    def away(self, t: float, kind: Doctor) -> None:
        """The doctor left for a while."""
        self.today.doctor, self.today.since = kind, t
        if kind is Doctor.BREAK:
            self.today.break_taken = True

    def back(self, t: float) -> None:
        """The doctor is back."""
        kind, length = self.today.doctor, max(t - self.today.since, 0.1)
        for memory in (self.pool, self.own):
            if kind is Doctor.BREAK:
                memory.breaks.add(log(length / max(self.session.break_length, 1.0)))
            else:
                memory.pauses.setdefault(kind, Tally()).add(log(length))
        self._free(t)

    def _free(self, t: float) -> None:
        self.today.doctor, self.today.since, self.free_at = Doctor.FREE, t, t

    def close(self) -> None:
        """The session is over: what only a whole session teaches."""
        for person in self.booked.values():
            if person.id not in self.came:
                lessons.settled(self.pool, person.odds, absent=True)
                if person.missed_at is not None:
                    self.pool.returned.add(0.0)
        self._learn_pace()
        self.memory.calibration.session_over()
        for memory in (self.pool, self.own):
            memory.sessions += 1
            memory.booked.add(self.session.booked)
        self.own.forget()
        self.pool.forget(30.0 * max(len(self.memory.doctors), 4))

    def _learn_pace(self) -> None:
        n = len(self.apart)
        if not n:
            return
        longer = longer_than_usual(self.session, self.own, self.pool)
        mean = sum(apart for apart, _ in self.apart) / n
        spread = sum((apart - mean) ** 2 for apart, _ in self.apart)
        for memory in (self.pool, self.own):
            if n > 1:
                memory.within.add(spread / (n - 1), n - 1)
            memory.between.add(mean * mean - self.laws.sigma2 / n, n)
        expected = self.laws.longer
        for apart, progress in self.apart:
            lessons.sloped(self.pool, longer, progress, apart + expected + self.laws.drift * progress)


__all__ = ["BEFORE", "Live", "Memory"]
