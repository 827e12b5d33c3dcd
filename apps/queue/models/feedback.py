"""What people said about their visits."""

from django.db import models
from django.db.models import Q

from apps.core.crypto import EncryptedTextField
from apps.core.models import ScopedModel
from apps.queue.rules.feedback import Face


class Feedback(ScopedModel):
    """What somebody said about one visit, once for a number; nothing here names the person.

    They may think again, or add words, as long as their link works. Words stand sealed: they may tell of an illness.
    """

    token = models.OneToOneField("scheduling.Token", on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey("scheduling.Department", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", null=True, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    face = models.PositiveSmallIntegerField(choices=[(int(face), face.name) for face in Face])
    comment = EncryptedTextField(blank=True)
    said_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(face__in=[int(face) for face in Face]), name="feedback_face_known")
        ]
        indexes = [models.Index(fields=["facility", "-day", "-said_at"], name="feedback_newest")]

    def __str__(self) -> str:
        return f"{self.day} {self.face}"
