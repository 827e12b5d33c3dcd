"""The registry: people, their identifiers, the counter of UHIDs, and trigrams to find names by."""

import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import apps.core.crypto


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_initial")]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="UhidCounter",
            fields=[
                (
                    "facility",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.facility",
                    ),
                ),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("uhid", models.CharField(max_length=24, verbose_name="UHID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_key", models.TextField(editable=False)),
                (
                    "sex",
                    models.CharField(
                        choices=[("female", "Female"), ("male", "Male"), ("other", "Other"), ("unknown", "Not known")],
                        max_length=7,
                        verbose_name="sex",
                    ),
                ),
                ("birth_date", models.DateField(verbose_name="birth date")),
                (
                    "birth_date_estimated",
                    models.BooleanField(default=False, verbose_name="birth date estimated from the age"),
                ),
                ("phone", apps.core.crypto.EncryptedTextField(blank=True, verbose_name="phone")),
                ("phone_index", models.CharField(blank=True, editable=False, max_length=40)),
                ("phone_last4", models.CharField(blank=True, editable=False, max_length=4)),
                ("address", apps.core.crypto.EncryptedTextField(blank=True, verbose_name="address")),
                ("pregnant", models.BooleanField(default=False, verbose_name="pregnant")),
                ("disabled", models.BooleanField(default=False, verbose_name="disabled")),
                ("language", models.CharField(max_length=8, verbose_name="language")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("ACTIVE", "Active"),
                            ("INACTIVE", "Inactive"),
                            ("DECEASED", "Deceased"),
                            ("MERGED", "Merged into another record"),
                        ],
                        default="ACTIVE",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False, verbose_name="registered")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
            ],
            options={
                "verbose_name": "patient",
                "verbose_name_plural": "patients",
            },
        ),
        migrations.CreateModel(
            name="PatientIdentifier",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("abha_number", "ABHA number"),
                            ("abha_address", "ABHA address"),
                            ("national_id", "National id"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("value", apps.core.crypto.EncryptedTextField(verbose_name="value")),
                ("value_index", models.CharField(editable=False, max_length=40)),
                ("last4", models.CharField(editable=False, max_length=4)),
                ("created_at", models.DateTimeField(editable=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="identifiers", to="patients.patient"
                    ),
                ),
            ],
            options={
                "verbose_name": "identifier",
                "verbose_name_plural": "identifiers",
            },
        ),
        migrations.AddIndex(
            model_name="patient",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["name_key"], name="patient_name_trigrams", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                condition=models.Q(("phone_index", ""), _negated=True),
                fields=["facility", "phone_index"],
                name="patient_phone",
            ),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                condition=models.Q(("phone_index", ""), _negated=True),
                fields=["facility", "phone_last4"],
                name="patient_last4",
            ),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["facility", "birth_date"], name="patient_birth_date"),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["facility", "-created_at"], name="patient_newest"),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.UniqueConstraint(fields=("facility", "uhid"), name="uhid_once_in_a_facility"),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("uhid", ""), _negated=True), models.Q(("name", ""), _negated=True)),
                name="patient_has_uhid_and_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("sex__in", ["female", "male", "other", "unknown"])), name="patient_sex_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["ACTIVE", "INACTIVE", "DECEASED", "MERGED"])),
                name="patient_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("phone_index", ""), ("phone_last4", "")),
                    models.Q(
                        models.Q(("phone_index", ""), _negated=True), models.Q(("phone_last4", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="patient_phone_index_with_last4",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientidentifier",
            constraint=models.UniqueConstraint(
                fields=("facility", "value_index", "kind"), name="identifier_of_one_patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="patientidentifier",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["abha_number", "abha_address", "national_id"])),
                name="identifier_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientidentifier",
            constraint=models.CheckConstraint(
                condition=models.Q(("value_index", ""), _negated=True), name="identifier_has_index"
            ),
        ),
    ]
