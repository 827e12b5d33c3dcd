"""The simulator at the till: whoever was seen pays, most at once, some later, a few with a little taken off. A place of
one's own choice is paid for when it is booked, and what comes back of one that was given up is fetched.

What somebody does is drawn from the visit's own id, so that it is the same however often it is looked at.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection

from apps.billing import commands
from apps.billing.queries.invoices import invoice_of
from apps.billing.rules.books import Method
from apps.billing.rules.money import percent_of
from apps.core.commands import Command
from apps.core.errors import DomainError
from apps.core.policy import Actor
from apps.core.trace import start_trace
from opd.simulation.cast import VIA, Cast

AFTER = timedelta(seconds=20)
"""How long somebody needs from the doctor to the till."""

AT_ONCE = 3
"""Bills that are settled in one look."""

PAYS_LATER, IN_HARDSHIP = 0.12, 0.05
"""Shares of people."""

WAYS = {Method.CASH: 0.5, Method.UPI: 0.4, Method.CARD: 0.1}
"""How people pay, and how many of them."""

PAYS_WITHIN, FETCHES_WITHIN = timedelta(minutes=5), timedelta(minutes=40)
"""How long people take from a booking to its payment, and until they fetch what comes back of it, at most."""

Do = Callable[..., Any]
log = logging.getLogger(__name__)

_DUE = """
SELECT l.visit_id FROM billing_invoice i JOIN billing_invoiceline l ON l.invoice_id = i.id
WHERE i.facility_id = %s AND i.status = 'DRAFT' AND i.made_at BETWEEN %s AND %s
    AND NOT EXISTS (SELECT FROM queue_visittransition t WHERE t.visit_id = l.visit_id AND t.verb = 'complete'
        AND t.via <> %s)
    AND EXISTS (SELECT FROM queue_visit v WHERE v.id = l.visit_id AND v.state = 'COMPLETED')
ORDER BY i.made_at LIMIT 50
"""
"""Visits on drafts that the simulator finished itself: whom a person has seen, a person bills."""

_AHEAD = """
SELECT p.id, i.id, i.made_at FROM billing_prepayment p JOIN billing_invoice i ON i.id = p.invoice_id
WHERE i.facility_id = %s AND i.status = 'DRAFT' AND p.state = 'BOOKED' AND i.made_at <= %s
    AND NOT EXISTS (SELECT FROM audit_auditentry a WHERE a.entity_type = 'appointment'
        AND a.entity_id = p.appointment_id::text AND a.actor_via <> %s)
ORDER BY i.made_at, p.id LIMIT 50
"""
"""Places of people's own choice that are booked and not paid, in which no person had a hand."""

_BACK = """
SELECT p.id, y.invoice_id, p.due_at FROM billing_refunddue p JOIN billing_payment y ON y.id = p.payment_id
WHERE p.facility_id = %s AND p.refund_id IS NULL AND p.due_at <= %s
    AND NOT EXISTS (SELECT FROM audit_auditentry a WHERE a.entity_type = 'appointment'
        AND a.entity_id = p.appointment_id::text AND a.actor_via <> %s)
ORDER BY p.due_at, p.id LIMIT 50
"""
"""What is to be fetched of those that were given up."""


def pays_later(visit_id: UUID) -> bool:
    """Whether somebody goes home without having paid."""
    return Random(f"{visit_id}:till").random() < PAYS_LATER


def settle(do: Do, cashier: Actor, visit_id: UUID) -> None:
    """Bill a visit, issue the invoice and take the money. `do` runs a command at the right moment."""
    chance = Random(f"{visit_id}:pays")
    pay(do, cashier, do(commands.draft_invoice, actor=cashier, visit_id=visit_id), chance)


def pay(do: Do, cashier: Actor, invoice: Any, chance: Random) -> None:
    """Issue an invoice and take the money."""
    if chance.random() < IN_HARDSHIP and invoice.status == "DRAFT" and invoice.subtotal:
        off = percent_of(invoice.subtotal, 5)
        invoice, _ = do(
            commands.give_discount, actor=cashier, invoice_id=invoice.id, amount=off, reason="Cannot pay more."
        )
    if not invoice.grand_total:
        if invoice.status == "DRAFT":
            do(commands.issue_invoice, actor=cashier, invoice_id=invoice.id)
    elif invoice.balance:
        method = chance.choices(list(WAYS), list(WAYS.values()))[0]
        do(
            commands.take_payment,
            actor=cashier,
            invoice_id=invoice.id,
            amount=invoice.balance,
            method=str(method),
            reference=f"UPI {chance.randrange(10**11, 10**12)}" if method is Method.UPI else "",
            issue_first=True,
        )


class Till:
    """The till of a hospital, looked at once a second."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock

    def tick(self, cast: Cast) -> int:
        """Settle what is due; how many bills were."""
        if cast.cashier is None:
            return 0
        now = self.clock()
        with connection.cursor() as cursor:
            cursor.execute(_DUE, [cast.facility_id, now - timedelta(hours=3), now - AFTER, VIA])
            due = [visit_id for (visit_id,) in cursor.fetchall() if not pays_later(visit_id)][:AT_ONCE]
        deeds: list[Callable[[Do], object]] = [partial(self._seen, cast.cashier, visit_id) for visit_id in due]
        for query, within, deed in ((_AHEAD, PAYS_WITHIN, self._ahead), (_BACK, FETCHES_WITHIN, self._fetch)):
            found = self._waiting(query, cast.facility_id, now, within)
            deeds += [partial(deed, cast.cashier, row_id, invoice_id) for row_id, invoice_id in found]
        return sum(self._do(deed, now) for deed in deeds)

    def _waiting(self, query: str, facility_id: UUID, now: datetime, within: timedelta) -> list[tuple[UUID, UUID]]:
        """Of what is open, those whose people come by now; some do not at all."""
        with connection.cursor() as cursor:
            cursor.execute(query, [facility_id, now - AFTER, VIA])
            rows = [row for row in cursor.fetchall() if not pays_later(row[0])]
        come = [row for row in rows if row[2] + AFTER + within * Random(f"{row[0]}:comes").random() <= now]
        return [(row_id, invoice_id) for row_id, invoice_id, _ in come][:AT_ONCE]

    @staticmethod
    def _seen(cashier: Actor, visit_id: UUID, do: Do) -> None:
        settle(do, cashier, visit_id)

    @staticmethod
    def _ahead(cashier: Actor, prepayment_id: UUID, invoice_id: UUID, do: Do) -> None:
        pay(do, cashier, invoice_of(invoice_id), Random(f"{prepayment_id}:pays"))

    @staticmethod
    def _fetch(cashier: Actor, due_id: UUID, invoice_id: UUID, do: Do) -> None:
        do(commands.pay_out, actor=cashier, invoice_id=invoice_id, due_id=due_id)

    def _do(self, deed: Callable[[Do], object], now: datetime) -> bool:
        """One bill; somebody may have been faster."""
        start_trace()

        def do(command: Command[..., Any], **arguments: Any) -> Any:
            return command(now=now, **arguments)

        try:
            deed(do)
        except DomainError as refusal:
            log.debug("outrun at the till", extra={"refusal": type(refusal).__name__})
            return False
        return True
