"""Writes of reporting: counting events, and trying a parked one again."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict, NotFound, sentence
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, Permission, Scope
from apps.reporting.models import MetricTally
from apps.reporting.rules import counts_of

_DEPARTMENT = "dept."


class NotParked(Conflict):
    code = "not_parked"
    detail = sentence("This event is not parked any more.")


@step
def count(event: OutboxEvent) -> None:
    """Add what an event tells to its department's tallies. Within the relay's transaction: once per event."""
    counts = sorted(counts_of(event.type, event.payload), key=lambda c: (c.measure, c.step))
    if not counts or not event.stream.startswith(_DEPARTMENT) or event.facility_id is None:
        return
    department_id = UUID(event.stream.removeprefix(_DEPARTMENT))
    rows = [(event.facility_id, department_id, str(c.measure), c.step, c.amount) for c in counts]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {MetricTally._meta.db_table} AS t"  # noqa: S608
            " (facility_id, department_id, measure, step, total) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (department_id, measure, step) DO UPDATE SET total = t.total + EXCLUDED.total",
            rows,
        )


@command
def try_again(*, actor: Actor, now: datetime, event_id: UUID) -> None:
    """Let the relay take up an event that it had given up. Raises `NotParked`, `NotFound`."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    events = OutboxEvent.objects.filter(id=event_id, facility_id=actor.facility_id)
    event = events.first()
    if event is None:
        raise NotFound
    freed = events.filter(occurred_at=event.occurred_at, parked_at__isnull=False)
    if not freed.update(parked_at=None, attempts=0, failures=0, error="", leased_until=None):
        raise NotParked
    record(
        action="event.tried_again",
        entity_type="event",
        entity_id=event_id,
        before={"error": event.error, "failures": event.failures},
    )
