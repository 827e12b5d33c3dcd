"""A person's turn in one department on one day, and everything that ever moved it."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from apps.queue.rules.order import NeedsClass, Source, Tier
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, TERMINAL, State

_DOCTOR_NEEDED = [State.CALLED, State.IN_CONSULTATION, State.COMPLETED]


class Visit(models.Model):
    """One person's turn in one department. Its state changes only by the queue's commands.

    `booked_for` and `rules_version` say what `arrival_key` was made from. Of somebody set aside: `missed_at` is when
    they did not come to a call, `passed_by` how many were called since, `back_at` when they said they would be back.
    `ahead_by` and `ahead_reason` are who put them before others and why; `moved`: by hand, to another place.

    Every move writes each index anew, and one call may touch a whole hall: so only what is looked for has one, what is
    mostly empty only where it is not, and pages keep room for the next version of their rows (migration 0007).
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+", db_index=False)
    department = models.ForeignKey("scheduling.Department", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.ForeignKey("scheduling.Token", on_delete=models.PROTECT, related_name="visits")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey(
        "scheduling.Doctor", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    room = models.ForeignKey("scheduling.Room", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    counter = models.ForeignKey(
        "scheduling.Counter", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    journey = models.ForeignKey(
        "queue.Journey", null=True, on_delete=models.PROTECT, related_name="visits", db_index=False
    )
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=[(s.value, s.value) for s in State])
    source = models.CharField(max_length=16, choices=[(s.value, s.value) for s in Source])
    needs = models.CharField(max_length=10, blank=True, choices=[(n.value, n.value) for n in NeedsClass])
    emergency = models.BooleanField(default=False)
    tier = models.PositiveSmallIntegerField(default=Tier.REST)
    arrival_key = models.DateTimeField()
    booked_for = models.DateTimeField(null=True)
    rules_version = models.PositiveIntegerField(default=1)
    overtakes = models.PositiveSmallIntegerField(default=0)
    symptoms = ArrayField(models.CharField(max_length=200), default=list)
    urgent_by = models.CharField(max_length=80, blank=True)
    triage_confirmed = models.BooleanField(default=True)
    hold_reason = models.CharField(max_length=200, blank=True)
    pooled = models.BooleanField(default=True)
    times_called = models.PositiveSmallIntegerField(default=0)
    missed_calls = models.PositiveSmallIntegerField(default=0)
    missed_at = models.DateTimeField(null=True)
    passed_by = models.PositiveSmallIntegerField(default=0)
    back_at = models.DateTimeField(null=True)
    ahead_by = models.UUIDField(null=True)
    ahead_reason = models.CharField(max_length=200, blank=True)
    moved = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    scanned_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)
    last_called_at = models.DateTimeField(null=True)
    consultation_started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    no_show_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedManager(facility="facility")

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[str(s) for s in State]), name="visit_state_known"),
            models.CheckConstraint(
                condition=Q(doctor__isnull=False)
                | Q(counter__isnull=False)
                | ~Q(state__in=[str(s) for s in _DOCTOR_NEEDED]),
                name="visit_has_doctor_or_counter_when_called",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, state__in=sorted(OPEN))
                | Q(ended_at__isnull=False, state__in=sorted(TERMINAL)),
                name="visit_ended_when_terminal",
            ),
            models.UniqueConstraint(
                fields=["doctor"], condition=Q(state__in=sorted(ACTIVE)), name="one_active_visit_per_doctor"
            ),
            models.UniqueConstraint(
                fields=["counter"], condition=Q(state__in=sorted(ACTIVE)), name="one_active_visit_per_counter"
            ),
            models.UniqueConstraint(
                fields=["token"], condition=Q(state__in=sorted(ACTIVE)), name="one_active_visit_per_number"
            ),
            models.UniqueConstraint(
                fields=["patient", "department"],
                condition=Q(state__in=sorted(OPEN)),
                name="one_open_visit_per_patient_and_department",
            ),
        ]
        indexes = [
            models.Index(
                fields=["department", "tier", "arrival_key", "number"],
                condition=Q(state__in=sorted(QUEUED)),
                name="visit_queue_order",
            ),
            models.Index(fields=["department", "day", "number"], name="visit_department_day"),
            models.Index(fields=["doctor", "day"], name="visit_doctor_day"),
            models.Index(
                fields=["department"],
                condition=Q(state=State.ON_HOLD, missed_at__isnull=False)
                | Q(state=State.ON_HOLD, back_at__isnull=False),
                name="visit_missed_a_call",
            ),
            models.Index(
                fields=["department", "state"],
                condition=Q(state__in=sorted(OPEN)),
                name="visit_open_by_department",
            ),
            *(
                models.Index(fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"visit_by_{name}")
                for name in ("room", "counter", "journey", "previous")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.number} {self.state}"


class VisitTransition(models.Model):
    """One move of a visit, kept for ever. Values only; partitioned by month; append-only. `was` is what the move
    changed, as it stood before: what an undo restores."""

    partitioned_by = "at"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    at = models.DateTimeField()
    facility_id = models.UUIDField()
    department_id = models.UUIDField()
    visit_id = models.UUIDField()
    verb = models.CharField(max_length=16)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16)
    version = models.PositiveIntegerField()
    actor_type = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    via = models.CharField(max_length=20, blank=True)
    doctor_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    predicted_wait_seconds = models.IntegerField(null=True)
    actual_wait_seconds = models.IntegerField(null=True)
    trace_id = models.CharField(max_length=64)
    was = models.JSONField(null=True)

    objects = ScopedManager(facility="facility_id")

    class Meta:
        indexes = [
            models.Index(fields=["visit_id", "version"], name="transition_visit_version"),
            models.Index(fields=["department_id", "at"], name="transition_department_at"),
            models.Index(fields=["doctor_id", "at"], name="transition_doctor_at"),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.from_state}→{self.to_state}"
