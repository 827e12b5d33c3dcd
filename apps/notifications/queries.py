"""What others may know of messages."""

from datetime import datetime, timedelta
from typing import Any

from apps.notifications.models import Message
from apps.notifications.rules import OPEN, Status

NEWEST = 500
"""Messages that the demonstration lists."""

LATELY = timedelta(days=1)


def newest_messages(most: int = NEWEST) -> list[dict[str, Any]]:
    """`{to, channel, text, at}` of all facilities, newest first, whatever became of them; for the demonstration."""
    messages = Message.outgoing.order_by("-created_at", "-id")[:most]
    return [
        {
            "to": message.recipient,
            "channel": message.channel,
            "text": message.text,
            "at": message.created_at,
            "language": message.language,
        }
        for message in messages
    ]


def sending_state(now: datetime) -> dict[str, int]:
    """`{waiting, failed}`: messages still to be sent, and those given up within a day."""
    failed = Message.outgoing.filter(created_at__gte=now - LATELY, status=Status.FAILED)
    return {"waiting": Message.outgoing.filter(status__in=sorted(OPEN)).count(), "failed": failed.count()}
