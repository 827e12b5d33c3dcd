"""Types of visit with lengths of their own (requirements SCH-1)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.languages import NamesField
from apps.core.models import ScopedModel
from apps.scheduling.models.places import Department, Doctor

LONGEST = 240
"""Minutes; no type of visit takes longer."""

_LENGTH = [MinValueValidator(1), MaxValueValidator(LONGEST)]


class VisitType(ScopedModel):
    """What people come for in a department, and how long it takes: a first visit, a follow-up, a procedure."""

    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="visit_types", verbose_name=_("department")
    )
    name = models.CharField(_("name"), max_length=40)
    names = NamesField()
    minutes = models.PositiveSmallIntegerField(
        _("length, minutes"), validators=_LENGTH, help_text=_("Doctors may have lengths of their own.")
    )
    by_patients = models.BooleanField(_("patients may choose it themselves"), default=True)
    is_active = models.BooleanField(_("in use"), default=True)
    usual_journey_id = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = _("type of visit")
        verbose_name_plural = _("types of visit")
        ordering = ["minutes", "name"]
        constraints = [
            models.UniqueConstraint(fields=["department", "name"], name="visit_type_named_once"),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=LONGEST), name="visit_type_length"),
        ]

    def __str__(self) -> str:
        return self.name


class OwnLength(models.Model):
    """How long a type of visit takes with one doctor, where that differs from the department's length."""

    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="own_lengths", verbose_name=_("doctor"))
    visit_type = models.ForeignKey(
        VisitType, on_delete=models.CASCADE, related_name="own_lengths", verbose_name=_("type of visit")
    )
    minutes = models.PositiveSmallIntegerField(_("length, minutes"), validators=_LENGTH)

    class Meta:
        verbose_name = _("length of visits")
        verbose_name_plural = _("lengths of visits")
        constraints = [
            models.UniqueConstraint(fields=["doctor", "visit_type"], name="own_length_once"),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=LONGEST), name="own_length_length"),
        ]

    def __str__(self) -> str:
        return f"{self.visit_type}: {self.minutes}"
