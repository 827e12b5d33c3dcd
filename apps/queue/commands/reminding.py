"""Whoever has booked is reminded the day before, and two hours before (requirements NTF-4)."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, prefetch_related_objects

from apps.accounts.queries import facility_facts, tracking_codes
from apps.core.commands import command
from apps.core.errors import sentence
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.queries import unsaid
from apps.notifications.rules import Kind
from apps.notifications.rules.quiet import held_until
from apps.notifications.rules.wordings import Wording, wording
from apps.queue.commands.telling import tell_people
from apps.scheduling.queries import booked_between

TOMORROW = wording(
    "tomorrow",
    Kind.REMINDER,
    sentence("{hospital}: do not forget {token} with {doctor} on {when}. If you cannot come, please say so: {link}"),
)
SOON = wording(
    "soon_there",
    Kind.REMINDER,
    sentence("{hospital}: {token} with {doctor} on {when}. Please be at the hospital a little earlier. {link}"),
)

DAY = timedelta(days=1)
NEAR = timedelta(hours=2)
SETTLED = timedelta(hours=4)
"""Who has booked within so long before the reminder needs none."""

AT_ONCE = 200
"""Bookings of one transaction."""


@command
def remind(*, actor: Actor, now: datetime) -> int:
    """Remind those whose time has come near; how many. Safe to run twice, late, or twice at once: who was reminded of
    a day is not reminded of it again, and one reminder that is late is left to the next. Nobody is at night: what
    changes until the morning is known then."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    assert actor.facility_id is not None, "a sweep goes facility by facility"
    facility = facility_facts(actor.facility_id)
    begin, end = settings.QUIET_HOURS
    if held_until(now, facility.time_zone, begin, end, None) != now:
        return 0
    near = booked_between(now, now + NEAR)
    ahead = booked_between(now + NEAR, now + DAY)
    return _remind(near, SOON, "near", now) + _remind(ahead, TOMORROW, "day", now)


def _remind(found: QuerySet[Any], saying: Wording, change: str, now: datetime) -> int:
    rows = found.filter(booked_at__lt=now - SETTLED).exclude(patient__phone_index="")
    keys = {f"{saying.kind}:{change} {row.day}:{row.id}": row for row in rows}
    chosen = [keys[key] for key in unsaid(list(keys))][:AT_ONCE]
    codes = tracking_codes([row.id for row in chosen], now)
    prefetch_related_objects(chosen, "patient", "doctor", "token")
    for row in chosen:
        row.link = "", codes.get(row.id, "")
        tell_people([row], saying, f"{change} {row.day}")
    return len(chosen)
