"""What a consultation leaves behind."""

from uuid import uuid4

from django.db import models
from django_scopes import ScopedManager

from apps.core.crypto import EncryptedTextField
from apps.encounters.models.sealed import SealedJsonField


class Prescription(models.Model):
    """What a doctor prescribed. Written only by the command that completes the visit, signed with it, immutable."""

    changing = ()

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+")
    visit = models.ForeignKey("queue.Visit", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)
    content = EncryptedTextField()
    items = SealedJsonField(blank=True, default="")
    override_reason = EncryptedTextField(blank=True, default="")
    signed_at = models.DateTimeField()

    objects = ScopedManager(facility="facility")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visit", "version"], name="prescription_version_once")]
        indexes = [models.Index(fields=["doctor", "-signed_at"], name="prescriptions_of_doctor")]

    def __str__(self) -> str:
        return f"{self.visit_id} v{self.version}"
