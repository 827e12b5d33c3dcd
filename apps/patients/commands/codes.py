"""Patients sign in by phone and one-time code.

Whether a phone is known decides nothing here: the same statements run, and the same answers come, for every phone.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext

from apps.accounts.commands import issue_patient_login
from apps.accounts.queries import FacilityFacts
from apps.audit.commands import record
from apps.core.commands import collect, command
from apps.core.crypto import blind_index
from apps.core.errors import DomainError, Invalid, TooMany, sentence
from apps.core.languages import named
from apps.core.policy import Actor, Permission, Scope, system_actor
from apps.notifications.commands import send
from apps.notifications.rules import Kind
from apps.patients.commands.allowances import alarm, give_back, take
from apps.patients.models import Allowance, LoginCode, phone_fingerprint
from apps.patients.queries.people import code_sign_in_state, facility_of_phone, patient_ids_under
from apps.patients.rules.login_codes import (
    CODES,
    DIGITS,
    LIFETIME,
    TRIES,
    Caps,
    common_failure_limits,
    network_of,
    phone_failure_limits,
    prefix_of,
    seal_code,
    sending_limits,
    sms_text,
)
from apps.patients.rules.phones import clean_phone, country_of, typed_code

WORDING = sentence("{hospital}: your code is {code}. It works for 5 minutes. Tell it to nobody.")


class InvalidCode(DomainError):
    code = "invalid_code"
    status = 401
    detail = sentence("This code is not right, or it is too old. Look again, or ask for a new one.")


class TooManyTries(TooMany):
    code = "too_many_tries"
    detail = sentence("Too many wrong codes. Wait a while, then ask for a new one, or go to the desk.")


@dataclass(frozen=True, slots=True)
class PatientSignedIn:
    """Somebody who holds a phone; their secret, which only this answer carries, and until when it works."""

    facility_id: UUID
    phone_index: str
    secret: str
    expires_at: datetime


@command
def request_code(
    *, actor: Actor, now: datetime, phone: str, address: str, language: str, facility_code: str = ""
) -> None:
    """Send a fresh code to a phone, unless a limit forbids it; nobody is told which. The one before it ends.

    Raises `Invalid` for what is no phone number.
    """
    number = read_phone(phone)
    index = phone_fingerprint(number)
    facility = facility_of_phone(index, facility_code)
    if facility is None or country_of(number) not in settings.CODE_COUNTRIES:
        return
    if code_sign_in_state(number, now) != "open":
        return  # a code that may not be tried is not sent
    limits = sending_limits(index, prefix_of(number), _address_key(address), caps())
    spent = take(limits, now)
    if spent:
        alarm(spent, facility.id)
        return
    LoginCode.objects.filter(phone_index=index, ended_at__isnull=True).update(ended_at=now)
    _send_code(number, index, facility, language, now)


def sign_in_by_code(
    *, now: datetime, phone: str, code: str, address: str, device_fingerprint: str = ""
) -> PatientSignedIn:
    """Open the session of somebody who typed the right code. Raises `Invalid`, `InvalidCode`, `TooManyTries`."""
    came = try_code(
        actor=system_actor("code login"),
        now=now,
        phone=phone,
        code=code,
        address=address,
        device_fingerprint=device_fingerprint,
    )
    if isinstance(came, DomainError):
        raise came
    return came


@command
def try_code(
    *, actor: Actor, now: datetime, phone: str, code: str, address: str, device_fingerprint: str = ""
) -> PatientSignedIn | DomainError:
    """Try a code. Counted before it is looked at, and forgiven when it is right; a refusal is returned, so that
    what was counted stands. A try that could hit nothing counts against the address, not against the phone."""
    index = phone_fingerprint(read_phone(phone))
    live = LoginCode.objects.filter(phone_index=index, ended_at__isnull=True, expires_at__gt=now).first()
    if live and live.tries >= TRIES:
        return _too_many()
    of_phone = phone_failure_limits(index) if live else []
    limits = [*of_phone, *common_failure_limits(_address_key(address), caps())]
    spent = take(limits, now)
    if spent:
        alarm(spent, live.facility_id if live else None)
        return _too_many()
    if live is None:
        return InvalidCode()
    right = _use(live, typed_code(code), now)
    if right is None:
        give_back(limits)
        return InvalidCode()
    if not right:
        record(action="login_code.refused", entity_type="login_code", entity_id=live.id, facility_id=live.facility_id)
        return InvalidCode()
    give_back(limits)
    Allowance.objects.filter(key__in=[limit.key for limit in of_phone if limit.window is None]).delete()
    return _signed_in(live, device_fingerprint, now)


@command
def reopen_code_login(*, actor: Actor, now: datetime, phone: str) -> None:
    """Let codes be sent to and tried for a phone again, after the desk has seen who asks. Raises `Invalid`."""
    actor.require(Permission.PATIENT_REGISTER, Scope(actor.facility_id))
    index = phone_fingerprint(read_phone(phone))
    Allowance.objects.filter(key__in=[limit.key for limit in phone_failure_limits(index)]).delete()
    record(action="login_code.reopened", entity_type="phone", entity_id=UUID(hex=index[:32]))


@command
def forget_codes(*, actor: Actor, now: datetime) -> int:
    """Delete codes that are over and counts that begin anew; how many. Safe to run twice."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    codes, _ = LoginCode.objects.filter(expires_at__lt=now).delete()
    counts, _ = Allowance.objects.filter(resets_at__lt=now).delete()
    return codes + counts


