"""Sums of money to the paisa: lines, shares, totals. `Decimal` throughout, in the facility's currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from babel.numbers import format_currency

PAISA = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
MOST = Decimal("99999999.99")
"""No single sum is greater: ten digits, as the columns have."""


def to_paisa(amount: Decimal) -> Decimal:
    """The nearest sum that can be paid; half a paisa goes up."""
    return amount.quantize(PAISA, ROUND_HALF_UP)


def in_paise(amount: Decimal) -> int:
    """A sum as gateways count it."""
    return int(to_paisa(amount) * HUNDRED)


def of_paise(paise: int) -> Decimal:
    """A sum that a gateway has counted."""
    return Decimal(paise) * PAISA


def percent_of(amount: Decimal, percent: Decimal | int) -> Decimal:
    """So many per cent of a sum, to the paisa."""
    return to_paisa(amount * Decimal(percent) / HUNDRED)


def shares(whole: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """A sum dealt out by weights, to the paisa and without a rest: what rounding leaves over goes, a paisa each, to
    the largest remainders, the first of equals first."""
    total = sum(weights, ZERO)
    if not total:
        return [ZERO for _ in weights]
    exact = [whole * weight / total for weight in weights]
    dealt = [share.quantize(PAISA, ROUND_DOWN) for share in exact]
    left = int((whole - sum(dealt, ZERO)) / PAISA)
    by_remainder = sorted(range(len(weights)), key=lambda i: (dealt[i] - exact[i], i))
    for index in by_remainder[:left]:
        dealt[index] += PAISA
    return dealt


@dataclass(frozen=True, slots=True)
class Charge:
    """What one line of an invoice asks for. `discount` is a sum; tax is reckoned on what is left."""

    quantity: int
    unit_price: Decimal
    tax_percent: Decimal = ZERO
    discount: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        """Before discount and tax."""
        return to_paisa(self.unit_price * self.quantity)

    @property
    def tax(self) -> Decimal:
        """The tax on it."""
        return percent_of(self.gross - self.discount, self.tax_percent)

    @property
    def total(self) -> Decimal:
        """What is to be paid for it."""
        return self.gross - self.discount + self.tax


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums at the foot of an invoice: `grand` = `subtotal` - `discount` + `tax`."""

    subtotal: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def grand(self) -> Decimal:
        """What is to be paid."""
        return self.subtotal - self.discount + self.tax


def totals(charges: Iterable[Charge]) -> Totals:
    """The sums of some lines."""
    known = list(charges)
    return Totals(
        sum((charge.gross for charge in known), ZERO),
        sum((charge.discount for charge in known), ZERO),
        sum((charge.tax for charge in known), ZERO),
    )


def shown(amount: Decimal, currency: str, language: str) -> str:
    """A sum as a language writes it: `₹1,25,000.00`. Digits are 0-9 in every language."""
    return str(format_currency(amount, currency, locale=f"{language}_IN", numbering_system="latn"))
