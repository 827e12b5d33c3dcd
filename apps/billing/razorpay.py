"""Razorpay: the one place that knows how it is asked. Never called inside a transaction, and never by a request.

Sent are a sum, an invoice's number and our own ids; nothing about a person. A repeat after a broken answer finds what
the first one made: a link by our `reference_id`, a refund by our note.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings

from apps.billing.rules.gateway import Told, told_by
from apps.core.deadlines import request

TIMEOUT = httpx.Timeout(5, connect=2)
"""Seconds for each step."""

DEADLINE = 10.0
"""Seconds for one question and its whole answer."""

SHORTEST = timedelta(minutes=16)
"""How long a link can be paid by at least: the gateway refuses to make one for less than a quarter of an hour."""

REPEATABLE = frozenset({401, 403, 408, 409, 425, 429})
"""Statuses below 500 that are worth another try: keys are mended, and a twin that is still being made is made soon."""


class GatewayFailed(Exception):
    """The gateway did not do it. `code` is kept; `final` says that a repeat would be in vain."""

    def __init__(self, code: str, *, final: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.final = final


@dataclass(frozen=True, slots=True)
class Made:
    """A link as the gateway has it."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the gateway says of a link: what was captured by it, as if it had been told by webhooks, and its state."""

    captured: list[Told]
    status: str


def is_set_up() -> bool:
    """Whether this hospital has a gateway."""
    return bool(settings.RAZORPAY_KEY_ID)


def make_link(link_id: UUID, *, paise: int, currency: str, about: str, back_url: str, until: datetime) -> Made:
    """The link by which a sum is paid until a moment; the same one when it was made before. Raises `GatewayFailed`."""
    known = _ask("GET", "/v1/payment_links", params={"reference_id": str(link_id)}).get("payment_links")
    if isinstance(known, list) and known:
        return _made(known[0])
    asked = {
        "amount": paise,
        "currency": currency,
        "reference_id": str(link_id),
        "description": about,
        "notes": {"link": str(link_id)},
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "expire_by": int(until.timestamp()),
        "callback_url": back_url,
        "callback_method": "get",
    }
    return _made(_ask("POST", "/v1/payment_links", json=asked))


def cancel(reference: str) -> None:
    """Have nothing more taken by a link; what is paid or over already stays so. Raises `GatewayFailed`."""
    try:
        _ask("POST", f"/v1/payment_links/{reference}/cancel")
    except GatewayFailed as failed:
        if not failed.final:
            raise


def seen(reference: str, link_id: UUID) -> Seen:
    """What became of a link: for what got lost. Raises `GatewayFailed`."""
    link = _ask("GET", f"/v1/payment_links/{reference}")
    return Seen(_captured(link, link_id), str(link.get("status", "")))


def _captured(link: Mapping[str, Any], link_id: UUID) -> list[Told]:
    paid = link.get("payments")
    return [
        told_by(
            {
                "event": "payment.captured",
                "payload": {
                    "payment": {
                        "entity": {
                            "id": payment.get("payment_id"),
                            "amount": payment.get("amount"),
                            "currency": link.get("currency"),
                            "notes": {"link": str(link_id)},
                        }
                    }
                },
            }
        )
        for payment in (paid if isinstance(paid, list) else [])
        if isinstance(payment, Mapping) and payment.get("status") == "captured"
    ]


def give_back(payment_ref: str, *, paise: int, refund_id: UUID, again: int = 0) -> str:
    """The gateway's name of a refund; of the same one when it was made before. Asked for `again` it is a new one, and
    what became of the one before is of no account. Raises `GatewayFailed`.

    The gateway itself makes one refund of one key, however many ask at once and whatever answer got lost.
    """
    key = f"{refund_id}-{again}" if again else str(refund_id)
    known = _ask("GET", f"/v1/payments/{payment_ref}/refunds").get("items")
    for refund in known if isinstance(known, list) else []:
        if refund.get("receipt") == key:
            return _refund(refund)
    asked = {"amount": paise, "notes": {"refund": str(refund_id)}, "receipt": key}
    once = {"X-Refund-Idempotency": key}
    return _refund(_ask("POST", f"/v1/payments/{payment_ref}/refund", json=asked, headers=once))


def _refund(refund: Mapping[str, Any]) -> str:
    reference = str(refund.get("id", ""))
    if not reference or refund.get("status") == "failed":
        raise GatewayFailed("refund_failed", final=bool(reference))
    return reference[:60]


def _made(link: Mapping[str, Any]) -> Made:
    reference, url = str(link.get("id", "")), str(link.get("short_url", ""))
    if not reference or not url.startswith(("https://", "http://")):
        raise GatewayFailed("no_link")
    return Made(reference[:60], url[:300])


def _ask(method: str, path: str, **how: Any) -> dict[str, Any]:
    try:
        answer = request(
            method,
            settings.RAZORPAY_URL + path,
            auth=(settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET),
            seconds=DEADLINE,
            timeout=TIMEOUT,
            **how,
        )
        told = answer.json() if answer.is_success else None
    except httpx.TimeoutException as error:
        raise GatewayFailed("timeout") from error
    except (httpx.HTTPError, ValueError) as error:
        raise GatewayFailed("unreachable") from error
    if not isinstance(told, dict):
        final = 300 <= answer.status_code < 500 and answer.status_code not in REPEATABLE
        raise GatewayFailed(f"http_{answer.status_code}", final=final)
    return told
