"""What a payment gateway tells us, boiled down to the facts that we act on. It speaks as Razorpay does.

Of whoever paid nothing is kept: neither their phone nor their address, which stand in the same events.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

LONGEST_NAME = 60
"""Characters of a gateway's own names (`pay_…`, `rfnd_…`)."""

MOST_PAISE = 10**11


class LinkState(StrEnum):
    """Where a link to pay by stands: wished for, made by the gateway, paid, or of no more use."""

    ASKED = "ASKED"
    OPEN = "OPEN"
    PAID = "PAID"
    VOID = "VOID"


ENDED = frozenset({"paid", "cancelled", "expired"})
"""Links by which nothing more is taken, as the gateway says it."""


class RefundState(StrEnum):
    """Where a refund through the gateway stands: to be sent, taken by the gateway, done, or refused by it."""

    ASKED = "ASKED"
    SENT = "SENT"
    DONE = "DONE"
    FAILED = "FAILED"


class Kind(StrEnum):
    """What happened at the gateway, as far as it matters here."""

    CAPTURED = "captured"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    OTHER = "other"


KINDS: dict[str, Kind] = {
    "payment.captured": Kind.CAPTURED,
    "payment_link.paid": Kind.CAPTURED,
    "refund.processed": Kind.REFUNDED,
    "refund.failed": Kind.REFUND_FAILED,
}
"""By the gateway's name of an event. Of others nothing follows."""

ORDER = list(Kind)
"""What is settled first, in whatever order it was told."""


class Fault(StrEnum):
    """Why what the gateway tells is set aside for a person."""

    UNKNOWN_LINK = "unknown_link"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_CURRENCY = "wrong_currency"
    PAID_TWICE = "paid_twice"
    NOTHING_DUE = "nothing_due"
    OTHER_PAYMENT = "other_payment"
    MORE_THAN_PAID = "more_than_paid"
    OTHER_REFUND = "other_refund"
    REFUND_FAILED = "refund_failed"


@dataclass(frozen=True, slots=True)
class Told:
    """One event: what, about which link of ours, which payment and refund of theirs, over what sum in paise.
    `own_refund` is ours, where the refund was asked for here."""

    kind: Kind
    link_id: UUID | None
    payment_ref: str
    refund_ref: str
    own_refund: UUID | None
    paise: int
    currency: str


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether these very bytes were signed with the secret (HMAC-SHA256, hex). Takes equally long for any answer."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def told_by(event: Any) -> Told:
    """The facts of a signed event. Whatever is not as expected is empty, and is set aside later."""
    kind = KINDS.get(_text(event, "event"), Kind.OTHER)
    payment, refund, link = (_entity(event, name) for name in ("payment", "refund", "payment_link"))
    about = refund if kind in (Kind.REFUNDED, Kind.REFUND_FAILED) else payment
    return Told(
        kind=kind,
        link_id=_id(_notes(payment), "link") or _id(_notes(link), "link") or _id(link, "reference_id"),
        payment_ref=_text(payment, "id"),
        refund_ref=_text(refund, "id"),
        own_refund=_id(_notes(refund), "refund"),
        paise=_paise(about.get("amount")),
        currency=_text(about, "currency")[:3],
    )


def _entity(event: Any, name: str) -> Mapping[str, Any]:
    payload = event.get("payload") if isinstance(event, Mapping) else None
    inner = payload.get(name) if isinstance(payload, Mapping) else None
    entity = inner.get("entity") if isinstance(inner, Mapping) else None
    return entity if isinstance(entity, Mapping) else {}


def _notes(entity: Mapping[str, Any]) -> Mapping[str, Any]:
    """Notes that were given along; the gateway writes `[]` for none."""
    notes = entity.get("notes")
    return notes if isinstance(notes, Mapping) else {}


def _text(of: Any, name: str) -> str:
    value = of.get(name) if isinstance(of, Mapping) else None
    return value[:LONGEST_NAME] if isinstance(value, str) and value.isprintable() else ""


def _id(of: Mapping[str, Any], name: str) -> UUID | None:
    try:
        return UUID(_text(of, name))
    except ValueError:
        return None


def _paise(value: Any) -> int:
    """A whole number of paise; -1 for anything else, which no link is over."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_PAISE else -1