def read_phone(text: str) -> str:
    """A phone as it was typed, in E.164. Raises `Invalid`, also for none."""
    number = clean_phone(text)
    if not number:
        raise Invalid({"phone": [sentence("Give a full phone number, for example 98765 43210.")]})
    return number


def caps() -> Caps:
    """The hospital's own limits."""
    return Caps(**settings.CODE_CAPS)


def _send_code(number: str, index: str, facility: FacilityFacts, language: str, now: datetime) -> None:
    code = f"{secrets.randbelow(CODES):0{DIGITS}}"
    row = LoginCode(id=uuid4(), facility_id=facility.id, phone_index=index, created_at=now, expires_at=now + LIFETIME)
    row.code_hash = seal_code(row.id, code, settings.PEPPER)
    collect(row)
    with translation.override(language):
        wording = gettext(WORDING)
    send(
        kind=Kind.LOGIN_CODE,
        recipient=number,
        text=sms_text(wording, named(facility, language), code, str(urlsplit(settings.PUBLIC_BASE_URL).hostname)),
        dedupe_key=f"login_code:{row.id}",
        language=language,
        facility_id=facility.id,
        urgent=True,
        not_after=row.expires_at,
    )
    record(action="login_code.sent", entity_type="login_code", entity_id=row.id, facility_id=facility.id)


def _use(live: LoginCode, code: str, now: datetime) -> bool | None:
    """Spend one try of a code, and the code itself if it is right, in one conditional UPDATE: of many at once one
    succeeds. None when there was nothing left to try."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_logincode SET tries = tries + 1, ended_at = CASE WHEN code_hash = %s THEN %s END"
            " WHERE id = %s AND ended_at IS NULL AND expires_at > %s AND tries < %s RETURNING ended_at IS NOT NULL",
            [seal_code(live.id, code, settings.PEPPER), now, live.id, now, TRIES],
        )
        found = cursor.fetchone()
        return found[0] if found else None


def _signed_in(live: LoginCode, device_fingerprint: str, now: datetime) -> PatientSignedIn:
    secret, credential = issue_patient_login(
        phone_index=live.phone_index,
        facility_id=live.facility_id,
        device_fingerprint=device_fingerprint,
        now=now,
    )
    record(
        action="patient.signed_in",
        entity_type="credential",
        entity_id=credential.id,
        after={"patients": patient_ids_under(live.phone_index, live.facility_id)},
        facility_id=live.facility_id,
    )
    return PatientSignedIn(live.facility_id, live.phone_index, secret, credential.expires_at)


def _too_many() -> TooManyTries:
    return TooManyTries(retry_after=int(LIFETIME.total_seconds()))


def _address_key(address: str) -> str:
    return blind_index(network_of(address), "patients.address")
