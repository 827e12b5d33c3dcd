"""The times of a queue worked out anew, and what is told of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import exp
from typing import Any
from uuid import UUID

from apps.core.commands import step
from apps.eta.commands.remembering import Known, recall
from apps.eta.models import Forecast, Prediction
from apps.eta.rules.calibrating import Segment
from apps.eta.rules.laws import Laws
from apps.eta.rules.predicting import predict
from apps.eta.rules.queues import AtWork, Queue, Waiting
from apps.eta.rules.shapes import Quantiles
from apps.eta.rules.teaching import MINUTE, DayKept
from apps.eta.rules.telling import Kind, Stage, Told, kind_of, stage_of, to_tell, told_anew
from apps.eta.rules.today import Doctor, Person, Today
from apps.eta.rules.turns import Turn
from apps.eta.rules.versions import VERSIONS
from apps.eta.rules.weighing import laws_for

TIER_APART = 100_000.0
"""Minutes by which a stricter tier goes before the next one."""

URGENT = 1
"""Who is of this tier or a stricter one goes before all others: a reason for them."""


@dataclass(frozen=True, slots=True)
class News:
    """Whose time changed in a way that is told, and for which reason; empty for none."""

    people: int = 0
    reason: str = ""


@step
def forget_turns(subject_ids: Iterable[UUID]) -> None:
    """Whose turn came, or who is gone, is told nothing any more."""
    Forecast.objects.filter(subject_id__in=list(subject_ids)).delete()


@step
def foretell(queue: Queue, now: datetime) -> News:
    """Work out anew when everybody's turn comes, and what is told of it; who is told something new, and why."""
    known = recall(queue.facility_id, [doctor.id for doctor in queue.doctors], now, lock=False)
    shown = _best(queue, known, known.choice.shown, now)
    news, reached = _tell(queue, shown, now)
    kept = _predictions(queue, shown, reached, now, known.choice.shown)
    if kept and known.choice.beside:
        beside = _best(queue, known, known.choice.beside, now)
        kept += _predictions(queue, beside, reached, now, known.choice.beside, shown=False)
    Prediction.objects.bulk_create(kept)
    return news


def _best(queue: Queue, known: Known, version: str, now: datetime) -> dict[UUID, "_Found"]:
    """Everybody's turn by one method: of people who take any doctor, with whoever is likely first."""
    best: dict[UUID, _Found] = {}
    serving = [doctor for doctor in queue.doctors if doctor.at_work] or list(queue.doctors)
    for doctor in queue.doctors:
        takes_any = doctor in serving
        mine = [p for p in queue.people if p.doctor_id == doctor.id or (takes_any and p.doctor_id is None)]
        for found in _of_doctor(queue, doctor, mine, len(serving), known, version, now):
            before = best.get(found.person.subject_id)
            if before is None or found.window.p50 < before.window.p50:
                best[found.person.subject_id] = found
    return best


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
    queue: Queue, doctor: AtWork, people: list[Waiting], serving: int, known: Known, version: str, now: datetime
) -> list[_Found]:
    """The turns of those whom a doctor may call. Of people who take any doctor each of those who serve sees a share."""
    mine: dict[object, Waiting] = {p.subject_id: p for p in people}
    if not mine:
        return []
    kept = known.days[doctor.id] if known.days[doctor.id].day == queue.day.isoformat() else DayKept()
    due = datetime.fromisoformat(kept.due) if kept.due else doctor.starts_at
    length = max((doctor.ends_at - due) / MINUTE, 60.0)
    session = replace(kept.session(doctor.average), length=length, booked=max(doctor.booked, kept.booked))
    laws = VERSIONS[version].laws(laws_for(session, known.values[doctor.id], known.pool))
    today = Today(session, Doctor.FREE, _minutes(now, due), pace_n=kept.pace[0], pace_sum=kept.pace[1])
    _doing(today, doctor, kept, laws, due)
    today.people = {p.subject_id: _person(p, serving, due) for p in people}
    t = _minutes(now, due)
    turns = predict(today, laws, t)
    windows = known.calibrations[version].windows(turns, t, queue.changed)
    return [
        _found(queue, doctor, mine[turn.id], turn, window, due) for turn, window in zip(turns, windows, strict=True)
    ]


def _found(queue: Queue, doctor: AtWork, person: Waiting, turn: Turn, window: Quantiles, due: datetime) -> _Found:
    first = Segment.BOOKING if person.subject_id in queue.changed else Segment.AWAY
    moments = _Moments(*(due + timedelta(minutes=minutes) for minutes in window))
    return _Found(person, doctor, turn, Segment.HERE if person.here else first, moments)


def _doing(today: Today, doctor: AtWork, kept: DayKept, laws: Laws, due: datetime) -> None:
    """What the doctor is doing. Whoever was just called is with them once they have come from the hall. When they said
    to be back moves by how long breaks are against what is said."""
    if doctor.since:
        today.doctor, today.since, today.inside = Doctor.INSIDE, _minutes(doctor.since, due), doctor.inside
        if doctor.called_at:
            today.since = max(today.since, _minutes(doctor.called_at, due) + laws.walk.mean)
    elif doctor.paused:
        today.doctor = Doctor.AWAY
        today.since = kept.since_due(datetime.fromisoformat(kept.away)) if kept.away and kept.due else today.since
        if doctor.back_at:
            today.declared = today.since + (_minutes(doctor.back_at, due) - today.since) * exp(laws.break_mu)
    elif not doctor.available:
        today.doctor = Doctor.EXPECTED
        today.declared = float(doctor.delay) if doctor.delay else None


