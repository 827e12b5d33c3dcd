"""Which price of the list holds, and when a visit costs nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the price list of one department. Without a doctor or a type of visit it holds for all of them."""

    id: UUID
    doctor_id: UUID | None
    visit_type_id: UUID | None
    valid_from: date
    amount: Decimal
    tax_percent: Decimal
    revisit_days: int
    paid_priority: bool = False
    """Only for bookings of paid priority, and before the others for them."""


def price_for(
    rows: Iterable[Listed], day: date, doctor_id: UUID | None, visit_type_id: UUID | None, *, priority: bool = False
) -> Listed | None:
    """The row that says most of this visit (paid priority before its doctor, its doctor before its type), and of those
    the latest that is in force."""
    fitting = [
        row
        for row in rows
        if row.valid_from <= day
        and row.paid_priority in (False, priority)
        and row.doctor_id in (None, doctor_id)
        and row.visit_type_id in (None, visit_type_id)
    ]
    return max(
        fitting,
        key=lambda row: (row.paid_priority, row.doctor_id is not None, row.visit_type_id is not None, row.valid_from),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Thing:
    """A row of the price list of one thing: a test, or a medicine by the piece."""

    id: UUID
    valid_from: date
    amount: Decimal
    tax_percent: Decimal


def price_of_thing(rows: Iterable[Thing], day: date) -> Thing | None:
    """The latest row of a thing that is in force."""
    return max((row for row in rows if row.valid_from <= day), key=lambda row: row.valid_from, default=None)


def is_free_revisit(day: date, last_paid_on: date | None, revisit_days: int) -> bool:
    """Whether somebody who paid for a visit so lately comes again without a fee. On the last day, too."""
    return last_paid_on is not None and day - last_paid_on <= timedelta(days=revisit_days)
