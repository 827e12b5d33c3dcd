"""Bookings that are paid for by themselves, and what of it is to be given back at the till."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.billing.models.columns import known, money
from apps.billing.models.invoices import Invoice, InvoiceLine
from apps.billing.models.payments import Payment, Refund
from apps.billing.rules.prepaying import PrepaidState
from apps.core.models import ScopedModel


class Prepayment(ScopedModel):
    """A booking that is paid for by itself. At the desk it is made first and paid then; what a patient wishes by
    themselves is only a wish (`expires_at`) until it is paid. The booking may move on: it is charged once."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="prepayments")
    line = models.OneToOneField(InvoiceLine, null=True, on_delete=models.SET_NULL, related_name="prepayment")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey("scheduling.Department", on_delete=models.PROTECT, related_name="+")
    slot = models.ForeignKey("scheduling.Slot", on_delete=models.PROTECT, related_name="+")
    visit_type = models.ForeignKey("scheduling.VisitType", null=True, on_delete=models.PROTECT, related_name="+")
    minutes = models.PositiveSmallIntegerField(null=True)
    day = models.DateField()
    reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in PrepaidState])
    appointment = models.OneToOneField(
        "scheduling.Appointment", null=True, on_delete=models.PROTECT, related_name="prepayment"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("state", PrepaidState, "prepayment_state_known"),
            models.CheckConstraint(
                condition=~Q(state=PrepaidState.WAITS) | Q(expires_at__isnull=False), name="prepayment_wish_has_an_end"
            ),
            models.CheckConstraint(
                condition=~Q(state=PrepaidState.BOOKED) | Q(appointment__isnull=False), name="prepayment_has_a_booking"
            ),
            models.UniqueConstraint(
                fields=["patient", "doctor", "day"],
                condition=Q(state=PrepaidState.WAITS),
                name="one_wish_per_patient_doctor_day",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state=PrepaidState.WAITS), name="prepayment_wish_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.state}"

    @property
    def page(self) -> str:
        """The path of the page on which it is paid, and says what became of it."""
        return reverse("own-priority", args=[self.id])

    @property
    def page_url(self) -> str:
        """The whole address of that page."""
        return f"{settings.PUBLIC_BASE_URL}{self.page}"


class RefundDue(ScopedModel):
    """What comes back of a payment for a booking that was given up, by its notice (D10). Through the gateway it goes
    back at once; what was paid at the desk is paid out there, and then has its `refund`."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="dues")
    appointment = models.ForeignKey("scheduling.Appointment", on_delete=models.PROTECT, related_name="+")
    percent = models.PositiveSmallIntegerField()
    amount = money()
    due_at = models.DateTimeField()
    refund = models.OneToOneField(Refund, null=True, on_delete=models.PROTECT, related_name="due")

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "appointment"], name="refund_due_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_due_is_something"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="refund_due_is_a_share"),
        ]
        indexes = [
            models.Index(fields=["facility", "due_at"], condition=Q(refund__isnull=True), name="refund_due_open"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.percent} %"
