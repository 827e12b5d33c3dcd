"""Everything by which somebody is recognised: credentials, authenticators, devices, and what was tried in vain."""

import base64
from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models.facilities import Facility
from apps.accounts.models.staff import Staff
from apps.accounts.rules.credentials import STAFF_KINDS, CredentialKind, is_live
from apps.accounts.rules.devices import LABEL_LENGTH, number_of
from apps.accounts.rules.second_factor import Verdict
from apps.accounts.rules.tries import Tries, TriesKind
from apps.core.crypto import decrypt, encrypt

_STAFF_KINDS = sorted(kind.value for kind in STAFF_KINDS)


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
