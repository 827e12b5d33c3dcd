"""What money has to say to bookings and visits. Billing, which is above, fills this in when it starts (its apps.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.core.errors import Conflict, sentence


class NotPaidHere(Conflict):
    code = "no_gateway"
    detail = sentence("Paying by phone is not set up here. Please pay at the desk.")


@dataclass(frozen=True, slots=True)
class Back:
    """What comes back to somebody of what they paid for a booking, and the same in words."""

    amount: Decimal
    currency: str
    text: str


def _nothing(row: Any, percent: int) -> Back | None:
    return None


def _no_price(wish: Any) -> str:
    return ""


def _nowhere(wish: Any) -> Any:
    raise NotPaidHere


def _no_objection(visit_id: Any, since: datetime) -> None:
    return None


@dataclass(slots=True)
class Money:
    """The answers; as they stand here they are those of a hospital without a till.

    `back`: what comes back of what was paid for a booking, by the per cent of the rule. `price_of_priority`: what a
    wish for paid priority costs, in words; "" where it is not offered. `pay_first`: keep such a wish until it is paid,
    a step of the command. `objects_to_undoing`: refuse to take back what money rests on since a moment, a step too.
    """

    back: Callable[[Any, int], Back | None] = _nothing
    price_of_priority: Callable[[Any], str] = _no_price
    pay_first: Callable[[Any], Any] = _nowhere
    objects_to_undoing: Callable[[Any, datetime], None] = _no_objection


MONEY = Money()
