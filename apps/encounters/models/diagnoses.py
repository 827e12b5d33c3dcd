"""What a diagnosis can be coded by, and what a doctor codes often."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel


class DiagnosisCode(models.Model):
    """A code of ICD-10-CM, the same for every hospital. `search_key` is its title, and by what else people look for it,
    in small letters; `is_common` are those of the house's own short table."""

    code = models.CharField(_("code"), max_length=8, primary_key=True)
    title = models.CharField(_("title"), max_length=300)
    search_key = models.CharField(max_length=500, editable=False)
    is_common = models.BooleanField(default=False)

    class Meta:
        indexes = [GinIndex(fields=["search_key"], opclasses=["gin_trgm_ops"], name="diagnosis_trigrams")]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class UsualDiagnosis(ScopedModel):
    """How often a doctor has signed a code. Counts no free words, which might tell of somebody."""

    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=8)
    text = models.CharField(max_length=300)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["doctor", "code"], name="usual_diagnosis_once")]
        indexes = [models.Index(fields=["doctor", "-times"], name="usual_diagnosis_order")]

    def __str__(self) -> str:
        return f"{self.code} × {self.times}"
