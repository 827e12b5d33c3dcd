import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.operations
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import apps.scheduling.models.bookings
import apps.scheduling.models.slots
import apps.scheduling.rules.appointments
import apps.scheduling.rules.offers
import apps.scheduling.rules.places
import apps.scheduling.rules.waiting


class Migration(migrations.Migration):
    replaces = [
        ("scheduling", "0001_initial"),
        ("scheduling", "0002_booking"),
        ("scheduling", "0003_leave"),
        ("scheduling", "0004_holds"),
        ("scheduling", "0005_open_offers"),
        ("scheduling", "0006_visit_types"),
        ("scheduling", "0007_counters"),
        ("scheduling", "0008_queue_in_full"),
        ("scheduling", "0009_leave_begins"),
        ("scheduling", "0010_usual_journeys"),
        ("scheduling", "0011_overbooked"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0005_facility_position"),
        ("patients", "0004_provisional_files"),
    ]

    operations = [
        django.contrib.postgres.operations.BtreeGistExtension(),
        migrations.CreateModel(
            name="Department",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
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
                        default=apps.scheduling.rules.places.DepartmentStatus["ACTIVE"],
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("closed_to_newcomers_on", models.DateField(editable=False, null=True)),
                ("usual_journey_id", models.UUIDField(editable=False, null=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "department",
                "verbose_name_plural": "departments",
                "ordering": ["code"],
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "code"), name="department_code_once"),
                    models.UniqueConstraint(fields=("facility", "letter"), name="department_letter_once"),
                    models.CheckConstraint(
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
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    apps.scheduling.rules.places.DepartmentKind["CONSULTATION"],
                                    apps.scheduling.rules.places.DepartmentKind["TRIAGE"],
                                    apps.scheduling.rules.places.DepartmentKind["LABORATORY"],
                                    apps.scheduling.rules.places.DepartmentKind["IMAGING"],
                                    apps.scheduling.rules.places.DepartmentKind["PHARMACY"],
                                    apps.scheduling.rules.places.DepartmentKind["CASHIER"],
                                ],
                            )
                        ),
                        name="department_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    apps.scheduling.rules.places.DepartmentStatus["ACTIVE"],
                                    apps.scheduling.rules.places.DepartmentStatus["INACTIVE"],
                                ],
                            )
                        ),
                        name="department_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueuePolicy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="policy", to="scheduling.department"
                    ),
                ),
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
                    "head_start_elderly",
                    models.PositiveSmallIntegerField(default=25, verbose_name="head start of elderly people"),
                ),
                (
                    "head_start_child",
                    models.PositiveSmallIntegerField(default=25, verbose_name="head start of small children"),
                ),
                (
                    "head_start_pregnant",
                    models.PositiveSmallIntegerField(default=25, verbose_name="head start of pregnant women"),
                ),
                (
                    "head_start_disabled",
                    models.PositiveSmallIntegerField(default=25, verbose_name="head start of disabled people"),
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
                    "recall_after",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="Who missed a call is back in line after so many others were called.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="called again after others",
                    ),
                ),
                (
                    "most_missed_calls",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="Who missed so many is not called again by itself.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="calls that may be missed",
                    ),
                ),
                (
                    "no_show_grace_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="Then they count as not come; after an earlier call they are back in line.",
                        verbose_name="grace after a missed call",
                    ),
                ),
                (
                    "carries_over",
                    models.BooleanField(
                        default=False,
                        help_text="Who still waits gets a number of the new day; "
                        "otherwise the day closes without them.",
                        verbose_name="carries over at midnight",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "queue policy",
                "verbose_name_plural": "queue policies",
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="policy_versions",
                        to="scheduling.department",
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("rules", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("department", "version"), name="policy_version_once")],
            },
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
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
            ],
            options={
                "verbose_name": "room",
                "verbose_name_plural": "rooms",
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "number"), name="room_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "symbol__in",
                                [
                                    apps.scheduling.rules.places.Symbol["BOAT"],
                                    apps.scheduling.rules.places.Symbol["MANGO"],
                                    apps.scheduling.rules.places.Symbol["FISH"],
                                    apps.scheduling.rules.places.Symbol["POT"],
                                    apps.scheduling.rules.places.Symbol["BELL"],
                                    apps.scheduling.rules.places.Symbol["DRUM"],
                                ],
                            )
                        ),
                        name="room_symbol_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Doctor",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
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
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="doctors",
                        to="scheduling.room",
                        verbose_name="room",
                    ),
                ),
                (
                    "availability",
                    models.CharField(
                        choices=[
                            ("AVAILABLE", "Seeing patients"),
                            ("PAUSED", "Short break"),
                            ("OFFLINE", "Not here now"),
                        ],
                        default=apps.scheduling.rules.places.Availability["OFFLINE"],
                        max_length=9,
                        verbose_name="availability",
                    ),
                ),
                ("away_reason", models.CharField(blank=True, editable=False, max_length=120)),
                ("back_at", models.DateTimeField(editable=False, null=True)),
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
            ],
            options={
                "verbose_name": "doctor",
                "verbose_name_plural": "doctors",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "license_number"), name="doctor_licence_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "availability__in",
                                [
                                    apps.scheduling.rules.places.Availability["AVAILABLE"],
                                    apps.scheduling.rules.places.Availability["PAUSED"],
                                    apps.scheduling.rules.places.Availability["OFFLINE"],
                                ],
                            )
                        ),
                        name="doctor_availability_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counters",
                        to="scheduling.department",
                        verbose_name="department",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counters",
                        to="scheduling.room",
                        verbose_name="room",
                    ),
                ),
                (
                    "availability",
                    models.CharField(
                        choices=[("AVAILABLE", "Open"), ("PAUSED", "Short break"), ("OFFLINE", "Closed")],
                        default=apps.scheduling.rules.places.Availability["OFFLINE"],
                        max_length=9,
                        verbose_name="availability",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "counter",
                "verbose_name_plural": "counters",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("facility", "name"), name="counter_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "availability__in",
                                [
                                    apps.scheduling.rules.places.Availability["AVAILABLE"],
                                    apps.scheduling.rules.places.Availability["PAUSED"],
                                    apps.scheduling.rules.places.Availability["OFFLINE"],
                                ],
                            )
                        ),
                        name="counter_availability_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DoctorDepartment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="scheduling.doctor", verbose_name="doctor"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="scheduling.department",
                        verbose_name="department",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("doctor", "department"), name="doctor_department_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="VisitType",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visit_types",
                        to="scheduling.department",
                        verbose_name="department",
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        help_text="Doctors may have lengths of their own.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="length, minutes",
                    ),
                ),
                ("by_patients", models.BooleanField(default=True, verbose_name="patients may choose it themselves")),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("usual_journey_id", models.UUIDField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "type of visit",
                "verbose_name_plural": "types of visit",
                "ordering": ["minutes", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("department", "name"), name="visit_type_named_once"),
                    models.CheckConstraint(
                        condition=models.Q(("minutes__gte", 1), ("minutes__lte", 240)), name="visit_type_length"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnLength",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_lengths",
                        to="scheduling.doctor",
                        verbose_name="doctor",
                    ),
                ),
                (
                    "visit_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_lengths",
                        to="scheduling.visittype",
                        verbose_name="type of visit",
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="length, minutes",
                    ),
                ),
            ],
            options={
                "verbose_name": "length of visits",
                "verbose_name_plural": "lengths of visits",
                "constraints": [
                    models.UniqueConstraint(fields=("doctor", "visit_type"), name="own_length_once"),
                    models.CheckConstraint(
                        condition=models.Q(("minutes__gte", 1), ("minutes__lte", 240)), name="own_length_length"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SlotTemplate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="templates",
                        to="scheduling.doctor",
                        verbose_name="doctor",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.department",
                        verbose_name="department",
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("starts", models.TimeField(verbose_name="from")),
                ("ends", models.TimeField(help_text="00:00 is midnight at the end of the day.", verbose_name="to")),
                (
                    "slot_minutes",
                    models.PositiveSmallIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                        verbose_name="length of a slot, minutes",
                    ),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        default=6,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(500),
                        ],
                        verbose_name="places in a slot",
                    ),
                ),
                (
                    "walk_in_percent",
                    models.PositiveSmallIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="kept for walk-ins, %",
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
            ],
            options={
                "verbose_name": "weekly hours",
                "verbose_name_plural": "weekly hours",
                "ordering": ["doctor", "weekday", "starts"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("weekday__lte", 6)), name="template_weekday_known"),
                    models.CheckConstraint(
                        condition=models.Q(("slot_minutes__gte", 5), ("slot_minutes__lte", 1440)),
                        name="template_slot_minutes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("walk_in_percent__lte", 100)), name="template_walk_in_share"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from", None),
                            ("valid_to", None),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="template_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TemplateBreak",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="breaks", to="scheduling.slottemplate"
                    ),
                ),
                ("starts", models.TimeField(verbose_name="from")),
                ("ends", models.TimeField(verbose_name="to")),
            ],
            options={
                "verbose_name": "break",
                "verbose_name_plural": "breaks",
                "ordering": ["starts"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__gt", models.F("starts"))), name="break_ends_after_start"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClosedDay",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "doctor",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the whole hospital.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.doctor",
                        verbose_name="doctor",
                    ),
                ),
                (
                    "starts",
                    models.TimeField(blank=True, help_text="Empty: the whole day.", null=True, verbose_name="from"),
                ),
                ("ends", models.TimeField(blank=True, null=True, verbose_name="to")),
                ("reason", models.CharField(max_length=80, verbose_name="reason")),
                (
                    "works",
                    models.BooleanField(
                        default=False,
                        help_text="For a public holiday on which people are seen as on any other day.",
                        verbose_name="seen all the same",
                    ),
                ),
            ],
            options={
                "verbose_name": "closed day",
                "verbose_name_plural": "closed days",
                "ordering": ["day"],
                "indexes": [models.Index(fields=["facility", "day"], name="closed_facility_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ends", None), ("starts", None)),
                            ("ends__gt", models.F("starts")),
                            _connector="OR",
                        ),
                        name="closed_part_of_day_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="slots", to="scheduling.doctor"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                ("day", models.DateField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("capacity", models.PositiveSmallIntegerField()),
                ("walk_in_reserve", models.PositiveSmallIntegerField(default=0)),
                ("taken", models.PositiveSmallIntegerField(default=0)),
                ("overflow", models.PositiveSmallIntegerField(default=0)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_reason", models.CharField(blank=True, max_length=80)),
                ("delay_minutes", models.PositiveSmallIntegerField(default=0)),
                ("usual_capacity", models.PositiveSmallIntegerField(null=True)),
                (
                    "emergency_level",
                    models.CharField(
                        blank=True,
                        choices=[("critical", "critical"), ("high", "high"), ("overbook", "overbook")],
                        max_length=8,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "verbose_name": "slot",
                "verbose_name_plural": "slots",
                "ordering": ["starts_at"],
                "indexes": [
                    models.Index(fields=["doctor", "day", "starts_at"], name="slot_doctor_day"),
                    models.Index(
                        condition=models.Q(("emergency_level", ""), _negated=True),
                        fields=["ends_at"],
                        name="slot_stretched",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "taken__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("capacity"), "+", models.F("overflow")
                                ),
                            )
                        ),
                        name="slot_not_oversold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("overflow__lte", models.F("taken"))), name="slot_overflow_is_taken"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="slot_ends_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("emergency_level", ""), ("usual_capacity", None)),
                            models.Q(
                                ("emergency_level__in", ["critical", "high", "overbook"]),
                                ("usual_capacity__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="slot_stretched_from_something",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        expressions=[
                            ("doctor", "="),
                            (apps.scheduling.models.slots.TsTzRange("starts_at", "ends_at"), "&&"),
                        ],
                        name="slots_of_a_doctor_do_not_overlap",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TokenCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                ("day", models.DateField()),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("department", "day"), name="token_counter_once")],
            },
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                ("day", models.DateField()),
                ("number", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=6)),
                ("letter", models.CharField(max_length=1)),
                ("issued_at", models.DateTimeField()),
                ("voided_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "day"], name="token_patient_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("department", "day", "number"), name="token_number_once"),
                    models.CheckConstraint(condition=models.Q(("number__gte", 1)), name="token_number_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Appointment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="appointments", to="scheduling.slot"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.doctor"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="scheduling.token",
                    ),
                ),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                ("place", models.PositiveSmallIntegerField()),
                ("places", models.PositiveSmallIntegerField(default=1)),
                (
                    "visit_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.visittype",
                    ),
                ),
                ("minutes", models.PositiveSmallIntegerField(null=True)),
                ("overflow", models.BooleanField(default=False)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("emergency", "emergency"),
                            ("paid_priority", "paid_priority"),
                            ("follow_up", "follow_up"),
                            ("online", "online"),
                            ("walk_in", "walk_in"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("HELD", "HELD"),
                            ("BOOKED", "BOOKED"),
                            ("ARRIVED", "ARRIVED"),
                            ("CANCELLED", "CANCELLED"),
                            ("NO_SHOW", "NO_SHOW"),
                            ("RESCHEDULED", "RESCHEDULED"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("booked_at", models.DateTimeField()),
                ("hold_expires_at", models.DateTimeField(null=True)),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[("critical", "critical"), ("high", "high"), ("medium", "medium")],
                        max_length=8,
                    ),
                ),
                ("series_id", models.UUIDField(null=True)),
                ("meeting_url", models.CharField(blank=True, max_length=300)),
                ("displaced", models.PositiveSmallIntegerField(default=0)),
                (
                    "first_slot",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.slot"
                    ),
                ),
                (
                    "moved_from",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moved_to",
                        to="scheduling.appointment",
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("end_reason", models.CharField(blank=True, max_length=200)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "verbose_name": "appointment",
                "verbose_name_plural": "appointments",
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.scheduling.rules.appointments.AppointmentState["ARRIVED"],
                                    apps.scheduling.rules.appointments.AppointmentState["BOOKED"],
                                    apps.scheduling.rules.appointments.AppointmentState["HELD"],
                                ],
                            )
                        ),
                        fields=["slot"],
                        name="appointment_live_of_slot",
                    ),
                    models.Index(fields=["patient", "-day"], name="appointment_of_patient"),
                    models.Index(fields=["token"], name="appointment_of_token"),
                    models.Index(fields=["doctor", "day"], name="appointment_doctor_day"),
                    models.Index(
                        condition=models.Q(("state", apps.scheduling.rules.appointments.AppointmentState["HELD"])),
                        fields=["hold_expires_at"],
                        name="appointment_holds",
                    ),
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.scheduling.rules.appointments.AppointmentState["ARRIVED"],
                                    apps.scheduling.rules.appointments.AppointmentState["BOOKED"],
                                    apps.scheduling.rules.appointments.AppointmentState["HELD"],
                                ],
                            )
                        ),
                        expressions=[
                            ("slot", "="),
                            (
                                apps.scheduling.models.bookings.Int4Range(
                                    "place",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("place"), "+", models.F("places")
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_person_a_place",
                    ),
                    models.CheckConstraint(condition=models.Q(("places__gte", 1)), name="appointment_has_a_place"),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    apps.scheduling.rules.appointments.AppointmentState["ARRIVED"],
                                    apps.scheduling.rules.appointments.AppointmentState["BOOKED"],
                                    apps.scheduling.rules.appointments.AppointmentState["HELD"],
                                ],
                            )
                        ),
                        fields=("patient", "doctor", "day"),
                        name="one_booking_per_patient_doctor_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["HELD", "BOOKED", "ARRIVED", "CANCELLED", "NO_SHOW", "RESCHEDULED"])
                        ),
                        name="appointment_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", apps.scheduling.rules.appointments.AppointmentState["HELD"]), _negated=True
                            ),
                            ("hold_expires_at__isnull", False),
                            _connector="OR",
                        ),
                        name="appointment_hold_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", apps.scheduling.rules.appointments.AppointmentState["HELD"]),
                            ("state", apps.scheduling.rules.appointments.AppointmentState["CANCELLED"]),
                            ("token__isnull", False),
                            _connector="OR",
                        ),
                        name="appointment_has_a_number_once_booked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WaitingEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.doctor"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("emergency", "emergency"),
                            ("paid_priority", "paid_priority"),
                            ("follow_up", "follow_up"),
                            ("online", "online"),
                            ("walk_in", "walk_in"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "visit_type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.visittype",
                    ),
                ),
                ("minutes", models.PositiveSmallIntegerField(null=True)),
                ("preferred_day", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "WAITING"),
                            ("ALLOCATED", "ALLOCATED"),
                            ("CANCELLED", "CANCELLED"),
                            ("EXPIRED", "EXPIRED"),
                        ],
                        max_length=10,
                    ),
                ),
                ("sort_key", models.DecimalField(decimal_places=15, max_digits=30)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("notes", models.CharField(blank=True, max_length=200)),
                ("since", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "appointment",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waited",
                        to="scheduling.appointment",
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "verbose_name": "waiting entry",
                "verbose_name_plural": "waiting list",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", apps.scheduling.rules.waiting.WaitingState["WAITING"])),
                        fields=["doctor", "sort_key"],
                        name="waiting_order",
                    ),
                    models.Index(
                        condition=models.Q(("state", apps.scheduling.rules.waiting.WaitingState["WAITING"])),
                        fields=["expires_at"],
                        name="waiting_expiry",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["WAITING", "ALLOCATED", "CANCELLED", "EXPIRED"])),
                        name="waiting_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("since"))), name="waiting_ends_after_start"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", apps.scheduling.rules.waiting.WaitingState["WAITING"])),
                        fields=("patient", "doctor", "preferred_day"),
                        name="one_waiting_entry_per_patient_doctor_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="scheduling.waitingentry"
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.slot"
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="scheduling.appointment"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "OPEN"),
                            ("ACCEPTED", "ACCEPTED"),
                            ("DECLINED", "DECLINED"),
                            ("TAKEN", "TAKEN"),
                            ("LAPSED", "LAPSED"),
                        ],
                        max_length=8,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "offer",
                "verbose_name_plural": "offers",
                "indexes": [
                    models.Index(fields=["entry", "slot"], name="offer_of_entry"),
                    models.Index(
                        condition=models.Q(("state", apps.scheduling.rules.offers.OfferState["OPEN"])),
                        fields=["made_at"],
                        name="offer_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["OPEN", "ACCEPTED", "DECLINED", "TAKEN", "LAPSED"])),
                        name="offer_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", apps.scheduling.rules.offers.OfferState["OPEN"])),
                        fields=("entry",),
                        name="one_open_offer_each",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", apps.scheduling.rules.offers.OfferState["ACCEPTED"])),
                        fields=("hold",),
                        name="one_accepts_an_offer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AllocationPolicy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "department",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allocation",
                        to="scheduling.department",
                    ),
                ),
                (
                    "may_displace",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("emergency", "emergency"),
                                ("paid_priority", "paid_priority"),
                                ("follow_up", "follow_up"),
                                ("online", "online"),
                                ("walk_in", "walk_in"),
                            ],
                            max_length=16,
                        ),
                        blank=True,
                        default=apps.scheduling.models.bookings.all_but_walk_ins,
                        size=None,
                    ),
                ),
                (
                    "may_be_displaced",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("emergency", "emergency"),
                                ("paid_priority", "paid_priority"),
                                ("follow_up", "follow_up"),
                                ("online", "online"),
                                ("walk_in", "walk_in"),
                            ],
                            max_length=16,
                        ),
                        blank=True,
                        default=apps.scheduling.models.bookings.all_but_emergencies,
                        size=None,
                    ),
                ),
                (
                    "emergency_overflows",
                    models.BooleanField(default=True, verbose_name="emergencies go beyond the places"),
                ),
                (
                    "most_displacements",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[django.core.validators.MaxValueValidator(10)],
                        verbose_name="moved at most so often",
                    ),
                ),
                (
                    "hold_minutes",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(120),
                        ],
                        verbose_name="a place is held for, minutes",
                    ),
                ),
                (
                    "asks_first",
                    models.BooleanField(
                        default=False,
                        help_text="Who waits is asked before they get the place; otherwise they get it at once.",
                        verbose_name="a freed place is offered first",
                    ),
                ),
                (
                    "offer_minutes",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="an offer stands for, minutes",
                    ),
                ),
                (
                    "offered_to",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="asked at the same time",
                    ),
                ),
                (
                    "most_per_patient",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="0 is no limit.", verbose_name="bookings of one person a day"
                    ),
                ),
                (
                    "most_per_day",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="0 is no limit. Emergencies are never refused.",
                        verbose_name="bookings of one doctor a day",
                    ),
                ),
            ],
            options={
                "verbose_name": "allocation policy",
                "verbose_name_plural": "allocation policies",
            },
        ),
        migrations.CreateModel(
            name="Leave",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "doctor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="leaves", to="scheduling.doctor"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=200)),
                ("taken_at", models.DateTimeField()),
                ("begun_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "leave",
                "verbose_name_plural": "leaves",
                "ordering": ["starts_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="leave_ends_after_start"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        expressions=[
                            ("doctor", "="),
                            (apps.scheduling.models.slots.TsTzRange("starts_at", "ends_at"), "&&"),
                        ],
                        name="leaves_of_a_doctor_do_not_overlap",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LeaveSlot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "leave",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="closed", to="scheduling.leave"
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="scheduling.slot"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("leave", "slot"), name="leave_closes_a_slot_once")],
            },
        ),
        migrations.CreateModel(
            name="LeaveCase",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
                (
                    "leave",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cases", to="scheduling.leave"
                    ),
                ),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("reassigned", "reassigned"),
                            ("rescheduled", "rescheduled"),
                            ("escalated", "escalated"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "appointment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scheduling.appointment",
                    ),
                ),
                ("visit_id", models.UUIDField(null=True)),
                (
                    "from_slot",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.slot"
                    ),
                ),
                ("from_at", models.DateTimeField(null=True)),
                ("overflow", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField()),
                ("put_back_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("appointment__isnull", False), ("visit_id__isnull", True)),
                            models.Q(("appointment__isnull", True), ("visit_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="leave_case_is_a_booking_or_a_visit",
                    ),
                    models.UniqueConstraint(fields=("leave", "appointment"), name="leave_decides_a_booking_once"),
                ],
            },
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
    ]
