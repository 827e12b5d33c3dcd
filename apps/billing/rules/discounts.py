"""Who may let people off how much (requirements BIL-1)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

from apps.billing.rules.money import ZERO, percent_of
from apps.core.policy import Role

USUAL_LIMITS: Mapping[Role, int] = {Role.RECEPTION: 5, Role.CASHIER: 10, Role.DOCTOR: 20, Role.ADMIN: 100}
"""Per cent of an invoice that each role may take off by itself, where a hospital has not set its own; others none."""


class DiscountState(StrEnum):
    """Where a discount stands. One above the giver's limit is asked for, and somebody else decides. Withdrawn is what
    its asker took back, and what counts no more because what it was of is gone."""

    GIVEN = "GIVEN"
    ASKED = "ASKED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"


def that_count(discounts: Iterable[Decimal], subtotal: Decimal) -> list[Decimal]:
    """What each discount takes off, in the order in which they were given: together never more than there is."""
    left, counted = subtotal, []
    for amount in discounts:
        counted.append(min(amount, left))
        left -= counted[-1]
    return counted


def within_limit(discount: Decimal, subtotal: Decimal, limit_percent: int) -> bool:
    """Whether all that is taken off an invoice is within what somebody may take off."""
    return ZERO <= discount <= percent_of(subtotal, limit_percent)
