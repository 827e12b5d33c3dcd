"""Diet plans."""

import uuid

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_facility_position"), ("encounters", "0008_prescriptions_of_doctor")]

    operations = [
        migrations.CreateModel(
            name="DietPlan",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("code", models.SlugField(max_length=40, verbose_name="code")),
                ("language", models.CharField(choices=settings.LANGUAGES, max_length=8, verbose_name="language")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("text", models.TextField(max_length=2000, verbose_name="what to eat and what not")),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
            ],
            options={
                "verbose_name": "diet plan",
                "verbose_name_plural": "diet plans",
                "ordering": ["code", "language"],
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "code", "language"), name="diet_plan_once")
                ],
            },
        ),
    ]
