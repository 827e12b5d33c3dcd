"""Sending what was said: at least once per message, by any number of senders at once.

A sender takes a message up by a conditional UPDATE that also counts the try; whatever it finds out is written only
while that try is still the last one. A sender that dies leaves the message to the next one when its lease ends.
No command: nothing is decided here, and the message itself tells what became of it.
"""

import json
import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from apps.notifications import channels
from apps.notifications.commands.breaking import REST, may_try, went_well, went_wrong
from apps.notifications.commands.copying import copy_of
from apps.notifications.models import Breaker, Message
from apps.notifications.queries import confirmed_address, house_words, taken_since, wants, ways_to
from apps.notifications.rules import (
    ENDED,
    NO_ADAPTER,
    NO_ADDRESS,
    NO_REPEATS,
    OPEN,
    OWN,
    TOO_MANY,
    TRIES,
    UNCERTAIN,
    UNWANTED,
    Channel,
    Kind,
    Outgoing,
    Status,
    lease_of,
    next_try,
)
from apps.notifications.rules.subjects import NAME_FIRST, SUBJECTS, subject_of
from apps.notifications.rules.ways import following, replaced_by
from apps.notifications.rules.wordings import WORDINGS

DAY = timedelta(days=1)

log = logging.getLogger(__name__)


def deliver_due(
    clock: Callable[[], datetime] = timezone.now, most: int = 1_000, without: Collection[Channel] = ()
) -> int:
    """Send what is due, the urgent first, until nothing is; how many messages were dealt with. What goes by the
    channels `without` is left to others."""
    dealt = 0
    while dealt < most and (message := _first_due(clock(), without)):
        if _take_up(message, clock()):
            _deal_with(message, clock)
            dealt += 1
    return dealt


def _first_due(now: datetime, without: Collection[Channel]) -> Message | None:
    """What goes next; what goes by a provider that is left alone waits, however urgent it is, unless `_goes_round`."""
    resting = Breaker.objects.filter(rests_until__gt=now).values("channel")
    round_it = Q(channel=Channel.WHATSAPP) | Q(channel=Channel.EMAIL, not_after__isnull=False) & ~Q(kind__in=OWN)
    due = Message.outgoing.filter(~Q(channel__in=resting) | round_it, status__in=sorted(OPEN), next_try_at__lte=now)
    if without:
        due = due.exclude(channel__in=without)
    return due.order_by("-urgent", "next_try_at", "created_at").first()


def _goes_round(message: Message) -> bool:
    """Whether a message takes its next way while its provider is left alone: what goes by WhatsApp, and an e-mail that
    would come too late. Codes wait."""
    if message.channel == Channel.EMAIL:
        return message.not_after is not None and message.kind not in OWN
    return message.channel == Channel.WHATSAPP


def _take_up(message: Message, now: datetime) -> bool:
    """Make a message ours for a while; False when somebody else was faster."""
    until = now + lease_of(Channel(message.channel))
    taken = _as_read(message).update(status=Status.SENDING, attempts=message.attempts + 1, next_try_at=until)
    message.attempts += 1
    return bool(taken)


def _deal_with(message: Message, clock: Callable[[], datetime]) -> None:
    if message.not_after and message.not_after <= clock():
        _as_read(message).update(status=Status.DROPPED, error="too_late")
    elif _is_unwanted(message):
        if not goes_on(message):
            _as_read(message).update(status=Status.DROPPED, error=UNWANTED)
    elif _is_too_many(message, clock()):
        _as_read(message).update(status=Status.DROPPED, error=TOO_MANY)
        log.warning("message dropped", extra=_told(message, TOO_MANY))
    elif message.channel in NO_REPEATS and message.status == Status.SENDING:
        _give_up(message, UNCERTAIN)  # its sender died with it; sent again, it might come twice
    elif message.attempts > TRIES:
        _give_up(message, "sender_died")
    elif may_try(Channel(message.channel), clock()):
        _try(message, clock)
    elif not _goes_round(message):
        _as_read(message).update(status=Status.WAITING, attempts=message.attempts - 1, next_try_at=clock())
    elif not goes_on(message):  # `_first_due` would find it again at once
        _as_read(message).update(status=Status.WAITING, attempts=message.attempts - 1, next_try_at=clock() + REST)


