"""Prescriptions; append-only."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import apps.core.crypto
from apps.core.partitions import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("queue", "0001_initial"),
        ("scheduling", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Prescription",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("content", apps.core.crypto.EncryptedTextField()),
                ("signed_at", models.DateTimeField()),
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
                    "visit",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="queue.visit"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("visit", "version"), name="prescription_version_once")],
            },
        ),
        AppendOnly("Prescription"),
    ]
