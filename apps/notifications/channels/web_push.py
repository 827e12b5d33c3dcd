"""Messages to a browser that asked for them (RFC 8030), sealed for it alone (RFC 8291), signed with our key (RFC 8292).

The recipient of such a message is `push:` and the id of the subscription; its address is looked up when it is sent, so
that what was ended meanwhile is not sent.
"""

import json
import os
from base64 import urlsafe_b64decode
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

from apps.core.deadlines import request
from apps.notifications.channels import DeliveryFailed
from apps.notifications.commands.choosing import end_subscription
from apps.notifications.queries import subscription
from apps.notifications.rules import PUSH_PREFIX, Outgoing
from apps.notifications.rules.vapid import private_key, public_key

TIMEOUT = httpx.Timeout(5, connect=2)
"""Seconds for each step."""

DEADLINE = 10.0
"""Seconds for all of it. Well within a message's lease."""

KEPT = timedelta(hours=4)
"""How long a push service keeps what it cannot hand over; later it is of no use to anybody."""

SIGNED_FOR = timedelta(hours=12)
"""How long one signature holds; the standard allows a day."""

GONE = frozenset({401, 403, 404, 410})
"""What a push service says of a subscription that is over, or was made for another key than ours is now."""

REPEATABLE = frozenset({408, 425, 429})
"""Statuses below 500 that are worth another try."""


def deliver(message: Outgoing) -> str:
    """Hand a message to the push service of a browser. Raises `DeliveryFailed`."""
    known = subscription(UUID(message.recipient.removeprefix(PUSH_PREFIX)))
    if known is None:
        raise DeliveryFailed("unsubscribed", final=True)
    try:
        answer = request(
            "POST",
            known.endpoint,
            content=_sealed(_said(message.text, str(message.id)), known.p256dh, known.auth),
            headers={
                "TTL": str(int(KEPT.total_seconds())),
                "Urgency": "high",
                "Content-Encoding": "aes128gcm",
                "Authorization": _signature(known.endpoint),
            },
            seconds=DEADLINE,
            timeout=TIMEOUT,
        )
    except httpx.TimeoutException as error:
        raise DeliveryFailed("timeout") from error
    except httpx.HTTPError as error:
        raise DeliveryFailed("unreachable") from error
    if answer.status_code in GONE:
        end_subscription(known.id, timezone.now())
        raise DeliveryFailed("gone", final=True)
    if not answer.is_success:
        final = 300 <= answer.status_code < 500 and answer.status_code not in REPEATABLE
        raise DeliveryFailed(f"http_{answer.status_code}", final=final)
    return ""


def _said(text: str, message_id: str) -> bytes:
    """What the worker shows. Every text begins with the hospital's name and a colon: that is the heading."""
    hospital, _colon, rest = text.partition(": ")
    title, body = (hospital, rest) if rest else (text, "")
    told = {"title": title, "body": body, "id": message_id}
    return json.dumps(told, ensure_ascii=False).encode()


def _sealed(words: bytes, p256dh: str, auth: str) -> bytes:
    return bytes(
        http_ece.encrypt(
            words,
            salt=os.urandom(16),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_bytes(p256dh),
            auth_secret=_bytes(auth),
            version="aes128gcm",
        )
    )


def _signature(endpoint: str) -> str:
    """Whose message this is, for one push service."""
    address = urlsplit(endpoint)
    until = timezone.now() + SIGNED_FOR
    claims = {
        "aud": f"{address.scheme}://{address.netloc}",
        "exp": int(until.timestamp()),
        "sub": settings.PUSH_CONTACT,
    }
    token = jwt.encode(claims, private_key(settings.PUSH_KEY), "ES256")
    return f"vapid t={token}, k={public_key(settings.PUSH_KEY)}"


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
