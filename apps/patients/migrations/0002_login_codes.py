"""One-time codes of patients, and what counts against their limits."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("patients", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("key", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=20)),
                ("used", models.PositiveIntegerField()),
                ("most", models.PositiveIntegerField()),
                ("resets_at", models.DateTimeField()),
                ("told", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [models.Index(fields=["resets_at"], name="allowance_reset")],
            },
        ),
        migrations.CreateModel(
            name="LoginCode",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("phone_index", models.CharField(max_length=40)),
                ("code_hash", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "facility",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.facility",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["expires_at"], name="login_code_expiry")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("phone_index",),
                        name="one_live_code_per_phone",
                    ),
                    models.CheckConstraint(condition=models.Q(("tries__lte", 5)), name="login_code_tries_bounded"),
                ],
            },
        ),
    ]
