"""Tests in the laboratory and in imaging: what can be ordered, what was ordered, and what came of it."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.crypto import EncryptedTextField
from apps.core.models import ScopedModel
from apps.encounters.models.sealed import SealedJsonField
from apps.encounters.rules.investigations import OrderState
from apps.patients.rules.people import Sex

SEXES = [(Sex.FEMALE.value, _("female")), (Sex.MALE.value, _("male"))]


class Investigation(ScopedModel):
    """A test of the hospital's list, done in one department. `service` is the key under which the price list knows
    it."""

    department = models.ForeignKey(
        "scheduling.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("department")
    )
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    service = models.CharField(
        _("price key"), max_length=40, help_text=_("The name under which the price list knows this test.")
    )
    active = models.BooleanField(_("offered to doctors"), default=True)

    class Meta:
        verbose_name = _("laboratory or imaging test")
        verbose_name_plural = _("laboratory and imaging tests")
        ordering = ["name", "code"]
        constraints = [models.UniqueConstraint(fields=["facility", "code"], name="investigation_code_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class ReferenceRange(models.Model):
    """What is usual of one thing that a test measures, from an age on, for one sex or for all. A test without any is
    reported in words."""

    investigation = models.ForeignKey(Investigation, on_delete=models.CASCADE, related_name="ranges")
    place = models.PositiveSmallIntegerField(_("place"), default=1)
    name = models.CharField(_("what is measured"), max_length=80)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    sex = models.CharField(_("sex"), max_length=7, choices=SEXES, blank=True)
    since_age = models.PositiveSmallIntegerField(_("from age"), default=0, validators=[MaxValueValidator(130)])
    low = models.FloatField(_("usual from"), null=True, blank=True)
    high = models.FloatField(_("usual to"), null=True, blank=True)
    critical_low = models.FloatField(_("critical below"), null=True, blank=True)
    critical_high = models.FloatField(_("critical above"), null=True, blank=True)

    class Meta:
        verbose_name = _("reference range")
        verbose_name_plural = _("reference ranges")
        ordering = ["place", "since_age", "sex", "id"]
        constraints = [
            models.UniqueConstraint(fields=["investigation", "name", "sex", "since_age"], name="reference_range_once"),
            models.CheckConstraint(condition=Q(low__lte=F("high")), name="reference_range_has_two_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.unit}"


class Order(ScopedModel):
    """One test that a doctor ordered on a visit. `reported` is the latest version of its result (0: none yet), `seen`
    the version that the doctor has looked at, which from then on the patient may read."""

    visit = models.ForeignKey("queue.Visit", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey("scheduling.Department", on_delete=models.PROTECT, related_name="+")
    investigation = models.ForeignKey(Investigation, on_delete=models.PROTECT, related_name="+")
    urgent = models.BooleanField(default=False)
    question = EncryptedTextField(blank=True)
    state = models.CharField(max_length=9, choices=[(s.value, s.value) for s in OrderState])
    ordered_at = models.DateTimeField()
    ordered_by = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")
    reported = models.PositiveSmallIntegerField(default=0)
    critical = models.BooleanField(default=False)
    seen = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "investigation"],
                condition=Q(state=OrderState.ORDERED.value),
                name="order_open_once",
            ),
            models.CheckConstraint(condition=Q(seen__lte=F("reported")), name="order_seen_as_reported"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in OrderState]), name="order_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["patient", "department"],
                condition=Q(state=OrderState.ORDERED.value),
                name="order_to_be_done",
            ),
            models.Index(fields=["doctor"], condition=Q(reported__gt=F("seen")), name="order_not_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.visit_id} {self.investigation_id}"


class Result(ScopedModel):
    """What came of an order, as somebody signed it. A correction is a new version with a reason. Append-only.

    `content`: `{values: [{name, unit, value, low, high, level, dangerous}], report, reason, critical, salt, …}`, whose
    hash is `hash`.
    """

    changing = ()

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="results")
    version = models.PositiveSmallIntegerField()
    content = SealedJsonField()
    reason = EncryptedTextField(blank=True)
    hash = models.CharField(max_length=64)
    critical = models.BooleanField()
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "version"], name="result_version_once")]

    def __str__(self) -> str:
        return f"{self.order_id} v{self.version}"
