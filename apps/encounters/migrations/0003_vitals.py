"""Vital signs; append-only."""

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

import apps.encounters.models.sealed
from apps.core.partitions import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("encounters", "0002_notes"),
        ("patients", "0005_health_facts"),
        ("queue", "0009_calls_for_help_end"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Vitals",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("values", apps.encounters.models.sealed.SealedJsonField()),
                ("age", models.PositiveSmallIntegerField()),
                ("dangerous", models.BooleanField()),
                ("taken_at", models.DateTimeField()),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
                ("patient", models.ForeignKey(on_delete=PROTECT, related_name="+", to="patients.patient")),
                ("taken_by", models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("visit", models.ForeignKey(on_delete=PROTECT, related_name="+", to="queue.visit")),
            ],
            options={
                "verbose_name_plural": "vitals",
                "indexes": [models.Index(fields=["patient", "-taken_at"], name="vitals_of_patient")],
            },
        ),
        AppendOnly("Vitals"),
    ]
