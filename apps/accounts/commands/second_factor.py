"""The second factor: set up, shown when signing in, renewed, taken away, and reset by an administrator."""

import base64
import secrets
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from apps.accounts.commands.credentials import revoke
from apps.accounts.commands.proving import revoke_others
from apps.accounts.commands.warning import CODE_APP_RESET, warn
from apps.accounts.models import Authenticator, Staff
from apps.accounts.queries.second_factor import authenticator_of
from apps.accounts.rules.credentials import CODE_ALPHABET, fingerprint
from apps.accounts.rules.second_factor import (
    ENFORCED,
    RECOVERY_CODES,
    RECOVERY_KEPT,
    RECOVERY_LENGTH,
    SECRET_BYTES,
    Verdict,
    app_code,
    as_typed,
    is_recovery_code,
    readable,
)
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import Conflict, DomainError, Forbidden, NotFound, sentence
from apps.core.policy import Actor, Permission, Role, Scope


class OtpRequired(DomainError):
    code = "otp_required"
    status = 401
    detail = sentence("Please also enter the code that your authenticator app shows.")


class InvalidOtp(DomainError):
    code = "invalid_otp"
    status = 401
    detail = sentence("This code is not right, or was used already. Enter the one that the app shows now.")


class SecondFactorMissing(DomainError):
    code = "second_factor_missing"
    status = 403
    detail = sentence("Administrators need a second factor. Sign in once on the staff page to set it up.")


class SecondFactorKept(Conflict):
    code = "second_factor_kept"
    detail = sentence("Administrators cannot go without a second factor. Set up another one instead.")


class SecondFactorPresent(Conflict):
    code = "second_factor_present"
    detail = sentence("A second factor is set up already. Please sign in again.")


def new_factor_secret() -> str:
    """A fresh secret for an authenticator app, in base32. Stored by `set_up_second_factor` only."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


@step
def judge_code(staff: Staff, code: str, now: datetime) -> Verdict:
    """What a code is worth to somebody whose row is locked; a right one is used up."""
    app = authenticator_of(staff.id)
    number = app_code(code)
    if app and number is not None:
        verdict = app.judge(number, now)
        if verdict is Verdict.RIGHT:
            app.save(update_fields=["last_t", "drift", "last_used_at"])
        return verdict
    if app and is_recovery_code(code) and _use_recovery_code(staff, code):
        return Verdict.RIGHT
    return Verdict.WRONG


@step
def keep_factor(staff: Staff, secret: str, code: str, now: datetime) -> tuple[str, ...]:
    """Give somebody, whose row is locked, an authenticator in place of any other: their new recovery codes.

    Raises `InvalidOtp` unless the app shows the right code.
    """
    number = app_code(code)
    app = Authenticator(user=staff, name="app")
    app.hold(base64.b32decode(secret))
    if number is None or app.judge(number, now) is not Verdict.RIGHT:
        raise InvalidOtp
    Authenticator.objects.filter(user=staff).delete()
    app.save(force_insert=True)
    _note(staff, "set_up")
    return _new_recovery_codes(staff)


@command
def set_up_second_factor(*, actor: Actor, now: datetime, secret: str, code: str) -> tuple[str, ...]:
    """Somebody signed in gives themselves an authenticator, or another one; every other session ends. Returns the
    recovery codes, which nothing tells again."""
    staff = _oneself(actor)
    codes = keep_factor(staff, secret, code, now)
    revoke_others(actor, staff.id, now)
    return codes


@command
def renew_recovery_codes(*, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Ten new recovery codes in place of one's old ones."""
    staff = _oneself(actor)
    if authenticator_of(staff.id) is None:
        raise NotFound
    _note(staff, "recovery_renewed")
    return _new_recovery_codes(staff)


@command
def remove_second_factor(*, actor: Actor, now: datetime) -> None:
    """Go without a second factor again; every other session ends. Raises `SecondFactorKept` for administrators."""
    staff = _oneself(actor)
    if Role(staff.role) in ENFORCED:
        raise SecondFactorKept
    _forget(staff)
    _note(staff, "removed")
    revoke_others(actor, staff.id, now)


@command
def reset_second_factor(*, actor: Actor, now: datetime, staff_id: UUID) -> None:
    """An administrator, or the system at its owner's shell, takes away somebody's lost second factor and ends all
    their sessions; nobody does so for themselves. An administrator sets up another one at the next sign-in."""
    staff = Staff.objects.select_for_update(no_key=True).filter(id=staff_id).first()
    if staff is None or staff.facility_id != actor.facility_id:
        raise NotFound
    if not actor.may(Permission.SYSTEM_KEEP):
        actor.require(Permission.MASTERS_CHANGE, Scope(staff.facility_id))
    if actor.id == staff_id:
        raise Forbidden
    _forget(staff)
    _note(staff, "reset")
    revoke(Q(staff=staff), now)
    warn(staff, CODE_APP_RESET)


@command
def hand_out_second_factor(*, actor: Actor, now: datetime, staff_id: UUID, secret: str) -> None:
    """Give somebody an authenticator whose base32 secret is known: the demo's. Only the system itself does."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    staff = Staff.objects.get(id=staff_id)
    app = Authenticator(user=staff, name="app")
    app.hold(base64.b32decode(secret))
    app.save(force_insert=True)
    _note(staff, "set_up")


def _oneself(actor: Actor) -> Staff:
    """One's own row, locked."""
    if actor.id is None:
        raise Forbidden
    return Staff.objects.select_for_update(no_key=True).get(id=actor.id)


def _forget(staff: Staff) -> None:
    Authenticator.objects.filter(user=staff).delete()
    StaticDevice.objects.filter(user=staff).delete()


def _note(staff: Staff, what: str) -> None:
    record(
        action=f"staff.second_factor_{what}",
        entity_type="staff",
        entity_id=staff.id,
        facility_id=staff.facility_id,
    )


def _new_recovery_codes(staff: Staff) -> tuple[str, ...]:
    StaticDevice.objects.filter(user=staff).delete()
    sheet = StaticDevice.objects.create(user=staff, name="recovery")
    codes = ["".join(secrets.choice(CODE_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=sheet, token=_kept(staff, code)) for code in codes])
    return tuple(readable(code) for code in codes)


def _use_recovery_code(staff: Staff, code: str) -> bool:
    """Whether this was one of somebody's recovery codes. It is one no longer: of many at once one deletes it."""
    gone, _ = StaticToken.objects.filter(device__user=staff, token=_kept(staff, as_typed(code))).delete()
    if gone:
        _note(staff, "recovery_used")
    return gone == 1


def _kept(staff: Staff, code: str) -> str:
    return fingerprint(code, f"recovery\0{staff.id}", settings.PEPPER)[:RECOVERY_KEPT]
