"""Who works where, and the numbers people are given."""

from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from apps.core.models import ScopedModel
from apps.scheduling.rules import (
    AVAILABILITY_NAMES,
    KIND_NAMES,
    LETTERS,
    STATUS_NAMES,
    SYMBOL_NAMES,
    Availability,
    DepartmentKind,
    DepartmentStatus,
    Symbol,
    token_label,
    token_number,
)


class Department(ScopedModel):
    """A place with a queue of its own: a clinic, a laboratory, a cash desk."""

    code = models.CharField(
        _("code"),
        max_length=6,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,5}$", _("Two to six capital letters."))],
    )
    letter = models.CharField(
        _("letter on tokens"),
        max_length=1,
        validators=[RegexValidator(f"^[{LETTERS}]$", _("One capital letter, but not O, I, Q or Z."))],
    )
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=[(k.value, _(KIND_NAMES[k])) for k in DepartmentKind])
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=[(s.value, _(STATUS_NAMES[s])) for s in DepartmentStatus],
        default=DepartmentStatus.ACTIVE,
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "code"], name="department_code_once"),
            models.UniqueConstraint(fields=["facility", "letter"], name="department_letter_once"),
            models.CheckConstraint(condition=Q(letter__in=list(LETTERS)), name="department_letter_readable"),
            models.CheckConstraint(condition=Q(kind__in=list(DepartmentKind)), name="department_kind_known"),
            models.CheckConstraint(condition=Q(status__in=list(DepartmentStatus)), name="department_status_known"),
        ]

    def __str__(self) -> str:
        return self.name


class QueuePolicy(ScopedModel):
    """How one department orders its queue. Minutes throughout."""

    department = models.OneToOneField(Department, on_delete=models.CASCADE, related_name="policy")
    grace_minutes = models.PositiveSmallIntegerField(
        _("grace after an appointment"),
        default=15,
        help_text=_("Checked in by then, an appointment keeps its place."),
    )
    late_penalty_minutes = models.PositiveSmallIntegerField(
        _("penalty for coming late"),
        default=15,
        help_text=_("Added to the arrival of somebody later than the grace."),
    )
    walk_in_penalty_minutes = models.PositiveSmallIntegerField(
        _("walk-in penalty"), default=0, help_text=_("How far a walk-in stands behind somebody who booked.")
    )
    head_start_minutes = models.PositiveSmallIntegerField(
        _("head start"), default=25, help_text=_("For elderly, pregnant, disabled people and small children.")
    )
    pin_after_overtakes = models.PositiveSmallIntegerField(
        _("pinned after overtakes"),
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Whoever was overtaken this often comes next after emergencies and urgent cases."),
    )
    queue_limit = models.PositiveIntegerField(
        _("queue limit"),
        default=500,
        help_text=_("People waiting at the same time; more are sent to the desk."),
    )

    class Meta:
        verbose_name = _("queue policy")
        verbose_name_plural = _("queue policies")

    def __str__(self) -> str:
        return gettext("Queue policy of %(department)s") % {"department": self.department}


class Room(ScopedModel):
    """A room people are called to: a number to read and a picture to recognise."""

    number = models.CharField(_("number"), max_length=4)
    symbol = models.CharField(_("symbol"), max_length=8, choices=[(s.value, _(SYMBOL_NAMES[s])) for s in Symbol])
    hall = models.CharField(_("waiting hall"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "number"], name="room_number_once"),
            models.CheckConstraint(condition=Q(symbol__in=list(Symbol)), name="room_symbol_known"),
        ]

    def __str__(self) -> str:
        return f"{self.number}, {gettext(SYMBOL_NAMES[Symbol(self.symbol)])}"


class Doctor(ScopedModel):
    """Somebody who sees people, in one or several departments, mostly in one room."""

    staff = models.OneToOneField(
        "accounts.Staff",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="doctor",
        verbose_name=_("account"),
    )
    name = models.CharField(_("name"), max_length=80)
    departments = models.ManyToManyField(
        Department, through="DoctorDepartment", related_name="doctors", verbose_name=_("departments")
    )
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.PROTECT, related_name="doctors", verbose_name=_("room")
    )
    availability = models.CharField(
        _("availability"),
        max_length=9,
        choices=[(a.value, _(AVAILABILITY_NAMES[a])) for a in Availability],
        default=Availability.OFFLINE,
    )
    specialization = models.CharField(_("specialization"), max_length=80, blank=True)
    license_number = models.CharField(_("licence number"), max_length=40)
    qualifications = models.CharField(_("qualifications"), max_length=200, blank=True)
    experience_years = models.PositiveSmallIntegerField(_("years of experience"), default=0)
    average_consultation_minutes = models.PositiveSmallIntegerField(
        _("average consultation, minutes"),
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(240)],
    )
    working_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        verbose_name=_("working days"),
        default=list,
        help_text=_("0 is Monday, 6 is Sunday."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("doctor")
        verbose_name_plural = _("doctors")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "license_number"], name="doctor_licence_once"),
            models.CheckConstraint(condition=Q(availability__in=list(Availability)), name="doctor_availability_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def department_ids(self) -> list[UUID]:
        """Ids of the departments served; only on doctors that `queries.doctors()` has read."""
        served: list[UUID] = self.__dict__["served"]
        return served


class DoctorDepartment(models.Model):
    """That a doctor sees people in a department."""

    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, verbose_name=_("doctor"))
    department = models.ForeignKey(Department, on_delete=models.PROTECT, verbose_name=_("department"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["doctor", "department"], name="doctor_department_once")]

    def __str__(self) -> str:
        return f"{self.doctor} · {self.department}"


class TokenCounter(models.Model):
    """The last number given in a department on a day; always changed under its row lock."""

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "day"], name="token_counter_once")]

    def __str__(self) -> str:
        return f"{self.department_id} {self.day}: {self.last}"


class Token(models.Model):
    """A number given to somebody for a day: on the slip, the board and every station of the journey.

    Every number up to the counter has a row; one that is not used any more is void, never gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    number = models.PositiveIntegerField()
    code = models.CharField(max_length=6)
    letter = models.CharField(max_length=1)
    issued_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)

    objects = ScopedManager(facility="facility")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["department", "day", "number"], name="token_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="token_number_positive"),
        ]
        indexes = [models.Index(fields=["patient", "day"], name="token_patient_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.token_number}"

    @property
    def token_number(self) -> str:
        """`GEN-017`, as the API and the desk write it. The code is the one of the day it was given."""
        return token_number(self.code, self.number)

    @property
    def label(self) -> str:
        """`G17`, as people see and hear it."""
        return token_label(self.letter, self.number)
