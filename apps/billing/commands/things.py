"""From what was done to a draft: the visit, and the tests and medicines that were ordered in it, each once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.commands import record
from apps.billing.commands.charging import (
    NoPrice,
    add_line,
    charge,
    draft_of_token,
    locked_draft,
    may_wait_for_price,
    take_line_off,
    take_off,
)
from apps.billing.commands.invoicing import locked_invoice, require_draft
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.queries.prices import price_of_visit, prices_of_things, things_sold
from apps.billing.rules.invoices import NOT_CHARGED, InvoiceStatus
from apps.billing.rules.prices import Thing
from apps.core.commands import command, step
from apps.core.errors import Conflict, sentence
from apps.core.models import OutboxEvent
from apps.core.policy import Actor, Permission, Scope
from apps.encounters.queries.chargeable import Chargeable, ChargeableKind, chargeable, tests_awaited
from apps.queue.queries.visits import visit_of, visits_under
from apps.queue.rules.states import State
from apps.scheduling.rules import DepartmentKind

BY_ITEM = (DepartmentKind.LABORATORY, DepartmentKind.IMAGING)
"""Where a visit itself costs nothing once the tests that are done there are charged."""


class NothingDone(Conflict):
    code = "nothing_done"
    detail = sentence("This visit did not take place, so that there is nothing to pay for.")


@command
def draft_invoice(*, actor: Actor, now: datetime, visit_id: UUID) -> Invoice:
    """The invoice on which a visit stands: the one it is on already, else the draft of its number, with its charge
    and what was ordered in it.

    A consultation that the price list says nothing of stands there without a price. Raises `NothingDone`, `NotFound`;
    `NoPrice` of another visit, and in a hospital without a price list.
    """
    visit = visit_of(visit_id)
    actor.require(Permission.INVOICE_CHANGE, Scope(visit.facility_id, visit.department_id))
    if visit.state in NOT_CHARGED:
        raise NothingDone
    invoice = bill(visit)
    if invoice is None:
        raise NoPrice
    return invoice


@step
def bill_visit(event: OutboxEvent) -> None:
    """Put a visit that was completed on the draft of its number, with its tests and medicines, and take it off again
    when that was undone or when it did not take place after all. A consultation without a price stands there without
    one; of other visits without a price, and in a hospital without a price list, nothing is written."""
    if event.payload.get("to") == State.COMPLETED:
        visit = visit_of(event.entity_id)
        if visit.state == State.COMPLETED:
            bill(visit)
    elif event.payload.get("from") == State.COMPLETED or event.payload.get("to") in NOT_CHARGED:
        take_off(event.entity_id)
        charge_things(visit_of(event.entity_id))


@step
def charge_ordered(event: OutboxEvent) -> None:
    """Bring a draft in step with what was ordered on a visit, or taken back. Where there is no draft the bill is made
    when the visit is completed."""
    visit = visit_of(event.entity_id)
    if Invoice.objects.filter(token_id=visit.token_id, status=InvoiceStatus.DRAFT).exists():
        charge_things(visit)


@step
def bill(visit: Any) -> Invoice | None:
    """Charge a visit, unless its tests are charged instead, and what was ordered in it: the invoice that it is on, or
    the draft that anything was put on; None for what is not billed here."""
    price = price_of_visit(visit)
    costs = (price is not None or may_wait_for_price(visit)) and not stands_for_tests(visit)
    invoice = charge(visit, price) if costs else None
    return charge_things(visit) or invoice or _invoice_of_things(visit)


@command
def collect_things(*, actor: Actor, now: datetime, invoice_id: UUID, expected_version: int | None = None) -> Invoice:
    """Look again what was ordered under the number of a draft, and bring it there. Raises `AlreadyIssued`."""
    invoice = locked_invoice(invoice_id, Permission.INVOICE_CHANGE, expected_version)
    require_draft(invoice)
    visit = visits_under(invoice.token_id).first() if invoice.token_id else None
    return (charge_things(visit) if visit else None) or invoice


@step
def charge_things(visit: Any) -> Invoice | None:
    """Bring the tests and medicines of a number's visits onto its draft, and take off those that were taken back; None
    where there are none. Of the kinds that the hospital has no prices of, nothing is written."""
    sold = things_sold()
    if not sold:
        return None
    draft = locked_draft(visit.token_id)  # before what was ordered is read, so that nobody's newer line is taken off
    things = [thing for thing in _charged_under(visit.token_id) if thing.kind in sold]
    keys = {thing.key for thing in things}
    gone = [line for line in draft.lines.exclude(key="") if line.key not in keys] if draft else []
    known = set(InvoiceLine.objects.filter(key__in=keys).values_list("key", flat=True))
    fresh = [thing for thing in things if thing.key not in known]
    if not fresh and not gone:
        return None
    draft = draft or draft_of_token(visit, visit.day)
    for line in gone:
        take_line_off(draft, line)
    _add(draft, fresh)
    return draft


def _charged_under(token_id: UUID) -> list[Chargeable]:
    """What of a number is charged: of visits that did not take place, or went on elsewhere, only the tests that were
    done, or whose station the person came to: that costs nothing itself then."""
    visits = list(visits_under(token_id))
    took_place = [one for one in visits if one.state not in NOT_CHARGED]
    ids, stations = {one.id for one in took_place}, {one.department_id for one in took_place}
    return [
        thing
        for thing in chargeable(one.id for one in visits)
        if thing.visit_id in ids
        or (thing.kind == ChargeableKind.TEST and (thing.done or thing.department_id in stations))
    ]


@step
def _add(draft: Invoice, things: Sequence[Chargeable]) -> None:
    known = set(InvoiceLine.objects.filter(key__in=[thing.key for thing in things]).values_list("key", flat=True))
    fresh = [thing for thing in things if thing.key not in known]  # by somebody who was faster
    prices = prices_of_things(fresh, draft.day)
    for thing in fresh:
        price: Thing | None = prices.get((thing.kind, thing.service)) if thing.quantity is not None else None
        add_line(
            draft,
            key=thing.key,
            of_visit_id=thing.visit_id,
            description=thing.name[:200],
            quantity=thing.quantity or 1,
            unit_price=price.amount if price else None,
            tax_percent=price.tax_percent if price else 0,
        )
    if fresh:
        after = {"things": len(fresh), "grandTotal": str(draft.grand_total)}
        record(action="invoice.things_charged", entity_type="invoice", entity_id=draft.id, after=after)


def _invoice_of_things(visit: Any) -> Invoice | None:
    about = InvoiceLine.objects.filter(of_visit__token_id=visit.token_id).values("invoice_id")
    return Invoice.objects.filter(id__in=about).order_by("-made_at").first()


def stands_for_tests(visit: Any) -> bool:
    """Whether a visit of the laboratory or imaging is paid for by its tests, each at its own price: those of its
    number, or those of another one, mostly of another day, for which the person came."""
    if visit.department.kind not in BY_ITEM or ChargeableKind.TEST not in things_sold():
        return False
    if any(thing.department_id == visit.department_id for thing in _charged_under(visit.token_id)):
        return True
    awaited = tests_awaited(visit.patient_id, visit.department_id, visit.scanned_at)
    return InvoiceLine.objects.filter(key__in=awaited, quantity__gt=0).exists()
