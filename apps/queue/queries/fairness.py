"""The ledger of fairness: who went before whom, by whose doing, why, and how many minutes it cost (QUE-13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.accounts.queries import FacilityFacts, staff_names
from apps.core.errors import sentence
from apps.core.policy import ActorType
from apps.queue.models import Overtaking, Visit
from apps.queue.rules.fairness import BY_PEOPLE, Cause
from apps.scheduling.queries import appointments
from apps.scheduling.rules.allocation import SOURCE_NAMES, BookingSource

CAUSES: dict[Cause, str] = {
    Cause.EMERGENCY: sentence("Emergency"),
    Cause.URGENT: sentence("Urgent"),
    Cause.OUT_OF_TURN: sentence("Called out of turn"),
    Cause.MOVED: sentence("Moved by hand"),
    Cause.DISPLACED: sentence("Took a booked place"),
    Cause.PINNED: sentence("Pinned after being overtaken often"),
    Cause.HEAD_START: sentence("Head start"),
    Cause.BOOKING: sentence("Had a booking"),
    Cause.LATE: sentence("Others came later than booked"),
}

ROWS = 50
MOST_NAMED = 12
"""Numbers of those who were overtaken that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of the ledger is asked for: a day, one department, and whether also what the rules did."""

    day: date
    department_id: UUID | None = None
    also_rules: bool = False


def overtakings(asked: Asked, department_ids: Iterable[UUID], facility: FacilityFacts) -> QuerySet[Overtaking]:
    """The ledger of a day, the latest first; calls that were taken back are left out."""
    wanted = [asked.department_id] if asked.department_id else list(department_ids)
    span = (facility.end_of(asked.day - timedelta(days=1)), facility.end_of(asked.day))
    rows = Overtaking.objects.filter(department_id__in=wanted, at__range=span, undone=False)
    if not asked.also_rules:
        rows = rows.filter(cause__in=[str(cause) for cause in BY_PEOPLE])
    return rows.order_by("-at", "id")


def ledger_rows(rows: Iterable[Overtaking], facility: FacilityFacts, now: datetime) -> list[dict[str, Any]]:
    """Rows as the page shows them: `{at, id, booked, token, cause, who, reason, cost, overtaken[], more, people}`.

    The cost is what the doctor gave to whoever went first: everybody who was overtaken waited so much longer. Of a
    booking that took a place, it is by how much the other one was put off.
    """
    listed = list(rows)
    ids = {row.visit_id for row in listed} | {id_ for row in listed for id_ in row.overtaken[:MOST_NAMED]}
    known: dict[UUID, Any] = {visit.id: visit for visit in Visit.objects.select_related("token").filter(id__in=ids)}
    if any(row.cause == Cause.DISPLACED for row in listed):
        known |= {row.id: row for row in appointments().filter(id__in=ids, token__isnull=False)}
    names = staff_names({row.actor_id for row in listed if row.actor_id})
    return [_row(row, known, names, facility, now) for row in listed if row.visit_id in known]


def _row(
    row: Overtaking, known: dict[UUID, Any], names: dict[UUID, str], facility: FacilityFacts, now: datetime
) -> dict[str, Any]:
    first, displaced = known[row.visit_id], row.cause == Cause.DISPLACED
    named = [known[id_].token.label for id_ in row.overtaken[:MOST_NAMED] if id_ in known]
    return {
        "at": facility.clock(row.at),
        "id": row.visit_id,
        "booked": displaced,
        "token": first.token.label,
        "cause": CAUSES[Cause(row.cause)],
        "who": _who(row, names),
        "reason": row.reason or (gettext(SOURCE_NAMES[BookingSource(first.source)]) if displaced else ""),
        "cost": lasting(cost(first, row.at, now) if row.minutes is None else row.minutes),
        "overtaken": named,
        "people": len(row.overtaken),
        "more": max(0, len(row.overtaken) - len(named)),
    }


def _who(row: Overtaking, names: dict[UUID, str]) -> str:
    """Whose doing it was, in words."""
    if row.actor_type == ActorType.PATIENT:
        return gettext("a patient, by themselves")
    return (names.get(row.actor_id, "") if row.actor_id else "") or gettext("the rules")


def lasting(minutes: int) -> str:
    """A cost as people say it: minutes, from two hours on hours, from two days on days."""
    for unit, name in ((24 * 60, sentence("%(number)d d")), (60, sentence("%(number)d h"))):
        if minutes >= 2 * unit:
            return gettext(name) % {"number": minutes // unit}
    return gettext("%(number)d min") % {"number": minutes}


def cost(first: Visit, called_at: datetime, now: datetime) -> int:
    """Whole minutes that a doctor gave to somebody since a call; still going on, until now."""
    until = first.ended_at if first.ended_at and first.ended_at >= called_at else now
    return max(0, round((until - called_at) / timedelta(minutes=1)))
