"""A person's turn in one department on one day, and everything that ever moved it."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from apps.core.models import ScopedModel
from apps.queue.rules.alerts import AlertRule
from apps.queue.rules.fairness import Cause
from apps.queue.rules.journeys import Outcome
from apps.queue.rules.order import NeedsClass, Source, Tier
from apps.queue.rules.states import ACTIVE, OPEN, QUEUED, TERMINAL, State

_DOCTOR_NEEDED = [State.CALLED, State.IN_CONSULTATION, State.COMPLETED]


class Visit(models.Model):
    """One person's turn in one department. Its state changes only by the queue's commands.

    `booked_for` and `rules_version` say what `arrival_key` was made from. Of somebody set aside: `missed_at` is when
    they did not come to a call, `passed_by` how many were called since, `back_at` when they said they would be back.
    `ahead_by` and `ahead_reason` are who put them before others and why; `moved`: by hand, to another place.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey("scheduling.Department", on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey("scheduling.Token", on_delete=models.PROTECT, related_name="visits")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", null=True, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey("scheduling.Room", null=True, on_delete=models.PROTECT, related_name="+")
    counter = models.ForeignKey("scheduling.Counter", null=True, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey("queue.Journey", null=True, on_delete=models.PROTECT, related_name="visits")
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
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


class TriageRule(ScopedModel):
    """Words in what people say that make a visit urgent, in one department or in all of them."""

    department = models.ForeignKey(
        "scheduling.Department",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("department"),
        help_text=_("Leave empty for all departments."),
    )
    phrase = models.CharField(_("phrase"), max_length=80)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("triage rule")
        verbose_name_plural = _("triage rules")
        ordering = ["phrase"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "department", "phrase"], name="triage_phrase_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.phrase


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
