"""Allergies and long-term conditions."""

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

import apps.core.crypto


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("patients", "0004_provisional_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HealthFact",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("allergy", "Allergy"), ("condition", "Long-term condition")],
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                ("what", apps.core.crypto.EncryptedTextField(verbose_name="substance or condition")),
                ("reaction", apps.core.crypto.EncryptedTextField(blank=True, verbose_name="reaction")),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[("mild", "Mild"), ("moderate", "Moderate"), ("severe", "Severe")],
                        max_length=8,
                        verbose_name="severity",
                    ),
                ),
                ("since_year", models.PositiveSmallIntegerField(null=True, verbose_name="since the year")),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Holds"), ("resolved", "Over"), ("refuted", "Was a mistake")],
                        default="active",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("noted_at", models.DateTimeField(verbose_name="noted")),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
                ("noted_by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("patient", models.ForeignKey(on_delete=PROTECT, related_name="+", to="patients.patient")),
            ],
            options={
                "verbose_name": "allergy or condition",
                "verbose_name_plural": "allergies and conditions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["allergy", "condition"])), name="health_fact_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "resolved", "refuted"])),
                        name="health_fact_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", apps.patients.rules.health.FactKind["ALLERGY"]),
                                ("severity__in", ["mild", "moderate", "severe"]),
                            ),
                            models.Q(("kind", apps.patients.rules.health.FactKind["CONDITION"]), ("severity", "")),
                            _connector="OR",
                        ),
                        name="allergy_has_severity",
                    ),
                ],
            },
        ),
    ]
