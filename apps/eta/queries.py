"""What is expected, for other apps. They ask here and nowhere else, whatever it is worked out from."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import IntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django_scopes import scopes_disabled

from apps.core.statements import any_of, prepared
from apps.eta.models import ChangedTimes, Experience, Forecast, Outcome, Prediction
from apps.eta.rules import P80, P90, Booked, Expected, turn_after, waits_of
from apps.eta.rules.judging import Judged
from apps.eta.rules.laws import Session
from apps.eta.rules.learned import Learned
from apps.eta.rules.shapes import Length, mixed
from apps.eta.rules.telling import REASONS, Kind, Stage
from apps.eta.rules.versions import Choice
from apps.eta.rules.weighing import laws_for

LONGEST_AHEAD = timedelta(days=60)
"""How long before a turn a prediction may have been made that is judged by it."""

USUAL_CONSULTATION = 15.0
"""Minutes, where no doctor is named."""


def expected_turn(*, ahead: int, average_minutes: float = USUAL_CONSULTATION) -> Expected:
    """How long until the turn of somebody who waits with so many people ahead."""
    return turn_after(ahead, average_minutes)


def expected_at(*, at: datetime, booked: Sequence[Booked], average_minutes: float) -> Expected:
    """How long somebody with an appointment at a time waits beyond it, among what else is booked that day."""
    before = sorted((one for one in booked if one.at <= at), key=_by_time)
    wait = waits_of([*before, Booked(at)], average_minutes)[-1]
    return turn_after(wait / average_minutes, average_minutes)


def expected_added(*, new: Booked, booked: Sequence[Booked], average_minutes: float) -> float:
    """How many minutes everybody who comes later waits longer, all together, when one more is booked."""
    there = sorted(booked, key=_by_time)
    first_later = sum(1 for one in there if one.at <= new.at)
    with_one_more = [*there[:first_later], new, *there[first_later:]]
    now = sum(waits_of(there, average_minutes)[first_later:])
    return sum(waits_of(with_one_more, average_minutes)[first_later + 1 :]) - now


def expected_end(*, booked: Sequence[Booked], average_minutes: float) -> datetime | None:
    """When the last of these appointments is over, late in no more than two of ten cases; None without any."""
    there = sorted(booked, key=_by_time)
    if not there:
        return None
    last, wait = there[-1], waits_of(there, average_minutes)[-1]
    spread = turn_after(len(there), average_minutes)
    late = (spread.high - spread.likely) * P80 / P90
    takes = average_minutes if last.minutes is None else last.minutes
    return last.at + timedelta(minutes=wait + takes + late)


def _by_time(one: Booked) -> datetime:
    return one.at


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody is told of their time."""

    kind: Kind
    earliest: datetime
    latest: datetime
    likely: datetime
    until: datetime | None
    reason: str

    @property
    def as_json(self) -> dict[str, str]:
        """`{etaFrom, etaTo, etaLikely}`."""
        moments = {"etaFrom": self.earliest, "etaTo": self.latest, "etaLikely": self.likely}
        return {name: moment.isoformat() for name, moment in moments.items()}


def said_of(subject_ids: Iterable[UUID]) -> dict[UUID, Said]:
    """What is told at present of each of these visits and bookings; nothing of whom nothing is known. One statement."""
    return {
        subject_id: Said(Kind(kind), earliest, latest, likely, until, REASONS.get(reason, ""))
        for subject_id, kind, earliest, latest, likely, until, reason in _told(list(subject_ids))
    }


@prepared
def _told(subject_ids: list[UUID]) -> QuerySet[Forecast, tuple[Any, ...]]:
    told = Forecast.objects.filter(subject_id=any_of(subject_ids))
    return told.values_list("subject_id", "kind", "told_from", "told_to", "told_likely", "until", "reason")


NO_TIMES = {"etaFrom": None, "etaTo": None, "etaLikely": None}
"""What the API says where no time can be told."""


def times_json(subject_id: UUID) -> dict[str, str | None]:
    """`{etaFrom, etaTo, etaLikely}` of a visit or a booking."""
    said = said_of([subject_id]).get(subject_id)
    return dict(said.as_json) if said else dict(NO_TIMES)


def overdue_departments(day: date, now: datetime) -> list[UUID]:
    """Departments in which somebody's likely time has passed and who is not called yet."""
    late = Forecast.objects.filter(day=day, p50__lt=now, made_at__lt=now - timedelta(seconds=45))
    return sorted(set(late.values_list("department_id", flat=True)))


def absence_odds(facility_id: UUID) -> Callable[[float, float], float]:
    """From odds as the pooled rates give them, and the minutes since the appointment: the odds that somebody who is not
    here does not come, as it was seen in this house. One statement."""
    row = Experience.objects.filter(facility_id=facility_id, doctor_id=None).first()
    pool = Learned.from_json(row.state.get("learned", {})) if row else Learned()
    laws = laws_for(Session(USUAL_CONSULTATION), Learned(), pool)

    def odds(given: float, late: float) -> float:
        never = laws.absent_odds(given)
        return never / (never + (1 - never) * laws.later_than(late))

    return odds


