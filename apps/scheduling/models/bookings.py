"""Who has a place, and who waits for one."""

from datetime import datetime, timedelta

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, IntegerRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel
from apps.scheduling.models.lengths import VisitType
from apps.scheduling.models.places import Department, Doctor
from apps.scheduling.models.slots import Slot
from apps.scheduling.models.tokens import Token
from apps.scheduling.rules.allocation import SCORES, BookingSource, Limits, Rules
from apps.scheduling.rules.appointments import LIVE, OPEN, AppointmentState
from apps.scheduling.rules.capacity import Severity
from apps.scheduling.rules.offers import Consent, OfferState
from apps.scheduling.rules.waiting import WaitingState

_SOURCES = [(s.value, s.value) for s in BookingSource]
_LIVE, _OPEN = sorted(LIVE), sorted(OPEN)


class Int4Range(Func):
    """The whole numbers from one up to another, for an exclusion constraint."""

    function = "INT4RANGE"
    output_field = IntegerRangeField()


class Appointment(ScopedModel):
    """A reserved place in a slot, until the person arrives and their visit goes on.

    `place` is which of the slot's places (0 is the first), and decides the time; a long visit has several `places`
    from there on, and two people never have the same. `minutes` is the length that was agreed with the type of visit.
    `ended_by` is the kind of actor whose wish its end was; `late_until` is when somebody said they would be here
    instead.
    """

    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+", db_index=False)
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="appointments")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="+", db_index=False)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+", db_index=False)
    token = models.ForeignKey(Token, null=True, on_delete=models.PROTECT, related_name="appointments", db_index=False)
    day = models.DateField()
    at = models.DateTimeField()
    place = models.PositiveSmallIntegerField()
    places = models.PositiveSmallIntegerField(default=1)
    visit_type = models.ForeignKey(VisitType, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    minutes = models.PositiveSmallIntegerField(null=True)
    overflow = models.BooleanField(default=False)
    source = models.CharField(max_length=16, choices=_SOURCES)
    state = models.CharField(max_length=12, choices=[(s.value, s.value) for s in AppointmentState])
    reason = models.CharField(max_length=200, blank=True)
    booked_at = models.DateTimeField()
    hold_expires_at = models.DateTimeField(null=True)
    severity = models.CharField(max_length=8, blank=True, choices=[(s.value, s.value) for s in Severity])
    series_id = models.UUIDField(null=True)
    meeting_url = models.CharField(max_length=300, blank=True)
    displaced = models.PositiveSmallIntegerField(default=0)
    first_slot = models.ForeignKey(Slot, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    moved_from = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="moved_to")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)
    ended_by = models.CharField(max_length=10, blank=True, default="", db_default="")
    late_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    link: tuple[str, str] | None = None
    """Token and code of the tracking link, in the command that gave it out."""
    stood_at: datetime | None = None
    """When a booking was that had to give way, in the command that moved it."""

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            ExclusionConstraint(
                name="one_person_a_place",
                expressions=[
                    ("slot", RangeOperators.EQUAL),
                    (Int4Range("place", F("place") + F("places")), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=_LIVE),
            ),
            models.CheckConstraint(condition=Q(places__gte=1), name="appointment_has_a_place"),
            models.UniqueConstraint(
                fields=["patient", "doctor", "day"],
                condition=Q(state__in=_LIVE),
                name="one_booking_per_patient_doctor_day",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[str(s) for s in AppointmentState]), name="appointment_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=AppointmentState.HELD) | Q(hold_expires_at__isnull=False),
                name="appointment_hold_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(state=AppointmentState.HELD) | Q(state=AppointmentState.CANCELLED) | Q(token__isnull=False),
                name="appointment_has_a_number_once_booked",
            ),
        ]
        indexes = [
            models.Index(fields=["slot"], condition=Q(state__in=_LIVE), name="appointment_live_of_slot"),
            models.Index(fields=["patient", "-day"], name="appointment_of_patient"),
            models.Index(fields=["token"], name="appointment_of_token"),
            models.Index(fields=["doctor", "day"], name="appointment_doctor_day"),
            models.Index(
                fields=["hold_expires_at"], condition=Q(state=AppointmentState.HELD), name="appointment_holds"
            ),
            models.Index(
                fields=["visit_type"], condition=Q(visit_type__isnull=False), name="appointment_by_visit_type"
            ),
            models.Index(
                fields=["first_slot"], condition=Q(first_slot__isnull=False), name="appointment_by_first_slot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.at:%H:%M} {self.state}"

    @property
    def priority_score(self) -> int:
        """What its source counts (D5)."""
        return SCORES[BookingSource(self.source)]

    @property
    def due(self) -> datetime:
        """When the person is expected: at their time, or as late as they said."""
        return max(self.at, self.late_until) if self.late_until else self.at

    @property
    def is_reallocation(self) -> bool:
        """Whether it had to give way and has another place than it was given first."""
        return self.displaced > 0


class WaitingEntry(ScopedModel):
    """Somebody who waits for a place with a doctor. The order of promotion is `rank`, then score, then time."""

    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=16, choices=_SOURCES)
    visit_type = models.ForeignKey(VisitType, null=True, on_delete=models.PROTECT, related_name="+")
    minutes = models.PositiveSmallIntegerField(null=True)
    preferred_day = models.DateField()
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in WaitingState])
    sort_key = models.DecimalField(max_digits=30, decimal_places=15)
    reason = models.CharField(max_length=200, blank=True)
    notes = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField()
    expires_at = models.DateTimeField()
    appointment = models.OneToOneField(Appointment, null=True, on_delete=models.PROTECT, related_name="waited")
    ended_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("waiting entry")
        verbose_name_plural = _("waiting list")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[str(s) for s in WaitingState]), name="waiting_state_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("since")), name="waiting_ends_after_start"),
            models.UniqueConstraint(
                fields=["patient", "doctor", "preferred_day"],
                condition=Q(state=WaitingState.WAITING),
                name="one_waiting_entry_per_patient_doctor_day",
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "sort_key"], condition=Q(state=WaitingState.WAITING), name="waiting_order"),
            models.Index(fields=["expires_at"], condition=Q(state=WaitingState.WAITING), name="waiting_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.preferred_day} {self.state}"

    @property
    def priority_score(self) -> int:
        """What its source counts (D5)."""
        return SCORES[BookingSource(self.source)]


class Offer(ScopedModel):
    """A freed place that somebody on the waiting list is asked about. The place is held meanwhile, by `hold`; the
    first of those who are asked to accept gets it."""

    entry = models.ForeignKey(WaitingEntry, on_delete=models.PROTECT, related_name="offers")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="+")
    hold = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="offers")
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in OfferState])
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[str(s) for s in OfferState]), name="offer_state_known"),
            models.UniqueConstraint(fields=["entry"], condition=Q(state=OfferState.OPEN), name="one_open_offer_each"),
            models.UniqueConstraint(
                fields=["hold"], condition=Q(state=OfferState.ACCEPTED), name="one_accepts_an_offer"
            ),
        ]
        indexes = [
            models.Index(fields=["entry", "slot"], name="offer_of_entry"),
            models.Index(fields=["made_at"], condition=Q(state=OfferState.OPEN), name="offer_open"),
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%d.%m. %H:%M} {self.state}"


