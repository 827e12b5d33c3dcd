"""What a doctor writes again and again, kept under a name."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel
from apps.encounters.models.sealed import SealedJsonField


class VisitTemplate(ScopedModel):
    """A doctor's own template of a visit: what is filled in at once. `content` as `rules.templates` has it, sealed
    since it may have been written about somebody; `version` counts its changes."""

    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    content = SealedJsonField()
    version = models.PositiveIntegerField(default=1)
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("doctor", Lower("name"), name="visit_template_once")]

    def __str__(self) -> str:
        return self.name
