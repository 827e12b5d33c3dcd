"""What people choose about messages to their phone: text messages or not, and notifications of a browser."""

from base64 import urlsafe_b64decode
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.crypto import blind_index
from apps.core.errors import Conflict, Invalid, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.commands.sending import recipient_fingerprint, send_push
from apps.notifications.models import Preference, PushSubscription, Unwanted
from apps.notifications.queries import confirmed_address, live_subscriptions, offers
from apps.notifications.rules import Channel, Kind

MOST_BROWSERS = 5
"""Browsers that one phone number's messages go to; another one takes the place of the oldest."""

LONGEST_ADDRESS = 1000
P256DH_BYTES, AUTH_BYTES = 65, 16


class PushNotSetUp(Conflict):
    code = "push_not_set_up"
    detail = sentence("This hospital sends no notifications to browsers. Text messages come as always.")


class NotOffered(Conflict):
    code = "channel_not_offered"
    detail = sentence("This hospital does not send messages that way. Text messages come as always.")


class NoMailbox(Conflict):
    code = "no_mail_address"
    detail = sentence("First give an e-mail address and type in the code that comes there.")


class NobodyListens(Conflict):
    code = "nobody_listens"
    detail = sentence("No browser has notifications turned on for this number.")


@command
def want_sms(*, actor: Actor, now: datetime, recipient: str, wanted: bool) -> None:
    """Turn text messages to a number off, or on again. Codes to sign in come all the same."""
    about = {"facility_id": _require_own(actor), "recipient_index": recipient_fingerprint(recipient)}
    unwanted = Unwanted.objects.filter(**about, channel=Channel.SMS)
    if wanted:
        was_wanted = not unwanted.delete()[0]
    else:
        _row, was_wanted = Unwanted.objects.get_or_create(**about, channel=Channel.SMS, defaults={"since": now})
    _note("messages.sms", recipient, before={"wanted": was_wanted}, after={"wanted": wanted})


@command
def prefer(*, actor: Actor, now: datetime, recipient: str, channel: Channel) -> None:
    """Have messages to a number come by a channel of their own, or as text messages again.

    Raises `NotOffered`, `NoMailbox`.
    """
    facility_id = _require_own(actor)
    about: dict[str, Any] = {"facility_id": facility_id, "recipient_index": recipient_fingerprint(recipient)}
    if channel is not Channel.SMS and not offers(channel):
        raise NotOffered
    if channel is Channel.EMAIL and not confirmed_address(facility_id, about["recipient_index"]):
        raise NoMailbox
    before = Preference.objects.filter(**about).first()
    if channel is Channel.SMS:
        Preference.objects.filter(**about).delete()
    else:
        Preference.objects.update_or_create(**about, defaults={"channel": channel, "since": now})
    record(
        action="messages.channel",
        entity_type="facility",
        entity_id=facility_id,
        before={"channel": before.channel if before else str(Channel.SMS)},
        after={"channel": str(channel)},
    )


@command
def subscribe(
    *, actor: Actor, now: datetime, recipient: str, endpoint: str, p256dh: str, auth: str
) -> PushSubscription:
    """Send a number's messages to a browser, too. The same browser again is the same subscription, from now on.

    Raises `PushNotSetUp`; `Invalid` for an address that is none of a known push service, or keys that are none.
    """
    facility_id = _require_own(actor)
    if not settings.PUSH_KEY:
        raise PushNotSetUp
    _require_sound(endpoint, p256dh, auth)
    index = recipient_fingerprint(recipient)
    before = _browsers(facility_id, index)
    known = {"p256dh": p256dh, "auth": auth, "facility_id": facility_id, "recipient_index": index}
    known |= {"created_at": now, "ended_at": None}
    row, _made = PushSubscription.objects.update_or_create(
        endpoint_index=_fingerprint(endpoint),
        defaults=known,
        create_defaults=known | {"endpoint": endpoint},
    )
    listening = live_subscriptions(facility_id, index).order_by("-created_at").values_list("id", flat=True)
    PushSubscription.objects.filter(id__in=list(listening)[MOST_BROWSERS:]).update(ended_at=now)
    _note("messages.push", recipient, before={"browsers": before}, after={"browsers": _browsers(facility_id, index)})
    return row


@command
def unsubscribe(*, actor: Actor, now: datetime, recipient: str, endpoint: str | None = None) -> int:
    """End the notifications of one browser, by its address, or of all that a number's messages go to; how many."""
    facility_id, index = _require_own(actor), recipient_fingerprint(recipient)
    before = _browsers(facility_id, index)
    mine = live_subscriptions(facility_id, index)
    if endpoint is not None:
        mine = mine.filter(endpoint_index=_fingerprint(endpoint))
    ended = mine.update(ended_at=now)
    _note("messages.push", recipient, before={"browsers": before}, after={"browsers": before - ended})
    return ended


@command
def test_push(*, actor: Actor, now: datetime, recipient: str, text: str, language: str) -> None:
    """Send a few words to every browser of a number, once in a minute. Raises `PushNotSetUp`, `NobodyListens`."""
    facility_id = _require_own(actor)
    if not settings.PUSH_KEY:
        raise PushNotSetUp
    key = f"test:{facility_id}:{recipient_fingerprint(recipient)}:{now:%Y%m%d%H%M}"
    if send_push(kind=Kind.TEST, recipient=recipient, text=text, language=language, key=key) == 0:
        raise NobodyListens


def end_subscription(subscription_id: UUID, now: datetime) -> None:
    """Note that a browser listens no more, as its push service says. No command: nothing is decided here."""
    PushSubscription.objects.filter(id=subscription_id, ended_at=None).update(ended_at=now)


def _require_own(actor: Actor) -> UUID:
    """Refuse who did not sign in by a phone of their own; the facility where they did."""
    actor.require(Permission.PATIENT_OWN, Scope(actor.facility_id))
    assert actor.facility_id is not None, "a code login is some facility's"
    return actor.facility_id


def _require_sound(endpoint: str, p256dh: str, auth: str) -> None:
    """Only addresses of push services are ever asked: whoever subscribes must not choose whom we talk to."""
    if len(endpoint) > LONGEST_ADDRESS or not _is_of_push_service(endpoint):
        raise Invalid({"endpoint": [sentence("This browser's notification service is not known here.")]})
    if (_length(p256dh), _length(auth)) != (P256DH_BYTES, AUTH_BYTES):
        raise Invalid({"p256dh": [sentence("These are not the keys of a browser.")]})


def _is_of_push_service(endpoint: str) -> bool:
    try:
        address = urlsplit(endpoint)
        plain = address.scheme == "https" and address.port in (None, 443) and not address.username
    except ValueError:  # a port or a host that is none
        return False
    host = address.hostname or ""
    return plain and any(host == name or host.endswith(f".{name}") for name in settings.PUSH_SERVICES)


def _length(text: str) -> int:
    try:
        return len(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return -1


def _fingerprint(endpoint: str) -> str:
    return blind_index(endpoint, "notifications.endpoint")


def _browsers(facility_id: UUID, index: str) -> int:
    return live_subscriptions(facility_id, index).count()


def _note(action: str, recipient: str, *, before: dict[str, Any], after: dict[str, Any]) -> None:
    """An audit row about a number, which is named by its fingerprint."""
    record(
        action=action,
        entity_type="recipient",
        entity_id=recipient_fingerprint(recipient),
        before=before,
        after=after,
    )
