"""Bookings that are paid for by themselves: what they cost, and what comes back of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from apps.accounts.queries import facility_facts
from apps.billing.models import Prepayment, RefundDue
from apps.billing.queries.prices import listed
from apps.billing.rules.books import Method
from apps.billing.rules.invoices import InvoiceStatus
from apps.billing.rules.money import ZERO
from apps.billing.rules.prepaying import TO_BE_PLACED, PrepaidState, back_of
from apps.billing.rules.prices import Listed, price_for
from apps.billing.templatetags.money import money
from apps.core.commands import hidden_from
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.patients.queries import patients_of
from apps.queue.queries.money import Back
from apps.scheduling.queries import chain_of, department_of
from apps.scheduling.rules.allocation import BookingSource
from apps.scheduling.rules.appointments import AppointmentState


def price_of_priority(wish: Any) -> Listed | None:
    """What the list asks for a place of somebody's own choice; None where it says nothing, or that it costs nothing."""
    rows = listed(wish.department_id)
    found = price_for(rows, wish.day, wish.doctor_id, wish.length.visit_type_id, priority=True)
    return found if found and found.amount else None


def price_in_words(wish: Any) -> str:
    """What paid priority costs somebody who books by themselves; "" where it has no price, or is not paid by phone."""
    found = price_of_priority(wish) if settings.RAZORPAY_KEY_ID else None
    if found is None:
        return ""
    facility = facility_facts(department_of(wish.department_id).facility_id)
    return money(found.amount, facility.currency)


def prepayment_of(row: Any) -> Prepayment | None:
    """What was charged for a booking, or for the one it was moved from; None for one that is paid for as a visit."""
    if row.source != BookingSource.PAID_PRIORITY:
        return None
    charged = Prepayment.objects.select_related("invoice", "line").filter(state=PrepaidState.BOOKED)
    return charged.filter(appointment_id__in=chain_of(row), line__isnull=False).first()


def coming_back(prepaid: Prepayment, percent: int) -> Decimal:
    """What comes back of what was paid for a booking, by the per cent of the rule."""
    here = prepaid.invoice.paid - prepaid.invoice.refunded
    return back_of(prepaid.line.total, here, percent) if prepaid.line else ZERO


def back(row: Any, percent: int) -> Back | None:
    """What comes back of what was paid for a booking if it is given up now, or now that it was; None where nothing
    was paid."""
    if row.source != BookingSource.PAID_PRIORITY:
        return None
    dues = list(RefundDue.objects.filter(appointment_id=row.id).select_related("payment__invoice"))
    if dues:
        return _of_dues(dues)
    prepaid = prepayment_of(row)
    if prepaid is None or not prepaid.invoice.paid:
        return None
    amount, currency = coming_back(prepaid, percent), prepaid.invoice.currency
    if row.state == AppointmentState.CANCELLED:
        return Back(amount, currency, gettext("%(amount)s comes back.") % {"amount": money(amount, currency)})
    words = {"paid": money(prepaid.invoice.paid, currency), "amount": money(amount, currency)}
    return Back(amount, currency, gettext("Paid: %(paid)s. Comes back: %(amount)s.") % words)


def _of_dues(dues: list[RefundDue]) -> Back:
    currency, amount = dues[0].payment.invoice.currency, sum((due.amount for due in dues), ZERO)
    if all(due.payment.method == Method.LINK for due in dues):
        text = gettext("%(amount)s comes back the way it was paid. It can take a few days.")
    elif all(due.refund_id for due in dues):
        text = gettext("%(amount)s was given back.")
    else:
        text = gettext("%(amount)s is to be given back at the till.")
    return Back(amount, currency, text % {"amount": money(amount, currency)})


def refunds_due() -> QuerySet[RefundDue]:
    """What is to be paid out at the till, the oldest first, with whose it is."""
    open_ = RefundDue.objects.filter(refund__isnull=True, payment__refunded__lt=F("payment__amount"))
    shown = open_.select_related("payment__invoice__token", "payment__invoice__patient", "appointment__token")
    return shown.defer("payment__invoice__patient__phone", "payment__invoice__patient__address")


def due_of_payment(payment_id: UUID) -> RefundDue | None:
    """What of a payment is to be paid out by the rule, before anything else of it goes back."""
    return RefundDue.objects.filter(payment_id=payment_id, refund__isnull=True).first()


def wishes_paid(facility_id: UUID) -> list[UUID]:
    """Wishes for which money came, and which have no place yet."""
    paid = Q(invoice__status=InvoiceStatus.ISSUED, invoice__paid__gt=F("invoice__refunded"))
    rows = Prepayment.objects.filter(paid, facility_id=facility_id, state__in=[str(s) for s in TO_BE_PLACED])
    return list(rows.order_by("made_at", "id").values_list("id", flat=True))


def wishes_over(facility_id: UUID, now: datetime) -> list[UUID]:
    """Wishes whose time to be paid is over."""
    rows = Prepayment.objects.filter(facility_id=facility_id, state=PrepaidState.WAITS, expires_at__lte=now)
    return list(rows.order_by("expires_at", "id").values_list("id", flat=True))


def own_wishes(actor: Actor, now: datetime) -> QuerySet[Prepayment]:
    """What somebody's people wish for and can still pay, the first to end first."""
    shown = Prepayment.objects.filter(state=PrepaidState.WAITS, expires_at__gt=now)
    shown = shown.select_related("invoice", "doctor", "department", "patient")
    shown = shown.defer("patient__phone", "patient__address").order_by("expires_at", "id")
    return shown.filter(patient__in=patients_of(actor).values("id"))


def own_wish(actor: Actor, wish_id: UUID) -> Prepayment:
    """One of somebody's own wishes. Raises `NotFound` for anybody else's, as for none."""
    shown = Prepayment.objects.select_related("invoice", "doctor", "department", "patient", "slot")
    shown = shown.defer("patient__phone", "patient__address").filter(expires_at__isnull=False)
    found = one(shown.filter(id=wish_id, patient__in=patients_of(actor).values("id")))
    if found is None:
        raise hidden_from(actor, Permission.BILL_OWN)
    return found
