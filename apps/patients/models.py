"""The registry: people, their further identifiers, the counter of their numbers; and the codes they sign in by."""

from uuid import uuid4

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from apps.core.crypto import EncryptedTextField, blind_index
from apps.core.models import ScopedModel
from apps.patients.rules.emergency import LASTS, LONGEST_REASON
from apps.patients.rules.health import FACT_STATUS_NAMES, KIND_NAMES, SEVERITY_NAMES, FactKind, FactStatus, Severity
from apps.patients.rules.identifiers import IDENTIFIER_NAMES, IdentifierKind
from apps.patients.rules.login_codes import TRIES
from apps.patients.rules.names import LONGEST
from apps.patients.rules.people import SEX_NAMES, STATUS_NAMES, Sex, Status

INDEX_LENGTH = 40
"""Characters of a blind index."""

_PHONE_WHOLE = Q(phone_index="", phone_last4="") | (~Q(phone_index="") & ~Q(phone_last4=""))


def phone_fingerprint(phone: str) -> str:
    """The blind index of a phone in E.164; "" for none."""
    return blind_index(phone, "patients.phone") if phone else ""


def identifier_fingerprint(kind: IdentifierKind, value: str) -> str:
    """The blind index of a cleaned identifier."""
    return blind_index(value, f"patients.identifier.{kind}")


