"""Writes of predictions: what is learnt from an event, and the times of a queue worked out anew. Steps of the relay's
transaction, so that no command of the hospital ever waits for them, and each event counts once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import log
from typing import Any
from uuid import UUID

from apps.core.commands import step
from apps.eta.models import Experience, Forecast, Outcome, Prediction
from apps.eta.rules import learned as lessons
from apps.eta.rules.calibrating import Calibration, Segment, Window
from apps.eta.rules.laws import Session
from apps.eta.rules.learned import Learned
from apps.eta.rules.predicting import Turn, predict
from apps.eta.rules.queues import AtWork, Lesson, Queue, Waiting
from apps.eta.rules.telling import Kind, Stage, Told, kind_of, stage_of, to_tell, told_anew
from apps.eta.rules.today import Doctor, Person, Today
from apps.eta.rules.weighing import laws_for

MODEL = "1"
"""The version of the method, kept with every prediction."""

MINUTE = timedelta(minutes=1)
TIER_APART = 100_000.0
"""Minutes by which a stricter tier goes before the next one."""

URGENT = 1
"""Who is of this tier or a stricter one goes before all others: a reason for them."""

LATEST_START = 180.0
"""Minutes after the planned start beyond which a first call says nothing of a doctor's habits."""


@dataclass(slots=True)
class _Known:
    """Experience as rows and as values, locked for this transaction."""

    rows: dict[UUID | None, Experience]
    values: dict[UUID | None, Learned]
    calibration: Calibration

    def save(self, now: datetime) -> None:
        for key, row in self.rows.items():
            row.state = row.state | {"learned": self.values[key].as_json()}
            row.updated_at = now
        self.rows[None].state["calibration"] = self.calibration.as_json()
        Experience.objects.bulk_update(self.rows.values(), ["state", "updated_at"])


def _recall(facility_id: UUID, doctors: Iterable[UUID], now: datetime, *, lock: bool) -> _Known:
    """What is remembered of all, and of these doctors."""
    wanted: list[UUID | None] = [None, *sorted(set(doctors))]
    if lock:
        new = [Experience(facility_id=facility_id, doctor_id=key, updated_at=now) for key in wanted]
        Experience.objects.bulk_create(new, ignore_conflicts=True)
    found = Experience.objects.filter(facility_id=facility_id).order_by("doctor_id")
    rows = {row.doctor_id: row for row in (found.select_for_update() if lock else found) if row.doctor_id in wanted}
    states = {key: rows[key].state if key in rows else {} for key in wanted}
    values = {key: Learned.from_json(state.get("learned", {})) for key, state in states.items()}
    return _Known(rows, values, Calibration.from_json(states[None].get("calibration", {})))


@step
def learn(lesson: Lesson, day: date, now: datetime) -> None:
    """Remember what an event taught, of its doctor and of all."""
    known = _recall(lesson.facility_id, [lesson.doctor_id] if lesson.doctor_id else [], now, lock=True)
    for key, memory in known.values.items():
        _new_day(known.rows[key], memory, day)
        if lesson.consulted is not None:
            length = log(max(lesson.consulted, 0.05) / max(lesson.average, 0.5))
            if key is not None:
                _pace(known, key, lesson, length)
            lessons.finished(memory, lesson.kind, length)
        if lesson.late is not None and lesson.late <= LATEST_START:
            lessons.doctor_came(memory, lesson.late)
        if lesson.offset is not None:
            lessons.came(memory, lesson.offset)
        if lesson.odds is not None:
            lessons.settled(memory, lesson.odds, absent=not lesson.came)
    known.save(now)


def _pace(known: _Known, doctor: UUID, lesson: Lesson, length: float) -> None:
    """How far a consultation was from what was expected of its doctor: today's pace, and how much one varies."""
    laws = laws_for(Session(lesson.average), known.values[doctor], known.values[None])
    apart = length + log(max(lesson.average, 0.5)) - laws.mu_of(lesson.kind)
    state = known.rows[doctor].state
    n, total, squares = state.get("today", [0, 0.0, 0.0])
    state["today"] = [n + 1, total + apart, squares + apart * apart]
    for memory in (known.values[doctor], known.values[None]):
        lessons.smeared(memory, apart)


def _new_day(row: Experience, memory: Learned, day: date) -> None:
    """The first lesson of a day closes the day before: its pace is remembered, and what is old counts less."""
    if row.state.get("day") == day.isoformat():
        return
    n, total, squares = row.state.get("today", [0, 0.0, 0.0])
    if n > 1:
        mean = total / n
        within = max(squares - n * mean * mean, 0.0) / (n - 1)
        memory.within.add(within, n - 1)
        memory.between.add(mean * mean - within / n, n)
    memory.sessions += 1
    memory.forget()
    row.state |= {"day": day.isoformat(), "today": [0, 0.0, 0.0]}


