"""Text messages through a provider's HTTP gateway.

`POST OPD_SMS_URL` with the key as a bearer token and `{to, text, sender, reference, template}`; the message's id is
`reference` and `Idempotency-Key`, so that a repeat is sent once. 2xx is taken, `id` of a JSON answer is the
provider's reference. A provider that speaks otherwise gets a module like this one, named in OPD_SMS_ADAPTER.
"""

import httpx
from django.conf import settings

from apps.core.deadlines import request
from apps.notifications.channels import DeliveryFailed
from apps.notifications.rules import Outgoing

TIMEOUT = httpx.Timeout(5, connect=2)
"""Seconds for each step."""

DEADLINE = 10.0
"""Seconds for all of it. Well within a message's lease."""

REPEATABLE = frozenset({408, 425, 429})
"""Statuses below 500 that are worth another try."""


def deliver(message: Outgoing) -> str:
    """Hand a text message to the gateway. Raises `DeliveryFailed`."""
    try:
        answer = request(
            "POST",
            settings.SMS_URL,
            headers={"Authorization": f"Bearer {settings.SMS_KEY}", "Idempotency-Key": str(message.id)},
            json={
                "to": message.recipient,
                "text": message.text,
                "sender": settings.SMS_SENDER,
                "reference": str(message.id),
                "template": message.template,
            },
            seconds=DEADLINE,
            timeout=TIMEOUT,
        )
    except httpx.TimeoutException as error:
        raise DeliveryFailed("timeout") from error
    except httpx.HTTPError as error:
        raise DeliveryFailed("unreachable") from error
    if not answer.is_success:
        final = 300 <= answer.status_code < 500 and answer.status_code not in REPEATABLE
        raise DeliveryFailed(f"http_{answer.status_code}", final=final)
    return _reference(answer)


def _reference(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return ""
    return str(told.get("id", ""))[:120] if isinstance(told, dict) else ""
