"""Somebody is told when a queue goes wrong, once, and when it is over (document 000 §7.2, requirements REP-1)."""

from datetime import datetime
from uuid import UUID

from apps.core.commands import command, step
from apps.core.errors import sentence
from apps.core.events import department_stream
from apps.core.models import OutboxEvent
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import wording
from apps.queue import events
from apps.queue.commands.telling import tell_people
from apps.queue.models import Alert, Visit
from apps.queue.queries.watch import Trouble, open_alerts, troubles
from apps.queue.rules.alerts import LEVELS, AlertRule, is_due
from apps.queue.rules.states import QUEUED

SORRY = wording(
    "sorry",
    Kind.DELAY,
    sentence("{hospital}: {token}, you wait longer than we had said. We are sorry; the desk has been told."),
)


@command
def watch(*, actor: Actor, now: datetime, department_id: UUID) -> int:
    """Look at a department: note what is wrong, tell of what has lasted, and that it is over; how many were told.

    It may run twice, late, or with a clock set back: what is noted counts from the first look.
    """
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id, department_id))
    lock_streams(department_stream(department_id))
    known = {(AlertRule(alert.rule), alert.subject_id): alert for alert in open_alerts(department_id)}
    present = troubles(department_id, now)
    for trouble in present - known.keys():
        known[trouble] = _note(trouble, department_id, actor, now)
    told = [_raise(known[t], now) for t in present if known[t].raised_at is None and is_due(t[0], known[t].since, now)]
    told += [_clear(known[t], now) for t in known.keys() - present]
    return sum(told)


@step
def say_sorry(event: OutboxEvent) -> None:
    """Whoever waits much longer than they were told hears that the hospital knows; once, while they still wait."""
    if event.payload.get("rule") != AlertRule.LONG_WAIT:
        return
    waiting = Visit.objects.filter(id=event.payload["subjectId"], state__in=sorted(QUEUED))
    tell_people(list(waiting), SORRY, str(AlertRule.LONG_WAIT))


@step
def _note(trouble: Trouble, department_id: UUID, actor: Actor, now: datetime) -> Alert:
    rule, subject_id = trouble
    assert actor.facility_id is not None, "a sweep goes facility by facility"
    alert = Alert(
        facility_id=actor.facility_id, rule=rule, subject_id=subject_id, department_id=department_id, since=now
    )
    alert.save(force_insert=True)
    return alert


@step
def _raise(alert: Alert, now: datetime) -> bool:
    alert.raised_at = now
    alert.save(update_fields=["raised_at"])
    _tell(events.ALERT_RAISED, alert)
    return True


@step
def _clear(alert: Alert, now: datetime) -> bool:
    """Over: whoever was told of it is told so; of whom nobody was told, nobody hears."""
    alert.cleared_at = now
    alert.save(update_fields=["cleared_at"])
    if alert.raised_at is not None:
        _tell(events.ALERT_CLEARED, alert)
    return alert.raised_at is not None


@step
def _tell(type_: str, alert: Alert) -> None:
    about = {"rule": alert.rule, "level": str(LEVELS[AlertRule(alert.rule)]), "since": alert.since.isoformat()}
    emit(events.alert(type_, alert.department_id, alert.id, subjectId=str(alert.subject_id), **about))
