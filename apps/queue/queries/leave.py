"""What a leave would mean now: bookings and those who are here already. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.policy import Actor, Permission, Scope
from apps.queue.models import Visit
from apps.queue.queries.lines import waiting_by_line
from apps.queue.rules.spreading import spread
from apps.queue.rules.states import ACTIVE, OPEN
from apps.scheduling.queries import (
    Decided,
    Plan,
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

    @property
    def reassigned(self) -> list[Decided]:
        """Bookings that go to another doctor the same day."""
        return self.bookings.of(Fate.REASSIGNED)

    @property
    def rescheduled(self) -> list[Decided]:
        """Bookings that keep their doctor on another day."""
        return self.bookings.of(Fate.RESCHEDULED)

    @property
    def escalated(self) -> list[Decided]:
        """Bookings for which the desk has to find a place."""
        return self.bookings.of(Fate.ESCALATED)


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
