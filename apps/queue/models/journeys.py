"""Ways through several stations: those that the hospital has, and those that people go."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel
from apps.queue.models.visits import Visit
from apps.queue.rules.journeys import Outcome


class JourneyTemplate(ScopedModel):
    """A template of journeys: the stations that people go through one after the other under one number."""

    name = models.CharField(_("name"), max_length=80)
    active = models.BooleanField(_("offered at the desk"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["facility", "name"], name="journey_template_name_once")]

    def __str__(self) -> str:
        return self.name


class JourneyStation(models.Model):
    """One station of a template. Stations of the same step are visited at once, in whatever order they call;
    one without a department is the consultation that the person came for."""

    template = models.ForeignKey(JourneyTemplate, on_delete=models.CASCADE, related_name="stations")
    step = models.PositiveSmallIntegerField()
    department = models.ForeignKey("scheduling.Department", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["step", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "step", "department"], name="journey_station_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.department_id}"


class Journey(ScopedModel):
    """One person's way through several stations of a day, under one number."""

    token = models.OneToOneField("scheduling.Token", on_delete=models.PROTECT, related_name="journey")
    day = models.DateField()
    name = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["facility", "day"], name="journey_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class JourneyLeg(models.Model):
    """One station of somebody's journey: planned without a visit, then under way in one, then ended with an outcome.

    `returns_to` is the visit that waits on hold for it: somebody sent for a test goes back there.
    """

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="legs")
    step = models.PositiveSmallIntegerField()
    department = models.ForeignKey("scheduling.Department", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", null=True, on_delete=models.PROTECT, related_name="+")
    visit = models.OneToOneField(Visit, null=True, on_delete=models.PROTECT, related_name="leg")
    returns_to = models.ForeignKey(Visit, null=True, on_delete=models.PROTECT, related_name="detours")
    outcome = models.CharField(max_length=8, blank=True, choices=[(o.value, o.value) for o in Outcome])

    class Meta:
        ordering = ["step", "id"]
        indexes = [
            models.Index(fields=["department"], condition=Q(visit__isnull=True, outcome=""), name="journey_leg_planned")
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.outcome}"
