"""Money that came, money that went back, and who had the till."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.billing.models.columns import known, money
from apps.billing.models.invoices import Invoice
from apps.billing.rules.books import Method
from apps.billing.rules.money import ZERO
from apps.core.models import ScopedModel


class Shift(ScopedModel):
    """The time in which one person takes money; it opens with their first payment."""

    staff = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        constraints = [
            models.UniqueConstraint(fields=["staff"], condition=Q(closed_at__isnull=True), name="one_open_shift_each")
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M}"


class Payment(ScopedModel):
    """Money that came for an invoice. Only what of it went back changes."""

    changing = ("refunded",)

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    shift = models.ForeignKey(Shift, null=True, on_delete=models.PROTECT, related_name="payments")
    method = models.CharField(max_length=4, choices=[(m.value, m.value) for m in Method])
    amount = money()
    refunded = money(default=ZERO)
    reference = models.CharField(max_length=60, blank=True)
    day = models.DateField()
    received_at = models.DateTimeField()
    received_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["received_at", "id"]
        constraints = [
            known("method", Method, "payment_method_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_something"),
            models.CheckConstraint(condition=Q(refunded__gte=0, refunded__lte=F("amount")), name="payment_refund_fits"),
        ]
        indexes = [models.Index(fields=["facility", "day"], name="payment_day")]

    def __str__(self) -> str:
        return f"{self.method} {self.amount}"


class Refund(ScopedModel):
    """Money that went back."""

    changing = ()

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    shift = models.ForeignKey(Shift, null=True, on_delete=models.PROTECT, related_name="refunds")
    amount = money()
    reason = models.CharField(max_length=200)
    day = models.DateField()
    refunded_at = models.DateTimeField()
    refunded_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["refunded_at", "id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_something")]

    def __str__(self) -> str:
        return f"{self.amount} {self.reason}"