@step
def turn_came(facility_id: UUID, department_id: UUID, doctor_id: UUID | None, token_id: UUID, at: datetime) -> None:
    """Somebody's turn came for the first time: keep it beside what was predicted, and let windows learn from it."""
    made = Outcome(
        token_id=token_id, facility_id=facility_id, department_id=department_id, doctor_id=doctor_id, turn_at=at
    )
    if Outcome.objects.filter(token_id=token_id).exists():
        return
    Outcome.objects.bulk_create([made], ignore_conflicts=True)
    told = Prediction.objects.filter(token_id=token_id, model_version=MODEL, made_at__gte=at - timedelta(days=90))
    rows = list(told)
    if not rows:
        return
    known = _recall(facility_id, [], at, lock=True)
    total = known.rows[None].state.get("told", [0, 0.0])
    for row in rows:
        total = [total[0] + 1, total[1] + abs(_minutes(at, row.p50))]
        window = Window(*(_minutes(moment, row.made_at) for moment in (row.p10, row.p50, row.p80, row.p90)))
        known.calibration.resolved(window, Segment(row.segment), row.ahead, _minutes(at, row.made_at))
        if row.segment == Segment.BOOKING:
            known.calibration.told_at_booking(window, _minutes(at, row.made_at))
    known.rows[None].state["told"] = total
    known.calibration.session_over()
    known.save(at)


@step
def forget_turns(subject_ids: Iterable[UUID]) -> None:
    """Whose turn came, or who is gone, is told nothing any more."""
    Forecast.objects.filter(subject_id__in=list(subject_ids)).delete()


@step
def foretell(queue: Queue, now: datetime) -> int:
    """Work out anew when everybody's turn comes, and what is told of it; how many are told something new."""
    known = _recall(queue.facility_id, [doctor.id for doctor in queue.doctors], now, lock=False)
    best: dict[UUID, _Found] = {}
    serving = [doctor for doctor in queue.doctors if doctor.at_work] or list(queue.doctors)
    for doctor in queue.doctors:
        takes_any = doctor in serving
        mine = [p for p in queue.people if p.doctor_id == doctor.id or (takes_any and p.doctor_id is None)]
        for found in _of_doctor(queue, doctor, mine, len(serving), known, now):
            before = best.get(found.person.subject_id)
            if before is None or found.window.p50 < before.window.p50:
                best[found.person.subject_id] = found
    return _keep(queue, best, now)


@dataclass(frozen=True, slots=True)
class _Moments:
    """A window as moments."""

    p10: datetime
    p50: datetime
    p80: datetime
    p90: datetime


@dataclass(frozen=True, slots=True)
class _Found:
    """What was worked out for one person."""

    person: Waiting
    doctor: AtWork
    turn: Turn
    segment: Segment
    window: _Moments


def _of_doctor(
    queue: Queue, doctor: AtWork, people: list[Waiting], serving: int, known: _Known, now: datetime
) -> list[_Found]:
    """The turns of those whom a doctor may call. Of people who take any doctor each of those who serve sees a share."""
    mine = {p.subject_id: p for p in people}
    if not mine:
        return []
    today = _today(doctor, people, serving, known, queue.day, now)
    t = _minutes(now, doctor.starts_at)
    laws = laws_for(today.session, known.values[doctor.id], known.values[None])
    found = []
    for turn in predict(today, laws, t):
        person = mine[turn.id]  # type: ignore[index]
        segment = Segment.HERE if person.here else Segment.AWAY
        if not person.here and person.subject_id == queue.changed:
            segment = Segment.BOOKING
        window = known.calibration.window(turn, segment, t)
        moments = _Moments(*(doctor.starts_at + minutes * MINUTE for minutes in window))
        found.append(_Found(person, doctor, turn, segment, moments))
    return found


def _today(doctor: AtWork, people: Iterable[Waiting], serving: int, known: _Known, day: date, now: datetime) -> Today:
    t = _minutes(now, doctor.starts_at)
    length = max(_minutes(doctor.ends_at, doctor.starts_at), 60.0)
    today = Today(Session(doctor.average, length, doctor.booked), Doctor.FREE, t)
    if doctor.since:
        today.doctor, today.since, today.inside = Doctor.INSIDE, _minutes(doctor.since, doctor.starts_at), doctor.inside
    elif doctor.paused:
        today.doctor = Doctor.AWAY
        today.declared = _minutes(doctor.back_at, doctor.starts_at) if doctor.back_at else None
    elif not doctor.available:
        today.doctor = Doctor.EXPECTED
        today.declared = float(doctor.delay) if doctor.delay else None
    row = known.rows.get(doctor.id)
    if row and row.state.get("day") == day.isoformat():
        today.pace_n, today.pace_sum, _ = row.state.get("today", [0, 0.0, 0.0])
    for p in people:
        key = _minutes(p.key, doctor.starts_at) - (3 - p.tier) * TIER_APART
        slot = None if p.slot is None else _minutes(p.slot, doctor.starts_at)
        missed = None if p.missed_at is None else _minutes(p.missed_at, doctor.starts_at)
        odds = p.odds if not p.here else 1 - 1 / serving if p.doctor_id is None else 0.0
        person = Person(p.subject_id, p.kind, key, slot, odds, p.here, missed)
        today.people[p.subject_id] = replace(person, slot=None) if p.here and p.doctor_id is None else person
    return today


