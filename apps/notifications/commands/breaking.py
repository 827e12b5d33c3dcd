"""A provider that does not answer is left alone for a while, by all senders at once (requirements NTF-2).

Kept in the database, where every sender of every machine sees it, and codes go out with Redis away. No commands:
nothing is decided here.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from apps.notifications.models import Breaker
from apps.notifications.rules import Channel

FAILURES = 5
"""Failures in a row after which a provider is left alone."""

REST = timedelta(seconds=30)
"""How long; then one message is tried, and if that fails, as long again."""


def may_try(provider: str, now: datetime) -> bool:
    """Whether a provider, known by its channel or another name, may be asked now. Of many senders after a rest, one
    may.

    Push services are many, and each browser has its own: one that does not answer says nothing of the others.
    """
    if provider == Channel.PUSH:
        return True
    resting = Breaker.objects.filter(channel=provider, rests_until__isnull=False).first()
    if resting is None:
        return True
    own = Breaker.objects.filter(channel=provider, rests_until=resting.rests_until, rests_until__lte=now)
    return bool(own.update(rests_until=now + REST))


def went_well(provider: str) -> None:
    """The provider took a message: whatever was held against it is forgotten."""
    Breaker.objects.filter(Q(failures__gt=0) | Q(rests_until__isnull=False), channel=provider).update(
        failures=0, rests_until=None
    )


def went_wrong(provider: str, now: datetime, *, after: int = FAILURES) -> None:
    """The provider did not answer, or could not; so often in a row, and it is left alone."""
    if provider == Channel.PUSH:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_breaker AS b (channel, failures, rests_until)"
            " VALUES (%(provider)s, 1, CASE WHEN 1 >= %(after)s THEN %(until)s::timestamptz END)"
            " ON CONFLICT (channel) DO UPDATE SET failures = b.failures + 1,"
            " rests_until = CASE WHEN b.failures + 1 >= %(after)s THEN %(until)s ELSE b.rests_until END",
            {"provider": provider, "after": after, "until": now + REST},
        )
