"""One visit and its place: the snapshot every client gets, positions, and what may be done."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.errors import NotFound
from apps.core.statements import kept_cursor, prepared
from apps.eta.queries import NO_TIMES, Said, said_of, times_json
from apps.queue.models import Visit
from apps.queue.rules.order import Tier, places
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, State, Verb, verbs_from
from apps.scheduling.rules import token_label, token_number

ACTIONS: dict[Verb, str] = {
    Verb.CONFIRM: "confirm",
    Verb.TRIAGE_UP: "urgent",
    Verb.TRIAGE_DOWN: "not-urgent",
    Verb.CALL: "call",
    Verb.START: "start",
    Verb.COMPLETE: "complete",
    Verb.HOLD: "hold",
    Verb.RESUME: "resume",
    Verb.PUT_BACK: "put-back",
    Verb.NO_SHOW: "no-show",
    Verb.CANCEL: "cancel",
    Verb.TRANSFER: "transfer",
}
"""What a client may ask for, by the verb of the state machine that it takes."""


def _one_of(states: Iterable[State]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in sorted(states)) + ")"


IN_LINE = _one_of(QUEUED)
"""Who can be called, as SQL that the partial indexes on `queue_visit` are made for."""


def visits_with_names() -> QuerySet[Visit]:
    """Visits with all that is shown beside them, in one statement; of people what stands sealed stays so."""
    shown = Visit.objects.select_related("token", "patient", "doctor", "room", "department")
    return shown.defer("patient__phone", "patient__address")


def visit_of(visit_id: UUID) -> Visit:
    """A visit of this facility. Raises `NotFound`."""
    visit = _visit_of.one(visit_id=visit_id)
    if visit is None:
        raise NotFound
    return visit


@prepared
def _visit_of(visit_id: UUID) -> QuerySet[Visit]:
    return visits_with_names().filter(id=visit_id)


def open_under(token_id: UUID) -> QuerySet[Visit]:
    """The open visits under a number, at all stations, in the order in which they began."""
    return Visit.objects.filter(token_id=token_id, state__in=sorted(OPEN)).order_by("scanned_at", "department__code")


def visits_under(token_id: UUID) -> QuerySet[Visit]:
    """All visits under a number, whatever became of them, in the order in which they began."""
    return Visit.objects.filter(token_id=token_id).order_by("scanned_at", "id")


def open_visit_of(patient_id: UUID, department_id: UUID) -> Visit | None:
    """A person's visit in a department that is not over."""
    there = Visit.objects.select_related("token", "doctor").filter(patient_id=patient_id, department_id=department_id)
    return there.filter(state__in=sorted(OPEN)).first()


@prepared
def active_visit_of(doctor_id: UUID) -> QuerySet[Visit]:
    """Whom a doctor has called or is seeing."""
    return Visit.objects.filter(doctor_id=doctor_id, state__in=sorted(ACTIVE))


def elsewhere(outer: str = "token_id") -> Exists:
    """Whether the number of a visit is just being seen at another station; to annotate queued visits with."""
    return Exists(Visit.objects.filter(token_id=OuterRef(outer), state__in=sorted(ACTIVE)))


def visits_of_patient(patient_id: UUID) -> QuerySet[Visit]:
    """Every visit of a person in this facility, newest first; who may read which is asked by `encounters`."""
    return visits_with_names().filter(patient_id=patient_id).order_by("-day", "-scanned_at", "id")


def finished_by(doctor_id: UUID, since: datetime, day: date) -> QuerySet[Visit]:
    """Whom a doctor has finished with since a moment, the last first. None of them came before `day`, by which the
    index goes."""
    seen = Visit.objects.select_related("token").filter(doctor_id=doctor_id, state=State.COMPLETED, day__gte=day)
    return seen.filter(ended_at__gt=since).order_by("-ended_at", "id")


def allowed_actions(visit: Visit) -> list[str]:
    """What may be done to a visit in its state, also without a transition: a repeated call, a confirmed triage."""
    actions = [ACTIONS[verb] for verb in verbs_from(State(visit.state)) if verb in ACTIONS]
    if visit.state == State.CALLED:
        return ["recall", *actions]
    return [ACTIONS[Verb.TRIAGE_UP], *actions] if visit.state == State.URGENT else actions


