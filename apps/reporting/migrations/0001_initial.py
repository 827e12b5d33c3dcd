"""Tallies."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="MetricTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("facility_id", models.UUIDField()),
                ("department_id", models.UUIDField()),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("tokens_created", "tokens_created"),
                            ("no_shows", "no_shows"),
                            ("consultations", "consultations"),
                            ("consultation_seconds", "consultation_seconds"),
                        ],
                        max_length=40,
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=10)),
                ("total", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "tally",
                "verbose_name_plural": "tallies",
                "constraints": [
                    models.UniqueConstraint(fields=("department_id", "measure", "step"), name="tally_once"),
                    models.CheckConstraint(condition=models.Q(total__gte=0), name="tally_only_grows"),
                ],
            },
        ),
    ]
