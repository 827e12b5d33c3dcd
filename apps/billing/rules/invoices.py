"""Invoices: their states, their financial year and their number."""

from datetime import date
from enum import StrEnum

from apps.core.errors import sentence
from apps.queue.rules.states import State

FIRST_MONTH = 4
"""India's financial year begins in April."""


NOT_CHARGED = frozenset({State.CANCELLED, State.NO_SHOW, State.TRANSFERRED})
"""States of visits in which nothing was done there."""


TAKEN_BACK = sentence("it was taken back after it was charged")
"""The reason of a refund that nobody typed; translated when it is shown."""


class InvoiceStatus(StrEnum):
    """A draft can be changed; what is issued stands for good."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"


def financial_year(day: date) -> int:
    """The year in which a day's financial year began: 2026 for 31 March 2027, 2027 for the day after."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def invoice_number(code: str, year: int, sequence: int) -> str:
    """`ADH/26-27/00042`: a hospital's code, the financial year, the number in it."""
    return f"{code}/{year % 100:02d}-{(year + 1) % 100:02d}/{sequence:05d}"
