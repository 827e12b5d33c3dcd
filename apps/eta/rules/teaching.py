"""What one event of a hospital's queue teaches of its doctor and of all: the sums that `session` adds up for a recorded
day, of a day that is known only event by event. What a day still needs is kept beside them in `DayKept`."""

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from math import log
from typing import Any

from apps.eta.rules import learned as lessons
from apps.eta.rules.laws import Session, progress_at
from apps.eta.rules.learned import HALF_LIFE, Learned, Tally
from apps.eta.rules.queues import Lesson
from apps.eta.rules.today import Doctor
from apps.eta.rules.weighing import laws_for, longer_than_usual

MINUTE = timedelta(minutes=1)
LATEST_START = 180.0
"""Minutes after somebody was due beyond which a first call says nothing of a doctor's habits."""

LONGEST_GAP = 15.0
"""Minutes between two people beyond which the doctor did something else."""

FEWEST_DOCTORS = 4
"""What all doctors together are like is forgotten as slowly as that of so many."""


@dataclass(slots=True)
class DayKept:
    """What is kept of one doctor's present day. Moments as ISO texts, empty for none."""

    day: str = ""
    due: str = ""
    """When the doctor was to begin: the planned start, or when the first person was there or booked, if later."""
    length: float = 480.0
    booked: int = 0
    pace: list[float] = field(default_factory=lambda: [0, 0.0, 0.0])
    """Consultations, and sums of how far each was from the expected in logarithms, and of its square."""
    free: str = ""
    """Since when the doctor is free for the next person."""
    away: str = ""
    said_back: str = ""
    """Since when they are away, and when they said to be back."""

    def as_json(self) -> dict[str, Any]:
        """As saved."""
        return asdict(self)

    def since_due(self, at: datetime) -> float:
        """Minutes since the doctor was to begin."""
        return (at - datetime.fromisoformat(self.due)) / MINUTE if self.due else 0.0

    def session(self, average: float) -> Session:
        """The day as predictions know it."""
        return Session(average, self.length, self.booked)


def teach(own: Learned | None, pool: Learned, kept: DayKept, lesson: Lesson, day: date, doctors: int) -> None:
    """Remember what an event taught. Without a doctor (`own`) only all together learn. `doctors` are how many there
    are, by which those together forget."""
    memories = [own, pool] if own else [pool]
    if own:
        _new_day(own, pool, kept, day, doctors)
        _day_begins(own, pool, kept, lesson)
    if lesson.offset is not None:
        for memory in memories:
            lessons.came(memory, lesson.offset)
    if lesson.odds is not None:
        for memory in memories:
            lessons.settled(memory, lesson.odds, absent=not lesson.came)
    if lesson.returned is not None:
        pool.returned.add(float(lesson.returned))
        if lesson.returned:
            pool.return_delay.add(lesson.away_for)
    if own:
        _newcomer(memories, kept, lesson)
        _begun(memories, kept, lesson)
        if lesson.consulted is not None:
            _consulted(own, pool, kept, lesson, lesson.consulted)
        _away(memories, kept, lesson)


def _new_day(own: Learned, pool: Learned, kept: DayKept, day: date, doctors: int) -> None:
    """The first lesson of a day closes the day before: its pace is remembered, and what is old counts less."""
    if kept.day == day.isoformat():
        return
    n, total, squares = kept.pace
    if n or kept.due:
        for memory in (own, pool):
            if n > 1:
                mean = total / n
                within = max(squares - n * mean * mean, 0.0) / (n - 1)
                memory.within.add(within, n - 1)
                memory.between.add(mean * mean - within / n, n)
            memory.booked.add(kept.booked)
            memory.sessions += 1
        own.forget()
        pool.forget(HALF_LIFE * max(doctors, FEWEST_DOCTORS))
    for name, value in DayKept(day=day.isoformat()).as_json().items():
        setattr(kept, name, value)


def _day_begins(own: Learned, pool: Learned, kept: DayKept, lesson: Lesson) -> None:
    """The first call of a doctor's day: when they were to begin, and how late they did."""
    if lesson.plan is None or kept.due:
        return
    kept.due, kept.length, kept.booked = lesson.plan.due.isoformat(), lesson.plan.length, lesson.plan.booked
    late = kept.since_due(lesson.at)
    if late <= LATEST_START:
        for memory in (own, pool):
            lessons.doctor_came(memory, late)


def _newcomer(memories: list[Learned], kept: DayKept, lesson: Lesson) -> None:
    """Somebody without an appointment was called: when they had come, and how far behind that they stood."""
    if not lesson.newcomer or lesson.ready is None:
        return
    for memory in memories:
        lessons.newcomer(
            memory, kept.since_due(lesson.ready), lesson.kind, lesson.behind, emergency=lesson.newcomer == "emergency"
        )


def _begun(memories: list[Learned], kept: DayKept, lesson: Lesson) -> None:
    """Somebody was called: how long after the doctor was free for them; or came in, how long after the call."""
    turn = lesson.called or lesson.begun
    if turn is None:
        return
    if kept.free:
        free = datetime.fromisoformat(kept.free)
        gap = (turn - max(free, lesson.ready or free)) / MINUTE
        if 0 <= gap < LONGEST_GAP:
            for memory in memories:
                memory.gap.add(gap)
    kept.free = ""
    if lesson.walked is not None and lesson.walked < LONGEST_GAP:
        for memory in memories:
            memory.walk.add(lesson.walked)


def _consulted(own: Learned, pool: Learned, kept: DayKept, lesson: Lesson, minutes: float) -> None:
    """A consultation ended: its length, how far that is from what was expected, and what it says of the day."""
    session = kept.session(lesson.average)
    laws = laws_for(session, own, pool)
    length = log(max(minutes, 0.05))
    progress = progress_at(kept.since_due(lesson.at) - minutes, session.length)
    apart = length - laws.mu_of(lesson.kind) - laws.drift * progress
    n, total, squares = kept.pace
    kept.pace = [n + 1, total + apart, squares + apart * apart]
    longer = longer_than_usual(session, own, pool)
    lessons.sloped(pool, longer, progress, apart + laws.longer + laws.drift * progress)
    for memory in (own, pool):
        lessons.smeared(memory, apart)
        lessons.finished(memory, lesson.kind, length - log(max(lesson.average, 0.5)))
    kept.free = lesson.at.isoformat()


def _away(memories: list[Learned], kept: DayKept, lesson: Lesson) -> None:
    """A doctor left for a while, or is back: how long it took, against what they said if they said anything."""
    if lesson.left and not kept.away:
        kept.away, kept.free = lesson.at.isoformat(), ""
        kept.said_back = lesson.said_back.isoformat() if lesson.said_back else ""
    if not lesson.back or not kept.away:
        return
    since = datetime.fromisoformat(kept.away)
    length = max((lesson.at - since) / MINUTE, 0.1)
    if length <= LATEST_START:
        for memory in memories:
            memory.pauses.setdefault(Doctor.AWAY, Tally()).add(log(length))
            if kept.said_back:
                said = max((datetime.fromisoformat(kept.said_back) - since) / MINUTE, 1.0)
                memory.breaks.add(log(length / said))
    kept.away = kept.said_back = ""
    kept.free = lesson.at.isoformat()
