"""Bookings that are paid for by themselves: paid priority is a patient's own only when it is paid (requirements D5),
and what was paid comes back by the notice that was given (D10)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import translation

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.billing.commands.charging import NoPrice, add_line, draft_of_token, new_draft, take_line_off
from apps.billing.commands.linking import new_link
from apps.billing.commands.paying import give_back, void
from apps.billing.models import Invoice, InvoiceLine, PaymentLink, Prepayment, RefundDue
from apps.billing.models.gateway import WAITS
from apps.billing.queries.prepaid import coming_back, prepayment_of, price_of_priority
from apps.billing.rules.books import Method
from apps.billing.rules.invoices import InvoiceStatus
from apps.billing.rules.money import ZERO
from apps.billing.rules.prepaying import CANCELLED, NO_PLACE, TO_BE_PLACED, PrepaidState, dealt_back
from apps.billing.rules.prices import Listed
from apps.billing.templatetags.money import money
from apps.core.commands import command, step, unit
from apps.core.errors import DomainError, sentence
from apps.core.events import department_stream
from apps.core.models import OutboxEvent
from apps.core.outbox import lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.notifications.commands import tell
from apps.notifications.rules import Kind
from apps.notifications.rules.wordings import Wording, wording
from apps.queue.commands.booking import place_paid
from apps.queue.commands.telling import tell_people
from apps.queue.queries.money import NotPaidHere
from apps.scheduling.commands import Wish
from apps.scheduling.queries import booking_or_none, department_of, doctor_of, what_giving_up_means
from apps.scheduling.rules.allocation import SOURCE_NAMES, BookingSource
from apps.scheduling.rules.appointments import AppointmentState
from apps.scheduling.rules.lengths import Length

TO_ACCOUNT = wording(
    "money_to_account",
    Kind.BOOKING,
    sentence("{hospital}: {token} is cancelled. {amount} comes back the way you paid. It can take a few days."),
)
AT_TILL = wording(
    "money_at_till",
    Kind.BOOKING,
    sentence("{hospital}: {token} is cancelled. {amount} is ready for you at the till."),
)
NOT_PLACED = wording(
    "paid_without_place",
    Kind.BOOKING,
    sentence(
        "{hospital}: the time with {doctor} that you paid for is taken. {amount} comes back the way you paid. We are"
        " sorry. Other times: {link}"
    ),
)


@step
def pay_first(wish: Wish) -> Prepayment:
    """Keep a patient's wish for paid priority until it is paid, with a draft and a link to pay by; the wish that is
    there already for this time and type of visit, if there is one. Of another one that day it takes the place. Raises
    `NotPaidHere`, `NoPrice`."""
    if not settings.RAZORPAY_KEY_ID:
        raise NotPaidHere
    asked = {"patient_id": wish.patient_id, "doctor_id": wish.doctor_id, "day": wish.day}
    known = Prepayment.objects.select_related("invoice").filter(state=PrepaidState.WAITS, **asked).first()
    now = unit().now
    if known and _same_place(known, wish) and known.expires_at and known.expires_at > now:
        return known
    price = price_of_priority(wish)
    if price is None:
        raise NoPrice
    if known:
        _lapse(known)
    facility = facility_facts(department_of(wish.department_id).facility_id)
    invoice = new_draft(facility, wish.patient_id, wish.department_id, facility.day_of(now))
    invoice.save(force_insert=True)
    until = now + _time_to_pay()
    row = _charged(wish, invoice, price, state=PrepaidState.WAITS, expires_at=until)
    new_link(invoice, invoice.grand_total, until)
    record(action="priority.asked", entity_type="invoice", entity_id=invoice.id, after={"wishId": str(row.id)})
    return row


@step
def charge_booking(event: OutboxEvent) -> None:
    """Put a paid-priority booking that the desk made on the draft of its number. One that is charged already, or was
    before it moved, is not charged again; of one without a price nothing is written."""
    row = booking_or_none(event.entity_id)
    if row is None or row.source != BookingSource.PAID_PRIORITY or prepayment_of(row):
        return
    if row.state not in (AppointmentState.BOOKED, AppointmentState.ARRIVED):
        return
    wish = _wish_of(row)
    price = price_of_priority(wish)
    if price:
        draft = draft_of_token(row, facility_facts(row.facility_id).day_of(unit().now))
        _charged(wish, draft, price, state=PrepaidState.BOOKED, appointment_id=row.id)


@command
def place_wish(*, actor: Actor, now: datetime, wish_id: UUID) -> Prepayment:
    """Give somebody the place they have paid for, whoever has to give way; where it is gone, their money goes back."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    found = Prepayment.objects.get(id=wish_id)
    lock_streams(department_stream(found.department_id))
    invoice = Invoice.objects.select_for_update().get(id=found.invoice_id)
    row = Prepayment.objects.select_for_update().get(id=wish_id)
    if row.state not in TO_BE_PLACED or invoice.paid <= invoice.refunded:
        return row
    try:
        booking = place_paid(_wish_of(row))
    except DomainError as refusal:
        _return(row, invoice, refusal.code)
        return row
    row.state, row.appointment, row.ended_at = PrepaidState.BOOKED, booking, now
    row.save(update_fields=["state", "appointment", "ended_at"])
    after = {"wishId": str(row.id), "appointmentId": str(booking.id)}
    record(action="priority.placed", entity_type="invoice", entity_id=invoice.id, after=after)
    return row