def _minutes(moment: datetime, since: datetime) -> float:
    return (moment - since) / MINUTE


def _keep(queue: Queue, best: dict[UUID, _Found], now: datetime) -> int:
    """Write what is told at present, and the predictions of every stage that somebody has just reached."""
    known = {row.subject_id: row for row in Forecast.objects.filter(subject_id__in=list(best))}
    if any(p.here and p.tier <= URGENT and p.subject_id not in known for p in queue.people):
        queue = replace(queue, cause="urgent")
    rows, kept, news = [], [], 0
    for subject_id, found in best.items():
        row = known.get(subject_id) or Forecast(
            subject_id=subject_id, facility_id=queue.facility_id, department_id=queue.department_id, day=queue.day
        )
        before = _told(row) if subject_id in known else None
        told = _say(queue, found, before, now)
        news += told != before
        stage = stage_of(booked=not found.person.here, ahead=found.turn.ahead)
        reached = row.stages.split()
        if stage not in reached:
            kept += _predictions(queue, found, stage, reached, now)
            row.stages = " ".join([*reached, stage])
        _fill(row, found, told, now)
        rows.append(row)
    changing = [f.name for f in Forecast._meta.fields if f.name not in ("id", "subject_id", "facility")]
    Forecast.objects.bulk_create(rows, update_conflicts=True, update_fields=changing, unique_fields=["subject_id"])
    Prediction.objects.bulk_create(kept)
    return news


def _say(queue: Queue, found: _Found, before: Told | None, now: datetime) -> Told:
    doctor, window = found.doctor, found.window
    started = doctor.at_work
    kind = kind_of(window.p50, now, found.turn.ahead, started=started, on_break=doctor.paused and not doctor.since)
    if not found.person.here and kind is Kind.SOON:
        kind = Kind.WINDOW
    after = to_tell(kind, window.p10, window.p50, window.p90)
    cause = "" if queue.changed == found.person.subject_id else queue.cause
    return told_anew(before, after, window.p50, now, cause)


def _told(row: Forecast) -> Told:
    return Told(Kind(row.kind), row.told_from, row.told_to, row.told_likely, row.reason)


def _fill(row: Forecast, found: _Found, told: Told, now: datetime) -> None:
    window, person = found.window, found.person
    values: dict[str, Any] = {
        "token_id": person.token_id,
        "doctor_id": found.doctor.id,
        "made_at": now,
        "ahead": found.turn.ahead,
        "p10": window.p10,
        "p50": window.p50,
        "p80": window.p80,
        "p90": window.p90,
        "kind": told.kind,
        "told_from": told.earliest,
        "told_to": told.latest,
        "told_likely": told.likely,
        "until": _until(found.doctor, told.kind),
        "reason": told.reason,
    }
    for name, value in values.items():
        setattr(row, name, value)


def _until(doctor: AtWork, kind: Kind) -> datetime | None:
    """The planned start of a doctor who has not started, or when they come back from a break, if they said so."""
    if kind is Kind.NOT_STARTED:
        return doctor.starts_at
    return doctor.back_at if kind is Kind.BREAK else None


def _predictions(queue: Queue, found: _Found, stage: Stage, reached: list[str], now: datetime) -> list[Prediction]:
    """The prediction of a stage; somebody who comes to a short queue reaches check-in and the stage at once."""
    stages = [stage] if stage is Stage.BOOKING or Stage.CHECK_IN in reached else {Stage.CHECK_IN, stage}
    window, wait = found.window, found.turn.ahead * found.doctor.average * MINUTE
    begins = max(now, found.person.slot or now) if not found.person.here else now
    return [
        Prediction(
            made_at=now,
            facility_id=queue.facility_id,
            department_id=queue.department_id,
            doctor_id=found.doctor.id,
            subject_id=found.person.subject_id,
            token_id=found.person.token_id,
            stage=each,
            segment=found.segment,
            trigger=queue.trigger[:40],
            ahead=found.turn.ahead,
            model_version=MODEL,
            p10=window.p10,
            p50=window.p50,
            p80=window.p80,
            p90=window.p90,
            configured=begins if not found.person.here else now + wait,
        )
        for each in sorted(stages)
    ]
