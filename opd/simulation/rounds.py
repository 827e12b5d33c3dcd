"""What the simulator does next beside people: one look at the hospital in, deeds out. Pure.

It remembers nothing: how long somebody takes, or whether they come when called, is drawn from the visit's own id, so
that every look at the same visit agrees. Consultations are shortened, so that the board moves every few seconds.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from uuid import UUID

from apps.queue.rules.states import QUEUED, State
from apps.scheduling.rules import Availability

HANDS_OFF = timedelta(minutes=15)
"""How long a doctor is left alone after a person acted as them or for them."""

FEWEST, MOST, OPENING = 8, 20, 12
"""People waiting in a consultation department: kept between the first two; at the beginning the third come at once."""

EMPTY = 4
"""With fewer waiting than this the hall has only just opened, or was away."""

OWN_FEWEST, OWN_MOST = 3, 40
"""When people have filled the hall with visits that are theirs to move: some of our own, up to so many in all."""

CYCLE = 55.0
"""Seconds that a doctor needs for one person, from call to call."""

REST, WALK, BREAK = (4, 9), (4, 10), (40, 100)
"""Seconds between which a doctor pauses after a person, somebody who was called comes in, and a break lasts."""

LONGEST_BREAK = timedelta(seconds=BREAK[1])
"""What a doctor says at the beginning of a break; they are back by then."""

AT_FIRST_CALL, AGAIN = 0.86, 10
"""Share of people who come at the first call; seconds until the second."""

EMERGENCIES, ALARMED = 0.01, 0.03
"""Share of those who come as an emergency, and of those whose words make them urgent."""

DAY_OVER = timedelta(hours=3)
"""Who waits longer than this was left behind by an earlier run."""

RESULT_LOST = timedelta(minutes=10)
"""Whoever is not back from a test by then comes back without the result."""

SENT_FOR_TEST = "Sent for a blood test."
DID_NOT_COME = "Did not come when called."


class Deed(StrEnum):
    """What the simulator can do."""

    ARRIVE = "arrive"
    CONFIRM = "confirm"
    WORSEN = "worsen"
    LEAVE = "leave"
    CLOSE = "close"
    CALL_NEXT = "call_next"
    CALL = "call"
    RECALL = "recall"
    START = "start"
    TEST = "test"
    COMPLETE = "complete"
    SET_ASIDE = "set_aside"
    NO_SHOW = "no_show"
    COME_BACK = "come_back"
    PAUSE = "pause"
    BEGIN = "begin"


@dataclass(frozen=True, slots=True)
class Seen:
    """An open visit. `since` is its last transition. `ours`: nobody but the simulator has moved it since it was let
    in; `brought`: the simulator let it in, too."""

    id: UUID
    patient_id: UUID
    department: str
    state: State
    version: int
    doctor_id: UUID | None
    missed_calls: int
    hold_reason: str
    since: datetime
    recalled: bool
    ours: bool
    brought: bool


@dataclass(frozen=True, slots=True)
class Doctor:
    """A doctor as the database knows them. `moved_at` and `changed_at` are the last move of a visit and the last
    change of availability; `human_at` is when a person last did one of both. None: not lately."""

    key: str
    id: UUID
    department: str
    availability: Availability
    version: int
    moved_at: datetime | None
    changed_at: datetime | None
    human_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """The hospital at a moment. Visits are the open ones, in the order of their queues."""

    now: datetime
    doctors: Sequence[Doctor]
    visits: Sequence[Seen]

    def attended(self) -> list[Doctor]:
        """The doctors the simulator may act for."""
        return [d for d in self.doctors if d.human_at is None or self.now - d.human_at >= HANDS_OFF]

    def waiting(self, department: str) -> list[Seen]:
        """Who can be called in a department, in order."""
        return [v for v in self.visits if v.department == department and v.state in QUEUED]


@dataclass(frozen=True, slots=True)
class Decision:
    """One deed: for a visit, a doctor, or a department."""

    deed: Deed
    visit: Seen | None = None
    doctor: Doctor | None = None
    department: str = ""


def decide(look: Look, random: Random) -> Iterator[Decision]:
    """Everything that is due now. `random` only decides whether somebody arrives."""
    for doctor in look.attended():
        yield from _doctor(look, doctor)
    for visit in look.visits:
        if visit.ours:
            yield from _aside(look, visit)
    for department in dict.fromkeys(doctor.department for doctor in look.doctors):
        for _ in range(_arrivals(look, department, random)):
            yield Decision(Deed.ARRIVE, department=department)


def _doctor(look: Look, doctor: Doctor) -> Iterator[Decision]:
    """With a patient, on a break, or free."""
    active = next((v for v in look.visits if v.doctor_id == doctor.id and v.state in _WITH_DOCTOR), None)
    if active:
        if active.ours:
            yield from _with_patient(look, doctor, active)
        return
    steady = _elapsed(look, doctor.changed_at)
    draw = Random(f"{doctor.id}:{doctor.version}")
    if doctor.availability is not Availability.AVAILABLE:
        if steady >= draw.uniform(*BREAK):
            yield Decision(Deed.BEGIN, doctor=doctor)
    elif _elapsed(look, doctor.moved_at) < draw.uniform(*REST):
        return
    elif _tea_time(steady, draw.uniform(6 * 60, 14 * 60)):
        yield Decision(Deed.PAUSE, doctor=doctor)
    else:
        yield from _call(look, doctor)


def _tea_time(steady: float, period: float) -> bool:
    """Whether a doctor who has worked for so many seconds is about to take a break: for half a minute in each
    period, so that a house that was away for hours does not begin with everybody on a break."""
    return period <= steady < math.inf and steady % period < 30


_WITH_DOCTOR = (State.CALLED, State.IN_CONSULTATION)


def _call(look: Look, doctor: Doctor) -> Iterator[Decision]:
    """The next in order, whoever gave the number; but past those whom a person has moved since."""
    queue = [v for v in look.waiting(doctor.department) if v.doctor_id in (None, doctor.id)]
    own = next((v for v in queue if v.ours), None)
    if own:
        deed = Deed.CALL_NEXT if own is queue[0] else Deed.CALL
        yield Decision(deed, visit=own, doctor=doctor)


def _with_patient(look: Look, doctor: Doctor, visit: Seen) -> Iterator[Decision]:
    elapsed = _elapsed(look, visit.since)
    deed = _answer(visit, elapsed) if visit.state is State.CALLED else _consultation(visit, elapsed)
    if deed:
        yield Decision(deed, visit=visit, doctor=doctor)


def _answer(visit: Seen, elapsed: float) -> Deed | None:
    """What comes of a call: most walk in, some at the second call, few not at all."""
    draw = Random(f"{visit.id}:called:{visit.missed_calls}")
    presence, walk = draw.random() if not visit.missed_calls else 0.0, draw.uniform(*WALK)
    if presence < AT_FIRST_CALL:
        return Deed.START if elapsed >= walk else None
    if not visit.recalled:
        return Deed.RECALL if elapsed >= AGAIN else None
    if presence < 0.94:
        return Deed.START if elapsed >= AGAIN + walk else None
    if elapsed < 24:
        return None
    return Deed.SET_ASIDE if presence < 0.98 else Deed.NO_SHOW


def consultation_seconds(draw: Random) -> float:
    """How long somebody stays with a doctor."""
    return min(max(draw.lognormvariate(math.log(32), 0.45), 12), 120)


def _consultation(visit: Seen, elapsed: float) -> Deed | None:
    draw = Random(f"{visit.id}:with:{visit.version}")
    seconds, test = consultation_seconds(draw), draw.random() < 0.06
    if elapsed < seconds:
        return None
    return Deed.TEST if test else Deed.COMPLETE


def _aside(look: Look, visit: Seen) -> Iterator[Decision]:
    """What happens to those who are not with a doctor: back, looked at by the desk, worse, tired of waiting.

    Whom a person let in is neither confirmed, nor worse, nor gone by the simulator's doing.
    """
    elapsed = _elapsed(look, visit.since)
    draw = Random(f"{visit.id}:aside:{visit.state}:{visit.missed_calls}")
    fate, after = draw.random(), draw.uniform(30, 120)
    if visit.hold_reason == SENT_FOR_TEST:
        after = RESULT_LOST.total_seconds()
    if visit.state is State.ON_HOLD and elapsed >= after:
        lost = visit.hold_reason == DID_NOT_COME and fate < 0.4
        yield Decision(Deed.NO_SHOW if lost else Deed.COME_BACK, visit=visit)
    elif not visit.brought:
        return
    elif visit.state is State.SCANNED and elapsed >= after / 6:
        yield Decision(Deed.CONFIRM, visit=visit)
    elif visit.state in QUEUED and elapsed >= DAY_OVER.total_seconds():
        yield Decision(Deed.CLOSE, visit=visit)
    elif visit.state is State.WAITING and elapsed >= after and fate < 0.03:
        yield Decision(Deed.WORSEN if fate < 0.012 else Deed.LEAVE, visit=visit)


def _arrivals(look: Look, department: str, random: Random) -> int:
    """How many come in at this second: a hall that just opened fills, later the fewer wait the more come."""
    waiting = look.waiting(department)
    if len(waiting) < EMPTY:
        return OPENING - len(waiting)
    if len(waiting) >= MOST:
        starved = sum(visit.ours for visit in waiting) < OWN_FEWEST and len(waiting) < OWN_MOST
        return int(starved)
    if len(waiting) < FEWEST:
        return 1
    working = sum(doctor.department == department for doctor in look.attended())
    middle = (FEWEST + MOST) / 2
    rate = max(working, 0.5) / CYCLE * (1 + (middle - len(waiting)) / (MOST - middle))
    return int(random.random() < rate)


def _elapsed(look: Look, moment: datetime | None) -> float:
    """Seconds since a moment; infinite for one long past."""
    return (look.now - moment).total_seconds() if moment else math.inf
