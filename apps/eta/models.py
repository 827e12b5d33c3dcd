"""What is remembered for predictions, what is told at present, what was predicted and what came of it."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from apps.core.models import ScopedModel


class Experience(ScopedModel):
    """What is remembered of one doctor, or (without one) of all doctors of a facility: small sums that forget."""

    doctor_id = models.UUIDField(null=True)
    state = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("experience")
        verbose_name_plural = _("experience")
        constraints = [
            models.UniqueConstraint(fields=["facility", "doctor_id"], name="experience_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.doctor_id or 'all'}"


class Forecast(ScopedModel):
    """When the turn of one person comes, as told, and as worked out at `made_at`: one row per visit or booking. Since
    then nothing of it moved by a minute."""

    subject_id = models.UUIDField(unique=True)
    token_id = models.UUIDField()
    department_id = models.UUIDField()
    doctor_id = models.UUIDField(null=True)
    day = models.DateField()
    made_at = models.DateTimeField()
    ahead = models.PositiveSmallIntegerField()
    p10 = models.DateTimeField()
    p50 = models.DateTimeField()
    p80 = models.DateTimeField()
    p90 = models.DateTimeField()
    kind = models.CharField(max_length=12)
    told_from = models.DateTimeField()
    told_to = models.DateTimeField()
    told_likely = models.DateTimeField()
    until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=12, blank=True)
    promised = models.DateTimeField(null=True)
    """The likely time as it was first worked out once they were here: what a wait is held against."""
    stages = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("expected time")
        verbose_name_plural = _("expected times")
        indexes = [models.Index(fields=["department_id", "day"], name="forecast_of_day")]

    def __str__(self) -> str:
        return f"{self.subject_id} {self.kind}"


class ChangedTimes(ScopedModel):
    """A department in which people are told something new, until its screens know."""

    department_id = models.UUIDField(unique=True)
    people = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("changed times")
        verbose_name_plural = _("changed times")

    def __str__(self) -> str:
        return f"{self.department_id} {self.reason}"


class Prediction(models.Model):
    """A window that was predicted, kept for ever as it was before the outcome; partitioned by month, append-only."""

    partitioned_by = "made_at"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    made_at = models.DateTimeField()
    facility_id = models.UUIDField()
    department_id = models.UUIDField()
    doctor_id = models.UUIDField(null=True)
    subject_id = models.UUIDField()
    token_id = models.UUIDField()
    stage = models.CharField(max_length=10)
    segment = models.CharField(max_length=8)
    trigger = models.CharField(max_length=40)
    ahead = models.PositiveSmallIntegerField()
    model_version = models.CharField(max_length=12)
    p10 = models.DateTimeField()
    p50 = models.DateTimeField()
    p80 = models.DateTimeField()
    p90 = models.DateTimeField()
    configured = models.DateTimeField()
    shown = models.BooleanField(default=True)

    objects = ScopedManager(facility="facility_id")

    class Meta:
        indexes = [models.Index(fields=["token_id"], name="prediction_of_token")]

    def __str__(self) -> str:
        return f"{self.stage} {self.made_at:%d.%m. %H:%M}"


class Outcome(models.Model):
    """When somebody's turn came in fact: the first call. Append-only; one per number."""

    token_id = models.UUIDField(primary_key=True)
    facility_id = models.UUIDField()
    department_id = models.UUIDField()
    doctor_id = models.UUIDField(null=True)
    turn_at = models.DateTimeField()

    objects = ScopedManager(facility="facility_id")

    class Meta:
        indexes = [models.Index(fields=["facility_id", "-turn_at"], name="outcome_newest")]

    def __str__(self) -> str:
        return f"{self.turn_at:%d.%m. %H:%M}"
