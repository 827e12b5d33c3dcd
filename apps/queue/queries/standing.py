"""Where many people stand at once: those who look at their own pages while a queue moves."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, QuerySet

from apps.core.statements import any_of, prepared
from apps.eta.queries import Said, said_of
from apps.queue.models import Visit
from apps.queue.queries.visits import waiting_in
from apps.queue.rules.order import places
from apps.queue.rules.standing import Standing
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, State
from apps.scheduling.queries import booking_versions
from apps.scheduling.rules import DepartmentStatus
from apps.scheduling.rules.appointments import AppointmentState

_RANKS = (ACTIVE, QUEUED | {State.SCANNED}, {State.ON_HOLD})
_KEPT = 2

MOST_SEEN = 20
"""Numbers that are told to be just being seen."""


def most_present(state: str, scanned_at: datetime, code: str) -> tuple[int, float, str]:
    """Of several stations under one number that where somebody is called or seen, else waits, else is kept comes first;
    of those kept or behind them the last: where somebody was sent, not who sent them there. Of two that began at once
    always the same."""
    rank = next((at for at, states in enumerate(_RANKS) if state in states), len(_RANKS))
    since = scanned_at.timestamp()
    return rank, since if rank < _KEPT else -since, code


def being_seen(department_id: UUID) -> list[str]:
    """Labels of the tokens that are called or with a doctor in a department, latest call first."""
    active = Visit.objects.filter(department_id=department_id, state__in=sorted(ACTIVE))
    return [visit.token.label for visit in active.select_related("token").order_by("-called_at")[:MOST_SEEN]]


def standing_of(visit: Visit, ahead: int | None, said: Said | None, seen: list[str]) -> Standing:
    """Where one person stands, for their page."""
    doctor = visit.doctor
    row = _Row(
        visit.id,
        visit.id,
        visit.version,
        visit.state,
        visit.scanned_at,
        visit.department.code,
        visit.department.status,
        doctor.availability if doctor else None,
        doctor.back_at if doctor else None,
        doctor.room_id if doctor else None,
        visit.room_id,
    )
    return _standing(row, ahead, said, seen)


def standing_of_booking(booking_id: UUID, version: int, state: str, said: Said | None) -> Standing:
    """Where somebody stands who is booked and not here yet."""
    told = _told(said if state == AppointmentState.BOOKED else None)
    return Standing(booking_id, version, state, None, True, "", None, None, False, *told)


def own_places(department_id: UUID, subject_ids: Collection[UUID], now: datetime) -> dict[UUID, dict[str, Any]]:
    """What the holders of links to these visits and bookings are told while the queue of a department moves, by the
    id that their link was made for: `{position, etaFrom, etaTo, nowServing[], page}`. Five statements at most,
    however many they are; of no person more than their place."""
    rows = _most_present_of(subject_ids)
    line = list(waiting_in(department_id).values_list("id", "doctor_id"))
    at = dict(zip((visit_id for visit_id, _ in line), places(doctor_id for _, doctor_id in line), strict=True))
    booked = booking_versions([subject for subject in subject_ids if subject not in rows])
    said = said_of([*(row.id for row in rows.values() if row.id in at), *booked])
    seen = being_seen(department_id)
    found = {subject: _standing(row, _ahead(at, row.id), said.get(row.id), seen) for subject, row in rows.items()}
    found |= {id_: standing_of_booking(id_, *about, said.get(id_)) for id_, about in booked.items()}
    told = {subject: _place(standing, said.get(standing.id), seen, now) for subject, standing in found.items()}
    for subject, row in rows.items():
        if row.beside:  # the page shows another queue, too: it is made anew at each change of this one
            told[subject]["page"] += f"-{now.timestamp()}"
    return told


class _Row(NamedTuple):
    """What is read of a visit for its holder's place."""

    link: UUID
    id: UUID
    version: int
    state: str
    scanned_at: datetime
    code: str
    status: str
    at_work: str | None
    back_at: datetime | None
    doctors_room: UUID | None
    room: UUID | None
    beside: bool = False


_READ = (
    *("link", "id", "version", "state", "scanned_at", "department__code", "department__status"),
    *("doctor__availability", "doctor__back_at", "doctor__room_id", "room_id"),
)
"""The columns of a `_Row`, in its order."""


@prepared
def _under(links: Collection[UUID]) -> QuerySet[Visit, tuple[Any, ...]]:
    found = Visit.objects.annotate(link=F("token__visits__id")).filter(link=any_of(links))
    return found.values_list(*_READ)


def _most_present_of(links: Collection[UUID]) -> dict[UUID, _Row]:
    by_link: dict[UUID, list[_Row]] = {}
    for row in (_Row(*row) for row in _under(list(links))):
        by_link.setdefault(row.link, []).append(row)
    return {link: _shown(some) for link, some in by_link.items()}


def _shown(rows: list[_Row]) -> _Row:
    """The station that somebody's page shows, and whether it shows others beside it."""
    first = min(rows, key=_presence)
    return first._replace(beside=sum(row.state in OPEN for row in rows) > 1)


def _presence(row: _Row) -> tuple[int, float, str]:
    return most_present(row.state, row.scanned_at, row.code)


def _ahead(at: Mapping[UUID, int], visit_id: UUID) -> int | None:
    place = at.get(visit_id)
    return None if place is None else place - 1


def _standing(row: _Row, ahead: int | None, said: Said | None, seen: list[str]) -> Standing:
    waits = ahead is not None
    return Standing(
        row.id,
        row.version,
        row.state,
        ahead,
        row.status == DepartmentStatus.ACTIVE,
        row.at_work or "",
        row.back_at,
        row.room or row.doctors_room,
        waits and bool(seen),
        *_told(said if waits else None),
    )


def _told(said: Said | None) -> tuple[tuple[object, ...], datetime | None]:
    if said is None:
        return (), None
    moments = (said.earliest, said.latest, said.likely, said.until)
    return (said.kind, *(moment and moment.timestamp() for moment in moments), said.reason), said.earliest


def _place(standing: Standing, said: Said | None, seen: list[str], now: datetime) -> dict[str, Any]:
    waits = standing.ahead is not None
    return {
        "position": standing.ahead + 1 if standing.ahead is not None else None,
        "etaFrom": said.earliest if said and waits else None,
        "etaTo": said.latest if said and waits else None,
        "nowServing": seen if waits else [],
        "page": standing.page(now),
    }
