"""What a message is, and when it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What a message is about; an app that sends another kind adds it here."""

    LOGIN_CODE = "login_code"
    EMAIL_CODE = "email_code"
    SECURITY = "security"
    BOOKING = "booking"
    DOCTOR_AWAY = "doctor_away"
    DELAY = "delay"
    CHECKED_IN = "checked_in"
    AHEAD = "ahead"
    CALLED = "called"
    MISSED = "missed"
    REMINDER = "reminder"
    PAYMENT = "payment"
    ABNORMAL = "abnormal_vitals"
    TEST = "test"


OWN = frozenset({Kind.LOGIN_CODE, Kind.EMAIL_CODE, Kind.SECURITY})
"""What concerns somebody's own door: codes, and what staff hear of their account. Whoever wants no messages gets these
all the same, they go no other way, never to a browser, and count for nothing; nobody has to see to one that failed."""


class Channel(StrEnum):
    """The way a message goes."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    PUSH = "push"


PUSH_PREFIX = "push:"
"""What stands before the id of a subscription, where a message says for whom it is."""


class Status(StrEnum):
    """How far a message has come. WAITING and SENDING are still to be dealt with. SENT says that the provider has it,
    ARRIVED that the provider says it is on the phone; FAILED calls for a person, HANDLED says that one has seen to
    it, and DROPPED that it was of no use any more."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    ARRIVED = "arrived"
    FAILED = "failed"
    HANDLED = "handled"
    DROPPED = "dropped"


UNWANTED = "unwanted"
"""Why a message was dropped that somebody has turned off."""

NO_ADDRESS = "no_address"
"""Why an e-mail was given up: nobody has confirmed an address."""

NO_REPEATS = frozenset({Channel.WHATSAPP, Channel.EMAIL})
"""The ways whose providers do not know a repeat by its id: what they may have taken is not sent again."""

UNCERTAIN = "uncertain"
"""Why a message was given up that its provider may have taken: sent again, it might come twice."""

TOO_MANY = "too_many"
"""Why a message was dropped of which somebody had had too many that day."""

NO_ADAPTER = "no_adapter"
"""Why a message was given up: the house cannot send that way."""

UNDELIVERED = "undelivered"
"""Why a message calls for a person that its provider took: it never came to the phone, the provider says."""

ENDED = frozenset({Status.ARRIVED, Status.HANDLED, Status.DROPPED})
"""Nothing more becomes of these."""

OPEN = frozenset({Status.WAITING, Status.SENDING})

PAUSES = (timedelta(seconds=5), timedelta(seconds=25))
"""How long to wait after the first and after the second try."""

TRIES = len(PAUSES) + 1
"""How often a message is begun, whether it failed or its sender died, before it is given up."""

LEASE = timedelta(seconds=30)
"""How long one sender has before another may take the message up; longer than any provider is waited for."""

MAIL_LEASE = timedelta(minutes=2)
"""As long for an e-mail: a talk with a mail server has a dozen steps, each with a time of its own (EMAIL_TIMEOUT), and
an end for all of them."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as a channel's adapter gets it. A provider that sees one id twice sends it once.

    `template` is the name under which the provider knows these words, "" for none, and `parameters` what fills them;
    `subject` is what stands over an e-mail, and `ended_at` the page where whoever gets it can end such messages.
    """

    id: UUID
    channel: Channel
    recipient: str
    text: str
    language: str = ""
    template: str = ""
    parameters: tuple[str, ...] = ()
    subject: str = ""
    ended_at: str = ""


def lease_of(channel: Channel) -> timedelta:
    """How long one sender has for a message of a channel."""
    return MAIL_LEASE if channel is Channel.EMAIL else LEASE


def next_try(attempts: int, now: datetime, *, final: bool, not_after: datetime | None) -> datetime | None:
    """When a message that failed so often is tried again; None when it is not: it was refused for good, was tried
    often enough, or would come too late to be of use."""
    if final or attempts >= TRIES:
        return None
    at = now + PAUSES[attempts - 1]
    return at if not_after is None or at < not_after else None
