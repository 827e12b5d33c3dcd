"""What others may know of messages."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.notifications.models import Message, PushSubscription, Unwanted
from apps.notifications.rules import OPEN, UNWANTED, Channel, Kind, Status
from apps.notifications.rules.vapid import public_key

NEWEST = 500
"""Messages that the demonstration lists."""

LATELY = timedelta(days=1)


def newest_messages(most: int = NEWEST, *, codes: bool | None = None) -> list[dict[str, Any]]:
    """`{to, channel, text, at}` of all facilities, newest first, whatever became of them, but for what
    nobody wanted; for the demonstration. `codes`: login codes only, or everything else."""
    wanted = Q() if codes is None else Q(kind=Kind.LOGIN_CODE) if codes else ~Q(kind=Kind.LOGIN_CODE)
    dropped = Q(status=Status.DROPPED, error=UNWANTED)
    messages = Message.outgoing.filter(wanted).exclude(dropped).order_by("-created_at", "-id")[:most]
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


def wants(channel: Channel, facility_id: UUID, recipient_index: str) -> bool:
    """Whether messages of a kind are wanted at a number; they are, until somebody says otherwise."""
    said = Unwanted.objects.filter(facility_id=facility_id, recipient_index=recipient_index, channel=channel)
    return not said.exists()


def live_subscriptions(facility_id: UUID, recipient_index: str) -> QuerySet[PushSubscription]:
    """The browsers that show a number's messages."""
    return PushSubscription.objects.filter(
        facility_id=facility_id, recipient_index=recipient_index, ended_at__isnull=True
    )


def subscription(subscription_id: UUID) -> PushSubscription | None:
    """A browser that listens still."""
    return PushSubscription.objects.filter(id=subscription_id, ended_at__isnull=True).first()


def push_key() -> str:
    """The key by which a browser knows our messages, as it wants it; "" where push is not set up."""
    return public_key(settings.PUSH_KEY) if settings.PUSH_KEY else ""
