"""Who works where."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.languages import NamesField
from apps.core.models import ScopedModel
from apps.scheduling.rules import (
    AVAILABILITY_NAMES,
    COUNTER_NAMES,
    KIND_NAMES,
    LETTERS,
    STATUS_NAMES,
    SYMBOL_NAMES,
    Availability,
    DepartmentKind,
    DepartmentStatus,
    Symbol,
)


class Department(ScopedModel):
    """A place with a queue of its own: a clinic, a laboratory, a cash desk. `usual_journey_id` is the journey that
    whoever comes begins by themselves: an id only, since journeys are the queue's."""

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
    names = NamesField()
    kind = models.CharField(_("kind"), max_length=16, choices=[(k.value, _(KIND_NAMES[k])) for k in DepartmentKind])
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=[(s.value, _(STATUS_NAMES[s])) for s in DepartmentStatus],
        default=DepartmentStatus.ACTIVE,
    )
    closed_to_newcomers_on = models.DateField(null=True, editable=False)
    usual_journey_id = models.UUIDField(null=True, editable=False)
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
    """How one department orders its queue, as it is now; minutes. Each version it has had is a `PolicyVersion`."""

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
    head_start_elderly = models.PositiveSmallIntegerField(_("head start of elderly people"), default=25)
    head_start_child = models.PositiveSmallIntegerField(_("head start of small children"), default=25)
    head_start_pregnant = models.PositiveSmallIntegerField(_("head start of pregnant women"), default=25)
    head_start_disabled = models.PositiveSmallIntegerField(_("head start of disabled people"), default=25)
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
    recall_after = models.PositiveSmallIntegerField(
        _("called again after others"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("Who missed a call is back in line after so many others were called."),
    )
    most_missed_calls = models.PositiveSmallIntegerField(
        _("calls that may be missed"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("Who missed so many is not called again by itself."),
    )
    no_show_grace_minutes = models.PositiveSmallIntegerField(
        _("grace after a missed call"),
        default=15,
        help_text=_("Then they count as not come; after an earlier call they are back in line."),
    )
    carries_over = models.BooleanField(
        _("carries over at midnight"),
        default=False,
        help_text=_("Who still waits gets a number of the new day; otherwise the day closes without them."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("queue policy")
        verbose_name_plural = _("queue policies")

    def __str__(self) -> str:
        return gettext("Queue policy of %(department)s") % {"department": self.department}


class PolicyVersion(ScopedModel):
    """Rules of calling that a department once had, or has: what, since when, by whom and why. Append-only."""

    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="policy_versions")
    version = models.PositiveIntegerField()
    rules = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.UUIDField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "version"], name="policy_version_once")]

    def __str__(self) -> str:
        return f"{self.department_id} {self.version}"


class Room(ScopedModel):
    """A room people are called to: a number to read and a picture to recognise."""

    number = models.CharField(_("number"), max_length=4)
    symbol = models.CharField(_("symbol"), max_length=8, choices=[(s.value, _(SYMBOL_NAMES[s])) for s in Symbol])
    hall = models.CharField(_("waiting hall"), max_length=40, blank=True)
    hall_names = NamesField(verbose_name=_("waiting hall by language"))

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
    names = NamesField()
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
    away_reason = models.CharField(max_length=120, blank=True, editable=False)
    back_at = models.DateTimeField(null=True, editable=False)
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


class Counter(ScopedModel):
    """Where a department that is no consultation serves people, one at a time: a cash desk, a window, a bench."""

    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="counters", verbose_name=_("department")
    )
    name = models.CharField(_("name"), max_length=80)
    names = NamesField()
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.PROTECT, related_name="counters", verbose_name=_("room")
    )
    availability = models.CharField(
        _("availability"),
        max_length=9,
        choices=[(a.value, _(COUNTER_NAMES[a])) for a in Availability],
        default=Availability.OFFLINE,
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="counter_name_once"),
            models.CheckConstraint(condition=Q(availability__in=list(Availability)), name="counter_availability_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def department_ids(self) -> list[UUID]:
        """The one department served; doctors may have several."""
        return [self.department_id]

    def clean(self) -> None:
        """Consultations have doctors, not counters."""
        if self.department_id and self.department.kind == DepartmentKind.CONSULTATION:
            raise ValidationError({"department": _("In a consultation doctors call people, not counters.")})


class DoctorDepartment(models.Model):
    """That a doctor sees people in a department."""

    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, verbose_name=_("doctor"))
    department = models.ForeignKey(Department, on_delete=models.PROTECT, verbose_name=_("department"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["doctor", "department"], name="doctor_department_once")]

    def __str__(self) -> str:
        return f"{self.doctor} · {self.department}"