@command
def let_lapse(*, actor: Actor, now: datetime, wish_id: UUID) -> bool:
    """End a wish that was not paid in time, and its link with it; False when it was paid meanwhile."""
    actor.require(Permission.SYSTEM_KEEP, Scope(actor.facility_id))
    found = Prepayment.objects.get(id=wish_id)
    invoice = Invoice.objects.select_for_update().get(id=found.invoice_id)
    row = Prepayment.objects.filter(id=wish_id, state=PrepaidState.WAITS, expires_at__lte=now).first()
    if invoice.paid or row is None:
        return False
    _lapse(row)
    return True


@step
def _lapse(row: Prepayment) -> None:
    """Nobody is to pay for a wish any more; who does all the same gets the place, or the money back."""
    Prepayment.objects.filter(id=row.id).update(state=PrepaidState.LAPSED, ended_at=unit().now)
    void(PaymentLink.objects.filter(invoice_id=row.invoice_id, state__in=WAITS))
    record(action="priority.lapsed", entity_type="invoice", entity_id=row.invoice_id, after={"wishId": str(row.id)})


@step
def give_back_booking(event: OutboxEvent) -> None:
    """Give back what was paid for a booking that was cancelled, by the notice that was given, and tell whose it was:
    through the gateway at once, else it is due at the till. What was not paid is asked for no more."""
    row = booking_or_none(event.entity_id) if event.payload.get("state") == AppointmentState.CANCELLED else None
    prepaid = prepayment_of(row) if row else None
    if row is None or prepaid is None:
        return
    invoice = Invoice.objects.select_for_update().get(id=prepaid.invoice_id)
    prepaid.invoice = invoice
    prepaid.state, prepaid.ended_at = PrepaidState.RETURNED, unit().now
    prepaid.save(update_fields=["state", "ended_at"])
    if invoice.status == InvoiceStatus.DRAFT:
        assert prepaid.line, "what is charged has a line"
        take_line_off(invoice, prepaid.line)
        return
    void(invoice.links.filter(state__in=WAITS))
    _owe_back(prepaid, row, what_giving_up_means(row, unit().now).refund_percent)


