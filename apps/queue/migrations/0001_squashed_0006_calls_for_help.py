import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.queue.rules.order
import apps.queue.rules.states
from apps.core.partitions import AppendOnly, CreatePartitioned


class Migration(migrations.Migration):
    replaces = [
        ("queue", "0001_initial"),
        ("queue", "0002_journeys"),
        ("queue", "0003_visits_on_journeys"),
        ("queue", "0004_queue_in_full"),
        ("queue", "0005_displaced_in_the_ledger"),
        ("queue", "0006_calls_for_help"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0005_facility_position"),
        ("patients", "0004_provisional_files"),
        ("scheduling", "0001_squashed_0011_overbooked"),
    ]

    operations = [
        CreatePartitioned(
            name="VisitTransition",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("facility_id", models.UUIDField()),
                ("department_id", models.UUIDField()),
                ("visit_id", models.UUIDField()),
                ("verb", models.CharField(max_length=16)),
                ("from_state", models.CharField(blank=True, max_length=16)),
                ("to_state", models.CharField(max_length=16)),
                ("version", models.PositiveIntegerField()),
                ("actor_type", models.CharField(max_length=10)),
                ("actor_id", models.UUIDField(null=True)),
                ("via", models.CharField(blank=True, max_length=20)),
                ("doctor_id", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("predicted_wait_seconds", models.IntegerField(null=True)),
                ("actual_wait_seconds", models.IntegerField(null=True)),
                ("trace_id", models.CharField(max_length=64)),
                ("was", models.JSONField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["visit_id", "version"], name="transition_visit_version"),
                    models.Index(fields=["department_id", "at"], name="transition_department_at"),
                    models.Index(fields=["doctor_id", "at"], name="transition_doctor_at"),
                ],
            },
            partitioned_by="at",
        ),
        AppendOnly(
            model_name="VisitTransition",
        ),
        migrations.CreateModel(
            name="JourneyTemplate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("active", models.BooleanField(default=True, verbose_name="offered at the desk")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "journey",
                "verbose_name_plural": "journeys",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "name"), name="journey_template_name_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="JourneyStation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stations", to="queue.journeytemplate"
                    ),
                ),
                ("step", models.PositiveSmallIntegerField()),
                (
                    "department",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.department",
                    ),
                ),
            ],
            options={
                "ordering": ["step", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("template", "step", "department"), name="journey_station_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Journey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="journey", to="scheduling.token"
                    ),
                ),
                ("day", models.DateField()),
                ("name", models.CharField(blank=True, max_length=80)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["facility", "day"], name="journey_day")],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="scheduling.token"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.doctor"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.room"
                    ),
                ),
                (
                    "counter",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.counter",
                    ),
                ),
                (
                    "journey",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="queue.journey",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="queue.visit"
                    ),
                ),
                ("day", models.DateField()),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("SCANNED", "SCANNED"),
                            ("WAITING", "WAITING"),
                            ("URGENT", "URGENT"),
                            ("CALLED", "CALLED"),
                            ("IN_CONSULTATION", "IN_CONSULTATION"),
                            ("ON_HOLD", "ON_HOLD"),
                            ("COMPLETED", "COMPLETED"),
                            ("NO_SHOW", "NO_SHOW"),
                            ("CANCELLED", "CANCELLED"),
                            ("TRANSFERRED", "TRANSFERRED"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("emergency", "emergency"),
                            ("paid_priority", "paid_priority"),
                            ("follow_up", "follow_up"),
                            ("online", "online"),
                            ("walk_in", "walk_in"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "needs",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("elderly", "elderly"),
                            ("child", "child"),
                            ("pregnant", "pregnant"),
                            ("disabled", "disabled"),
                        ],
                        max_length=10,
                    ),
                ),
                ("emergency", models.BooleanField(default=False)),
                ("tier", models.PositiveSmallIntegerField(default=apps.queue.rules.order.Tier["REST"])),
                ("arrival_key", models.DateTimeField()),
                ("booked_for", models.DateTimeField(null=True)),
                ("rules_version", models.PositiveIntegerField(default=1)),
                ("overtakes", models.PositiveSmallIntegerField(default=0)),
                (
                    "symptoms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), default=list, size=None
                    ),
                ),
                ("urgent_by", models.CharField(blank=True, max_length=80)),
                ("triage_confirmed", models.BooleanField(default=True)),
                ("hold_reason", models.CharField(blank=True, max_length=200)),
                ("pooled", models.BooleanField(default=True)),
                ("times_called", models.PositiveSmallIntegerField(default=0)),
                ("missed_calls", models.PositiveSmallIntegerField(default=0)),
                ("missed_at", models.DateTimeField(null=True)),
                ("passed_by", models.PositiveSmallIntegerField(default=0)),
                ("back_at", models.DateTimeField(null=True)),
                ("ahead_by", models.UUIDField(null=True)),
                ("ahead_reason", models.CharField(blank=True, max_length=200)),
                ("moved", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("scanned_at", models.DateTimeField()),
                ("queued_at", models.DateTimeField(null=True)),
                ("called_at", models.DateTimeField(null=True)),
                ("last_called_at", models.DateTimeField(null=True)),
                ("consultation_started_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
                ("no_show_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "visit",
                "verbose_name_plural": "visits",
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                [apps.queue.rules.states.State["URGENT"], apps.queue.rules.states.State["WAITING"]],
                            )
                        ),
                        fields=["department", "tier", "arrival_key", "number"],
                        name="visit_queue_order",
                    ),
                    models.Index(fields=["department", "day", "number"], name="visit_department_day"),
                    models.Index(fields=["doctor", "day"], name="visit_doctor_day"),
                    models.Index(
                        condition=models.Q(
                            models.Q(("missed_at__isnull", False), ("state", apps.queue.rules.states.State["ON_HOLD"])),
                            models.Q(("back_at__isnull", False), ("state", apps.queue.rules.states.State["ON_HOLD"])),
                            _connector="OR",
                        ),
                        fields=["department"],
                        name="visit_missed_a_call",
                    ),
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.queue.rules.states.State["CALLED"],
                                    apps.queue.rules.states.State["IN_CONSULTATION"],
                                    apps.queue.rules.states.State["ON_HOLD"],
                                    apps.queue.rules.states.State["SCANNED"],
                                    apps.queue.rules.states.State["URGENT"],
                                    apps.queue.rules.states.State["WAITING"],
                                ],
                            )
                        ),
                        fields=["department", "state"],
                        name="visit_open_by_department",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "SCANNED",
                                    "WAITING",
                                    "URGENT",
                                    "CALLED",
                                    "IN_CONSULTATION",
                                    "ON_HOLD",
                                    "COMPLETED",
                                    "NO_SHOW",
                                    "CANCELLED",
                                    "TRANSFERRED",
                                ],
                            )
                        ),
                        name="visit_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("doctor__isnull", False),
                            ("counter__isnull", False),
                            models.Q(("state__in", ["CALLED", "IN_CONSULTATION", "COMPLETED"]), _negated=True),
                            _connector="OR",
                        ),
                        name="visit_has_doctor_or_counter_when_called",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", True),
                                (
                                    "state__in",
                                    [
                                        apps.queue.rules.states.State["CALLED"],
                                        apps.queue.rules.states.State["IN_CONSULTATION"],
                                        apps.queue.rules.states.State["ON_HOLD"],
                                        apps.queue.rules.states.State["SCANNED"],
                                        apps.queue.rules.states.State["URGENT"],
                                        apps.queue.rules.states.State["WAITING"],
                                    ],
                                ),
                            ),
                            models.Q(
                                ("ended_at__isnull", False),
                                (
                                    "state__in",
                                    [
                                        apps.queue.rules.states.State["CANCELLED"],
                                        apps.queue.rules.states.State["COMPLETED"],
                                        apps.queue.rules.states.State["NO_SHOW"],
                                        apps.queue.rules.states.State["TRANSFERRED"],
                                    ],
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="visit_ended_when_terminal",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.queue.rules.states.State["CALLED"],
                                    apps.queue.rules.states.State["IN_CONSULTATION"],
                                ],
                            )
                        ),
                        fields=("doctor",),
                        name="one_active_visit_per_doctor",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.queue.rules.states.State["CALLED"],
                                    apps.queue.rules.states.State["IN_CONSULTATION"],
                                ],
                            )
                        ),
                        fields=("counter",),
                        name="one_active_visit_per_counter",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.queue.rules.states.State["CALLED"],
                                    apps.queue.rules.states.State["IN_CONSULTATION"],
                                ],
                            )
                        ),
                        fields=("token",),
                        name="one_active_visit_per_number",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.queue.rules.states.State["CALLED"],
                                    apps.queue.rules.states.State["IN_CONSULTATION"],
                                    apps.queue.rules.states.State["ON_HOLD"],
                                    apps.queue.rules.states.State["SCANNED"],
                                    apps.queue.rules.states.State["URGENT"],
                                    apps.queue.rules.states.State["WAITING"],
                                ],
                            )
                        ),
                        fields=("patient", "department"),
                        name="one_open_visit_per_patient_and_department",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JourneyLeg",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "journey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="legs", to="queue.journey"
                    ),
                ),
                ("step", models.PositiveSmallIntegerField()),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.doctor"
                    ),
                ),
                (
                    "visit",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="leg", to="queue.visit"
                    ),
                ),
                (
                    "returns_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="detours", to="queue.visit"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("", ""), ("done", "done"), ("skipped", "skipped"), ("left", "left")],
                        max_length=8,
                    ),
                ),
            ],
            options={
                "ordering": ["step", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("outcome", ""), ("visit__isnull", True)),
                        fields=["department"],
                        name="journey_leg_planned",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TriageRule",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        help_text="Leave empty for all departments.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="scheduling.department",
                        verbose_name="department",
                    ),
                ),
                ("phrase", models.CharField(max_length=80, verbose_name="phrase")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "triage rule",
                "verbose_name_plural": "triage rules",
                "ordering": ["phrase"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("facility", "department", "phrase"), name="triage_phrase_once", nulls_distinct=False
                    )
                ],
            },
        ),
        CreatePartitioned(
            name="Overtaking",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("facility_id", models.UUIDField()),
                ("department_id", models.UUIDField()),
                ("visit_id", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("doctor_id", models.UUIDField(null=True)),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("emergency", "emergency"),
                            ("urgent", "urgent"),
                            ("out_of_turn", "out_of_turn"),
                            ("moved", "moved"),
                            ("displaced", "displaced"),
                            ("pinned", "pinned"),
                            ("head_start", "head_start"),
                            ("booking", "booking"),
                            ("late", "late"),
                        ],
                        max_length=12,
                    ),
                ),
                ("actor_type", models.CharField(max_length=10)),
                ("actor_id", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("overtaken", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("minutes", models.IntegerField(null=True)),
                ("undone", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["department_id", "-at"], name="overtaking_department_at"),
                    models.Index(fields=["visit_id"], name="overtaking_visit"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "cause__in",
                                [
                                    "emergency",
                                    "urgent",
                                    "out_of_turn",
                                    "moved",
                                    "displaced",
                                    "pinned",
                                    "head_start",
                                    "booking",
                                    "late",
                                ],
                            )
                        ),
                        name="cause_known",
                    )
                ],
            },
            partitioned_by="at",
        ),
        AppendOnly(
            model_name="Overtaking",
            changing=("undone",),
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("long_queue", "long_queue"),
                            ("long_waits", "long_waits"),
                            ("idle_doctor", "idle_doctor"),
                            ("long_wait", "long_wait"),
                        ],
                        max_length=12,
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("department_id", models.UUIDField()),
                ("since", models.DateTimeField()),
                ("raised_at", models.DateTimeField(null=True)),
                ("cleared_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rule__in", ["long_queue", "long_waits", "idle_doctor", "long_wait"])),
                        name="alert_rule_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("cleared_at__isnull", True)),
                        fields=("rule", "subject_id"),
                        name="one_open_alert_each",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HelpCall",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                ("screen_id", models.UUIDField()),
                ("place", models.CharField(max_length=120)),
                ("asked_at", models.DateTimeField()),
                ("times", models.PositiveSmallIntegerField(default=1)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.UUIDField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=("screen_id",),
                        name="one_open_call_for_help_each",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True), ("answered_by__isnull", False), _connector="OR"
                        ),
                        name="help_answered_by_somebody",
                    ),
                ],
            },
        ),
    ]