def _person(p: Waiting, serving: int, due: datetime) -> Person:
    key = _minutes(p.key, due) - (3 - p.tier) * TIER_APART
    slot = None if p.slot is None or (p.here and p.doctor_id is None) else _minutes(p.slot, due)
    missed = None if p.missed_at is None else _minutes(p.missed_at, due)
    odds = p.odds if not p.here else 1 - 1 / serving if p.doctor_id is None else 0.0
    return Person(p.subject_id, p.kind, key, slot, odds, p.here, missed)


def _minutes(moment: datetime, since: datetime) -> float:
    return (moment - since) / MINUTE


Reached = dict[UUID, Sequence[Stage]]
"""The stages that people have just reached."""


def _tell(queue: Queue, best: dict[UUID, _Found], now: datetime) -> tuple[News, Reached]:
    """Write what is told at present; who is told something new, and which stages people have just reached."""
    known = {row.subject_id: row for row in Forecast.objects.filter(subject_id__in=list(best))}
    if any(p.here and p.tier <= URGENT and p.subject_id not in known for p in queue.people):
        queue = replace(queue, cause="urgent")
    rows, reached, reasons = [], {}, []
    for subject_id, found in best.items():
        row = known.get(subject_id) or Forecast(
            subject_id=subject_id, facility_id=queue.facility_id, department_id=queue.department_id, day=queue.day
        )
        before = _told(row) if subject_id in known else None
        told = _say(queue, found, before, now)
        if told != before:
            reasons.append(told.reason)
        reached[subject_id] = _stages(row, found)
        if before is None or reached[subject_id] or not _says(row, found, told, now):
            _fill(row, found, told, now)
            rows.append(row)
    changing = [f.name for f in Forecast._meta.fields if f.name not in ("id", "subject_id", "facility")]
    Forecast.objects.bulk_create(rows, update_conflicts=True, update_fields=changing, unique_fields=["subject_id"])
    return News(len(reasons), max(reasons, key=reasons.count, default="")), reached


def _stages(row: Forecast, found: _Found) -> Sequence[Stage]:
    """The stages just reached; somebody who comes to a short queue reaches check-in and the next one at once."""
    stage, before = stage_of(booked=not found.person.here, ahead=found.turn.ahead), row.stages.split()
    if stage in before:
        return ()
    reached = [stage] if stage is Stage.BOOKING or Stage.CHECK_IN in before else sorted({Stage.CHECK_IN, stage})
    row.stages = " ".join([*before, *reached])
    if Stage.CHECK_IN in reached:
        row.promised = found.window.p50
    return reached


def _say(queue: Queue, found: _Found, before: Told | None, now: datetime) -> Told:
    doctor, window = found.doctor, found.window
    started = doctor.at_work
    kind = kind_of(window.p50, now, found.turn.ahead, started=started, on_break=doctor.paused and not doctor.since)
    if not found.person.here and kind is Kind.SOON:
        kind = Kind.WINDOW
    after = to_tell(kind, window.p10, window.p50, window.p90)
    cause = "" if found.person.subject_id in queue.changed else queue.cause
    return told_anew(before, after, window.p50, now, cause)


def _told(row: Forecast) -> Told:
    return Told(Kind(row.kind), row.told_from, row.told_to, row.told_likely, row.reason)


def _says(row: Forecast, found: _Found, told: Told, now: datetime) -> bool:
    """Whether a row says so already, to the minute, and its time is to come: most events change the times of few, and
    a queue of hundreds is not written anew for each of them."""
    values = _told_values(found, told)
    moved = (abs(moment - getattr(row, name)) for name, moment in _quantiles(found.window).items())
    return row.p50 >= now and max(moved) < MINUTE and all(getattr(row, name) == values[name] for name in values)


def _fill(row: Forecast, found: _Found, told: Told, now: datetime) -> None:
    worked_out = {"made_at": now, "ahead": found.turn.ahead, **_quantiles(found.window)}
    for name, value in {**worked_out, **_told_values(found, told)}.items():
        setattr(row, name, value)


def _told_values(found: _Found, told: Told) -> dict[str, Any]:
    return {
        "token_id": found.person.token_id,
        "doctor_id": found.doctor.id,
        "kind": told.kind,
        "told_from": told.earliest,
        "told_to": told.latest,
        "told_likely": told.likely,
        "until": _until(found.doctor, told.kind),
        "reason": told.reason,
    }


def _until(doctor: AtWork, kind: Kind) -> datetime | None:
    """The planned start of a doctor who has not started, or when they come back from a break, if they said so."""
    if kind is Kind.NOT_STARTED:
        return doctor.starts_at
    return doctor.back_at if kind is Kind.BREAK else None


def _predictions(
    queue: Queue, best: dict[UUID, _Found], reached: Reached, now: datetime, version: str, *, shown: bool = True
) -> list[Prediction]:
    """What one method predicts of everybody who has just reached a stage, to be kept before the outcome."""
    return [
        Prediction(
            made_at=now,
            facility_id=queue.facility_id,
            department_id=queue.department_id,
            doctor_id=best[subject_id].doctor.id,
            subject_id=subject_id,
            token_id=best[subject_id].person.token_id,
            stage=stage,
            segment=best[subject_id].segment,
            trigger=queue.trigger[:40],
            ahead=best[subject_id].turn.ahead,
            model_version=version,
            **_quantiles(best[subject_id].window),
            configured=_configured(best[subject_id], now),
            shown=shown,
        )
        for subject_id, stages in reached.items()
        for stage in stages
    ]


def _quantiles(window: _Moments) -> dict[str, datetime]:
    return {"p10": window.p10, "p50": window.p50, "p80": window.p80, "p90": window.p90}


def _configured(found: _Found, now: datetime) -> datetime:
    """What people ahead times the configured average says; of who is not here, their time."""
    if not found.person.here:
        return max(now, found.person.slot or now)
    return now + found.turn.ahead * found.doctor.average * MINUTE
