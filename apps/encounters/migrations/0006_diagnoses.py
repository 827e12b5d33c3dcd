"""Coded diagnoses, and what else a consultation comes to."""

import uuid

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import PROTECT

import apps.encounters.models.sealed


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("encounters", "0005_investigations"),
        ("patients", "0005_health_facts"),
        ("scheduling", "0013_late_and_ended_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="encounter",
            name="outcome",
            field=apps.encounters.models.sealed.SealedJsonField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="encounter",
            name="follow_up",
            field=models.ForeignKey(null=True, on_delete=PROTECT, related_name="+", to="scheduling.appointment"),
        ),
        migrations.CreateModel(
            name="DiagnosisCode",
            fields=[
                ("code", models.CharField(max_length=8, primary_key=True, serialize=False, verbose_name="code")),
                ("title", models.CharField(max_length=300, verbose_name="title")),
                ("search_key", models.CharField(editable=False, max_length=500)),
                ("is_common", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search_key"], name="diagnosis_trigrams", opclasses=["gin_trgm_ops"]
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsualDiagnosis",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=8)),
                ("text", models.CharField(max_length=300)),
                ("times", models.PositiveIntegerField(default=1)),
                ("doctor", models.ForeignKey(on_delete=PROTECT, related_name="+", to="scheduling.doctor")),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
            ],
            options={
                "indexes": [models.Index(fields=["doctor", "-times"], name="usual_diagnosis_order")],
                "constraints": [models.UniqueConstraint(fields=("doctor", "code"), name="usual_diagnosis_once")],
            },
        ),
    ]
