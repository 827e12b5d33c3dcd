"""What is learnt from an event: of its doctor and of all, and whether windows hold."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.policy import Actor, Permission, Scope
from apps.eta.commands.remembering import recall
from apps.eta.models import Experience, Outcome, Prediction
from apps.eta.rules.calibrating import Calibration, Segment, Window
from apps.eta.rules.queues import Lesson
from apps.eta.rules.teaching import MINUTE, teach


@step
def learn(lesson: Lesson, day: date, now: datetime) -> None:
    """Remember what an event taught, of its doctor and of all."""
    known = recall(lesson.facility_id, [lesson.doctor_id] if lesson.doctor_id else [], now, lock=True)
    own = known.values[lesson.doctor_id] if lesson.doctor_id else None
    doctors = Experience.objects.filter(facility_id=lesson.facility_id, doctor_id__isnull=False).count()
    teach(own, known.pool, known.days[lesson.doctor_id], lesson, day, doctors)
    known.save(now)


@command
def learn_days(*, actor: Actor, now: datetime, lessons: Iterable[tuple[date, Lesson]]) -> int:
    """Remember what days taught of which this house has no events, each lesson with its day, in their order: what
    another system knew of the doctors, or what a demo's doctors are like. The number of lessons."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    facility_id, taught = actor.facility_id, list(lessons)
    assert facility_id is not None
    doctors = {lesson.doctor_id for _, lesson in taught if lesson.doctor_id}
    known = recall(facility_id, doctors, now, lock=True)
    for day, lesson in taught:
        own = known.values[lesson.doctor_id] if lesson.doctor_id else None
        teach(own, known.pool, known.days[lesson.doctor_id], lesson, day, len(doctors))
    known.save(now)
    record(
        action="expected_times.taught", entity_type="facility", entity_id=facility_id, after={"lessons": len(taught)}
    )
    return len(taught)


@step
def turn_came(facility_id: UUID, department_id: UUID, doctor_id: UUID | None, token_id: UUID, at: datetime) -> bool:
    """Somebody's turn came: keep it beside what was predicted, and let the windows of every version learn from it.
    False when it had come before."""
    made = Outcome(
        token_id=token_id, facility_id=facility_id, department_id=department_id, doctor_id=doctor_id, turn_at=at
    )
    if Outcome.objects.filter(token_id=token_id).exists():
        return False
    Outcome.objects.bulk_create([made], ignore_conflicts=True)
    told = Prediction.objects.filter(token_id=token_id, made_at__gte=at - timedelta(days=90))
    rows = list(told)
    if not rows:
        return True
    known = recall(facility_id, [], at, lock=True)
    total = known.rows[None].state.get("told", [0, 0.0])
    for row in rows:
        if row.shown:
            total = [total[0] + 1, total[1] + abs(_minutes(at, row.p50))]
        if row.model_version in known.calibrations:
            _resolve(known.calibrations[row.model_version], row, at)
    known.rows[None].state["told"] = total
    for calibration in known.calibrations.values():
        calibration.session_over()
    known.save(at)
    return True


def _resolve(calibration: Calibration, row: Prediction, at: datetime) -> None:
    window = Window(*(_minutes(moment, row.made_at) for moment in (row.p10, row.p50, row.p80, row.p90)))
    calibration.resolved(window, Segment(row.segment), row.ahead, _minutes(at, row.made_at))
    if row.segment == Segment.BOOKING:
        calibration.told_at_booking(window, _minutes(at, row.made_at))


def _minutes(moment: datetime, since: datetime) -> float:
    return (moment - since) / MINUTE