def learnt_minutes(doctor_id: UUID, configured: float) -> float:
    """Minutes from one person to the next of this doctor, as they were lately; as configured before anything is known.
    One statement."""
    found = Experience.objects.filter(Q(doctor_id=doctor_id) | Q(doctor_id=None))
    memories = {row.doctor_id: Learned.from_json(row.state.get("learned", {})) for row in found}
    if not memories:
        return configured
    laws = laws_for(Session(configured), memories.get(doctor_id, Learned()), memories.get(None, Learned()))
    total = sum(tally.n for tally in (memories.get(doctor_id) or Learned()).pace.values())
    if not total:
        return configured
    paces = memories[doctor_id].pace.items()
    mix = [(tally.n / total, Length(*laws.consultation(laws.mu_of(kind)))) for kind, tally in paces]
    return mixed(mix).mean + laws.gap.mean


def departments_with_news() -> list[tuple[UUID, UUID]]:
    """Facility and department of all queues in which people are told another time, and screens do not know it yet."""
    with scopes_disabled():
        return list(ChangedTimes.objects.order_by("at").values_list("facility_id", "department_id"))


def promised_wait(subject_id: UUID, since: datetime) -> RawSQL:
    """Seconds from a moment to the likely time that somebody was first given once they were here, as an expression to
    be written with a row: who calls asks nothing before. NULL where none was given."""
    table = Forecast._meta.db_table
    return RawSQL(  # noqa: S611
        f"(SELECT greatest(0, extract(epoch FROM promised - %s))::int FROM {table} WHERE subject_id = %s)",  # noqa: S608
        [since, subject_id],
        output_field=IntegerField(),
    )


def judged(facility_id: UUID, since: datetime) -> list[Judged]:
    """Every prediction whose turn came since a moment, with what came of it. Two statements, bounded by the days.

    Who was not there when called and came back is told another time, which no first call can prove right or wrong."""
    turns = {row.token_id: row.turn_at for row in Outcome.objects.filter(facility_id=facility_id, turn_at__gte=since)}
    made = Prediction.objects.filter(token_id__in=list(turns), made_at__gte=since - LONGEST_AHEAD, shown=True)
    return [_judged(p, turns[p.token_id]) for p in made.only(*_JUDGED) if p.made_at <= turns[p.token_id]]


_JUDGED = ("token_id", "doctor_id", "segment", "stage", "model_version", "p10", "p50", "p90", "configured", "made_at")


def _judged(p: Prediction, turn: datetime) -> Judged:
    apart, usual = ((turn - moment) / timedelta(minutes=1) for moment in (p.p50, p.configured))
    return Judged(str(p.doctor_id or ""), p.segment, apart, usual, p.p10 <= turn <= p.p90)


def compared(facility_id: UUID, since: datetime) -> dict[str, list[Judged]]:
    """Of each method what it predicted for the very turns, at the very stages, for which more than one did; nothing
    while none predicts beside the shown one. Two statements."""
    turns = dict(Outcome.objects.filter(facility_id=facility_id, turn_at__gte=since).values_list("token_id", "turn_at"))
    made = Prediction.objects.filter(token_id__in=list(turns), made_at__gte=since - LONGEST_AHEAD).only(*_JUDGED)
    together: dict[tuple[UUID, str, datetime], list[Prediction]] = defaultdict(list)
    for p in made:
        if p.made_at <= turns[p.token_id]:
            together[p.token_id, p.stage, p.made_at].append(p)
    found: dict[str, list[Judged]] = defaultdict(list)
    for rows in together.values():
        for p in rows if len(rows) > 1 else ():
            found[p.model_version].append(_judged(p, turns[p.token_id]))
    return dict(sorted(found.items()))


def chosen_versions(facility_id: UUID) -> Choice:
    """Which method is shown in a facility, and which one predicts beside it."""
    row = Experience.objects.filter(facility_id=facility_id, doctor_id=None).first()
    return Choice(**(row.state.get("choice", {}) if row else {}))


def last_turn(facility_id: UUID) -> datetime | None:
    """When the latest turn of a facility came, of which it is known. One statement, one row."""
    newest = Outcome.objects.filter(facility_id=facility_id).order_by("-turn_at")
    return newest.values_list("turn_at", flat=True).first()


def newest_turns(facility_id: UUID, since: datetime, most: int) -> list[tuple[datetime, datetime, datetime, datetime]]:
    """The latest turns as they were told at check-in: earliest, likely and latest moment, and when the turn came."""
    turns = dict(
        Outcome.objects.filter(facility_id=facility_id, turn_at__gte=since)
        .order_by("-turn_at")
        .values_list("token_id", "turn_at")[:most]
    )
    made = Prediction.objects.filter(
        token_id__in=list(turns), made_at__gte=since - LONGEST_AHEAD, shown=True, stage=Stage.CHECK_IN
    )
    told = {p.token_id: p for p in made.order_by("-made_at") if p.made_at <= turns[p.token_id]}
    return [(p.p10, p.p50, p.p90, turn) for token, turn in turns.items() if (p := told.get(token))]


def errors_so_far() -> dict[UUID, tuple[int, float]]:
    """By facility: predictions whose turn has come since the house stands, and the sum of their errors in minutes."""
    with scopes_disabled():
        rows = Experience.objects.filter(doctor_id=None).values_list("facility_id", "state__told")
        return {facility_id: (told[0], told[1]) for facility_id, told in rows if told}


def predicted_waits(token_ids: Iterable[UUID], now: datetime) -> dict[UUID, timedelta]:
    """How long people of some numbers were likely to wait when they came, by visit: as it was first said."""
    rows = Prediction.objects.filter(
        token_id__in=list(token_ids), made_at__gte=now - LONGEST_AHEAD, stage=Stage.CHECK_IN, shown=True
    ).order_by("-made_at")
    return {subject: p50 - made for subject, p50, made in rows.values_list("subject_id", "p50", "made_at")}
