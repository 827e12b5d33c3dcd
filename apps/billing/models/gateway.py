"""Payments through the gateway: links to pay by, what it told, and refunds that it has to make."""

from django.db import models
from django.db.models import Q

from apps.billing.models.columns import known, money
from apps.billing.models.invoices import Invoice
from apps.billing.models.payments import Refund
from apps.billing.rules.gateway import LONGEST_NAME, Kind, LinkState, RefundState
from apps.core.models import ScopedModel

WAITS = [str(LinkState.ASKED), str(LinkState.OPEN)]


OF_NO_USE = Q(state=str(LinkState.VOID), closed_at__isnull=True) & ~Q(reference="")
"""Links that nobody is to pay by any more, and by which the gateway may still let somebody."""


class PaymentLink(ScopedModel):
    """A link by which somebody pays an invoice, until it expires. Its payment gets its id, so that there is one at
    most. `closed_at` is when the gateway was found to take nothing more by it."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="links")
    amount = money()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=5, choices=[(s.value, s.value) for s in LinkState])
    reference = models.CharField(max_length=LONGEST_NAME, blank=True)
    url = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("state", LinkState, "payment_link_state_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_link_is_something"),
            models.UniqueConstraint(fields=["invoice"], condition=Q(state__in=WAITS), name="one_link_per_invoice"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state__in=WAITS), name="payment_link_due"),
            models.Index(fields=["next_at"], condition=OF_NO_USE, name="payment_link_to_close"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"


class GatewayEvent(models.Model):
    """Something that the gateway told, signed, once. `fault` says why it was set aside, if it was; then somebody looks
    into it, and says what came of that (`looked_at`, `looked_by`, `finding`)."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.CharField(max_length=80, unique=True)
    facility_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=14, choices=[(k.value, k.value) for k in Kind])
    link_id = models.UUIDField(null=True)
    payment_ref = models.CharField(max_length=LONGEST_NAME, blank=True)
    refund_ref = models.CharField(max_length=LONGEST_NAME, blank=True)
    own_refund = models.UUIDField(null=True)
    paise = models.BigIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=20, blank=True)
    looked_at = models.DateTimeField(null=True)
    looked_by = models.UUIDField(null=True)
    finding = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [known("kind", Kind, "gateway_event_kind_known")]
        indexes = [
            models.Index(fields=["link_id"], name="gateway_event_of_link"),
            models.Index(
                fields=["facility_id", "link_id"], condition=Q(settled_at__isnull=True), name="gateway_event_due"
            ),
            models.Index(
                fields=["facility_id", "-id"],
                condition=~Q(fault="") & Q(looked_at__isnull=True),
                name="gateway_event_set_aside",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class GatewayRefund(ScopedModel):
    """The gateway's part of a refund: asked of it by us, or made there and told to us. `again` is how often somebody
    had it sent anew after the gateway refused it."""

    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, related_name="at_gateway")
    reference = models.CharField(max_length=LONGEST_NAME, blank=True)
    state = models.CharField(max_length=6, choices=[(s.value, s.value) for s in RefundState])
    next_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    again = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            known("state", RefundState, "gateway_refund_state_known"),
            models.UniqueConstraint(fields=["reference"], condition=~Q(reference=""), name="gateway_refund_once"),
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(state="ASKED"), name="gateway_refund_due")]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"