@step
def _owe_back(prepaid: Prepayment, row: Any, percent: int) -> None:
    """Write down what comes back of each payment, and tell the person."""
    amount, payments = coming_back(prepaid, percent), list(prepaid.invoice.payments.all())
    if not amount:
        return
    parts = dealt_back(amount, [payment.amount - payment.refunded for payment in payments])
    for payment, part in zip(payments, parts, strict=True):
        if part:
            by_link = payment.method == Method.LINK
            RefundDue.objects.create(
                facility_id=row.facility_id,
                payment=payment,
                appointment=row,
                percent=percent,
                amount=part,
                due_at=unit().now,
                refund=give_back(payment.id, part, CANCELLED) if by_link else None,
            )
    after = {"amount": str(amount), "percent": percent, "appointmentId": str(row.id)}
    record(action="booking.refund_due", entity_type="invoice", entity_id=prepaid.invoice_id, after=after)
    dealt = list(zip(payments, parts, strict=True))
    by_phone = sum((part for payment, part in dealt if payment.method == Method.LINK), ZERO)
    for saying, change, sum_ in ((AT_TILL, "money", amount - by_phone), (TO_ACCOUNT, "money_by_phone", by_phone)):
        if sum_:
            with translation.override(row.patient.language):
                told = money(sum_, prepaid.invoice.currency)
            tell_people([row], saying, change, whenever=True, amount=told)


@step
def _return(row: Prepayment, invoice: Invoice, why: str) -> None:
    """Give back in full what somebody paid for a place that is gone, and tell them."""
    left = invoice.paid - invoice.refunded
    for payment in invoice.payments.all():
        if payment.amount > payment.refunded:
            give_back(payment.id, payment.amount - payment.refunded, NO_PLACE)
    row.state, row.ended_at = PrepaidState.RETURNED, unit().now
    row.save(update_fields=["state", "ended_at"])
    record(
        action="priority.returned", entity_type="invoice", entity_id=invoice.id, after={"amount": str(left)}, reason=why
    )
    _say(row, NOT_PLACED, money_of=left, currency=invoice.currency)


def _say(row: Prepayment, saying: Wording, *, money_of: Any, currency: str) -> None:
    facility, person = facility_facts(row.facility_id), row.patient
    if not person.phone:
        return
    with translation.override(person.language):
        words = {
            "hospital": facility.name,
            "doctor": row.doctor.name,
            "amount": money(money_of, currency),
            "link": row.page_url,
        }
    tell(
        saying,
        words,
        recipient=person.phone,
        dedupe_key=f"{Kind.BOOKING}:wish:{row.id}",
        language=person.language,
        facility_id=row.facility_id,
        time_zone=facility.time_zone,
        urgent=True,
        not_after=None,
    )


@step
def _charged(wish: Wish, invoice: Invoice, price: Listed, **more: Any) -> Prepayment:
    """The charge for a booking on a locked draft."""
    assert wish.slot_id, "what is paid for is a place in a slot"
    where = ", ".join([department_of(wish.department_id).name, doctor_of(wish.doctor_id).name])
    line: InvoiceLine = add_line(
        invoice,
        description=f"{SOURCE_NAMES[BookingSource.PAID_PRIORITY]}: {where}",
        price_id=price.id,
        unit_price=price.amount,
        tax_percent=price.tax_percent,
    )
    return Prepayment.objects.create(
        facility_id=invoice.facility_id,
        invoice=invoice,
        line=line,
        patient_id=wish.patient_id,
        doctor_id=wish.doctor_id,
        department_id=wish.department_id,
        slot_id=wish.slot_id,
        visit_type_id=wish.length.visit_type_id,
        minutes=wish.length.minutes,
        day=wish.day,
        reason=wish.reason,
        made_at=unit().now,
        **more,
    )


def _same_place(row: Prepayment, wish: Wish) -> bool:
    """Whether a wish that is kept is for the same time, and for as long: another type may cost something else."""
    return (row.slot_id, Length(row.visit_type_id, row.minutes)) == (wish.slot_id, wish.length)


def _wish_of(row: Any) -> Wish:
    """What was wished for: by a wish that is kept, or by a booking."""
    return Wish(
        row.department_id,
        row.doctor_id,
        row.patient_id,
        BookingSource.PAID_PRIORITY,
        row.day,
        row.slot_id,
        row.reason,
        length=Length(row.visit_type_id, row.minutes),
    )


def _time_to_pay() -> timedelta:
    return timedelta(minutes=settings.PRIORITY_MINUTES)