def _is_unwanted(message: Message) -> bool:
    """Whether somebody has turned such messages off; asked now, so that it holds for what was said before."""
    if message.kind in OWN or message.channel != Channel.SMS:
        return False
    return not wants(Channel.SMS, message.facility_id, message.recipient_index)


def _is_too_many(message: Message, now: datetime) -> bool:
    """Whether somebody has had as many messages as anybody gets in a day; something is wrong then, or we are."""
    if message.urgent or message.channel == Channel.PUSH or message.kind in OWN:
        return False
    return taken_since(now - DAY, message.facility_id, message.recipient_index) >= settings.MESSAGES_A_DAY


def _try(message: Message, clock: Callable[[], datetime]) -> None:
    try:
        reference = channels.deliver(_outgoing(message))
    except channels.DeliveryFailed as failure:
        _judge(message, failure, clock())
        _failed(message, clock(), failure.code, final=failure.final)
    except Exception as error:  # an adapter's own fault; its text may hold the message's
        _failed(message, clock(), type(error).__name__, final=False)
    else:
        went_well(Channel(message.channel))
        _as_read(message).update(status=Status.SENT, sent_at=clock(), reference=reference[:120], error="")


def _judge(message: Message, failure: channels.DeliveryFailed, now: datetime) -> None:
    """What a failure says of the provider: one that refuses a message for good has answered."""
    if not failure.final or failure.code == UNCERTAIN:
        went_wrong(Channel(message.channel), now)
    elif failure.code not in (NO_ADAPTER, NO_ADDRESS):
        went_well(Channel(message.channel))


def _outgoing(message: Message) -> Outgoing:
    parameters = tuple(json.loads(message.parameters)) if message.parameters else ()
    by_mail = message.channel == Channel.EMAIL
    return Outgoing(
        message.id,
        Channel(message.channel),
        _mailbox(message) if by_mail else message.recipient,
        message.text,
        message.language,
        message.template,
        parameters,
        _subject(message) if by_mail else "",
        settings.PUBLIC_BASE_URL + reverse("me-settings") if by_mail and message.kind not in OWN else "",
    )


def _mailbox(message: Message) -> str:
    """Where an e-mail goes: what is for a phone number, to the address of that number, as it is confirmed now."""
    if "@" in message.recipient:
        return message.recipient
    address = confirmed_address(message.facility_id, message.recipient_index)
    if not address:
        raise channels.DeliveryFailed(NO_ADDRESS, final=True)
    return address


def _subject(message: Message) -> str:
    own = house_words(message.facility_id).of(message.wording, message.language)
    usual = WORDINGS.get(message.wording)
    with translation.override(message.language):
        subject = own.email_subject or gettext(SUBJECTS[Kind(message.kind)])
        words = own.text or (gettext(usual.text) if usual else NAME_FIRST if message.kind in OWN else "")
    return subject_of(message.text, subject, own=bool(own.email_subject), words=words)


def _failed(message: Message, now: datetime, code: str, *, final: bool) -> None:
    again = next_try(message.attempts, now, final=final, not_after=message.not_after)
    if again is None:
        _give_up(message, code)
        return
    _as_read(message).update(status=Status.WAITING, next_try_at=again, error=code[:60])
    log.warning("message not sent", extra=_told(message, code))


def _give_up(message: Message, code: str) -> None:
    if code != UNCERTAIN and goes_on(message):
        return
    _as_read(message).update(status=Status.FAILED, error=code[:60])
    log.error("message given up", extra=_told(message, code))


def goes_on(message: Message) -> bool:
    """Have what one channel does not bring go by the next one, in the same instant; False where there is none, or
    somebody was faster."""
    if message.kind in OWN or message.channel == Channel.PUSH or "@" in message.recipient:
        return False
    channel = following(Channel(message.channel), ways_to(message))
    if channel is None:
        return False
    now_at = Message.outgoing.filter(id=message.id, created_at=message.created_at, attempts=message.attempts)
    own = house_words(message.facility_id).of(message.wording, message.language)
    with transaction.atomic():
        if not now_at.exclude(status__in=ENDED).update(status=Status.DROPPED, error=replaced_by(channel)):
            return False
        template = own.sms_template if channel is Channel.SMS else ""
        copy_of(message, channel=channel, template=template, next_try_at=message.created_at).save(force_insert=True)
    return True


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
