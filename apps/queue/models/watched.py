"""What people are told of who look after a queue: who went before whom, what goes wrong, who asks for help."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from apps.core.models import ScopedModel
from apps.queue.rules.alerts import AlertRule
from apps.queue.rules.fairness import Cause


class Overtaking(models.Model):
    """One call by which somebody went before others who had come earlier: whom, why, and whose doing it was.

    Or one booking that took the place of another one (`displaced`): then all ids are of bookings, and `minutes` says
    how much later the other one is now; of a call nobody knows yet. Values only; partitioned by month; append-only but
    for `undone`, when the call was taken back.
    """

    partitioned_by = "at"
    changing = ("undone",)

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    at = models.DateTimeField()
    facility_id = models.UUIDField()
    department_id = models.UUIDField()
    visit_id = models.UUIDField()
    version = models.PositiveIntegerField()
    doctor_id = models.UUIDField(null=True)
    cause = models.CharField(max_length=12, choices=[(c.value, c.value) for c in Cause])
    actor_type = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    overtaken = ArrayField(models.UUIDField())
    minutes = models.IntegerField(null=True)
    undone = models.BooleanField(default=False)

    objects = ScopedManager(facility="facility_id")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cause__in=[str(c) for c in Cause]), name="cause_known")]
        indexes = [
            models.Index(fields=["department_id", "-at"], name="overtaking_department_at"),
            models.Index(fields=["visit_id"], name="overtaking_visit"),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.cause}"


class Alert(ScopedModel):
    """Something that goes wrong in a queue: seen since, told of once it has lasted, and when it was over."""

    rule = models.CharField(max_length=12, choices=[(a.value, a.value) for a in AlertRule])
    subject_id = models.UUIDField()
    department_id = models.UUIDField()
    since = models.DateTimeField()
    raised_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rule__in=[str(a) for a in AlertRule]), name="alert_rule_known"),
            models.UniqueConstraint(
                fields=["rule", "subject_id"], condition=Q(cleared_at__isnull=True), name="one_open_alert_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.subject_id}"


class HelpCall(ScopedModel):
    """Somebody at a kiosk asks for a person: open until somebody of the staff says that they go there, or the day ends.

    `screen_id` is the kiosk's credential, `place` how people call where it stands.
    """

    screen_id = models.UUIDField()
    place = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    times = models.PositiveSmallIntegerField(default=1)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    lapsed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["screen_id"],
                condition=Q(answered_at__isnull=True, lapsed_at__isnull=True),
                name="one_open_call_for_help_each",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_by__isnull=False), name="help_answered_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.asked_at:%H:%M}"
