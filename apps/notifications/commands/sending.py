"""Saying something to somebody, in the transaction of whatever there is to say."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection

from apps.core.commands import collect, step, unit
from apps.core.crypto import blind_index
from apps.notifications.models import Message
from apps.notifications.queries import live_subscriptions
from apps.notifications.rules import PUSH_PREFIX, Channel, Kind

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
    about = {"kind": kind, "text": text, "language": language, "urgent": urgent, "not_after": not_after}
    collect(
        _message(message_id, facility_id, channel, recipient, recipient_fingerprint(recipient), dedupe_key, **about)
    )
    if kind is not Kind.LOGIN_CODE and settings.PUSH_KEY:
        _send_to_browsers(facility_id, recipient, dedupe_key, **about)
    return message_id


@step
def send_push(*, kind: Kind, recipient: str, text: str, language: str, key: str) -> int | None:
    """Leave words for the browsers of a number only; how many these are. None when said under this key before."""
    facility_id = unit().actor.facility_id
    assert facility_id is not None, "a message is some facility's"
    if not _claim(key, facility_id, unit().now):
        return None
    about = {"kind": kind, "text": text, "language": language, "not_after": None}
    return _send_to_browsers(facility_id, recipient, key, **about)


def _send_to_browsers(facility_id: UUID, recipient: str, dedupe_key: str, **about: Any) -> int:
    """The same words for every browser that shows a number's messages; how many these are.

    Never urgent: a push service that is slow must not hold up codes and calls in text messages.
    """
    about["urgent"] = False
    index = recipient_fingerprint(recipient)
    listening = live_subscriptions(facility_id, index).values_list("id", flat=True)
    for browser in listening:
        collect(_message(uuid4(), facility_id, Channel.PUSH, f"{PUSH_PREFIX}{browser}", index, dedupe_key, **about))
    return len(listening)


def _message(
    id_: UUID, facility_id: UUID, channel: Channel, recipient: str, index: str, dedupe_key: str, **about: Any
) -> Message:
    now = unit().now
    return Message(
        id=id_,
        created_at=now,
        facility_id=facility_id,
        channel=channel,
        recipient=recipient,
        recipient_index=index,
        dedupe_key=dedupe_key,
        next_try_at=now,
        **about,
    )


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
