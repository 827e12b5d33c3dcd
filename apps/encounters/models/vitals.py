"""What was measured of somebody."""

from django.db import models
from django.db.models import Q

from apps.core.crypto import EncryptedTextField
from apps.core.models import ScopedModel
from apps.encounters.models.sealed import SealedJsonField


class Vitals(ScopedModel):
    """Vital signs taken once: `{sign: value}` by the names of `rules.vitals`. Append-only: a mistake is measured
    anew. `dangerous` lets a queue's page find who has to be looked at without opening what was measured."""

    changing = ()

    visit = models.ForeignKey("queue.Visit", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    values = SealedJsonField()
    age = models.PositiveSmallIntegerField()
    dangerous = models.BooleanField()
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "vitals"
        indexes = [
            models.Index(fields=["patient", "-taken_at"], name="vitals_of_patient"),
            models.Index(fields=["taken_at"], condition=Q(dangerous=True), name="vitals_dangerous"),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.taken_at}"


class AlertPhone(ScopedModel):
    """Where a doctor wants to be told when something measured or found of one of their patients is dangerous. Without a
    row they do not."""

    doctor = models.OneToOneField("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    phone = EncryptedTextField()

    def __str__(self) -> str:
        return str(self.doctor_id)
