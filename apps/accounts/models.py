"""Facilities, the people who work in them, and everything by which somebody is recognised."""

import base64
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.rules.credentials import STAFF_KINDS, CredentialKind, is_live
from apps.accounts.rules.devices import LABEL_LENGTH, number_of
from apps.accounts.rules.places import day_in, is_time_zone
from apps.accounts.rules.regions import is_region
from apps.accounts.rules.second_factor import Verdict
from apps.accounts.rules.tries import Tries, TriesKind
from apps.core.crypto import decrypt, encrypt
from apps.core.languages import NamesField
from apps.core.policy import ROLE_PERMISSIONS, Permission, Role

ROLE_NAMES = {
    Role.ADMIN: _("Administrator"),
    Role.DOCTOR: _("Doctor"),
    Role.RECEPTION: _("Front desk"),
    Role.NURSE: _("Nurse"),
    Role.CASHIER: _("Cashier"),
    Role.PHARMACIST: _("Pharmacist"),
    Role.LAB: _("Laboratory"),
}
"""What people call the roles."""

_STAFF_KINDS = sorted(kind.value for kind in STAFF_KINDS)


def known_time_zone(name: str) -> None:
    """Refuse a name that is no time zone."""
    if not is_time_zone(name):
        raise ValidationError(_("Use a name like Asia/Kolkata."), code="time_zone")


def known_region(code: str) -> None:
    """Refuse a code for which there is no calendar of public holidays."""
    if not is_region(code):
        raise ValidationError(_("Use a code like IN or IN-TN."), code="region")


class Facility(models.Model):
    """A hospital or clinic. Several live in one database and never see each other's rows."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    names = NamesField()
    code = models.SlugField(_("code"), max_length=20, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Kolkata", validators=[known_time_zone])
    currency = models.CharField(_("currency"), max_length=3, default="INR")
    address = models.TextField(_("address"), blank=True, help_text=_("Stands on slips and letters."))
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    region = models.CharField(
        _("region"),
        max_length=10,
        blank=True,
        validators=[known_region],
        help_text=_("Whose public holidays are kept: IN, or IN-TN. Empty: none by themselves."),
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("Where the entrance is, in degrees. With it people check in by their phone at the hospital."),
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="facility_currency_iso"),
        ]

    def __str__(self) -> str:
        return self.name

    def day_of(self, now: datetime) -> date:
        """The facility's day at a moment: numbers, queues and reports are of this day."""
        return day_in(self.time_zone, now)


class Staff(AbstractBaseUser):
    """Somebody who works in a facility. What they may do follows from the role, in `apps.core.policy`.

    Not scoped by facility: who somebody is must be found before it is known where they belong.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="staff", verbose_name=_("facility"))
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=10, choices=[(r.value, ROLE_NAMES[r]) for r in Role])
    all_departments = models.BooleanField(_("all departments"), default=False)
    department_ids = ArrayField(
        models.UUIDField(),
        verbose_name=_("departments"),
        default=list,
        blank=True,
        help_text=_("Where this person works, unless in all departments."),
    )
    is_active = models.BooleanField(
        _("works here"), default=True, help_text=_("Somebody who left is not deleted: this is taken away instead.")
    )
    last_login = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[models.Manager["Staff"]] = models.Manager()

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="staff_email_lower_case"),
            models.CheckConstraint(condition=Q(role__in=[r.value for r in Role]), name="staff_role_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """What the admin's greeting calls this person."""
        return self.name

    def clean(self) -> None:
        """An e-mail address is one and the same however it is written."""
        self.email = self.email.lower()

    @property
    def is_staff(self) -> bool:
        """Whether Django's admin lets this person in."""
        return self.is_active and Permission.ADMIN_SITE_USE in ROLE_PERMISSIONS[Role(self.role)]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's question, answered by our policy: looking needs one permission, everything else another."""
        looking = perm.partition(".")[2].startswith("view_")
        needed = Permission.MASTERS_READ if looking else Permission.MASTERS_CHANGE
        return self.is_active and needed in ROLE_PERMISSIONS[Role(self.role)]

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        """Django's question for several."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Django's question for a whole app: its list is shown to whoever may look."""
        return self.has_perm(f"{app_label}.view_")