def waiting_in(department_id: UUID) -> QuerySet[Visit]:
    """People who can be called, in the order of D4. One index serves it."""
    return Visit.objects.filter(department_id=department_id, state__in=sorted(QUEUED)).order_by(
        "tier", "arrival_key", "number"
    )


def count_waiting(department_id: UUID) -> int:
    """How many people can be called in a department. Asked at every arrival, so in plain SQL: half the time."""
    with kept_cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM queue_visit WHERE department_id = %s AND {IN_LINE}",  # noqa: S608
            [department_id],
        )
        return int(cursor.fetchone()[0])


def visits_in_the_way(patient_id: UUID, department_id: UUID, day: date) -> list[tuple[UUID, str]]:
    """A person's open visits in a department, and this day's that ended in NO_SHOW, as (id, state); latest first."""
    with kept_cursor() as cursor:
        cursor.execute(
            "SELECT id, state FROM queue_visit WHERE patient_id = %s AND department_id = %s"  # noqa: S608
            f" AND ({_one_of(OPEN)} OR (state = '{State.NO_SHOW}' AND day = %s)) ORDER BY number DESC",
            [patient_id, department_id, day],
        )
        return cursor.fetchall()


ELSEWHERE = (
    "EXISTS (SELECT FROM queue_visit o WHERE o.token_id = v.token_id AND o.state IN ("
    + ", ".join(f"'{state}'" for state in sorted(ACTIVE))
    + "))"
)
"""Whether who stands in `queue_visit v` is just being seen at another station of their journey, as SQL."""


def set_aside(now: datetime) -> QuerySet[Visit]:
    """People set aside who may have to be moved without anybody's doing: they missed a call, or said when they are
    back. Who has just come is left alone for as long as the setting says."""
    came_before = now - timedelta(minutes=settings.SWEEPS_SPARE_MINUTES)
    on_hold = Visit.objects.filter(state=State.ON_HOLD, scanned_at__lte=came_before)
    return on_hold.filter(Q(missed_at__isnull=False) | Q(back_at__isnull=False)).order_by("number")


def on_hold_in(department_ids: Iterable[UUID]) -> QuerySet[Visit]:
    """Whoever is set aside in some departments, by number. Where one is closed they stand before its door: it cannot be
    closed while anybody is there, so they came by a way that was planned before."""
    return Visit.objects.filter(state=State.ON_HOLD, department_id__in=list(department_ids)).order_by("number")


def left_over(today: date) -> QuerySet[Visit]:
    """Open visits of days before; not those who are with a doctor, who finishes them."""
    return Visit.objects.filter(day__lt=today, state__in=sorted(OPEN - {State.IN_CONSULTATION})).order_by("number")


@prepared
def _first(department_id: UUID, doctor_id: UUID | None) -> QuerySet[Visit]:
    theirs = Q(doctor_id=doctor_id) | Q(doctor_id__isnull=True)
    return waiting_in(department_id).select_related("token").filter(theirs, ~elsewhere())[:1]


def first_in_line(doctor_id: UUID | None, department_ids: list[UUID]) -> Visit | None:
    """Whom this doctor calls next in these departments: the first of D4 among the doctor's people and those
    without a doctor, None for a counter. Who is just inside another station of their journey is passed over and keeps
    the place. The departments are of the facility in scope; each is asked for by itself, because PostgreSQL finds the
    first of one by an index and would sort those of several.
    """
    firsts = [_first.one(department_id=each, doctor_id=doctor_id) for each in department_ids]
    return min(filter(None, firsts), key=attrgetter("tier", "arrival_key", "number"), default=None)


def ahead_of(visit: Visit) -> int:
    """How many waiting people may be called before this one: those ahead in order who share a doctor with it.

    The same as `rules.order.places` says of a whole queue.
    """
    with kept_cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM queue_visit WHERE department_id = %s AND {IN_LINE}"  # noqa: S608
            " AND (tier, arrival_key, number) < (%s, %s, %s)"
            " AND (%s::uuid IS NULL OR doctor_id IS NULL OR doctor_id = %s)",
            [visit.department_id, visit.tier, visit.arrival_key, visit.number, visit.doctor_id, visit.doctor_id],
        )
        return int(cursor.fetchone()[0])


