"""Tests in the laboratory and in imaging: the list, orders, results; results are append-only."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.crypto
import apps.encounters.models.sealed
from apps.core.partitions import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("encounters", "0004_prescribing"),
        ("patients", "0005_health_facts"),
        ("queue", "0009_calls_for_help_end"),
        ("scheduling", "0013_late_and_ended_by"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Investigation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=20, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "service",
                    models.CharField(
                        help_text="The name under which the price list knows this test.",
                        max_length=40,
                        verbose_name="price key",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="offered to doctors")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
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
                "verbose_name": "laboratory or imaging test",
                "verbose_name_plural": "laboratory and imaging tests",
                "ordering": ["name", "code"],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("urgent", models.BooleanField(default=False)),
                ("question", apps.core.crypto.EncryptedTextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("ordered", "ordered"), ("done", "done"), ("cancelled", "cancelled")], max_length=9
                    ),
                ),
                ("ordered_at", models.DateTimeField()),
                ("reported", models.PositiveSmallIntegerField(default=0)),
                ("critical", models.BooleanField(default=False)),
                ("seen", models.PositiveSmallIntegerField(default=0)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.doctor"
                    ),
                ),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "investigation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="encounters.investigation"
                    ),
                ),
                (
                    "ordered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="queue.visit"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReferenceRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField(default=1, verbose_name="place")),
                ("name", models.CharField(max_length=80, verbose_name="what is measured")),
                ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                (
                    "sex",
                    models.CharField(
                        blank=True, choices=[("female", "female"), ("male", "male")], max_length=7, verbose_name="sex"
                    ),
                ),
                (
                    "since_age",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(130)], verbose_name="from age"
                    ),
                ),
                ("low", models.FloatField(blank=True, null=True, verbose_name="usual from")),
                ("high", models.FloatField(blank=True, null=True, verbose_name="usual to")),
                ("critical_low", models.FloatField(blank=True, null=True, verbose_name="critical below")),
                ("critical_high", models.FloatField(blank=True, null=True, verbose_name="critical above")),
                (
                    "investigation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ranges",
                        to="encounters.investigation",
                    ),
                ),
            ],
            options={
                "verbose_name": "reference range",
                "verbose_name_plural": "reference ranges",
                "ordering": ["place", "since_age", "sex", "id"],
            },
        ),
        migrations.CreateModel(
            name="Result",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveSmallIntegerField()),
                ("content", apps.encounters.models.sealed.SealedJsonField()),
                ("reason", apps.core.crypto.EncryptedTextField(blank=True)),
                ("hash", models.CharField(max_length=64)),
                ("critical", models.BooleanField()),
                ("signed_at", models.DateTimeField()),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="results", to="encounters.order"
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="investigation",
            constraint=models.UniqueConstraint(fields=("facility", "code"), name="investigation_code_once"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("state", "ordered")), fields=["patient", "department"], name="order_to_be_done"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("reported__gt", models.F("seen"))), fields=["doctor"], name="order_not_seen"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ordered")), fields=("visit", "investigation"), name="order_open_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("seen__lte", models.F("reported"))), name="order_seen_as_reported"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["ordered", "done", "cancelled"])), name="order_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="referencerange",
            constraint=models.UniqueConstraint(
                fields=("investigation", "name", "sex", "since_age"), name="reference_range_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="referencerange",
            constraint=models.CheckConstraint(
                condition=models.Q(("low__lte", models.F("high"))), name="reference_range_has_two_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="result",
            constraint=models.UniqueConstraint(fields=("order", "version"), name="result_version_once"),
        ),
        AppendOnly("Result"),
    ]
