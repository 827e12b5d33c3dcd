"""A day of an outpatient department, planned: who comes when and why, who does not, and how each doctor works.

Pure and seeded: the same hospital, number of visits and seed give the same plan. Moments are whole seconds after
the doors open; what happens in between follows from the real queue when the plan is played.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import TypeVar

from apps.queue.rules.order import Source
from apps.scheduling.rules.allocation import BookingSource
from opd.simulation.people import Person, person

T = TypeVar("T")
MINUTE = 60
HOUR = 60 * MINUTE
DOORS_OPEN = 8 * HOUR
"""For how long people come in. Doctors stay until everybody was seen."""

HOUR_WEIGHTS = (20, 21, 17, 12, 6, 9, 10, 5)
"""How the arrivals spread over the hours: a crowd before opening time's end, a lull at noon, a smaller afternoon."""

SOURCES = ((Source.WALK_IN, 62), (Source.ONLINE, 18), (Source.FOLLOW_UP, 14), (Source.PAID_PRIORITY, 5))
EMERGENCIES = 0.01
URGENT_BY_SYMPTOMS = 0.03
WORSE_WHILE_WAITING = 0.01
"""Shares of all visits. The last two together are the urgent ones, besides emergencies."""

SELF_CHECK_INS = 0.13
"""Share of the walk-ins who scan the hall's code instead of queueing at the desk; every other one a printed code."""

BOOKED_WALK_INS = 0.1
"""Share of those who would have walked in who book at the desk the day before."""

LOST_EVERY = 12
"""For so many visits there is one more booking of which nothing comes."""

ASKED_DOCTOR = 0.12
TESTS = 0.06
PRESCRIBED = 0.7
LEAVES = 0.02
ON_A_JOURNEY = 0.35
"""Share of those who come to the desk who go through several stations; no emergencies."""

SAYS_LATE, MOVED_BY_HAND = 0.03, 0.02
"""Shares of those who wait: they go out for a while and say so; the desk puts them at another place."""

SHORTEST, LONGEST = MINUTE, HOUR
"""Seconds of a consultation."""

ALARMING = ("chest pain since morning", "sudden breathlessness", "signs of a stroke", "heavy bleeding")
"""What makes a visit urgent by the demo hospital's triage rules."""

SYMPTOMS = (
    "fever for three days",
    "cough",
    "headache",
    "back pain",
    "knee pain",
    "stomach ache",
    "skin rash",
    "sugar check",
    "blood pressure check",
    "ear ache",
    "",
)

PRESCRIPTIONS = (
    "Tab. Paracetamol 500 mg, one after food, three times a day for 3 days",
    "Tab. Metformin 500 mg, one with breakfast and one with dinner, 30 days",
    "Tab. Amlodipine 5 mg, one in the morning, 30 days",
    "ORS, one packet in a litre of boiled water, sips through the day",
    "Tab. Diclofenac 50 mg after food, twice a day for 5 days; hot packs",
)


class VisitKind(StrEnum):
    """What a visit is about; it decides how long it takes."""

    NEW = "new"
    FOLLOW_UP = "follow_up"
    REPORT = "report"


KIND_FACTORS = {VisitKind.NEW: 1.15, VisitKind.FOLLOW_UP: 0.75, VisitKind.REPORT: 0.5}
"""Consultation time against the doctor's average."""


class Presence(StrEnum):
    """What happens when the number is called."""

    HERE = "here"
    SLOW = "slow"
    """Comes at the second call."""
    AWAY = "away"
    """Misses the calls, is set aside, and comes back."""
    GONE = "gone"
    """Does not come."""
    TOO_LATE = "too_late"
    """Is taken off the queue and comes to the desk after all."""


PRESENCES = ((Presence.HERE, 84), (Presence.SLOW, 8), (Presence.AWAY, 3), (Presence.GONE, 3), (Presence.TOO_LATE, 2))


