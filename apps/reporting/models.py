"""What is counted from events, so that no restart forgets it and no process counts for itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.reporting.rules import Measure


class MetricTally(models.Model):
    """One running total of one department: how often something happened since the house stands.

    Not scoped by facility: measures are of the whole house, and carry nothing about a person.
    """

    facility_id = models.UUIDField()
    department_id = models.UUIDField()
    measure = models.CharField(max_length=40, choices=[(m.value, m.value) for m in Measure])
    step = models.CharField(max_length=10, blank=True)
    total = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [
            models.UniqueConstraint(fields=["department_id", "measure", "step"], name="tally_once"),
            models.CheckConstraint(condition=models.Q(total__gte=0), name="tally_only_grows"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.step}: {self.total}"


class JobRun(models.Model):
    """How a job that the house does by itself went the last time, and when it last failed. Of the whole house."""

    task = models.CharField(max_length=80, primary_key=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    result = models.CharField(max_length=120, blank=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, blank=True)
    runs = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.task} {self.began_at}"
