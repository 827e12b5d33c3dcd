"""Streams, the outbox and kept answers."""

import uuid

from django.db import migrations, models

import apps.core.crypto
from apps.core.partitions import AppendOnly, CreatePartitioned


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Stream",
            fields=[
                ("name", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("sequence", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("scope", models.CharField(max_length=200)),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=64)),
                ("answer", apps.core.crypto.EncryptedTextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="idempotency_created")],
                "constraints": [models.UniqueConstraint(fields=("scope", "key"), name="idempotency_key_once")],
            },
        ),
        CreatePartitioned(
            name="OutboxEvent",
            partitioned_by="occurred_at",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("occurred_at", models.DateTimeField()),
                ("facility_id", models.UUIDField(null=True)),
                ("stream", models.CharField(max_length=80)),
                ("sequence", models.BigIntegerField()),
                ("type", models.CharField(max_length=60)),
                ("actor", models.JSONField()),
                ("trace_id", models.CharField(max_length=64)),
                ("entity_type", models.CharField(max_length=40)),
                ("entity_id", models.UUIDField()),
                ("entity_version", models.IntegerField()),
                ("payload", models.JSONField()),
                ("leased_until", models.DateTimeField(null=True)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("parked_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["stream", "sequence"], name="outbox_stream_sequence"),
                    models.Index(
                        condition=models.Q(("delivered_at__isnull", True), ("parked_at__isnull", True)),
                        fields=["stream", "sequence"],
                        name="outbox_undelivered",
                    ),
                ],
            },
        ),
        AppendOnly("OutboxEvent", changing=("leased_until", "attempts", "delivered_at", "parked_at", "error")),
    ]