class Patient(ScopedModel):
    """A person known to a facility. Phone and address stand sealed; the blind index finds a phone.

    `name_key` is the name as it sounds in Latin letters, for search; a phone may belong to a whole family. Of a
    `provisional` record nobody knows yet whose it is: somebody was brought in and could not say.
    """

    uhid = models.CharField(_("UHID"), max_length=24)
    name = models.CharField(_("name"), max_length=LONGEST)
    name_key = models.TextField(editable=False)
    sex = models.CharField(_("sex"), max_length=7, choices=[(s.value, SEX_NAMES[s]) for s in Sex])
    birth_date = models.DateField(_("birth date"))
    birth_date_estimated = models.BooleanField(_("birth date estimated from the age"), default=False)
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=INDEX_LENGTH, blank=True, editable=False)
    phone_last4 = models.CharField(max_length=4, blank=True, editable=False)
    address = EncryptedTextField(_("address"), blank=True)
    pregnant = models.BooleanField(_("pregnant"), default=False)
    disabled = models.BooleanField(_("disabled"), default=False)
    language = models.CharField(_("language"), max_length=8)
    status = models.CharField(
        _("status"), max_length=8, choices=[(s.value, STATUS_NAMES[s]) for s in Status], default=Status.ACTIVE
    )
    provisional = models.BooleanField(_("nobody knows yet who it is"), default=False)
    created_at = models.DateTimeField(_("registered"), editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        constraints = [
            models.UniqueConstraint(fields=["facility", "uhid"], name="uhid_once_in_a_facility"),
            models.CheckConstraint(condition=~Q(uhid="") & ~Q(name=""), name="patient_has_uhid_and_name"),
            models.CheckConstraint(condition=Q(sex__in=[str(s) for s in Sex]), name="patient_sex_known"),
            models.CheckConstraint(condition=Q(status__in=[str(s) for s in Status]), name="patient_status_known"),
            models.CheckConstraint(condition=_PHONE_WHOLE, name="patient_phone_index_with_last4"),
        ]
        indexes = [
            GinIndex(fields=["name_key"], opclasses=["gin_trgm_ops"], name="patient_name_trigrams"),
            models.Index(fields=["facility", "phone_index"], name="patient_phone", condition=~Q(phone_index="")),
            models.Index(fields=["facility", "phone_last4"], name="patient_last4", condition=~Q(phone_index="")),
            models.Index(fields=["facility", "birth_date"], name="patient_birth_date"),
            models.Index(fields=["facility", "-created_at"], name="patient_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.uhid}"


class PatientIdentifier(ScopedModel):
    """A number or address by which others know a person; within a facility it belongs to one person only."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.CharField(_("kind"), max_length=12, choices=[(k.value, IDENTIFIER_NAMES[k]) for k in IdentifierKind])
    value = EncryptedTextField(_("value"))
    value_index = models.CharField(max_length=INDEX_LENGTH, editable=False)
    last4 = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(fields=["facility", "value_index", "kind"], name="identifier_of_one_patient"),
            models.CheckConstraint(
                condition=Q(kind__in=[str(k) for k in IdentifierKind]), name="identifier_kind_known"
            ),
            models.CheckConstraint(condition=~Q(value_index=""), name="identifier_has_index"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} …{self.last4}"


class EmergencyAccess(ScopedModel):
    """Somebody who broke the glass: who, whose record, why, until when, and what an administrator said to it."""

    staff = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON)
    opened_at = models.DateTimeField(_("opened"))
    ends_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("closed"), null=True)
    reviewed_at = models.DateTimeField(_("looked at"), null=True)
    reviewed_by = models.ForeignKey("accounts.Staff", null=True, on_delete=models.PROTECT, related_name="+")
    review_note = models.CharField(_("note"), max_length=LONGEST_REASON, blank=True)

    class Meta:
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("opened_at"), ends_at__lte=F("opened_at") + LASTS),
                name="emergency_access_is_short",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="emergency_access_has_reason"),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="emergency_access_review_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["staff", "patient", "-ends_at"], name="emergency_access_open"),
            models.Index(fields=["facility", "-opened_at"], name="emergency_access_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.patient_id} {self.opened_at}"


class HealthFact(ScopedModel):
    """Something of a person's health that outlasts a visit: an allergy or a long-term condition. The words stand
    sealed; what was noted stays, only its status changes."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=9, choices=[(k.value, KIND_NAMES[k]) for k in FactKind])
    what = EncryptedTextField(_("substance or condition"))
    reaction = EncryptedTextField(_("reaction"), blank=True)
    severity = models.CharField(
        _("severity"), max_length=8, choices=[(s.value, SEVERITY_NAMES[s]) for s in Severity], blank=True
    )
    since_year = models.PositiveSmallIntegerField(_("since the year"), null=True)
    status = models.CharField(
        _("status"),
        max_length=8,
        choices=[(s.value, FACT_STATUS_NAMES[s]) for s in FactStatus],
        default=FactStatus.ACTIVE,
    )
    noted_at = models.DateTimeField(_("noted"))
    noted_by = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("allergy or condition")
        verbose_name_plural = _("allergies and conditions")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[str(k) for k in FactKind]), name="health_fact_kind_known"),
            models.CheckConstraint(
                condition=Q(status__in=[str(s) for s in FactStatus]), name="health_fact_status_known"
            ),
            models.CheckConstraint(
                condition=Q(kind=FactKind.ALLERGY, severity__in=[str(s) for s in Severity])
                | Q(kind=FactKind.CONDITION, severity=""),
                name="allergy_has_severity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class UhidCounter(models.Model):
    """How many people a facility has registered; changed only under its row lock, so UHIDs have no gaps."""

    facility = models.OneToOneField("accounts.Facility", primary_key=True, on_delete=models.PROTECT, related_name="+")
    last = models.PositiveIntegerField(default=0)

    objects = ScopedManager(facility="facility")

    def __str__(self) -> str:
        return f"{self.facility_id}: {self.last}"


class LoginCode(models.Model):
    """A one-time code that was sent to a phone. At most one per phone is live; only its keyed hash is kept.

    `ended_at`: used, or replaced by a newer one. Not scoped by facility: it is what tells the facility.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+", db_index=False)
    phone_index = models.CharField(max_length=INDEX_LENGTH)
    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone_index"], condition=Q(ended_at__isnull=True), name="one_live_code_per_phone"
            ),
            models.CheckConstraint(condition=Q(tries__lte=TRIES), name="login_code_tries_bounded"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="login_code_expiry")]

    def __str__(self) -> str:
        return str(self.id)


class Allowance(models.Model):
    """How much of a limit on codes is used up. Counted here and not in Redis, so that no code is sent or tried
    uncounted; `told` once somebody was alarmed that all of it is."""

    key = models.CharField(max_length=80, primary_key=True)
    name = models.CharField(max_length=20)
    used = models.PositiveIntegerField()
    most = models.PositiveIntegerField()
    resets_at = models.DateTimeField()
    told = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["resets_at"], name="allowance_reset")]

    def __str__(self) -> str:
        return f"{self.name}: {self.used} of {self.most}"
