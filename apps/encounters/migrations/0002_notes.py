"""Notes: drafts in all their versions, signed snapshots, addenda. What must not change is append-only."""

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT

import apps.core.crypto
import apps.encounters.models.sealed
from apps.core.partitions import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("encounters", "0001_initial"),
        ("patients", "0004_provisional_files"),
        ("queue", "0009_calls_for_help_end"),
        ("scheduling", "0013_late_and_ended_by"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Encounter",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("version", models.PositiveIntegerField(default=0)),
                ("signed_at", models.DateTimeField(null=True, verbose_name="signed")),
                (
                    "doctor",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="scheduling.doctor"),
                ),
                (
                    "facility",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility"),
                ),
                (
                    "patient",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="patients.patient"),
                ),
                (
                    "visit",
                    models.OneToOneField(on_delete=PROTECT, related_name="+", to="queue.visit"),
                ),
            ],
            options={
                "verbose_name": "consultation",
                "verbose_name_plural": "consultations",
            },
        ),
        migrations.CreateModel(
            name="Addendum",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", apps.core.crypto.EncryptedTextField()),
                ("written_at", models.DateTimeField()),
                (
                    "facility",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility"),
                ),
                (
                    "written_by",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "encounter",
                    models.ForeignKey(on_delete=PROTECT, related_name="addenda", to="encounters.encounter"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SignedNote",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("content", apps.encounters.models.sealed.SealedJsonField()),
                ("hash", models.CharField(max_length=64)),
                ("signed_at", models.DateTimeField()),
                (
                    "encounter",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        related_name="signed_note",
                        to="encounters.encounter",
                    ),
                ),
                (
                    "facility",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility"),
                ),
                (
                    "signed_by",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NoteVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("content", apps.encounters.models.sealed.SealedJsonField()),
                ("saved_at", models.DateTimeField()),
                (
                    "encounter",
                    models.ForeignKey(on_delete=PROTECT, related_name="versions", to="encounters.encounter"),
                ),
                (
                    "facility",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility"),
                ),
                (
                    "saved_by",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("encounter", "version"), name="note_version_once")],
            },
        ),
        AppendOnly("NoteVersion"),
        AppendOnly("SignedNote"),
        AppendOnly("Addendum"),
    ]
