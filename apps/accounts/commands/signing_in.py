"""Staff sign in, stay signed in, change their password and sign out."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext

from apps.accounts.commands.credentials import issue_to_staff, new_secret, revoke, rotate
from apps.accounts.models import Credential, FailedTries, Staff
from apps.accounts.queries.actors import actor_of_staff
from apps.accounts.queries.staff import staff_by_email
from apps.accounts.rules.credentials import REFRESH_LIFETIME, SESSION_LIFETIME, CredentialKind, is_due
from apps.accounts.rules.passes import Use, make_pass
from apps.accounts.rules.tries import LOCK, Tries, TriesKind
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.crypto import blind_index
from apps.core.errors import DomainError, Forbidden, Invalid, TooMany, Unauthenticated, sentence
from apps.core.policy import Actor, ActorType, system_actor

SIGN_IN_LIFETIMES = {
    CredentialKind.STAFF_SESSION: SESSION_LIFETIME,
    CredentialKind.STAFF_REFRESH: REFRESH_LIFETIME,
}
"""What a member of staff may sign in for: pages, or the API."""


class SignInRefused(DomainError):
    code = "sign_in_refused"
    status = 401
    detail = sentence("E-mail or password is not right.")


class SignInLocked(TooMany):
    code = "sign_in_locked"
    detail = sentence("Too many wrong tries. Wait 15 minutes, then try again, or ask your administrator.")


class RefreshRefused(Unauthenticated):
    code = "refresh_refused"
    detail = sentence("This sign-in has ended. Please sign in again.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member of staff, their new credential, and its secret, which only this answer carries."""

    staff: Staff
    credential: Credential
    secret: str

    def access(self, now: datetime) -> str:
        """A short access token on this credential, for the API."""
        token, _ = make_pass(
            Use.ACCESS,
            credential_id=self.credential.id,
            holder_id=self.staff.id,
            now=now,
            secret=str(settings.SECRET_KEY),
        )
        return token


def sign_in_staff(*, now: datetime, email: str, password: str, kind: CredentialKind, device_id: str = "") -> SignedIn:
    """Find out who somebody is by e-mail and password, and open a session or give a refresh token.

    Not one command: hashing takes a tenth of a second and must hold no lock, so the password is checked
    between a look at the lock and the command that writes what came of it. Raises `SignInRefused` (also for
    unknown and former staff, at the same cost) and `SignInLocked`.
    """
    staff = prove(email, password, now)
    return open_session(actor=actor_of_staff(staff), now=now, staff=staff, kind=kind, device_id=device_id)


def prove(email: str, password: str, now: datetime) -> Staff:
    """The member of staff whose e-mail and password these are. Raises `SignInRefused`, `SignInLocked`."""
    key = _tries_key(email)
    row = FailedTries.objects.filter(kind=TriesKind.STAFF_SIGN_IN, key=key).first()
    if row and row.tries.is_locked(now):
        raise _locked()
    staff = staff_by_email(email)
    known = staff is not None and staff.is_active
    right = check_password(password, staff.password if staff and known else _nobodys_password())
    if staff is None or not known or not right:
        count_failure(actor=system_actor("sign-in"), now=now, key=key, staff=staff)
        raise SignInRefused
    return staff


@command
def count_failure(*, actor: Actor, now: datetime, key: str, staff: Staff | None) -> None:
    """Remember that somebody failed to sign in; the fifth time in a quarter of an hour locks for another."""
    row = _locked_tries(key, now)
    _write_tries(row, row.tries.after_failure(now))
    if staff:
        record(
            action="staff.sign_in_refused",
            entity_type="staff",
            entity_id=staff.id,
            after={"failures": row.failures, "locked": row.tries.is_locked(now)},
            facility_id=staff.facility_id,
        )


