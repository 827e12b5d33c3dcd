"""When doctors see people: weekly templates, what overrides them, and the slots that follow."""

from datetime import datetime, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel
from apps.scheduling.models.places import Department, Doctor
from apps.scheduling.rules.capacity import OVERBOOKED, Stretch
from apps.scheduling.rules.slots import DAY_MINUTES, DEFAULT_SLOT_MINUTES, Window


class TsTzRange(Func):
    """The moments from one column up to another, for an exclusion constraint."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class SlotTemplate(ScopedModel):
    """The hours a doctor keeps in a department on one weekday, by the facility's clock, and how many come per slot."""

    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="templates", verbose_name=_("doctor"))
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+", verbose_name=_("department"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=sorted(WEEKDAYS.items()))
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"), help_text=_("00:00 is midnight at the end of the day."))
    slot_minutes = models.PositiveSmallIntegerField(
        _("length of a slot, minutes"),
        default=DEFAULT_SLOT_MINUTES,
        validators=[MinValueValidator(5), MaxValueValidator(DAY_MINUTES)],
    )
    capacity = models.PositiveSmallIntegerField(
        _("places in a slot"), default=6, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    walk_in_percent = models.PositiveSmallIntegerField(
        _("kept for walk-ins, %"), default=0, validators=[MaxValueValidator(100)]
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        verbose_name = _("weekly hours")
        verbose_name_plural = _("weekly hours")
        ordering = ["doctor", "weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="template_weekday_known"),
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=5, slot_minutes__lte=DAY_MINUTES), name="template_slot_minutes"
            ),
            models.CheckConstraint(condition=Q(walk_in_percent__lte=100), name="template_walk_in_share"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="template_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.doctor}, {WEEKDAYS[self.weekday]} {self.starts:%H:%M}–{self.ends:%H:%M}"

    def clean(self) -> None:
        """The hours must be some time long."""
        if self.starts and self.ends:
            hours = Window.of(self.starts, self.ends)
            if hours.starts >= hours.ends:
                raise ValidationError({"ends": _("The end must be after the beginning.")})


class TemplateBreak(models.Model):
    """A pause within weekly hours, in which no slot is made."""

    template = models.ForeignKey(SlotTemplate, on_delete=models.CASCADE, related_name="breaks")
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("break")
        verbose_name_plural = _("breaks")
        ordering = ["starts"]
        constraints = [models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="break_ends_after_start")]

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}"


class ClosedDay(ScopedModel):
    """A day on which nobody sees people, or one doctor does not: a holiday, a meeting. Overrides the templates."""

    day = models.DateField(_("day"))
    doctor = models.ForeignKey(
        Doctor,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("doctor"),
        help_text=_("Empty: the whole hospital."),
    )
    starts = models.TimeField(_("from"), null=True, blank=True, help_text=_("Empty: the whole day."))
    ends = models.TimeField(_("to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=80)
    works = models.BooleanField(
        _("seen all the same"),
        default=False,
        help_text=_("For a public holiday on which people are seen as on any other day."),
    )

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts=None, ends=None) | Q(ends__gt=F("starts")), name="closed_part_of_day_whole"
            ),
        ]
        indexes = [models.Index(fields=["facility", "day"], name="closed_facility_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.reason}"


LEVELS = [*(str(level) for level in Stretch), OVERBOOKED]


class Slot(ScopedModel):
    """A stretch of one doctor's day with a number of places. The database itself refuses more bookings than places,
    except flagged overflow: `taken` counts those who have a place, `overflow` those of them beyond capacity."""

    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="slots")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveSmallIntegerField()
    walk_in_reserve = models.PositiveSmallIntegerField(default=0)
    taken = models.PositiveSmallIntegerField(default=0)
    overflow = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=80, blank=True)
    delay_minutes = models.PositiveSmallIntegerField(default=0)
    usual_capacity = models.PositiveSmallIntegerField(null=True)
    emergency_level = models.CharField(max_length=8, blank=True, choices=[(s, s) for s in LEVELS])
    """Why it has more places than usual."""
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity") + F("overflow")), name="slot_not_oversold"),
            models.CheckConstraint(condition=Q(overflow__lte=F("taken")), name="slot_overflow_is_taken"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_ends_after_start"),
            models.CheckConstraint(
                condition=Q(emergency_level="", usual_capacity=None)
                | Q(emergency_level__in=LEVELS, usual_capacity__isnull=False),
                name="slot_stretched_from_something",
            ),
            ExclusionConstraint(
                name="slots_of_a_doctor_do_not_overlap",
                expressions=[
                    ("doctor", RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(closed_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "day", "starts_at"], name="slot_doctor_day"),
            models.Index(fields=["ends_at"], condition=~Q(emergency_level=""), name="slot_stretched"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.starts_at:%H:%M} {self.taken}/{self.capacity}"

    def is_over(self, now: datetime, delay_minutes: int | None = None) -> bool:
        """Whether it has ended, its delay (or another one) included."""
        late = self.delay_minutes if delay_minutes is None else delay_minutes
        return self.ends_at + timedelta(minutes=late) <= now