class Credential(models.Model):
    """Anything by which somebody or something is recognised: sessions, tokens, links, screens.

    Random secrets stand here only as a keyed fingerprint; a signed link names its row by id. Ending access is
    always the same: `revoked_at`. `scope` carries ids and switches, never anything about a person.
    Not scoped by facility: it is what tells the facility.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in CredentialKind])
    secret_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null: resolved by id, not by secret
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="+", db_index=False)
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="credentials", db_index=False)
    subject_type = models.CharField(max_length=20, blank=True)
    subject_id = models.UUIDField(null=True)
    scope = models.JSONField(default=dict)
    family_id = models.UUIDField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    device_hash = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "secret_hash"], name="credential_secret_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in CredentialKind]), name="credential_kind_known"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="credential_ends_after_start"),
            models.CheckConstraint(
                condition=Q(secret_hash__isnull=False) | Q(kind=CredentialKind.CHECKIN.value),
                name="credential_secret_unless_signed",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind__in=_STAFF_KINDS, staff__isnull=False, subject_id__isnull=True)
                    | (~Q(kind__in=_STAFF_KINDS) & Q(staff__isnull=True, subject_id__isnull=False))
                ),
                name="credential_of_staff_or_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["family_id"], name="credential_family"),
            models.Index(fields=["subject_id", "kind"], name="credential_subject"),
            models.Index(
                fields=["staff"],
                name="credential_staff_open",
                condition=Q(staff__isnull=False, revoked_at__isnull=True),
            ),
            models.Index(fields=["expires_at"], name="credential_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    def is_live(self, now: datetime) -> bool:
        """Whether this still counts, by its own dates and by its holder's being employed."""
        return (self.staff is None or self.staff.is_active) and is_live(
            kind=CredentialKind(self.kind),
            issued_at=self.issued_at,
            expires_at=self.expires_at,
            revoked_at=self.revoked_at,
            last_seen_at=self.last_seen_at,
            now=now,
        )


class FailedTries(models.Model):
    """How often something was tried in vain lately. The key is a blind index of what was tried (an e-mail
    address), known here or not, so that a lock tells nobody whether an account exists."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in TriesKind])
    key = models.CharField(max_length=64)
    failures = models.PositiveSmallIntegerField(default=0)
    since = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="failed_tries_once"),
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in TriesKind]), name="failed_tries_kind_known"),
        ]
        indexes = [models.Index(fields=["since"], name="failed_tries_since")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.failures}"

    @property
    def tries(self) -> Tries:
        """The row as the rules take it."""
        return Tries(self.failures, self.since, self.locked_until)


class Authenticator(TOTPDevice):
    """The authenticator app of a member of staff: django-otp's row, but its key stands there sealed.

    The column takes 80 characters, which is exactly what 20 bytes come to when they are sealed.
    """

    purpose = "accounts.authenticator.key"
    drift: int
    last_t: int

    class Meta:
        proxy = True

    @property
    def bin_key(self) -> bytes:
        """The secret that the app holds, too."""
        text = decrypt(self.key, self.purpose)
        return base64.b64decode(text + "=" * (-len(text) % 4))

    def hold(self, secret: bytes) -> None:
        """Keep a secret of at most 20 bytes."""
        self.key = encrypt(base64.b64encode(secret).decode().rstrip("="), self.purpose)

    def clock(self, now: datetime) -> TOTP:
        """What the app reckons with at a moment."""
        ticking = TOTP(self.bin_key, self.step, self.t0, self.digits, self.drift)
        ticking.time = now.timestamp()
        return ticking

    def judge(self, code: int, now: datetime) -> Verdict:
        """What a code is worth; a right one is used up, which the caller saves.

        A code that was used already is no guess: whoever sends a form twice must not be locked out for it.
        """
        clock = self.clock(now)
        if clock.verify(code, self.tolerance, self.last_t + 1):
            self.last_t = clock.t()
            self.drift = clock.drift
            self.last_used_at = now
            return Verdict.RIGHT
        return Verdict.USED if clock.verify(code, self.tolerance) else Verdict.WRONG


class StaffDevice(models.Model):
    """A browser or program from which somebody of the staff signs in, known by a secret of its own.

    It has a counter of failures of its own, so that strangers can lock nobody out of their own machine; where
    the hospital wants it, it needs an administrator's approval first. Not scoped by facility, like its owner.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="devices", db_index=False)
    secret_hash = models.CharField(max_length=64)
    label = models.CharField(max_length=LABEL_LENGTH, blank=True)
    first_seen_at = models.DateTimeField()
    asked_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    approved_by = models.UUIDField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "secret_hash"], name="staff_device_once"),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(revoked_at__isnull=True), name="staff_device_either_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.number}"

    @property
    def number(self) -> str:
        """What its owner tells the administrator."""
        return number_of(self.secret_hash)

    @property
    def waits(self) -> bool:
        """Whether somebody with the right password asked for it since it was last refused."""
        return self.approved_at is None and (self.revoked_at is None or self.asked_at > self.revoked_at)
