"""That times changed, kept until screens are told: at most once for each event, never while a queue is worked out."""

from datetime import datetime
from uuid import UUID

from apps.core.commands import step
from apps.eta.commands.foretelling import News
from apps.eta.models import ChangedTimes
from apps.eta.rules.queues import Queue


@step
def note_news(queue: Queue, news: News, now: datetime) -> None:
    """Keep that somebody is told something new in a department, and why; the latest reason stands."""
    if news.people:
        row = ChangedTimes(
            facility_id=queue.facility_id,
            department_id=queue.department_id,
            people=news.people,
            reason=news.reason,
            at=now,
        )
        ChangedTimes.objects.bulk_create(
            [row], update_conflicts=True, update_fields=["people", "reason", "at"], unique_fields=["department_id"]
        )


@step
def take_news(department_id: UUID) -> News | None:
    """What screens are still to be told of a department; whoever takes it tells it. None when there is nothing, or
    while it is just being written."""
    row = ChangedTimes.objects.select_for_update(skip_locked=True).filter(department_id=department_id).first()
    if row is None:
        return None
    row.delete()
    return News(row.people, row.reason)
