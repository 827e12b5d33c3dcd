"""Departments, doctors, rooms, and the numbers people are given."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.scheduling.rules


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("patients", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Department",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "code",
                    models.CharField(
                        max_length=6,
                        validators=[
                            django.core.validators.RegexValidator("^[A-Z][A-Z0-9]{1,5}$", "Two to six capital letters.")
                        ],
                        verbose_name="code",
                    ),
                ),
                (
                    "letter",
                    models.CharField(
                        max_length=1,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[ABCDEFGHJKLMNPRSTUVWXY]$", "One capital letter, but not O, I, Q or Z."
                            )
                        ],
                        verbose_name="letter on tokens",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("consultation", "Consultation"),
                            ("triage", "Triage"),
                            ("laboratory", "Laboratory"),
                            ("imaging", "Imaging"),
                            ("pharmacy", "Pharmacy"),
                            ("cashier", "Cashier"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("ACTIVE", "Open"), ("INACTIVE", "Closed")],
                        default=apps.scheduling.rules.DepartmentStatus["ACTIVE"],
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
            ],
            options={
                "verbose_name": "department",
                "verbose_name_plural": "departments",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Doctor",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "availability",
                    models.CharField(
                        choices=[
                            ("AVAILABLE", "Seeing patients"),
                            ("PAUSED", "Short break"),
                            ("OFFLINE", "Not here now"),
                        ],
                        default=apps.scheduling.rules.Availability["OFFLINE"],
                        max_length=9,
                        verbose_name="availability",
                    ),
                ),
                ("specialization", models.CharField(blank=True, max_length=80, verbose_name="specialization")),
                ("license_number", models.CharField(max_length=40, verbose_name="licence number")),
                ("qualifications", models.CharField(blank=True, max_length=200, verbose_name="qualifications")),
                ("experience_years", models.PositiveSmallIntegerField(default=0, verbose_name="years of experience")),
                (
                    "average_consultation_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="average consultation, minutes",
                    ),
                ),
                (
                    "working_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            validators=[django.core.validators.MaxValueValidator(6)]
                        ),
                        default=list,
                        help_text="0 is Monday, 6 is Sunday.",
                        size=None,
                        verbose_name="working days",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "staff",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="doctor",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "doctor",
                "verbose_name_plural": "doctors",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="DoctorDepartment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="scheduling.department",
                        verbose_name="department",
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="scheduling.doctor", verbose_name="doctor"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="doctor",
            name="departments",
            field=models.ManyToManyField(
                related_name="doctors",
                through="scheduling.DoctorDepartment",
                to="scheduling.department",
                verbose_name="departments",
            ),
        ),
        migrations.CreateModel(
            name="QueuePolicy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "grace_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="Checked in by then, an appointment keeps its place.",
                        verbose_name="grace after an appointment",
                    ),
                ),
                (
                    "late_penalty_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="Added to the arrival of somebody later than the grace.",
                        verbose_name="penalty for coming late",
                    ),
                ),
                (
                    "walk_in_penalty_minutes",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="How far a walk-in stands behind somebody who booked.",
                        verbose_name="walk-in penalty",
                    ),
                ),
                (
                    "head_start_minutes",
                    models.PositiveSmallIntegerField(
                        default=25,
                        help_text="For elderly, pregnant, disabled people and small children.",
                        verbose_name="head start",
                    ),
                ),
                (
                    "pin_after_overtakes",
                    models.PositiveSmallIntegerField(
                        default=8,
                        help_text="Whoever was overtaken this often comes next after emergencies and urgent cases.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="pinned after overtakes",
                    ),
                ),
                (
                    "queue_limit",
                    models.PositiveIntegerField(
                        default=500,
                        help_text="People waiting at the same time; more are sent to the desk.",
                        verbose_name="queue limit",
                    ),
                ),
                (
                    "department",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="policy", to="scheduling.department"
                    ),
                ),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
            ],
            options={
                "verbose_name": "queue policy",
                "verbose_name_plural": "queue policies",
            },
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=4, verbose_name="number")),
                (
                    "symbol",
                    models.CharField(
                        choices=[
                            ("boat", "Boat"),
                            ("mango", "Mango"),
                            ("fish", "Fish"),
                            ("pot", "Pot"),
                            ("bell", "Bell"),
                            ("drum", "Drum"),
                        ],
                        max_length=8,
                        verbose_name="symbol",
                    ),
                ),
                ("hall", models.CharField(blank=True, max_length=40, verbose_name="waiting hall")),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
            ],
            options={
                "verbose_name": "room",
                "verbose_name_plural": "rooms",
                "ordering": ["number"],
            },
        ),
        migrations.AddField(
            model_name="doctor",
            name="room",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="doctors",
                to="scheduling.room",
                verbose_name="room",
            ),
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("number", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=6)),
                ("letter", models.CharField(max_length=1)),
                ("issued_at", models.DateTimeField()),
                ("voided_at", models.DateTimeField(null=True)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TokenCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("last", models.PositiveIntegerField(default=0)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="department",
            constraint=models.UniqueConstraint(fields=("facility", "code"), name="department_code_once"),
        ),
        migrations.AddConstraint(
            model_name="department",
            constraint=models.UniqueConstraint(fields=("facility", "letter"), name="department_letter_once"),
        ),
        migrations.AddConstraint(
            model_name="department",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "letter__in",
                        [
                            "A",
                            "B",
                            "C",
                            "D",
                            "E",
                            "F",
                            "G",
                            "H",
                            "J",
                            "K",
                            "L",
                            "M",
                            "N",
                            "P",
                            "R",
                            "S",
                            "T",
                            "U",
                            "V",
                            "W",
                            "X",
                            "Y",
                        ],
                    )
                ),
                name="department_letter_readable",
            ),
        ),
        migrations.AddConstraint(
            model_name="department",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            apps.scheduling.rules.DepartmentKind["CONSULTATION"],
                            apps.scheduling.rules.DepartmentKind["TRIAGE"],
                            apps.scheduling.rules.DepartmentKind["LABORATORY"],
                            apps.scheduling.rules.DepartmentKind["IMAGING"],
                            apps.scheduling.rules.DepartmentKind["PHARMACY"],
                            apps.scheduling.rules.DepartmentKind["CASHIER"],
                        ],
                    )
                ),
                name="department_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="department",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            apps.scheduling.rules.DepartmentStatus["ACTIVE"],
                            apps.scheduling.rules.DepartmentStatus["INACTIVE"],
                        ],
                    )
                ),
                name="department_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctordepartment",
            constraint=models.UniqueConstraint(fields=("doctor", "department"), name="doctor_department_once"),
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.UniqueConstraint(fields=("facility", "number"), name="room_number_once"),
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "symbol__in",
                        [
                            apps.scheduling.rules.Symbol["BOAT"],
                            apps.scheduling.rules.Symbol["MANGO"],
                            apps.scheduling.rules.Symbol["FISH"],
                            apps.scheduling.rules.Symbol["POT"],
                            apps.scheduling.rules.Symbol["BELL"],
                            apps.scheduling.rules.Symbol["DRUM"],
                        ],
                    )
                ),
                name="room_symbol_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.UniqueConstraint(fields=("facility", "license_number"), name="doctor_licence_once"),
        ),
        migrations.AddConstraint(
            model_name="doctor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "availability__in",
                        [
                            apps.scheduling.rules.Availability["AVAILABLE"],
                            apps.scheduling.rules.Availability["PAUSED"],
                            apps.scheduling.rules.Availability["OFFLINE"],
                        ],
                    )
                ),
                name="doctor_availability_known",
            ),
        ),
        migrations.AddIndex(
            model_name="token",
            index=models.Index(fields=["patient", "day"], name="token_patient_day"),
        ),
        migrations.AddConstraint(
            model_name="token",
            constraint=models.UniqueConstraint(fields=("department", "day", "number"), name="token_number_once"),
        ),
        migrations.AddConstraint(
            model_name="token",
            constraint=models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="token_number_positive"),
        ),
        migrations.AddConstraint(
            model_name="tokencounter",
            constraint=models.UniqueConstraint(fields=("department", "day"), name="token_counter_once"),
        ),
    ]
