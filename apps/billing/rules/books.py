"""The hospital's books: which accounts there are, and what each deed writes into them.

Every deed is one journal, whose debits and credits are equal; the database refuses any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.billing.rules.money import ZERO, Totals


class Account(StrEnum):
    """The chart of accounts: where money is, who owes it, what it was for."""

    CASH = "cash"
    CARD = "card"
    UPI = "upi"
    GATEWAY = "gateway"
    RECEIVABLE = "receivable"
    FEES = "fees"
    TAX = "tax"
    DISCOUNTS = "discounts"
    REFUNDS = "refunds"


class Method(StrEnum):
    """How somebody pays. `LINK` is a payment through the gateway."""

    CASH = "cash"
    CARD = "card"
    UPI = "upi"
    LINK = "link"


AT_DESK = (Method.CASH, Method.CARD, Method.UPI)
"""What is taken by hand."""

MONEY_IN: dict[Method, Account] = {
    Method.CASH: Account.CASH,
    Method.CARD: Account.CARD,
    Method.UPI: Account.UPI,
    Method.LINK: Account.GATEWAY,
}
"""Where money of each kind is kept."""


class Deed(StrEnum):
    """What a journal is of."""

    INVOICE = "invoice"
    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of a journal: a sum on one side of one account."""

    account: Account
    debit: Decimal = ZERO
    credit: Decimal = ZERO


Postings = Sequence[Posting]


def of_invoice(sums: Totals) -> Postings:
    """Somebody owes the hospital what was issued; nothing is written of what costs nothing."""
    written = [
        Posting(Account.RECEIVABLE, debit=sums.grand),
        Posting(Account.DISCOUNTS, debit=sums.discount),
        Posting(Account.FEES, credit=sums.subtotal),
        Posting(Account.TAX, credit=sums.tax),
    ]
    return [posting for posting in written if posting.debit or posting.credit]


def of_payment(method: Method, amount: Decimal) -> Postings:
    """Money came, and so much less is owed."""
    return [Posting(MONEY_IN[method], debit=amount), Posting(Account.RECEIVABLE, credit=amount)]


def of_refund(method: Method, amount: Decimal) -> Postings:
    """Money went back the way it came."""
    return [Posting(Account.REFUNDS, debit=amount), Posting(MONEY_IN[method], credit=amount)]
