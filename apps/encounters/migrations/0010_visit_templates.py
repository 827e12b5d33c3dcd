"""Doctors' own templates of visits."""

import uuid

import django.db.models.functions.text
from django.db import migrations, models
from django.db.models import PROTECT

import apps.encounters.models.sealed


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("encounters", "0009_diet_plans"),
        ("scheduling", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitTemplate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("content", apps.encounters.models.sealed.SealedJsonField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("kept_at", models.DateTimeField()),
                ("doctor", models.ForeignKey(on_delete=PROTECT, related_name="+", to="scheduling.doctor")),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("doctor"), django.db.models.functions.text.Lower("name"), name="visit_template_once"
                    )
                ],
            },
        ),
    ]
