"""What others may know of messages."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Q, QuerySet

from apps.notifications.models import (
    Breaker,
    LeftOut,
    MailAddress,
    Message,
    MessageKey,
    OwnWording,
    Preference,
    PushSubscription,
    Unwanted,
)
from apps.notifications.rules import OPEN, OWN, UNWANTED, Channel, Kind, Status
from apps.notifications.rules.vapid import public_key
from apps.notifications.rules.ways import ways
from apps.notifications.rules.wordings import HouseWords, OwnWords

KEPT_SECONDS = 60
"""How long a process goes by what it knows of a hospital's own words."""

NEWEST = 500
"""Messages that the demonstration lists."""

LATELY = timedelta(days=1)

CHOSEN = (Channel.WHATSAPP, Channel.EMAIL)
"""Channels that somebody may choose in place of text messages."""


def newest_messages(most: int = NEWEST, *, codes: bool | None = None) -> list[dict[str, Any]]:
    """`{to, channel, text, at}` of all facilities, newest first, whatever became of them, but for what
    nobody wanted; for the demonstration. `codes`: login codes only, or everything else."""
    own = Q(kind__in=[Kind.LOGIN_CODE, Kind.EMAIL_CODE])
    wanted = Q() if codes is None else own if codes else ~own
    dropped = Q(status=Status.DROPPED, error=UNWANTED)
    messages = Message.outgoing.filter(wanted).exclude(dropped).order_by("-created_at", "-id")[:most]
    mailboxes = {(row.facility_id, row.recipient_index): row.address for row in MailAddress.objects.all()}
    return [
        {
            "to": mailboxes.get((message.facility_id, message.recipient_index), message.recipient)
            if message.channel == Channel.EMAIL
            else message.recipient,
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


def offers(channel: Channel) -> bool:
    """Whether the house can send messages that way."""
    return str(channel) in settings.CHANNEL_ADAPTERS and str(channel) in (*settings.CHANNEL_ORDER, Channel.PUSH)


def prefers(channel: Channel, facility_id: UUID, recipient_index: str) -> bool:
    """Whether somebody has chosen a channel in place of text messages, and the house can use it."""
    return preferred(facility_id, recipient_index) is channel


def preferred(facility_id: UUID, recipient_index: str) -> Channel | None:
    """The channel that somebody has chosen in place of text messages; None for none, or one that the house cannot use.
    A house that offers none is not asked."""
    if not any(offers(channel) for channel in CHOSEN):
        return None
    row = Preference.objects.filter(facility_id=facility_id, recipient_index=recipient_index).first()
    return Channel(row.channel) if row and offers(Channel(row.channel)) else None


def mail_address(facility_id: UUID, recipient_index: str) -> MailAddress | None:
    """The e-mail address of a number, confirmed or not."""
    return MailAddress.objects.filter(facility_id=facility_id, recipient_index=recipient_index).first()


def confirmed_address(facility_id: UUID, recipient_index: str) -> str:
    """Where e-mails to a number go; "" where nobody has confirmed an address."""
    row = mail_address(facility_id, recipient_index) if offers(Channel.EMAIL) else None
    return row.address if row and row.confirmed_at else ""


def ways_to(message: Message) -> list[Channel]:
    """The channels by which a message may go to whom it is for, as things are now, in the order they are tried."""
    facility_id, index = message.facility_id, message.recipient_index
    chosen = preferred(facility_id, index)
    reachable = {Channel.SMS} if wants(Channel.SMS, facility_id, index) else set()
    if chosen is Channel.WHATSAPP and house_words(facility_id).of(message.wording, message.language).whatsapp_template:
        reachable.add(Channel.WHATSAPP)
    if confirmed_address(facility_id, index):
        reachable.add(Channel.EMAIL)
    order = [Channel(name) for name in settings.CHANNEL_ORDER]
    return ways(order, reachable, chosen, urgent=message.urgent)


def taken_since(moment: datetime, facility_id: UUID, recipient_index: str) -> int:
    """How many messages somebody has got since a moment, codes to sign in and notifications of browsers apart."""
    sent = Message.outgoing.filter(
        facility_id=facility_id,
        recipient_index=recipient_index,
        created_at__gte=moment,
        status__in=[Status.SENT, Status.ARRIVED],
    )
    return sent.exclude(kind__in=OWN).exclude(channel=Channel.PUSH).count()


def unsaid(keys: Sequence[str]) -> list[str]:
    """Those of these dedupe keys under which nothing was said yet, in their order."""
    said = set(MessageKey.objects.filter(key__in=keys).values_list("key", flat=True))
    return [key for key in keys if key not in said]


def nothing_said(key: Any) -> Any:
    """A condition on rows of others: nothing was said yet under their dedupe key, which is made of `OuterRef`s."""
    return ~Exists(MessageKey.objects.filter(key=key))


def mail_codes_since(moment: datetime, facility_id: UUID, recipient_index: str) -> int:
    """How many codes went to a mailbox since a moment, whichever phones they were for."""
    to_it = Message.outgoing.filter(facility_id=facility_id, recipient_index=recipient_index)
    return to_it.filter(kind=Kind.EMAIL_CODE, created_at__gt=moment).count()


def unsent(facility_id: UUID, now: datetime) -> QuerySet[Message]:
    """The messages of the last day that were given up and nobody has seen to, the latest first.

    Codes to sign in are left out (whoever wants one asks again), and so is what a browser was to show.
    """
    failed = Message.outgoing.filter(facility_id=facility_id, status=Status.FAILED, created_at__gte=now - LATELY)
    return failed.exclude(kind__in=[*OWN, Kind.TEST]).exclude(channel=Channel.PUSH).order_by("-created_at")


def waiting_in(facility_id: UUID) -> int:
    """How many messages of a facility are still to be sent, what a browser is to show apart."""
    rows = Message.outgoing.filter(facility_id=facility_id, status__in=sorted(OPEN))
    return rows.exclude(channel=Channel.PUSH).count()


def messages_of(facility_id: UUID, status: str = "") -> QuerySet[Message]:
    """A facility's messages, the latest first; of one status, where one is named."""
    found = Message.outgoing.filter(facility_id=facility_id).order_by("-created_at", "-id")
    return found.filter(status=status) if status else found


def resting_channels(now: datetime) -> list[Channel]:
    """The channels whose providers do not answer and are left alone for a while."""
    rows = Breaker.objects.filter(rests_until__gt=now, channel__in=[str(channel) for channel in Channel])
    return [Channel(channel) for channel in rows.order_by("channel").values_list("channel", flat=True)]


def live_subscriptions(facility_id: UUID, recipient_index: str) -> QuerySet[PushSubscription]:
    """The browsers that show a number's messages."""
    return PushSubscription.objects.filter(
        facility_id=facility_id, recipient_index=recipient_index, ended_at__isnull=True
    )


def browser_marks(facility_id: UUID, recipient_index: str) -> list[str]:
    """For each of these browsers what it can tell itself by: the SHA-256 of its own address, in hexadecimal."""
    rows = live_subscriptions(facility_id, recipient_index)
    return [sha256(row.endpoint.encode()).hexdigest() for row in rows]


def subscription(subscription_id: UUID) -> PushSubscription | None:
    """A browser that listens still."""
    return PushSubscription.objects.filter(id=subscription_id, ended_at__isnull=True).first()


def push_key() -> str:
    """The key by which a browser knows our messages, as it wants it; "" where push is not set up."""
    return public_key(settings.PUSH_KEY) if settings.PUSH_KEY else ""


def house_words(facility_id: UUID) -> HouseWords:
    """What a hospital says in its own words, and what it leaves out; up to a minute old."""
    return _house_words(facility_id, int(time.monotonic() // KEPT_SECONDS))


@lru_cache(maxsize=64)
def _house_words(facility_id: UUID, minute: int) -> HouseWords:
    own = own_wordings(facility_id)
    return HouseWords(
        {
            (row.name, row.language): OwnWords(row.text, row.sms_template, row.whatsapp_template, row.email_subject)
            for row in own
        },
        left_out(facility_id),
    )


def forget_house_words() -> None:
    """Have the next question about a hospital's own words asked anew."""
    _house_words.cache_clear()


def own_wording(facility_id: UUID, name: str, language: str) -> OwnWording | None:
    """A hospital's own words for one message in one language, as they stand."""
    return own_wordings(facility_id).filter(name=name, language=language).first()


def own_wordings(facility_id: UUID) -> QuerySet[OwnWording]:
    """All that a hospital says in its own words."""
    return OwnWording.objects.filter(facility_id=facility_id)


def left_out(facility_id: UUID) -> frozenset[str]:
    """The names of the messages that a hospital does not send."""
    return frozenset(LeftOut.objects.filter(facility_id=facility_id).values_list("name", flat=True))
