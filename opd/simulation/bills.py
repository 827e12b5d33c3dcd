"""The till until a demo hospital opens: bills, payments, a refund, closed shifts; the books are right.

Written in bulk, by the same rules: a bill made by its commands takes longer than all of these together.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import transaction
from django_scopes import scope

from apps.accounts.queries import FacilityFacts, facility_facts
from apps.billing.rules.books import AT_DESK, Deed, Method, Postings, of_invoice, of_payment, of_refund
from apps.billing.rules.invoices import InvoiceStatus, financial_year, invoice_number
from apps.billing.rules.money import Charge, Totals, percent_of, totals
from opd.demo.shapes import Hospital
from opd.simulation.cast import Cast, cast_of

DAYS, A_DAY, LATELY = 3, 16, 6
"""So many days before today, with so many bills each; and so many in the last hours."""

OPENS, MINUTES = time(9, 10), 23
"""When the first pays, and how long after them the next."""

UNPAID, BACK = 9, 13
"""Every so many-th has not paid, and every so many-th gets a half back."""

ISSUED = ["status", "number", "sequence", "paid", "refunded"]
"""What an invoice has once it is issued."""

Row = Any


def remember_bills(hospital: Hospital, now: datetime) -> int:
    """Write the bills of the days before and of this one, once; how many."""
    cast = cast_of(hospital)
    if cast.cashier is None:
        return 0
    with scope(facility=cast.facility_id), transaction.atomic():
        if _model("Invoice")._default_manager.exists():
            return 0
        books = _Books(cast, facility_facts(cast.facility_id), Random(hospital.code))
        books.write(now)
        return len(books.rows["Invoice"])


class _Books:
    """Rows of the days before, gathered and then written table by table."""

    def __init__(self, cast: Cast, facility: FacilityFacts, random: Random) -> None:
        self.facility, self.random = facility, random
        self.cashier_id = cast.cashier.id if cast.cashier else None
        self.people = list(apps.get_model("patients.Patient")._default_manager.order_by("uhid")[:A_DAY])
        listed = _model("Price")._default_manager.filter(visit_type=None, doctor=None, paid_priority=False)
        self.prices = list(listed.select_related("department").order_by("department__code"))
        self.numbers: dict[int, int] = {}
        names = ("Shift", "Invoice", "InvoiceLine", "Payment", "Refund", "Journal", "JournalLine")
        self.rows: dict[str, list[Row]] = {name: [] for name in names}

    def write(self, now: datetime) -> None:
        """Make the rows and write them: what others point at first."""
        today = self.facility.day_of(now)
        for before in range(DAYS, 0, -1):
            day = today - timedelta(days=before)
            opened = datetime.combine(day, OPENS, ZoneInfo(self.facility.time_zone))
            self._day(day, [opened + timedelta(minutes=MINUTES * n) for n in range(A_DAY)])
        lately = [now - timedelta(minutes=MINUTES * n) for n in range(LATELY, 0, -1)]
        self._day(today, [at for at in lately if self.facility.day_of(at) == today])
        issued = [{name: getattr(bill, name) for name in ISSUED} for bill in self.rows["Invoice"]]
        for bill in self.rows["Invoice"]:  # lines are put on drafts only, by a trigger
            bill.status, bill.number, bill.sequence, bill.paid, bill.refunded = InvoiceStatus.DRAFT, "", None, 0, 0
        for name in ("Shift", "Invoice", "InvoiceLine"):
            _model(name)._default_manager.bulk_create(self.rows[name])
        for bill, values in zip(self.rows["Invoice"], issued, strict=True):
            bill.__dict__.update(values)
        _model("Invoice")._default_manager.bulk_update(self.rows["Invoice"], ISSUED)
        for name in ("Payment", "Refund", "Journal", "JournalLine"):
            _model(name)._default_manager.bulk_create(self.rows[name])
        counters = [
            _model("InvoiceCounter")(facility_id=self.facility.id, year=year, last=last)
            for year, last in self.numbers.items()
        ]
        _model("InvoiceCounter")._default_manager.bulk_create(counters)

    def _day(self, day: date, moments: list[datetime]) -> None:
        """One day at the till, from the first payment to the shift's end."""
        if not moments:
            return
        shift = self._add("Shift", staff_id=self.cashier_id, opened_at=moments[0], closed_at=moments[-1])
        for n, (at, person) in enumerate(zip(moments, self._comers(), strict=False)):
            self._bill(person, day, at, shift, paid=n % UNPAID != UNPAID - 1, back=n % BACK == BACK - 1)

    def _comers(self) -> Iterator[Row]:
        while True:
            yield self.random.choice(self.people)

    def _bill(self, person: Row, day: date, at: datetime, shift: Row, *, paid: bool, back: bool) -> None:
        price = self.random.choice(self.prices)
        sums = totals([Charge(1, price.amount, price.tax_percent)])
        invoice = self._invoice(person, price, day, at, sums)
        if not paid:
            return
        method = self.random.choice(AT_DESK)
        given_back = percent_of(sums.grand, 50) if back else Decimal(0)
        invoice.paid, invoice.refunded = sums.grand, given_back
        money = {"invoice": invoice, "shift": shift, "day": day, "received_at": at, "received_by": self.cashier_id}
        payment = self._add("Payment", method=method, amount=sums.grand, refunded=given_back, **money)
        self._journal(Deed.PAYMENT, payment.id, day, at, of_payment(method, sums.grand))
        if back:
            self._give_back(payment, shift, method, given_back, day, at)

    def _invoice(self, person: Row, price: Row, day: date, at: datetime, sums: Totals) -> Row:
        year = financial_year(day)
        self.numbers[year] = sequence = self.numbers.get(year, 0) + 1
        invoice = self._add(
            "Invoice",
            patient_id=person.id,
            department_id=price.department_id,
            day=day,
            currency=self.facility.currency,
            status=InvoiceStatus.ISSUED,
            year=year,
            sequence=sequence,
            number=invoice_number(self.facility.code, year, sequence),
            subtotal=sums.subtotal,
            tax_total=sums.tax,
            grand_total=sums.grand,
            made_at=at,
            issued_at=at,
        )
        line = _model("InvoiceLine")(
            invoice=invoice,
            price=price,
            description=price.department.name,
            unit_price=price.amount,
            tax_percent=price.tax_percent,
            tax=sums.tax,
            total=sums.grand,
        )
        self.rows["InvoiceLine"].append(line)
        self._journal(Deed.INVOICE, invoice.id, day, at, of_invoice(sums))
        return invoice

    def _give_back(self, payment: Row, shift: Row, method: Method, amount: Decimal, day: date, at: datetime) -> None:
        told = {"reason": "The doctor was called away.", "refunded_by": self.cashier_id}
        row = self._add("Refund", payment=payment, shift=shift, amount=amount, day=day, refunded_at=at, **told)
        self._journal(Deed.REFUND, row.id, day, at, of_refund(method, amount))

    def _journal(self, deed: Deed, source_id: UUID, day: date, at: datetime, postings: Postings) -> None:
        journal = self._add("Journal", at=at, day=day, deed=deed, source_id=source_id)
        self.rows["JournalLine"].extend(
            _model("JournalLine")(journal=journal, account=p.account, debit=p.debit, credit=p.credit) for p in postings
        )

    def _add(self, name: str, **values: Any) -> Row:
        row = _model(name)(facility_id=self.facility.id, **values)
        self.rows[name].append(row)
        return row


def _model(name: str) -> Any:
    return apps.get_model("billing", name)
