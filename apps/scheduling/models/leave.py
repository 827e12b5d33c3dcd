"""When a doctor is away, and what became of whoever was booked then."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel
from apps.scheduling.models.bookings import Appointment
from apps.scheduling.models.places import Doctor
from apps.scheduling.models.slots import Slot, TsTzRange
from apps.scheduling.rules.leave import Fate


class Leave(ScopedModel):
    """A time in which a doctor sees nobody: hours, a day, or days. Withdrawn, it stays in the books."""

    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="leaves")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    taken_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leaves")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="leave_ends_after_start"),
            ExclusionConstraint(
                name="leaves_of_a_doctor_do_not_overlap",
                expressions=[
                    ("doctor", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(undone_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}–{self.ends_at:%Y-%m-%d %H:%M}"


class LeaveSlot(models.Model):
    """A slot that a leave closed, so that the leave can open it again."""

    leave = models.ForeignKey(Leave, on_delete=models.CASCADE, related_name="closed")
    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["leave", "slot"], name="leave_closes_a_slot_once")]

    def __str__(self) -> str:
        return f"{self.leave_id} {self.slot_id}"


class LeaveCase(ScopedModel):
    """What a leave meant for one person: a booking that went elsewhere or was left to the desk, or a visit of
    somebody who was already there (`visit_id`, a row of a higher app).

    `version` is that of the booking or visit afterwards: with another one, somebody has acted on it since.
    """

    leave = models.ForeignKey(Leave, on_delete=models.PROTECT, related_name="cases")
    fate = models.CharField(max_length=12, choices=[(f.value, f.value) for f in Fate])
    appointment = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="+")
    visit_id = models.UUIDField(null=True)
    from_slot = models.ForeignKey(Slot, null=True, on_delete=models.PROTECT, related_name="+")
    from_at = models.DateTimeField(null=True)
    overflow = models.BooleanField(default=False)
    version = models.PositiveIntegerField()
    put_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(appointment__isnull=False, visit_id__isnull=True)
                | Q(appointment__isnull=True, visit_id__isnull=False),
                name="leave_case_is_a_booking_or_a_visit",
            ),
            models.UniqueConstraint(fields=["leave", "appointment"], name="leave_decides_a_booking_once"),
        ]

    def __str__(self) -> str:
        return f"{self.leave_id} {self.fate}"
