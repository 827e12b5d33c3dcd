"""Staff sign in, stay signed in and sign out."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from apps.accounts.commands.credentials import issue_to_staff, revoke, rotate
from apps.accounts.commands.devices import admit
from apps.accounts.commands.proving import SignInRefused, fail, family_of, open_counter, prove
from apps.accounts.commands.second_factor import (
    InvalidOtp,
    OtpRequired,
    SecondFactorMissing,
    SecondFactorPresent,
    judge_code,
    keep_factor,
)
from apps.accounts.models import Credential, FailedTries, Staff
from apps.accounts.queries.actors import actor_of_staff
from apps.accounts.queries.second_factor import authenticator_of
from apps.accounts.rules.credentials import REFRESH_LIFETIME, SESSION_LIFETIME, CredentialKind, is_due
from apps.accounts.rules.devices import UNKNOWN_DEVICE, ShownDevice
from apps.accounts.rules.passes import Use, make_pass
from apps.accounts.rules.second_factor import ENFORCED, Verdict
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import DomainError, Forbidden, Unauthenticated, sentence
from apps.core.policy import Actor, ActorType, Role, system_actor

SIGN_IN_LIFETIMES = {
    CredentialKind.STAFF_SESSION: SESSION_LIFETIME,
    CredentialKind.STAFF_REFRESH: REFRESH_LIFETIME,
}
"""What a member of staff may sign in for: pages, or the API."""


class RefreshRefused(Unauthenticated):
    code = "refresh_refused"
    detail = sentence("This sign-in has ended. Please sign in again.")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A member of staff, their new credential, and its secret, which only this answer carries; recovery codes
    when a second factor was set up with it."""

    staff: Staff
    credential: Credential
    secret: str
    recovery_codes: tuple[str, ...] = ()

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


def sign_in_staff(
    *,
    now: datetime,
    email: str,
    password: str,
    kind: CredentialKind,
    otp: str = "",
    device: ShownDevice = UNKNOWN_DEVICE,
) -> SignedIn:
    """Find out who somebody is by e-mail, password and second factor, and open a session or give a refresh token.

    Raises what `prove` and `enter` raise.
    """
    return enter(now=now, staff=prove(email, password, now, device), kind=kind, code=otp, device=device)


def enter(
    *, now: datetime, staff: Staff, kind: CredentialKind, code: str = "", device: ShownDevice = UNKNOWN_DEVICE
) -> SignedIn:
    """Let in somebody whose password was right. Raises `OtpRequired`, `InvalidOtp`, `SecondFactorMissing`,
    `DeviceWaits`, `SignInLocked`, and `SignInRefused` when the password was changed meanwhile."""
    return _stand(open_session(actor=actor_of_staff(staff), now=now, staff=staff, kind=kind, code=code, device=device))


def enter_by_provider(*, now: datetime, staff: Staff, device: ShownDevice) -> SignedIn:
    """Let in somebody whom the hospital's identity provider vouches for, second factor included. What strangers
    tried with a password plays no part. Raises `DeviceWaits`, `SignInRefused`."""
    return _stand(open_vouched_session(actor=actor_of_staff(staff), now=now, staff=staff, device=device))


def enrol_and_enter(*, now: datetime, staff: Staff, secret: str, code: str, device: ShownDevice) -> SignedIn:
    """Let in somebody whose password was right and who sets up a second factor at the door. Raises `InvalidOtp`,
    `SecondFactorPresent`, `DeviceWaits`, `SignInLocked`, `SignInRefused`."""
    actor = actor_of_staff(staff)
    return _stand(enrol_at_the_door(actor=actor, now=now, staff=staff, secret=secret, code=code, device=device))


