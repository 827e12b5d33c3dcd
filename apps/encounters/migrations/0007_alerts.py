"""Where doctors want to be told of what is dangerous; and what was measured of it is found quickly."""

import uuid

from django.db import migrations, models
from django.db.models import PROTECT

import apps.core.crypto


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_names_by_language"),
        ("encounters", "0006_diagnoses"),
        ("scheduling", "0014_names_by_language"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertPhone",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("phone", apps.core.crypto.EncryptedTextField()),
                ("doctor", models.OneToOneField(on_delete=PROTECT, related_name="+", to="scheduling.doctor")),
                ("facility", models.ForeignKey(on_delete=PROTECT, related_name="+", to="accounts.facility")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="vitals",
            index=models.Index(condition=models.Q(("dangerous", True)), fields=["taken_at"], name="vitals_dangerous"),
        ),
    ]
