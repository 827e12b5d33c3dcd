"""What a visit costs on its day."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from apps.billing.models import InvoiceLine, Price, ThingPrice
from apps.billing.rules.invoices import InvoiceStatus
from apps.billing.rules.prices import Listed, Thing, price_for, price_of_thing
from apps.encounters.queries.chargeable import Chargeable
from apps.queue.queries.visits import visits_of_patient
from apps.queue.rules.states import State
from apps.scheduling.queries import booking_or_none
from apps.scheduling.rules.allocation import BookingSource


def listed(department_id: UUID) -> list[Listed]:
    """The price list of a department, old and coming prices too."""
    rows = Price.objects.filter(department_id=department_id)
    named = ("id", "doctor_id", "visit_type_id", "valid_from", "amount", "tax_percent", "revisit_days", "paid_priority")
    return [Listed(*row) for row in rows.values_list(*named)]


def price_of_visit(visit: Any) -> Listed | None:
    """What the list says of a visit, by its department, its doctor, and the type it was booked as."""
    booking = booking_or_none(visit.token_id)
    own = booking if booking and booking.department_id == visit.department_id else None
    priority = own is not None and own.source == BookingSource.PAID_PRIORITY
    rows = listed(visit.department_id)
    return price_for(rows, visit.day, visit.doctor_id, own.visit_type_id if own else None, priority=priority)


def things_sold() -> set[str]:
    """The kinds of things that the hospital has prices of, and so charges."""
    return set(ThingPrice.objects.order_by().values_list("kind", flat=True).distinct())


def prices_of_things(things: Iterable[Chargeable], day: date) -> dict[tuple[str, str], Thing]:
    """What the list says of things on a day, by kind and price key. One statement."""
    rows = ThingPrice.objects.filter(service__in={thing.service for thing in things})
    found: dict[tuple[str, str], list[Thing]] = {}
    for row in rows:
        own = found.setdefault((row.kind, row.service), [])
        own.append(Thing(row.id, row.valid_from, row.amount, row.tax_percent))
    known = {about: price_of_thing(own, day) for about, own in found.items()}
    return {about: price for about, price in known.items() if price}


def has_prices() -> bool:
    """Whether the hospital asks for money at all: where it has no price list, nothing is billed."""
    return Price.objects.exists()


def last_paid_visit(visit: Any) -> date | None:
    """The day on which a person last had and paid for a visit to this department, and to this doctor once that is
    known; this visit aside. What went back in full was not paid."""
    before = visits_of_patient(visit.patient_id).filter(
        department_id=visit.department_id, day__lte=visit.day, state=State.COMPLETED
    )
    before = before.filter(doctor_id=visit.doctor_id) if visit.doctor_id else before
    paid = InvoiceLine.objects.filter(
        invoice__status=InvoiceStatus.ISSUED, invoice__paid__gt=F("invoice__refunded"), unit_price__gt=0
    )
    itself = Exists(paid.filter(visit_id=OuterRef("id")))
    beforehand = Exists(paid.filter(prepayment__appointment__token_id=OuterRef("token_id")))
    had = before.exclude(id=visit.id).filter(itself | beforehand)
    return had.order_by("-day").values_list("day", flat=True).first()
