"""Messages and their dedupe keys."""

import uuid

from django.db import migrations, models

import apps.core.crypto
from apps.core.partitions import AppendOnly, CreatePartitioned


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="MessageKey",
            fields=[
                ("key", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("facility_id", models.UUIDField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        CreatePartitioned(
            name="Message",
            partitioned_by="created_at",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                ("facility_id", models.UUIDField()),
                ("kind", models.CharField(max_length=30)),
                (
                    "channel",
                    models.CharField(
                        choices=[("sms", "sms"), ("whatsapp", "whatsapp"), ("email", "email"), ("push", "push")],
                        max_length=10,
                    ),
                ),
                ("recipient", apps.core.crypto.EncryptedTextField()),
                ("recipient_index", models.CharField(max_length=40)),
                ("text", apps.core.crypto.EncryptedTextField()),
                ("language", models.CharField(max_length=8)),
                ("urgent", models.BooleanField(default=False)),
                ("dedupe_key", models.CharField(max_length=120)),
                ("not_after", models.DateTimeField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sending", "sending"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("dropped", "dropped"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.SmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("error", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["sending", "waiting"])),
                        fields=["-urgent", "next_try_at"],
                        name="message_open",
                    ),
                    models.Index(fields=["-created_at"], name="message_newest"),
                    models.Index(fields=["facility_id", "recipient_index", "-created_at"], name="message_of_recipient"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["sms", "whatsapp", "email", "push"])),
                        name="message_channel_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["waiting", "sending", "sent", "failed", "dropped"])),
                        name="message_status_known",
                    ),
                ],
            },
        ),
        AppendOnly("Message", changing=("status", "attempts", "next_try_at", "sent_at", "reference", "error")),
    ]
