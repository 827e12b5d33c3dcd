"""What others may know of messages."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from apps.notifications.models import Message
from apps.notifications.rules import OPEN, Kind, Status

NEWEST = 500
"""Messages that the demonstration lists."""

LATELY = timedelta(days=1)


def newest_messages(most: int = NEWEST, *, codes: bool | None = None) -> list[dict[str, Any]]:
    """`{to, channel, text, at}` of all facilities, newest first, whatever became of them; for the demonstration.
    `codes`: login codes only, or everything else."""
    wanted = Q() if codes is None else Q(kind=Kind.LOGIN_CODE) if codes else ~Q(kind=Kind.LOGIN_CODE)
    messages = Message.outgoing.filter(wanted).order_by("-created_at", "-id")[:most]
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
