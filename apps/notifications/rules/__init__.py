"""What a message is, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What a message is about; an app that sends another kind adds it here."""

    LOGIN_CODE = "login_code"
    BOOKING = "booking"
    DOCTOR_AWAY = "doctor_away"
    DELAY = "delay"
    AHEAD = "ahead"
    TEST = "test"


class Channel(StrEnum):
    """The way a message goes."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    PUSH = "push"


PUSH_PREFIX = "push:"
"""What stands before the id of a subscription, where a message says for whom it is."""


class Status(StrEnum):
    """How far a message has come. WAITING and SENDING are still to be dealt with; the others are final."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


UNWANTED = "unwanted"
"""Why a message was dropped that somebody has turned off."""

OPEN = frozenset({Status.WAITING, Status.SENDING})

PAUSES = (timedelta(seconds=5), timedelta(seconds=25))
"""How long to wait after the first and after the second try."""

TRIES = len(PAUSES) + 1
"""How often a message is begun, whether it failed or its sender died, before it is given up."""

LEASE = timedelta(seconds=30)
"""How long one sender has before another may take the message up; longer than any provider is waited for."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as a channel's adapter gets it. A provider that sees one id twice sends it once."""

    id: UUID
    channel: Channel
    recipient: str
    text: str


def next_try(attempts: int, now: datetime, *, final: bool, not_after: datetime | None) -> datetime | None:
    """When a message that failed so often is tried again; None when it is not: it was refused for good, was tried
    often enough, or would come too late to be of use."""
    if final or attempts >= TRIES:
        return None
    at = now + PAUSES[attempts - 1]
    return at if not_after is None or at < not_after else None