def position(visit: Visit) -> int | None:
    """The place in the queue, 1 for whoever is next; None for anybody who is not waiting."""
    return ahead_of(visit) + 1 if visit.state in QUEUED else None


def priority(at: int) -> str:
    """The tier of a visit as the contract writes it, NORMAL or URGENT; an emergency is URGENT too."""
    return "URGENT" if at <= Tier.URGENT else "NORMAL"


def snapshot(visit: Visit | None) -> dict[str, Any]:
    """The visit as every client of the API gets it; `{visit: null}` when nobody was there to call."""
    if visit is None:
        return {"visit": None}
    return {
        "visitId": str(visit.id),
        "tokenId": str(visit.token_id),
        "tokenNumber": visit.token.token_number,
        "tokenLabel": visit.token.label,
        "departmentId": str(visit.department_id),
        "doctorId": str(visit.doctor_id) if visit.doctor_id else None,
        "counterId": str(visit.counter_id) if visit.counter_id else None,
        "journeyId": str(visit.journey_id) if visit.journey_id else None,
        "roomId": str(visit.room_id) if visit.room_id else None,
        "state": visit.state,
        "priority": priority(visit.tier),
        "position": position(visit),
        "version": visit.version,
        "timestamps": {
            "scannedAt": _iso(visit.scanned_at),
            "queuedAt": _iso(visit.queued_at),
            "calledAt": _iso(visit.called_at),
            "consultationStartedAt": _iso(visit.consultation_started_at),
            "completedAt": _iso(visit.completed_at),
            "noShowAt": _iso(visit.no_show_at),
        },
        **(times_json(visit.id) if visit.state in QUEUED else NO_TIMES),
        "allowed": allowed_actions(visit),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def department_queue(department_id: UUID) -> dict[str, Any]:
    """`{nowServing[], waiting[]}` of one department for staff; people by name, in order. The department's queue
    limit bounds it."""
    active = [_Listed(*row) for row in _being_seen(department_id)]
    waiting = [_Listed(*row) for row in _in_line(department_id)]
    at = places(visit.doctor_id for visit in waiting)
    said = said_of(visit.id for visit in waiting)
    return {
        "nowServing": [_row(visit, None) for visit in active],
        "waiting": [_row(visit, place, said.get(visit.id)) for visit, place in zip(waiting, at, strict=True)],
    }


class _Listed(NamedTuple):
    """What the list of a queue says of somebody."""

    id: UUID
    state: str
    tier: int
    doctor_id: UUID | None
    version: int
    code: str
    letter: str
    number: int
    patient_id: UUID
    name: str
    uhid: str


_LISTED = (
    *("id", "state", "tier", "doctor_id", "version"),
    *("token__code", "token__letter", "token__number"),
    *("patient_id", "patient__name", "patient__uhid"),
)
"""The columns of a `_Listed`, in its order."""


@prepared
def _being_seen(department_id: UUID) -> QuerySet[Visit, tuple[Any, ...]]:
    active = Visit.objects.filter(department_id=department_id, state__in=sorted(ACTIVE))
    return active.order_by("called_at").values_list(*_LISTED)


@prepared
def _in_line(department_id: UUID) -> QuerySet[Visit, tuple[Any, ...]]:
    return waiting_in(department_id).values_list(*_LISTED)


def _row(visit: _Listed, place: int | None, said: Said | None = None) -> dict[str, Any]:
    return {
        "visitId": str(visit.id),
        "tokenNumber": token_number(visit.code, visit.number),
        "tokenLabel": token_label(visit.letter, visit.number),
        "position": place,
        "state": visit.state,
        "priority": priority(visit.tier),
        "patient": {"id": str(visit.patient_id), "name": visit.name, "uhid": visit.uhid},
        "doctorId": str(visit.doctor_id) if visit.doctor_id else None,
        "etaFrom": said.earliest.isoformat() if said else None,
        "etaTo": said.latest.isoformat() if said else None,
        "version": visit.version,
    }
