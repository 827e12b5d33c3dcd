"""Messages by WhatsApp's Cloud API (Meta), as templates that Meta has approved.

Words of a hospital's own cannot be sent there: a message names the template (What messages say, in the admin) and gives
what fills its places, in the order of the usual words. The API knows no repeat by an id. So a message that it may have
taken, because its answer did not come, is not sent again: a person decides.
"""

import httpx
from django.conf import settings

from apps.core.deadlines import request
from apps.notifications.channels import DeliveryFailed
from apps.notifications.rules import UNCERTAIN, Outgoing

TIMEOUT = httpx.Timeout(5, connect=2)
"""Seconds for each step."""

DEADLINE = 10.0
"""Seconds for all of it. Well within a message's lease."""

REPEATABLE = frozenset({429, 503})
"""What says for certain that nothing was taken, and that another try may help."""


def deliver(message: Outgoing) -> str:
    """Hand a message to the API; Meta's id of it. Raises `DeliveryFailed`."""
    try:
        answer = request(
            "POST",
            f"{settings.WHATSAPP_URL}/{settings.WHATSAPP_SENDER}/messages",
            headers={"Authorization": f"Bearer {settings.WHATSAPP_KEY}"},
            json=_body(message),
            seconds=DEADLINE,
            timeout=TIMEOUT,
        )
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise DeliveryFailed("unreachable") from error
    except httpx.HTTPError as error:
        raise DeliveryFailed(UNCERTAIN, final=True) from error
    if answer.status_code in REPEATABLE:
        raise DeliveryFailed(f"http_{answer.status_code}")
    if answer.status_code >= 500:
        raise DeliveryFailed(UNCERTAIN, final=True)
    if not answer.is_success:
        raise DeliveryFailed(f"http_{answer.status_code}", final=True)
    return _reference(answer)


def _body(message: Outgoing) -> dict[str, object]:
    filled = [{"type": "text", "text": value or "-"} for value in message.parameters]
    return {
        "messaging_product": "whatsapp",
        "to": message.recipient.removeprefix("+"),
        "type": "template",
        "template": {
            "name": message.template,
            "language": {"code": message.language},
            "components": [{"type": "body", "parameters": filled}] if filled else [],
        },
        "biz_opaque_callback_data": str(message.id),
    }


def _reference(answer: httpx.Response) -> str:
    try:
        told = answer.json()["messages"][0]["id"]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(told)[:120]
