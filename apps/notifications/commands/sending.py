"""Saying something to somebody, in the transaction of whatever there is to say."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext

from apps.core.commands import collect, step, unit
from apps.core.crypto import blind_index
from apps.notifications.models import Message
from apps.notifications.queries import house_words, live_subscriptions, offers, preferred
from apps.notifications.rules import OWN, PUSH_PREFIX, Channel, Kind
from apps.notifications.rules.quiet import held_until
from apps.notifications.rules.wordings import OwnWords, Wording

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
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    wording: str = "",
    template: str = "",
    parameters: str = "",
) -> UUID | None:
    """Leave a message to be sent once the running command has committed; its id.

    None when something was said under the same `dedupe_key` before (ids and words, nothing about a person; at most
    120 characters): then nothing is said again. It waits until `not_before`; after `not_after` it is of no use and is
    dropped. The actor's facility unless told. `wording` names what is said, `template` and `parameters` are how the
    provider knows it.
    """
    message_id, now = uuid4(), unit().now
    facility_id = facility_id or unit().actor.facility_id
    assert facility_id is not None, "a message is some facility's"
    if not _claim(dedupe_key, facility_id, now):
        return None
    about = {"kind": kind, "text": text, "language": language, "urgent": urgent, "not_after": not_after}
    about |= {"next_try_at": not_before or now, "template": template, "parameters": parameters, "wording": wording}
    collect(
        _message(message_id, facility_id, channel, recipient, recipient_fingerprint(recipient), dedupe_key, **about)
    )
    if kind not in OWN and settings.PUSH_KEY:
        _send_to_browsers(facility_id, recipient, dedupe_key, **about)
    return message_id


@step
def tell(
    wording: Wording,
    words: Mapping[str, str],
    *,
    recipient: str,
    dedupe_key: str,
    language: str,
    facility_id: UUID,
    time_zone: str,
    urgent: bool = False,
    not_after: datetime | None = None,
) -> UUID | None:
    """Leave a message in the hospital's own words, or the usual ones, in somebody's language; its id.

    None where the hospital leaves this message out, or it was said before (`send`). One that is not urgent waits
    for the end of the quiet hours of the clock in `time_zone`. `words` fill the places of the wording.
    """
    house = house_words(facility_id)
    if wording.name in house.silent:
        return None
    own = house.of(wording.name, language)
    channel = _begins_by(own, facility_id, recipient, urgent=urgent)
    template = {Channel.WHATSAPP: own.whatsapp_template, Channel.SMS: own.sms_template}.get(channel, "")
    with translation.override(language):
        text = (own.text or gettext(wording.text)).format(**words)
    begin, end = settings.QUIET_HOURS
    waits = None if urgent else held_until(unit().now, time_zone, begin, end, not_after)
    return send(
        kind=wording.kind,
        recipient=recipient,
        text=text,
        dedupe_key=dedupe_key,
        language=language,
        facility_id=facility_id,
        urgent=urgent,
        not_before=waits,
        not_after=not_after,
        channel=channel,
        wording=wording.name,
        template=template,
        parameters=_filled(wording, words) if template else "",
    )


def _begins_by(own: OwnWords, facility_id: UUID, recipient: str, *, urgent: bool) -> Channel:
    """The channel somebody prefers, where this message can go by it; what it does not bring goes another way later."""
    may_be_mail = not urgent and offers(Channel.EMAIL)
    if not own.whatsapp_template and not may_be_mail:
        return Channel.SMS
    chosen = preferred(facility_id, recipient_fingerprint(recipient))
    if chosen is Channel.WHATSAPP and own.whatsapp_template:
        return chosen
    return Channel.EMAIL if chosen is Channel.EMAIL and may_be_mail else Channel.SMS


def _filled(wording: Wording, words: Mapping[str, str]) -> str:
    """What fills the places of a wording, in their order."""
    return json.dumps([words[place] for place in wording.places], ensure_ascii=False)


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
    about = about | {"urgent": False, "template": "", "parameters": ""}
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
        **({"next_try_at": now} | about),
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
