"""A till for tests: prices, people who handle money, and short words for what they do."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.accounts.models import Staff
from apps.billing import commands
from apps.billing.models import Invoice, Payment, Price
from apps.core.policy import Actor, Role
from tests.factories import PASSWORD, encoded
from tests.ward import Ward

LONG_AGO = date(2020, 1, 1)


def price(ward: Ward, amount: str = "500.00", **more: Any) -> Price:
    """What a visit to the first department costs."""
    values = {"department": ward.department, "valid_from": LONG_AGO} | more
    return Price.objects.create(facility=ward.facility, amount=Decimal(amount), **values)


@dataclass
class Till:
    """A ward with a cashier."""

    ward: Ward
    cashier: Actor

    def seen(self, **how: Any) -> Any:
        """Somebody came, was called, seen and is finished."""
        visit = self.ward.arrive(**how)
        self.ward.call_next()
        return self.ward.fresh(self.ward.see(self.ward.fresh(visit)))

    def draft(self, visit: Any = None) -> Invoice:
        """The invoice of a visit, of somebody new unless told."""
        return commands.draft_invoice(actor=self.cashier, now=self.ward.now, visit_id=(visit or self.ward.arrive()).id)

    def issued(self, visit: Any = None) -> Invoice:
        """The same with its number."""
        return self.issue(self.draft(visit))

    def issue(self, invoice: Invoice, by: Actor | None = None) -> Invoice:
        return commands.issue_invoice(actor=by or self.cashier, now=self.ward.now, invoice_id=invoice.id)

    def pay(self, invoice: Invoice, amount: str = "", method: str = "cash", **more: Any) -> Payment:
        """Money is taken, all that is due unless told."""
        due = Decimal(amount) if amount else Invoice.objects.get(id=invoice.id).balance
        return commands.take_payment(
            actor=more.pop("actor", self.cashier),
            now=self.ward.now,
            invoice_id=invoice.id,
            amount=due,
            method=method,
            **more,
        )

    def refund(self, payment: Payment, amount: str, reason: str = "did not stay") -> Any:
        return commands.refund(
            actor=self.cashier, now=self.ward.now, payment_id=payment.id, amount=Decimal(amount), reason=reason
        )

    def discount(self, invoice: Invoice, by: Actor | None = None, reason: str = "hardship", **how: Any) -> Any:
        """Something is taken off: (invoice, discount)."""
        told = {name: Decimal(value) for name, value in how.items()}
        return commands.give_discount(
            actor=by or self.cashier, now=self.ward.now, invoice_id=invoice.id, reason=reason, **told
        )


def account_of(actor: Actor) -> Staff:
    """The account of somebody of the ward, with a password to sign in by."""
    Staff.objects.filter(id=actor.id).update(password=encoded(PASSWORD))
    return Staff.objects.get(id=actor.id)


def till_of(ward: Ward) -> Till:
    """A cashier of all departments."""
    return Till(ward, ward.as_role(Role.CASHIER))
