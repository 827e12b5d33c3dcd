"""Saying something to somebody, in the transaction of whatever there is to say."""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection

from apps.core.commands import collect, step, unit
from apps.core.crypto import blind_index
from apps.notifications.models import Message
from apps.notifications.rules import Channel, Kind

MESSAGES_CHANNEL = "opd_messages"
"""Where PostgreSQL says, at the commit, that there is something to send."""


def recipient_fingerprint(recipient: str) -> str:
    """The blind index of an address that messages go to."""
    return blind_index(recipient, "notifications.recipient")


@step
def send(
    *,
    kind: Kind,
    recipient: str,
    text: str,
    dedupe_key: str,
    language: str,
    channel: Channel = Channel.SMS,
    facility_id: UUID | None = None,
    urgent: bool = False,
    not_after: datetime | None = None,
) -> UUID | None:
    """Leave a message to be sent once the running command has committed; its id.

    None when something was said under the same `dedupe_key` before (ids and words, nothing about a person; at most
    120 characters): then nothing is said again. After `not_after` it is of no use and is dropped. The actor's
    facility unless told.
    """
    message_id, now = uuid4(), unit().now
    facility_id = facility_id or unit().actor.facility_id
    assert facility_id is not None, "a message is some facility's"
    if not _claim(dedupe_key, facility_id, now):
        return None
    collect(
        Message(
            id=message_id,
            created_at=now,
            facility_id=facility_id,
            kind=kind,
            channel=channel,
            recipient=recipient,
            recipient_index=recipient_fingerprint(recipient),
            text=text,
            language=language,
            urgent=urgent,
            dedupe_key=dedupe_key,
            not_after=not_after,
            next_try_at=now,
        )
    )
    return message_id


def _claim(key: str, facility_id: UUID, now: datetime) -> bool:
    """Take a dedupe key, and have the senders woken at the commit. Of two at once the second waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH claimed AS (INSERT INTO notifications_messagekey (key, facility_id, created_at)"
            " VALUES (%s, %s, %s) ON CONFLICT (key) DO NOTHING RETURNING key)"
            " SELECT pg_notify(%s, '') FROM claimed",
            [key, facility_id, now, MESSAGES_CHANNEL],
        )
        return cursor.fetchone() is not None
