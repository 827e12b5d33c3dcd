"""The list of medicines, what does not go together, favourites, drafts; lines beside a signed text."""

import uuid

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import PROTECT

import apps.core.crypto
import apps.encounters.models.sealed


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("encounters", "0003_vitals"),
        ("queue", "0009_calls_for_help_end"),
        ("scheduling", "0013_late_and_ended_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="prescription",
            name="items",
            field=apps.encounters.models.sealed.SealedJsonField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="prescription",
            name="override_reason",
            field=apps.core.crypto.EncryptedTextField(blank=True, default=""),
        ),
        migrations.CreateModel(
            name="PrescriptionDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveSmallIntegerField(default=0)),
                ("content", apps.encounters.models.sealed.SealedJsonField(blank=True)),
                ("override_reason", apps.core.crypto.EncryptedTextField(blank=True)),
                ("doctor", models.ForeignKey(on_delete=PROTECT, related_name="+", to="scheduling.doctor")),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
                ("visit", models.OneToOneField(on_delete=PROTECT, related_name="+", to="queue.visit")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Favourite",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("medicine", models.CharField(max_length=200)),
                ("dose", models.CharField(blank=True, max_length=60)),
                ("frequency", models.CharField(max_length=40)),
                ("days", models.PositiveSmallIntegerField()),
                ("instructions", models.CharField(blank=True, max_length=200)),
                ("kept_at", models.DateTimeField()),
                ("doctor", models.ForeignKey(on_delete=PROTECT, related_name="+", to="scheduling.doctor")),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("doctor", "medicine", "dose", "frequency", "days", "instructions"),
                        name="favourite_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Interaction",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("first", models.CharField(max_length=80)),
                ("second", models.CharField(max_length=80)),
                ("severity", models.CharField(max_length=10)),
                ("effect", models.CharField(max_length=200)),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "first", "second"), name="interaction_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Medicine",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("form", models.CharField(max_length=40, verbose_name="form")),
                ("strength", models.CharField(max_length=60, verbose_name="strength")),
                (
                    "ingredients",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), size=None, verbose_name="ingredients"
                    ),
                ),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
            ],
            options={
                "verbose_name": "medicine",
                "verbose_name_plural": "medicines",
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "name", "form", "strength"), name="medicine_once")
                ],
            },
        ),
    ]
