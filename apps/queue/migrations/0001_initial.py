"""Visits, their transitions (partitioned by month, append-only) and the triage table."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.queue.rules.order
import apps.queue.rules.states
from apps.core.partitions import AppendOnly, CreatePartitioned


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("patients", "0001_initial"),
        ("scheduling", "0001_initial"),
    ]

    operations = [
        CreatePartitioned(
            name="VisitTransition",
            partitioned_by="at",
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["visit_id", "version"], name="transition_visit_version"),
                    models.Index(fields=["department_id", "at"], name="transition_department_at"),
                    models.Index(fields=["doctor_id", "at"], name="transition_doctor_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TriageRule",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("phrase", models.CharField(max_length=80, verbose_name="phrase")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
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
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
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
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
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
                ("version", models.PositiveIntegerField(default=1)),
                ("scanned_at", models.DateTimeField()),
                ("queued_at", models.DateTimeField(null=True)),
                ("called_at", models.DateTimeField(null=True)),
                ("last_called_at", models.DateTimeField(null=True)),
                ("consultation_started_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
                ("no_show_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
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
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="queue.visit"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.room"
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="scheduling.token"
                    ),
                ),
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
                            models.Q(("state__in", ["CALLED", "IN_CONSULTATION", "COMPLETED"]), _negated=True),
                            _connector="OR",
                        ),
                        name="visit_has_doctor_when_called",
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
        AppendOnly("VisitTransition"),
    ]
