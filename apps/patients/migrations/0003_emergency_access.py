"""Who broke the glass: emergency accesses to records."""

import datetime
import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


def points_at(table: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=table, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0002_login_codes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EmergencyAccess",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="closed")),
                ("reviewed_at", models.DateTimeField(null=True, verbose_name="looked at")),
                ("review_note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("facility", points_at("accounts.facility")),
                ("patient", points_at("patients.patient")),
                ("reviewed_by", points_at(settings.AUTH_USER_MODEL, null=True)),
                ("staff", points_at(settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "emergency access",
                "verbose_name_plural": "emergency accesses",
                "indexes": [
                    models.Index(fields=["staff", "patient", "-ends_at"], name="emergency_access_open"),
                    models.Index(fields=["facility", "-opened_at"], name="emergency_access_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(
                            ends_at__gt=F("opened_at"), ends_at__lte=F("opened_at") + datetime.timedelta(minutes=30)
                        ),
                        name="emergency_access_is_short",
                    ),
                    models.CheckConstraint(condition=~Q(reason=""), name="emergency_access_has_reason"),
                    models.CheckConstraint(
                        condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                        | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                        name="emergency_access_review_whole",
                    ),
                ],
            },
        ),
    ]
