"""Sending what was said: at least once per message, by any number of senders at once.

A sender takes a message up by a conditional UPDATE that also counts the try; whatever it finds out is written only
while that try is still the last one. A sender that dies leaves the message to the next one when its lease ends.
No command: nothing is decided here, and the message itself tells what became of it.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.notifications import channels
from apps.notifications.models import Message
from apps.notifications.queries import wants
from apps.notifications.rules import LEASE, OPEN, TRIES, UNWANTED, Channel, Kind, Outgoing, Status, next_try

log = logging.getLogger(__name__)


def deliver_due(clock: Callable[[], datetime] = timezone.now, most: int = 1_000) -> int:
    """Send what is due, the urgent first, until nothing is; how many messages were dealt with."""
    dealt = 0
    while dealt < most and (message := _first_due(clock())):
        if _take_up(message, clock()):
            _deal_with(message, clock)
            dealt += 1
    return dealt


def _first_due(now: datetime) -> Message | None:
    due = Message.outgoing.filter(status__in=sorted(OPEN), next_try_at__lte=now)
    return due.order_by("-urgent", "next_try_at").first()


def _take_up(message: Message, now: datetime) -> bool:
    """Make a message ours for a while; False when somebody else was faster."""
    taken = _as_read(message).update(status=Status.SENDING, attempts=message.attempts + 1, next_try_at=now + LEASE)
    message.attempts += 1
    return bool(taken)


def _deal_with(message: Message, clock: Callable[[], datetime]) -> None:
    if message.not_after and message.not_after <= clock():
        _as_read(message).update(status=Status.DROPPED, error="too_late")
    elif _is_unwanted(message):
        _as_read(message).update(status=Status.DROPPED, error=UNWANTED)
    elif message.attempts > TRIES:
        _give_up(message, "sender_died")
    else:
        _try(message, clock)


def _is_unwanted(message: Message) -> bool:
    """Whether somebody has turned such messages off; asked now, so that it holds for what was said before."""
    if message.kind == Kind.LOGIN_CODE or message.channel != Channel.SMS:
        return False
    return not wants(Channel.SMS, message.facility_id, message.recipient_index)


def _try(message: Message, clock: Callable[[], datetime]) -> None:
    outgoing = Outgoing(message.id, Channel(message.channel), message.recipient, message.text)
    try:
        reference = channels.deliver(outgoing)
    except channels.DeliveryFailed as failure:
        _failed(message, clock(), failure.code, final=failure.final)
    except Exception as error:  # an adapter's own fault; its text may hold the message's
        _failed(message, clock(), type(error).__name__, final=False)
    else:
        _as_read(message).update(status=Status.SENT, sent_at=clock(), reference=reference[:120], error="")


def _failed(message: Message, now: datetime, code: str, *, final: bool) -> None:
    again = next_try(message.attempts, now, final=final, not_after=message.not_after)
    if again is None:
        _give_up(message, code)
        return
    _as_read(message).update(status=Status.WAITING, next_try_at=again, error=code[:60])
    log.warning("message not sent", extra=_told(message, code))


def _give_up(message: Message, code: str) -> None:
    _as_read(message).update(status=Status.FAILED, error=code[:60])
    log.error("message given up", extra=_told(message, code))


def _as_read(message: Message) -> QuerySet[Message]:
    """The message's row, if nobody has taken it up since; the time names its partition."""
    return Message.outgoing.filter(
        id=message.id, created_at=message.created_at, attempts=message.attempts, status__in=sorted(OPEN)
    )


def _told(message: Message, error: str) -> dict[str, Any]:
    return {
        "message_id": str(message.id),
        "kind": message.kind,
        "channel": message.channel,
        "attempts": message.attempts,
        "error": error,
    }