@dataclass(frozen=True, slots=True)
class Practice:
    """A doctor as the plan sees one. `key` is the account's name; `average` in minutes."""

    key: str
    department: str
    average: float
    sees_children: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """A doctor's pause, taken after the patient of that moment."""

    at: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Session:
    """A doctor's day: when it begins, its breaks, and the pace. `log_mean` and `spread` are of log seconds."""

    key: str
    department: str
    begins: int
    breaks: tuple[Break, ...]
    log_mean: float
    spread: float

    def seconds(self, arrival: "Arrival") -> int:
        """How long this doctor takes for this visit: lognormal by doctor and kind of visit."""
        log_seconds = self.log_mean + math.log(KIND_FACTORS[arrival.kind]) + self.spread * arrival.difficulty
        return round(min(max(math.exp(log_seconds), SHORTEST), LONGEST))


@dataclass(frozen=True, slots=True)
class Arrival:
    """One visit as it is going to be. `difficulty` is a standard normal; waits and walks in seconds."""

    number: int
    at: int
    department: str
    person: Person
    kind: VisitKind
    source: Source
    symptoms: tuple[str, ...]
    doctor: str | None
    self_check_in: bool
    printed_code: bool
    presence: Presence
    walk: int
    back_after: int
    worse_after: int | None
    leaves_after: int | None
    test_seconds: int | None
    prescribed: bool
    difficulty: float
    way: int | None = None
    """Which of the hospital's journeys, counted on without end; None for one department alone."""
    late_after: int | None = None
    moved_after: int | None = None


class Fate(StrEnum):
    """What becomes of somebody who has booked."""

    COMES = "comes"
    GIVES_UP = "gives_up"
    STAYS_AWAY = "stays_away"


@dataclass(frozen=True, slots=True)
class Booking:
    """A place booked before the doors open. `before`: how many seconds; `at`: for when, in seconds after they open.
    Whoever comes is the arrival of that number; the others are nobody else's."""

    number: int
    before: int
    at: int
    doctor: str
    person: Person
    source: BookingSource
    fate: Fate


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole day: the doctors' sessions, the arrivals in order, and who has booked."""

    seed: int
    sessions: tuple[Session, ...]
    arrivals: tuple[Arrival, ...]
    bookings: tuple[Booking, ...] = ()


def plan_day(seed: int, practices: Sequence[Practice], visits: int) -> Plan:
    """Plan a day of so many visits. Each department gets people in proportion to its doctors."""
    random = Random(seed)
    sessions = tuple(_session(random, practice) for practice in practices)
    moments = sorted(_moment(random) for _ in range(visits))
    plain = [_arrival(random, number, at, random.choice(practices)) for number, at in enumerate(moments)]
    arrivals = tuple(_on_their_way(Random(f"{seed}:{arrival.number}:way"), arrival) for arrival in plain)
    return Plan(seed, sessions, arrivals, tuple(_bookings(Random(f"{seed}:ahead"), practices, arrivals)))


