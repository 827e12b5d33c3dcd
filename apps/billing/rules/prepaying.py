"""Bookings that are paid for by themselves: where they stand, and what comes back of one that is given up."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from apps.billing.rules.money import ZERO, percent_of
from apps.core.errors import sentence


class PrepaidState(StrEnum):
    """Where it stands: a place that is booked once it is paid, one that was not paid in time, a booking, or one that
    was given up, whose money is back or on its way."""

    WAITS = "WAITS"
    LAPSED = "LAPSED"
    BOOKED = "BOOKED"
    RETURNED = "RETURNED"


CANCELLED = sentence("the booking was cancelled")
NO_PLACE = sentence("there was no place any more")
"""Reasons of refunds that nobody typed; translated when they are shown."""

TO_BE_PLACED = (PrepaidState.WAITS, PrepaidState.LAPSED)
"""States in which money that comes books a place, or goes back: also after the time to pay is over."""


def back_of(charged: Decimal, here: Decimal, percent: int) -> Decimal:
    """What comes back for a booking that cost `charged`: per cent of what of it was paid and is still `here`."""
    return percent_of(min(charged, here), percent)


def dealt_back(amount: Decimal, left: Sequence[Decimal]) -> list[Decimal]:
    """A sum that goes back, dealt over payments of which so much is `left` each: the last one first."""
    dealt: list[Decimal] = []
    for most in reversed(left):
        dealt.append(min(amount - sum(dealt, ZERO), most))
    return dealt[::-1]
