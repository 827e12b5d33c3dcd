"""What can be prescribed, what does not go together, what a doctor prescribes often, and what is being prescribed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.crypto import EncryptedTextField
from apps.core.models import ScopedModel
from apps.encounters.models.sealed import SealedJsonField


class Medicine(ScopedModel):
    """A medicine of the hospital's list, by its generic name; `ingredients` in small letters."""

    name = models.CharField(_("name"), max_length=120)
    form = models.CharField(_("form"), max_length=40)
    strength = models.CharField(_("strength"), max_length=60)
    ingredients = ArrayField(models.CharField(max_length=80), verbose_name=_("ingredients"))

    class Meta:
        verbose_name = _("medicine")
        verbose_name_plural = _("medicines")
        constraints = [
            models.UniqueConstraint(fields=["facility", "name", "form", "strength"], name="medicine_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.strength} {self.form}"


class Interaction(ScopedModel):
    """Two ingredients that should not be taken together, and what happens."""

    first = models.CharField(max_length=80)
    second = models.CharField(max_length=80)
    severity = models.CharField(max_length=10)
    effect = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility", "first", "second"], name="interaction_once")]

    def __str__(self) -> str:
        return f"{self.first} × {self.second}"


class Favourite(ScopedModel):
    """A line that a doctor prescribes often. Says nothing of any patient."""

    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    medicine = models.CharField(max_length=200)
    dose = models.CharField(max_length=60, blank=True)
    frequency = models.CharField(max_length=40)
    days = models.PositiveSmallIntegerField()
    instructions = models.CharField(max_length=200, blank=True)
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["doctor", "medicine", "dose", "frequency", "days", "instructions"], name="favourite_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.medicine} {self.frequency}"


class PrescriptionDraft(ScopedModel):
    """What a doctor is prescribing: sealed, seen by nobody else, gone when it is signed or the consultation ends
    otherwise. Its id becomes that of the signed prescription. `content`: `{items, overridden}`."""

    visit = models.OneToOneField("queue.Visit", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=0)
    content = SealedJsonField(blank=True)
    override_reason = EncryptedTextField(blank=True)

    def __str__(self) -> str:
        return f"{self.visit_id} v{self.version}"