@command
def open_session(
    *,
    actor: Actor,
    now: datetime,
    staff: Staff,
    kind: CredentialKind,
    code: str = "",
    device: ShownDevice = UNKNOWN_DEVICE,
) -> SignedIn | DomainError:
    """Open a session, or give a refresh token, to somebody whose password was right, if the second factor is too
    and the device is let in. One after another for each person: a code that comes ten times at once works once.

    A refusal that leaves something behind (a failure counted, a device that waits) is returned, not raised.
    """
    staff = _as_proved(staff)
    counter = open_counter(staff, device, now)
    has_factor = authenticator_of(staff.id) is not None
    if has_factor:
        if not code:
            raise OtpRequired
        verdict = judge_code(staff, code, now)
        if verdict is Verdict.WRONG:
            fail(counter, staff, now, by="code")
            return InvalidOtp()
        if verdict is Verdict.USED:
            raise InvalidOtp
    waits = admit(staff, device, now)
    if waits:
        return waits
    if not has_factor and Role(staff.role) in ENFORCED:
        raise SecondFactorMissing
    return _come_in(staff, kind, device, counter, now)


@command
def open_vouched_session(*, actor: Actor, now: datetime, staff: Staff, device: ShownDevice) -> SignedIn | DomainError:
    """Open a session for somebody whom the identity provider vouches for, if the device is let in."""
    staff = _as_proved(staff)
    waits = admit(staff, device, now)
    return waits or _come_in(staff, CredentialKind.STAFF_SESSION, device, None, now)


@command
def enrol_at_the_door(
    *, actor: Actor, now: datetime, staff: Staff, secret: str, code: str, device: ShownDevice
) -> SignedIn | DomainError:
    """Give a second factor to somebody whose password was right and who has none yet, and open a session on it.

    A password alone never replaces a second factor, and never sets one up from a device that must wait.
    """
    staff = _as_proved(staff)
    counter = open_counter(staff, device, now)
    if authenticator_of(staff.id):
        raise SecondFactorPresent
    waits = admit(staff, device, now)
    if waits:
        return waits
    codes = keep_factor(staff, secret, code, now)
    return _come_in(staff, CredentialKind.STAFF_SESSION, device, counter, now, codes)


def _stand(came: SignedIn | DomainError) -> SignedIn:
    """Raise a refusal whose consequences are written by now."""
    if isinstance(came, DomainError):
        raise came
    return came


@step
def _as_proved(proved: Staff) -> Staff:
    """Somebody's row as it is now, locked. Raises `SignInRefused` when they left, or changed their password, since
    it was proved: a session that an old password opens must not outlive the change."""
    staff = Staff.objects.select_for_update(no_key=True).get(id=proved.id)
    if not staff.is_active or staff.password != proved.password:
        raise SignInRefused
    return staff


@step
def _come_in(
    staff: Staff,
    kind: CredentialKind,
    device: ShownDevice,
    counter: FailedTries | None,
    now: datetime,
    codes: tuple[str, ...] = (),
) -> SignedIn:
    if counter:
        counter.delete()
    secret, credential = issue_to_staff(
        staff=staff, kind=kind, lifetime=SIGN_IN_LIFETIMES[kind], now=now, device=device
    )
    record(action="staff.signed_in", entity_type="staff", entity_id=staff.id, after={"by": str(kind)})
    return SignedIn(staff, credential, secret, codes)


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
    revoke(family_of(actor), now)
    if actor.id:
        record(action="staff.signed_out", entity_type="staff", entity_id=actor.id)
    else:
        record(action="patient.signed_out", entity_type="credential", entity_id=actor.credential_id)


@command
def forget_device(*, actor: Actor, now: datetime) -> None:
    """End everything by which a patient's device gets in: this sign-in with all it was rotated from or into, and what
    else was given to the same device, where the device said which it is."""
    if actor.type is not ActorType.PATIENT or actor.credential_id is None:
        raise Forbidden
    own = Credential.objects.get(id=actor.credential_id)
    which = family_of(actor)
    if own.device_hash:
        kinds = [CredentialKind.PATIENT_LOGIN, CredentialKind.RESTORE]
        which |= Q(device_hash=own.device_hash, facility_id=own.facility_id, kind__in=kinds)
    ended = revoke(which, now)
    record(action="patient.device_forgotten", entity_type="credential", entity_id=own.id, after={"ended": ended})


def seen(credential: Credential, now: datetime) -> None:
    """Note that somebody used a credential just now, at most once a minute. No command: nothing is decided
    and nothing is worth a row in the audit trail."""
    if is_due(credential.last_seen_at, now):
        Credential.objects.filter(id=credential.id).update(last_seen_at=now)
