"""What a leave would mean now: bookings and those who are here already. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.policy import Actor, Permission, Scope
from apps.queue.models import Visit
from apps.queue.queries.lines import waiting_by_line
from apps.queue.rules.spreading import spread
from apps.queue.rules.states import ACTIVE, OPEN
from apps.scheduling.queries import (
    Decided,
    Plan,
    decided_json,
    departments_of_doctor,
    doctors_of_department,
    leaves,
    plan_closing,
    slots_between,
)
from apps.scheduling.rules import Availability
from apps.scheduling.rules.leave import Fate


@dataclass(frozen=True, slots=True)
class Handed:
    """Somebody who is here and goes on to another doctor; None for whoever is free."""

    visit: Visit
    doctor_id: UUID | None


@dataclass(frozen=True, slots=True)
class LeavePlan:
    """What becomes of everybody: bookings, those who are here, and those who are here and have nobody to go to."""

    bookings: Plan
    handed: list[Handed]
    left: list[Visit]

    @property
    def affected(self) -> int:
        """How many people it concerns."""
        return len(self.bookings.decided) + len(self.handed) + len(self.left)


def require_schedule(actor: Actor, doctor_id: UUID) -> list[UUID]:
    """The departments of a doctor, for somebody who may decide about the doctor's times in all of them.

    Raises `NotFound`, `Forbidden`.
    """
    places = departments_of_doctor(doctor_id)
    for place in places:
        actor.require(Permission.SCHEDULE_CHANGE, Scope(actor.facility_id, place))
    return places


def plan_leave(
    doctor_id: UUID, starts_at: datetime, ends_at: datetime, now: datetime, *, lock: bool = False
) -> LeavePlan:
    """What becomes of everybody if a doctor is away for a time. With `lock`, for the command that does it."""
    plan = plan_closing(doctor_id, slots_between(doctor_id, starts_at, ends_at, now), now, lock=lock)
    here = _here(doctor_id, [row.token_id for row in plan.arrived], away_now=starts_at <= now < ends_at)
    handed: list[Handed] = []
    left: list[Visit] = []
    absent = {doctor_id, *leaves().filter(starts_at__lte=now, ends_at__gt=now).values_list("doctor_id", flat=True)}
    for department_id in sorted({visit.department_id for visit in here}):
        own = [visit for visit in here if visit.department_id == department_id]
        others = [d for d in doctors_of_department(department_id) if d.id not in absent]
        if not others:
            left += own
            continue
        lines = waiting_by_line([department_id])
        load = {d.id: lines.get((department_id, d.id), 0) for d in others if d.availability == Availability.AVAILABLE}
        handed += [Handed(visit, doctor) for visit, doctor in spread(own, load).items()]
    return LeavePlan(plan, handed, left)


def _here(doctor_id: UUID, tokens: Iterable[UUID | None], *, away_now: bool) -> list[Visit]:
    """Those who wait for the doctor, in the order of the queue: all of them if the doctor is away now, else those
    whose booked time falls into the leave. Whoever is with the doctor stays until that visit ends."""
    visits = Visit.objects.filter(doctor_id=doctor_id, state__in=sorted(OPEN - ACTIVE)).select_related("token")
    if not away_now:
        visits = visits.filter(token_id__in=[token for token in tokens if token])
    return list(visits.order_by("tier", "arrival_key", "number"))


def left_waiting(now: datetime) -> list[Visit]:
    """Those who are here and wait for a doctor who is away: the desk decides."""
    away = leaves().filter(starts_at__lte=now, ends_at__gt=now).values("doctor_id")
    shown = Visit.objects.filter(doctor_id__in=away, state__in=sorted(OPEN - ACTIVE))
    shown = shown.select_related("token", "doctor", "patient").defer("patient__phone", "patient__address")
    return list(shown.order_by("tier", "arrival_key", "number"))


def leave_plan_json(plan: LeavePlan) -> dict[str, Any]:
    """The contract's `{affected, reassigned, rescheduled, escalated}`; visits of those who are here stand beside."""

    def rows(decided: list[Decided]) -> list[dict[str, Any]]:
        return [decided_json(one) for one in decided]

    return {
        "affected": plan.affected,
        "reassigned": rows(plan.bookings.of(Fate.REASSIGNED)),
        "rescheduled": rows(plan.bookings.of(Fate.RESCHEDULED)),
        "escalated": rows(plan.bookings.of(Fate.ESCALATED)),
        "visits": [_handed_json(one.visit, one.doctor_id) for one in plan.handed],
        "visitsLeft": [visit_left_json(visit) for visit in plan.left],
    }


def _handed_json(visit: Visit, doctor_id: UUID | None) -> dict[str, Any]:
    return {
        "visitId": str(visit.id),
        "tokenNumber": visit.token.token_number,
        "doctorId": str(doctor_id) if doctor_id else None,
    }


def visit_left_json(visit: Visit) -> dict[str, Any]:
    """Somebody who is here and waits for a doctor who is away."""
    return _handed_json(visit, visit.doctor_id)
