"""Passwords: whose is this, how often may somebody be wrong about it, and changing one's own."""

from datetime import datetime
from functools import cache

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext

from apps.accounts.commands.credentials import hash_device, new_secret, revoke
from apps.accounts.commands.tries import locked_tries, write_tries
from apps.accounts.commands.warning import PASSWORD_CHANGED, warn
from apps.accounts.models import Credential, FailedTries, Staff, StaffDevice
from apps.accounts.queries.staff import staff_by_email
from apps.accounts.rules.devices import ShownDevice
from apps.accounts.rules.tries import LOCK, TriesKind
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.crypto import blind_index
from apps.core.errors import DomainError, Forbidden, Invalid, TooMany, sentence
from apps.core.policy import Actor, system_actor


class SignInRefused(DomainError):
    code = "sign_in_refused"
    status = 401
    detail = sentence("E-mail or password is not right.")


class SignInLocked(TooMany):
    code = "sign_in_locked"
    detail = sentence("Too many wrong tries. Wait 15 minutes, then try again, or ask your administrator.")


def prove(email: str, password: str, now: datetime, device: ShownDevice) -> Staff:
    """The member of staff whose e-mail and password these are.

    No command: hashing takes a tenth of a second and must hold no lock. Raises `SignInRefused` (also for unknown
    and former staff, at the same cost) and `SignInLocked`.
    """
    return _prove(staff_by_email(email), password, tries_key(email, device), now)


def prove_again(actor: Actor, password: str, now: datetime, field: str) -> Staff:
    """Somebody signed in shows their password once more. Failures count for this session alone, so that strangers
    cannot keep its owner from changing a password. Raises `Invalid` on the named field, and `SignInLocked`."""
    if actor.id is None or actor.credential_id is None:
        raise Forbidden
    staff = Staff.objects.filter(id=actor.id).first()
    family = Credential.objects.filter(id=actor.credential_id).values_list("family_id", flat=True).first()
    try:
        return _prove(staff, password, blind_index(f"session\0{family}", "accounts.failedtries"), now)
    except SignInRefused as refused:
        raise Invalid({field: [gettext("This is not your present password.")]}) from refused


def _prove(staff: Staff | None, password: str, key: str, now: datetime) -> Staff:
    row = FailedTries.objects.filter(kind=TriesKind.STAFF_SIGN_IN, key=key).first()
    if row and row.tries.is_locked(now):
        raise locked()
    known = staff is not None and staff.is_active
    right = check_password(password, staff.password if staff and known else _nobodys_password())
    if staff is None or not known or not right:
        count_failure(actor=system_actor("sign-in"), now=now, key=key, staff=staff)
        raise SignInRefused
    return staff


@command
def count_failure(*, actor: Actor, now: datetime, key: str, staff: Staff | None) -> None:
    """Remember that somebody failed to sign in; the fifth time in a quarter of an hour locks for another."""
    row = locked_tries(TriesKind.STAFF_SIGN_IN, key, now)
    if staff:
        fail(row, staff, now)
    else:
        write_tries(row, row.tries.after_failure(now))


@step
def fail(row: FailedTries, staff: Staff, now: datetime, by: str = "password") -> None:
    """Count a failure of a known account on its locked row."""
    write_tries(row, row.tries.after_failure(now))
    record(
        action="staff.sign_in_refused",
        entity_type="staff",
        entity_id=staff.id,
        after={"by": by, "failures": row.failures, "locked": row.tries.is_locked(now)},
        facility_id=staff.facility_id,
    )


@step
def open_counter(staff: Staff, device: ShownDevice, now: datetime) -> FailedTries:
    """The locked row of failures that counts for somebody on this device. Raises `SignInLocked`: of many guesses
    at once no more than five count, and whoever is locked meanwhile is refused after all."""
    row = locked_tries(TriesKind.STAFF_SIGN_IN, tries_key(staff.email, device), now)
    if row.tries.is_locked(now):
        raise locked()
    return row


def tries_key(email: str, device: ShownDevice) -> str:
    """Under what failures are counted: the account, or the account on a machine that it was let in from before.

    Strangers who lock an account out thus never lock its owner out on their own machine (OWASP: device cookies).
    What a request says of where it comes from plays no part.
    """
    hashed = hash_device(device.secret) if device.may_have_own_counter else ""
    known = hashed and StaffDevice.objects.filter(
        staff__email=email.lower(), secret_hash=hashed, approved_at__isnull=False
    )
    return blind_index(f"{email.lower()}\0{hashed}" if known else email.lower(), "accounts.failedtries")


def change_password(*, actor: Actor, now: datetime, current: str, new: str) -> None:
    """Change one's own password; every other session and token of this person ends.

    Raises `Invalid` when the current one is wrong (which counts like a failed sign-in) or the new one too
    weak, and `SignInLocked`.
    """
    staff = prove_again(actor, current, now, "currentPassword")
    replace_password(actor=actor, now=now, staff=staff, password=encode_password(new, staff, "newPassword"))


def encode_password(password: str, staff: Staff, field: str) -> str:
    """A new password as it is stored. Raises `Invalid` on the named field when it is too weak."""
    try:
        validate_password(password, user=staff)
    except ValidationError as weak:
        raise Invalid({field: list(weak.messages)}) from weak
    return make_password(password)


@command
def replace_password(*, actor: Actor, now: datetime, staff: Staff, password: str) -> None:
    """Store one's own new password, already encoded, and end every other session."""
    staff.password = password
    staff.save(update_fields=["password"])
    revoke_others(actor, staff.id, now)
    record(action="staff.password_changed", entity_type="staff", entity_id=staff.id)
    warn(staff, PASSWORD_CHANGED)


@step
def revoke_others(actor: Actor, staff_id: object, now: datetime) -> int:
    """End every session of a person but the one this actor came by; how many credentials that were."""
    return revoke(Q(staff_id=staff_id) & ~family_of(actor), now)


def family_of(actor: Actor) -> Q:
    """The credential an actor came by, and all it was rotated from or into."""
    if actor.credential_id is None:
        raise Forbidden
    return Q(family_id__in=Credential.objects.filter(id=actor.credential_id).values("family_id"))


def locked() -> SignInLocked:
    """The refusal of whoever failed too often."""
    return SignInLocked(retry_after=int(LOCK.total_seconds()))


@cache
def _nobodys_password() -> str:
    """Checked in place of an account that does not exist, so that its absence takes as long as a wrong password."""
    return make_password(new_secret())
