"""Slots are made from weekly hours, as far ahead as people may book."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.accounts.rules.regions import public_holidays
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.events import facility_stream
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.scheduling.models import ClosedDay, Leave, Slot, SlotTemplate
from apps.scheduling.rules.slots import DAY_MINUTES, ROLLING_DAYS, Pattern, PlannedSlot, Window, plan_day


class Wanted(NamedTuple):
    """A slot that should be, and whose."""

    doctor_id: UUID
    department_id: UUID
    day: date
    plan: PlannedSlot


@command
def make_slots(*, actor: Actor, now: datetime, facility_id: UUID, days: int = ROLLING_DAYS) -> int:
    """Bring the slots of the coming days in step with hours, breaks and closed days; how many were made.

    Safe to run twice or late. A slot that nobody ever had a place in is taken away when the hours no longer have it;
    one that somebody has a place in stays as it is, for people to decide about.
    """
    actor.require(Permission.SYSTEM_KEEP, Scope(facility_id))
    lock_streams(facility_stream(facility_id))
    facts = facility_facts(facility_id)
    today = facts.day_of(now)
    coming = [today + timedelta(days=ahead) for ahead in range(days)]
    wanted = {
        (w.doctor_id, w.plan.starts_at, w.plan.ends_at): w for w in _wanted(coming, facts) if w.plan.ends_at > now
    }
    gone = _take_away_what_is_not(wanted, coming, now)
    there = set(_future(coming).values_list("doctor_id", "starts_at", "ends_at"))
    rows = [_row(facility_id, w) for key, w in wanted.items() if key not in there]
    before = _future(coming).count()
    Slot.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    made = _future(coming).count() - before
    if made or gone:
        record(
            action="slots.made",
            entity_type="facility",
            entity_id=facility_id,
            after={"made": made, "takenAway": gone, "until": str(coming[-1])},
            facility_id=facility_id,
        )
    return made


def _wanted(days: list[date], facts: FacilityFacts) -> Iterator[Wanted]:
    closed, shut = _closed(days, facts.region), _shut(days)
    for template in SlotTemplate.objects.prefetch_related("breaks").order_by("doctor_id", "starts"):
        pattern = pattern_of(template)
        for day in days:
            parts = [*closed[day, None], *closed[day, template.doctor_id]]
            for plan in plan_day(pattern, day, facts.time_zone, parts):
                if not any(
                    plan.starts_at < ends and starts < plan.ends_at for starts, ends in shut[template.doctor_id]
                ):
                    yield Wanted(template.doctor_id, template.department_id, day, plan)


def _shut(days: list[date]) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """When no slot of a doctor is to be made: during a leave, and in place of a slot that somebody closed."""
    found: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    away = Leave.objects.filter(undone_at__isnull=True)
    gone = Slot.objects.filter(day__in=days, closed_at__isnull=False)
    for rows in (away, gone):
        for doctor_id, starts, ends in rows.values_list("doctor_id", "starts_at", "ends_at"):
            found[doctor_id].append((starts, ends))
    return found


def pattern_of(template: SlotTemplate) -> Pattern:
    """A template's row as the plain value that the rules take."""
    return Pattern(
        weekday=template.weekday,
        hours=Window.of(template.starts, template.ends),
        slot_minutes=template.slot_minutes,
        capacity=template.capacity,
        walk_in_percent=template.walk_in_percent,
        valid_from=template.valid_from,
        valid_to=template.valid_to,
        breaks=tuple(Window.of(pause.starts, pause.ends) for pause in template.breaks.all()),
    )


def _closed(days: list[date], region: str) -> dict[tuple[date, UUID | None], list[Window]]:
    """What is closed on each day, for all (None) and for single doctors: closed days, and the region's public
    holidays but those on which somebody works all the same."""
    found: dict[tuple[date, UUID | None], list[Window]] = defaultdict(list)
    rows = list(ClosedDay.objects.filter(day__in=days))
    works = {(row.day, row.doctor_id) for row in rows if row.works}
    for row in rows:
        part = Window.of(row.starts, row.ends) if row.starts and row.ends else Window(0, DAY_MINUTES)
        if not row.works:
            found[row.day, row.doctor_id].append(part)
    for day in public_holidays(region, days[0], days[-1]):
        if (day, None) in works:
            continue
        for doctor_id in SlotTemplate.objects.values_list("doctor_id", flat=True).distinct().order_by():
            if (day, doctor_id) not in works:
                found[day, doctor_id].append(Window(0, DAY_MINUTES))
    return found


def _take_away_what_is_not(
    wanted: dict[tuple[UUID, datetime, datetime], Wanted], days: list[date], now: datetime
) -> int:
    stale = [
        slot.id
        for slot in _future(days).filter(starts_at__gt=now, taken=0, appointments__isnull=True, version=1)
        if not _fits(slot, wanted.get((slot.doctor_id, slot.starts_at, slot.ends_at)))
    ]
    deleted, _ = Slot.objects.filter(id__in=stale, taken=0, appointments__isnull=True).delete()
    return deleted


def _fits(slot: Slot, wanted: Wanted | None) -> bool:
    if wanted is None:
        return False
    there = (slot.department_id, slot.capacity, slot.walk_in_reserve)
    return there == (wanted.department_id, wanted.plan.capacity, wanted.plan.walk_in_reserve)


def _future(days: list[date]) -> QuerySet[Slot]:
    return Slot.objects.filter(day__in=days, closed_at__isnull=True)


def _row(facility_id: UUID, wanted: Wanted) -> Slot:
    return Slot(
        facility_id=facility_id,
        doctor_id=wanted.doctor_id,
        department_id=wanted.department_id,
        day=wanted.day,
        starts_at=wanted.plan.starts_at,
        ends_at=wanted.plan.ends_at,
        capacity=wanted.plan.capacity,
        walk_in_reserve=wanted.plan.walk_in_reserve,
    )