@command
def open_session(*, actor: Actor, now: datetime, staff: Staff, kind: CredentialKind, device_id: str = "") -> SignedIn:
    """Open a session, or give a refresh token, to somebody whose password was right.

    Refused after all when the account was locked meanwhile: of many guesses at once no more than five count.
    """
    row = (
        FailedTries.objects.select_for_update()
        .filter(kind=TriesKind.STAFF_SIGN_IN, key=_tries_key(staff.email))
        .first()
    )
    if row:
        if row.tries.is_locked(now):
            raise _locked()
        row.delete()
    secret, credential = issue_to_staff(
        staff=staff, kind=kind, lifetime=SIGN_IN_LIFETIMES[kind], now=now, device_id=device_id
    )
    record(action="staff.signed_in", entity_type="staff", entity_id=staff.id, after={"by": str(kind)})
    return SignedIn(staff, credential, secret)


def refresh(*, now: datetime, secret: str) -> SignedIn:
    """Exchange a refresh token for a new one. A used one shown again ends the whole family. Raises
    `RefreshRefused`."""
    signed_in = rotate_refresh(actor=system_actor("refresh"), now=now, secret=secret)
    if signed_in is None:
        raise RefreshRefused
    return signed_in


@command
def rotate_refresh(*, actor: Actor, now: datetime, secret: str) -> SignedIn | None:
    """The new refresh token for an old one; None when it was refused, with what that entailed written."""
    rotated = rotate(kind=CredentialKind.STAFF_REFRESH, secret=secret, lifetime=REFRESH_LIFETIME, now=now)
    if rotated is None:
        return None
    fresh, credential = rotated
    assert credential.staff is not None
    return SignedIn(credential.staff, credential, fresh)


@command
def sign_out(*, actor: Actor, now: datetime) -> None:
    """End the credential this actor came by, and all it was rotated from or into. A link is not signed in."""
    if actor.type not in (ActorType.STAFF, ActorType.PATIENT):
        raise Forbidden
    revoke(_family_of(actor), now)
    if actor.id:
        record(action="staff.signed_out", entity_type="staff", entity_id=actor.id)
    else:
        record(action="patient.signed_out", entity_type="credential", entity_id=actor.credential_id)


def change_password(*, actor: Actor, now: datetime, current: str, new: str) -> None:
    """Change one's own password; every other session and token of this person ends.

    Raises `Invalid` when the current one is wrong (which counts like a failed sign-in) or the new one too
    weak, and `SignInLocked`.
    """
    staff = Staff.objects.filter(id=actor.id).first() if actor.id else None
    if staff is None:
        raise Forbidden
    try:
        prove(staff.email, current, now)
    except SignInRefused as refused:
        raise Invalid({"currentPassword": [gettext("This is not your present password.")]}) from refused
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
    revoke(Q(staff=staff) & ~_family_of(actor), now)
    record(action="staff.password_changed", entity_type="staff", entity_id=staff.id)


def seen(credential: Credential, now: datetime) -> None:
    """Note that somebody used a credential just now, at most once a minute. No command: nothing is decided
    and nothing is worth a row in the audit trail."""
    if is_due(credential.last_seen_at, now):
        Credential.objects.filter(id=credential.id).update(last_seen_at=now)


def _family_of(actor: Actor) -> Q:
    """The credential an actor came by, and all it was rotated from or into."""
    if actor.credential_id is None:
        raise Forbidden
    return Q(family_id__in=Credential.objects.filter(id=actor.credential_id).values("family_id"))


def _tries_key(email: str) -> str:
    return blind_index(email.lower(), "accounts.failedtries")


def _locked_tries(key: str, now: datetime) -> FailedTries:
    """The row of failures, made where there is none. Made or found, it is locked at once: a sign-in that
    succeeds at the same moment deletes it."""
    FailedTries.objects.bulk_create(
        [FailedTries(kind=TriesKind.STAFF_SIGN_IN, key=key, since=now)],
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["kind"],
    )
    return FailedTries.objects.select_for_update().get(kind=TriesKind.STAFF_SIGN_IN, key=key)


def _write_tries(row: FailedTries, tries: Tries) -> None:
    row.failures, row.since, row.locked_until = tries.failures, tries.since, tries.locked_until
    row.save(update_fields=["failures", "since", "locked_until"])


def _locked() -> SignInLocked:
    return SignInLocked(retry_after=int(LOCK.total_seconds()))


@cache
def _nobodys_password() -> str:
    """Checked in place of an account that does not exist, so that its absence takes as long as a wrong password."""
    return make_password(new_secret())