def _all_but(source: BookingSource) -> list[str]:
    return [str(s) for s in BookingSource if s is not source]


def all_but_walk_ins() -> list[str]:
    """Who may displace somebody, unless a department decides otherwise."""
    return _all_but(BookingSource.WALK_IN)


def all_but_emergencies() -> list[str]:
    """Who may be displaced, unless a department decides otherwise."""
    return _all_but(BookingSource.EMERGENCY)


class AllocationPolicy(ScopedModel):
    """Who may displace whom in a department, and what it does when a slot is full (requirements D5)."""

    department = models.OneToOneField(Department, on_delete=models.CASCADE, related_name="allocation")
    may_displace = ArrayField(models.CharField(max_length=16, choices=_SOURCES), default=all_but_walk_ins, blank=True)
    may_be_displaced = ArrayField(
        models.CharField(max_length=16, choices=_SOURCES), default=all_but_emergencies, blank=True
    )
    emergency_overflows = models.BooleanField(_("emergencies go beyond the places"), default=True)
    most_displacements = models.PositiveSmallIntegerField(
        _("moved at most so often"), default=2, validators=[MaxValueValidator(10)]
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("a place is held for, minutes"), default=10, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    asks_first = models.BooleanField(
        _("a freed place is offered first"),
        default=False,
        help_text=_("Who waits is asked before they get the place; otherwise they get it at once."),
    )
    offer_minutes = models.PositiveSmallIntegerField(
        _("an offer stands for, minutes"), default=10, validators=[MinValueValidator(1), MaxValueValidator(240)]
    )
    offered_to = models.PositiveSmallIntegerField(
        _("asked at the same time"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    most_per_patient = models.PositiveSmallIntegerField(
        _("bookings of one person a day"), default=0, help_text=_("0 is no limit.")
    )
    most_per_day = models.PositiveSmallIntegerField(
        _("bookings of one doctor a day"), default=0, help_text=_("0 is no limit. Emergencies are never refused.")
    )

    class Meta:
        verbose_name = _("allocation policy")
        verbose_name_plural = _("allocation policies")

    def __str__(self) -> str:
        return str(self.department)

    def rules(self) -> Rules:
        """The row as the plain value that the rules of allocation take."""
        return Rules(
            may_displace=frozenset(BookingSource(s) for s in self.may_displace),
            may_be_displaced=frozenset(BookingSource(s) for s in self.may_be_displaced),
            emergency_overflows=self.emergency_overflows,
            most_displacements=self.most_displacements,
        )

    def consent(self) -> Consent:
        """How places are held and offered, as the plain value that the rules take."""
        return Consent(
            hold=timedelta(minutes=self.hold_minutes),
            asks_first=self.asks_first,
            offer=timedelta(minutes=self.offer_minutes),
            offered_to=self.offered_to,
        )

    def limits(self) -> Limits:
        """How many bookings there may be, as the plain value that the rules take."""
        return Limits(self.most_per_patient, self.most_per_day)
