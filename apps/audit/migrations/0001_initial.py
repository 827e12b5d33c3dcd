"""The audit trail with its seals; both partitioned by month and append-only from the first day."""

import uuid

import django.core.serializers.json
import django.db.models.functions.datetime
from django.db import migrations, models

import apps.audit.models
from apps.core.partitions import AppendOnly, CreatePartitioned

WAIT_FOR_SEAL = """
CREATE FUNCTION audit_wait_for_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (entry_id, entry_at) VALUES (NEW.id, NEW.at);
    RETURN NULL;
END $$;
CREATE TRIGGER wait_for_seal AFTER INSERT ON audit_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_wait_for_seal();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE audit_entry_number AS bigint", "DROP SEQUENCE audit_entry_number"),
        CreatePartitioned(
            name="AuditEntry",
            partitioned_by="at",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "number",
                    models.BigIntegerField(db_default=apps.audit.models.next_entry_number(), editable=False),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "written_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("facility_id", models.UUIDField(null=True)),
                ("actor_type", models.CharField(max_length=16, verbose_name="kind of actor")),
                ("actor_id", models.UUIDField(null=True, verbose_name="actor")),
                ("actor_role", models.CharField(blank=True, max_length=16, verbose_name="role")),
                ("actor_via", models.CharField(blank=True, max_length=40, verbose_name="by means of")),
                ("action", models.CharField(max_length=60, verbose_name="action")),
                ("entity_type", models.CharField(max_length=60, verbose_name="kind of record")),
                ("entity_id", models.CharField(max_length=80, verbose_name="record")),
                (
                    "before",
                    models.JSONField(
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        null=True,
                        verbose_name="before",
                    ),
                ),
                (
                    "after",
                    models.JSONField(
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        null=True,
                        verbose_name="after",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("trace_id", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "indexes": [
                    models.Index(fields=["facility_id", "-at", "-number"], name="audit_newest"),
                    models.Index(fields=["entity_id", "-at"], name="audit_of_record"),
                ],
            },
        ),
        CreatePartitioned(
            name="Seal",
            partitioned_by="sealed_at",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed_at", models.DateTimeField()),
                ("entry_id", models.UUIDField()),
                ("entry_at", models.DateTimeField()),
                ("hash", models.CharField(max_length=64)),
            ],
            options={"indexes": [models.Index(fields=["entry_id"], name="audit_seal_entry")]},
        ),
        migrations.CreateModel(
            name="Unsealed",
            fields=[
                ("entry_id", models.UUIDField(primary_key=True, serialize=False)),
                ("entry_at", models.DateTimeField()),
            ],
        ),
        AppendOnly("AuditEntry"),
        AppendOnly("Seal"),
        migrations.RunSQL(WAIT_FOR_SEAL, "DROP FUNCTION audit_wait_for_seal() CASCADE"),
    ]
