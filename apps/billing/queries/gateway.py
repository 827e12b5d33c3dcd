"""What is to be done with the gateway, and what it told that a person has to look at."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet
from django_scopes import scopes_disabled

from apps.billing.models import GatewayEvent, GatewayRefund, Invoice, PaymentLink
from apps.billing.models.gateway import OF_NO_USE, WAITS
from apps.billing.rules.gateway import LinkState, RefundState
from apps.core.queries import one

RECONCILED_AFTER = timedelta(minutes=2)
"""How long the gateway has to tell by itself that a link was paid, before it is asked."""


def facility_of_link(link_id: UUID | None) -> UUID | None:
    """Whose link it is; None for none of ours."""
    with scopes_disabled():
        return one(PaymentLink.objects.filter(id=link_id).values_list("facility_id", flat=True)) if link_id else None


def links_to_settle(facility_id: UUID) -> list[UUID]:
    """Links of which something was told that is not settled."""
    due = GatewayEvent.objects.filter(facility_id=facility_id, settled_at__isnull=True, link_id__isnull=False)
    return list(due.order_by().values_list("link_id", flat=True).distinct())  # type: ignore[arg-type]  # not null


def links_to_make(now: datetime) -> QuerySet[PaymentLink]:
    """Links that the gateway is still to be asked for."""
    return PaymentLink.objects.select_related("invoice").filter(state=LinkState.ASKED, next_at__lte=now)


def links_over(facility_id: UUID, now: datetime) -> list[UUID]:
    """Links whose time is over, and by which somebody could still pay."""
    rows = PaymentLink.objects.filter(facility_id=facility_id, state__in=WAITS, expires_at__lte=now)
    return list(rows.order_by("expires_at", "id").values_list("id", flat=True))


def links_to_reconcile(now: datetime) -> QuerySet[PaymentLink]:
    """Links that the gateway is asked about, the longest unasked first: open ones, and those of no more use until it
    takes nothing by them."""
    asked = Q(state=LinkState.OPEN) | OF_NO_USE
    return PaymentLink.objects.filter(asked, next_at__lte=now).order_by("next_at")


def refunds_to_send(now: datetime) -> QuerySet[GatewayRefund]:
    """Refunds that the gateway is still to be asked for."""
    due = GatewayRefund.objects.select_related("refund__payment")
    return due.filter(state=RefundState.ASKED, next_at__lte=now).order_by("next_at")


def refused_refunds() -> QuerySet[GatewayRefund]:
    """Refunds that stand in the books and that the gateway refused for good, the latest first."""
    failed = GatewayRefund.objects.select_related("refund__payment__invoice").filter(state=RefundState.FAILED)
    return failed.order_by("-refund__refunded_at", "id")


def set_aside(facility_id: UUID | None) -> QuerySet[GatewayEvent]:
    """What the gateway told and cannot be right, and nobody has looked into yet, the latest first; None for what is
    about no link of any hospital."""
    told = GatewayEvent.objects.filter(facility_id=facility_id, looked_at__isnull=True)
    return told.exclude(fault="").order_by("-id")


def payable_link(invoice: Invoice, asked: Decimal) -> PaymentLink | None:
    """The link that the family's page of an invoice offers: never one over more than is `asked` for."""
    link = open_link(invoice.id)
    return link if link and link.amount <= asked else None


def open_link(invoice_id: UUID) -> PaymentLink | None:
    """The link by which an invoice can be paid, or which is being made."""
    return one(PaymentLink.objects.filter(invoice_id=invoice_id, state__in=[LinkState.ASKED, LinkState.OPEN]))
