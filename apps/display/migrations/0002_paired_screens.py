"""Boards that only paired screens show."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("display", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="board",
            name="open_to_all",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "Anybody who knows the address may open it: it shows numbers and rooms only. "
                    "Otherwise a screen has to be paired first."
                ),
                verbose_name="open to all",
            ),
        ),
        migrations.CreateModel(
            name="PairingRequest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("secret_hash", models.CharField(max_length=64, unique=True)),
                ("code_hash", models.CharField(max_length=64, unique=True)),
                ("address_hash", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["expires_at"], name="pairing_expiry")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("asked_at"))), name="pairing_ends_after_start"
                    )
                ],
            },
        ),
    ]