def _bookings(random: Random, practices: Sequence[Practice], arrivals: Sequence[Arrival]) -> Iterator[Booking]:
    """Who has booked: everybody who comes by a booking's source, some of those who would have walked in, and a few
    who then do not come, of every source that can be booked ahead."""
    for arrival in arrivals:
        walks_in = arrival.source is Source.WALK_IN
        ahead = not arrival.self_check_in and (random.random() < BOOKED_WALK_INS if walks_in else True)
        if ahead and arrival.source is not Source.EMERGENCY:
            doctor = arrival.doctor or random.choice([p.key for p in practices if p.department == arrival.department])
            source = BookingSource(arrival.source)
            before = random.randint(HOUR, 20 * HOUR)
            yield Booking(arrival.number, before, arrival.at, doctor, arrival.person, source, Fate.COMES)
    for number in range(len(arrivals), len(arrivals) + len(arrivals) // LOST_EVERY):
        practice, fate = random.choice(practices), random.choice((Fate.GIVES_UP, Fate.STAYS_AWAY))
        somebody = person(random, number, child=practice.sees_children)
        source = random.choice([source for source in BookingSource if source is not BookingSource.EMERGENCY])
        yield Booking(number, random.randint(HOUR, 20 * HOUR), _moment(random), practice.key, somebody, source, fate)


def _session(random: Random, practice: Practice) -> Session:
    """Most doctors begin a little late, some much; a tea break in the morning, and lunch."""
    late = int(random.expovariate(1 / (8 * MINUTE))) + (20 * MINUTE if random.random() < 0.15 else 0)
    tea = Break(2 * HOUR + random.randint(0, 30 * MINUTE), random.randint(8, 15) * MINUTE)
    lunch = Break(4 * HOUR + random.randint(0, 30 * MINUTE), random.randint(25, 40) * MINUTE)
    spread = random.uniform(0.35, 0.55)
    pace = practice.average * random.lognormvariate(0, 0.1)
    log_mean = math.log(pace * MINUTE) - spread**2 / 2
    return Session(practice.key, practice.department, min(late, HOUR), (tea, lunch), log_mean, spread)


def _moment(random: Random) -> int:
    (hour,) = random.choices(range(len(HOUR_WEIGHTS)), HOUR_WEIGHTS)
    return hour * HOUR + random.randrange(HOUR)


def _arrival(random: Random, number: int, at: int, practice: Practice) -> Arrival:
    emergency = random.random() < EMERGENCIES
    alarming = not emergency and random.random() < URGENT_BY_SYMPTOMS
    source = Source.EMERGENCY if emergency else weighted(random, SOURCES)
    by_self = not emergency and source is Source.WALK_IN and random.random() < SELF_CHECK_INS
    asked = not emergency and not by_self and random.random() < ASKED_DOCTOR
    symptom = random.choice(ALARMING if alarming else SYMPTOMS)
    return Arrival(
        number=number,
        at=at,
        department=practice.department,
        person=person(random, number, child=practice.sees_children),
        kind=VisitKind.FOLLOW_UP if source is Source.FOLLOW_UP else weighted(random, _KINDS),
        source=source,
        symptoms=(symptom,) if symptom else (),
        doctor=practice.key if asked else None,
        self_check_in=by_self,
        printed_code=random.random() < 0.5,
        presence=Presence.HERE if emergency else weighted(random, PRESENCES),
        walk=random.randint(15, 75),
        back_after=random.randint(4 * MINUTE, 25 * MINUTE),
        worse_after=_maybe(random, WORSE_WHILE_WAITING, 3 * MINUTE, 20 * MINUTE),
        leaves_after=_maybe(random, LEAVES, 15 * MINUTE, 90 * MINUTE),
        test_seconds=_maybe(random, TESTS, 15 * MINUTE, 45 * MINUTE),
        prescribed=random.random() < PRESCRIBED,
        difficulty=random.gauss(0, 1),
    )


def _on_their_way(random: Random, arrival: Arrival) -> Arrival:
    """Somebody who may go through several stations, go out for a while, or be put elsewhere in the line."""
    way = random.randrange(1_000) if random.random() < ON_A_JOURNEY else None
    late = _maybe(random, SAYS_LATE, 2 * MINUTE, 15 * MINUTE)
    moved = _maybe(random, MOVED_BY_HAND, 2 * MINUTE, 15 * MINUTE)
    if arrival.source is Source.EMERGENCY or arrival.self_check_in:
        return arrival
    return replace(arrival, way=way, late_after=late, moved_after=moved if way is None else None)


_KINDS = ((VisitKind.NEW, 60), (VisitKind.FOLLOW_UP, 28), (VisitKind.REPORT, 12))


def weighted(random: Random, choices: Sequence[tuple[T, int]]) -> T:
    """One of several, by weight."""
    (chosen,) = random.choices([value for value, _ in choices], [weight for _, weight in choices])
    return chosen


def _maybe(random: Random, share: float, least: int, most: int) -> int | None:
    """Seconds after which something happens to a share of people; None for the others."""
    happens, seconds = random.random() < share, random.randint(least, most)
    return seconds if happens else None
