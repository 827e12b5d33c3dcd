"""Giving out credentials, using them up, and taking them back: steps for the commands of every app."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Q

from apps.accounts.models import Credential, Staff
from apps.accounts.queries.actors import LinkInvalid, code_of, hash_secret, link_keys
from apps.accounts.queries.checkin import row_of_checkin
from apps.accounts.queries.facilities import facility_facts
from apps.accounts.rules.credentials import (
    PATIENT_LIFETIME,
    RESTORE_LIFETIME,
    SKEW,
    TRACKING_DAYS_AFTER,
    CredentialKind,
    fingerprint,
)
from apps.accounts.rules.devices import LABEL_LENGTH, ShownDevice
from apps.accounts.rules.links import SignedLink, seal, short_code
from apps.audit.commands import record
from apps.core.commands import collect, step, unit
from apps.core.errors import Conflict, DomainError, sentence


class LinkUsed(Conflict):
    code = "link_used"
    detail = sentence("This code was used already. Please scan a new one, or ask at the desk.")


class LinkExpired(DomainError):
    code = "link_expired"
    status = 400
    detail = sentence("This code is no longer valid. Please scan a new one, or ask at the desk.")


@step
def issue_tracking(
    *, visit_id: UUID, facility_id: UUID, day: date, now: datetime, of: str = "visit"
) -> tuple[str, str]:
    """A link that shows where a visit stands: (signed token for the API, short code for messages).

    One row is behind both. It works until the end of the day after the visit's. `of` is "visit", or "appointment"
    for a visit that is still to come: then `visit_id` is the booking's.
    """
    credential_id = uuid4()
    code = short_code(credential_id, link_keys()[0])
    ends = _end_of_tracking(facility_id, day)
    credential = issue(
        CredentialKind.TRACKING,
        id=credential_id,
        secret=code,
        facility_id=facility_id,
        subject_type=of,
        subject_id=visit_id,
        issued_at=now,
        expires_at=ends,
    )
    return _sealed(credential), code


@step
def carry_tracking(
    *, booking_id: UUID, visit_id: UUID, facility_id: UUID, day: date, of: str = "visit"
) -> tuple[str, str] | None:
    """Let the link of a booking show what became of it, a visit or another booking: (token, code), or None when
    there is no link that works. Whoever has it need not learn a new one."""
    own = Credential.objects.filter(subject_id=booking_id, kind=CredentialKind.TRACKING, revoked_at__isnull=True)
    credential = own.order_by("-issued_at").first()
    if credential is None:
        return None
    credential.subject_type, credential.subject_id = of, visit_id
    credential.expires_at = _end_of_tracking(facility_id, day)
    credential.save(update_fields=["subject_type", "subject_id", "expires_at"])
    return _sealed(credential), code_of(credential)


@step
def renew_tracking(*, visit_id: UUID, facility_id: UUID, day: date, now: datetime) -> int | None:
    """Take a visit's tracking links back and give it a fresh one: how many were taken back; None when the time for
    any link of this visit is over."""
    if _end_of_tracking(facility_id, day) <= now:
        return None
    taken_back = revoke(Q(subject_id=visit_id, kind=CredentialKind.TRACKING), now)
    issue_tracking(visit_id=visit_id, facility_id=facility_id, day=day, now=now)
    return taken_back


def _end_of_tracking(facility_id: UUID, day: date) -> datetime:
    return facility_facts(facility_id).end_of(day + timedelta(days=TRACKING_DAYS_AFTER))


@step
def issue_checkin_link(
    *, department_id: UUID, facility_id: UUID, expires_at: datetime, printed: bool, now: datetime
) -> tuple[str, Credential]:
    """A link that lets one person into a department's queue: (signed token, its row)."""
    credential = issue(
        CredentialKind.CHECKIN,
        facility_id=facility_id,
        subject_type="department",
        subject_id=department_id,
        scope={"printed": printed},
        issued_at=now,
        expires_at=expires_at,
    )
    return _sealed(credential), credential


@step
def use_checkin_link(link: SignedLink, facility_id: UUID, now: datetime) -> Credential:
    """Use up a check-in link; of many at once exactly one succeeds.

    A link drawn for somebody who scanned a screen has no row until now. It gets one, whoever comes first, and from
    there on all links are alike: who marks the row as used, has used it. Raises `LinkUsed`, `LinkExpired` (also when
    revoked, or dated ahead), `LinkInvalid`.
    """
    Credential.objects.bulk_create([row_of_checkin(link, facility_id)], ignore_conflicts=True)
    row = Credential.objects.filter(id=link.credential_id, kind=CredentialKind.CHECKIN, subject_id=link.subject_id)
    usable = row.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now, issued_at__lte=now + SKEW)
    won = usable.update(used_at=now)
    credential = row.first()
    if credential is None:
        raise LinkInvalid
    if not won:
        raise LinkUsed if credential.used_at else LinkExpired
    return credential


@step
def issue_restore(
    *, visit_id: UUID, patient_id: UUID, device_fingerprint: str, now: datetime
) -> tuple[str, Credential]:
    """What lets a patient's own phone come back to a visit: (random secret, its row). It rotates on use."""
    secret = new_secret()
    credential = issue(
        CredentialKind.RESTORE,
        secret=secret,
        facility_id=unit().actor.facility_id,
        subject_type="visit",
        subject_id=visit_id,
        scope={"patients": [str(patient_id)]},
        issued_at=now,
        expires_at=now + RESTORE_LIFETIME,
        device_hash=hash_device(device_fingerprint),
    )
    return secret, credential


@step
def issue_patient_login(
    *, phone_index: str, facility_id: UUID, device_fingerprint: str = "", now: datetime
) -> tuple[str, Credential]:
    """The sign-in of somebody who proved by a code that they hold a phone: (random secret, its row).

    It is bound to the phone, not to people: whose it is, is asked anew at each request.
    """
    secret = new_secret()
    credential = issue(
        CredentialKind.PATIENT_LOGIN,
        secret=secret,
        facility_id=facility_id,
        subject_type="phone",
        subject_id=UUID(hex=phone_index[:32]),
        scope={"phone": phone_index},
        issued_at=now,
        expires_at=now + PATIENT_LIFETIME,
        last_seen_at=now,
        device_hash=hash_device(device_fingerprint),
    )
    return secret, credential


@step
def issue_to_staff(
    *, staff: Staff, kind: CredentialKind, lifetime: timedelta, now: datetime, device: ShownDevice
) -> tuple[str, Credential]:
    """A session or refresh token of a member of staff: (random secret, its row)."""
    secret = new_secret()
    credential = issue(
        kind,
        secret=secret,
        facility_id=staff.facility_id,
        staff=staff,
        issued_at=now,
        expires_at=now + lifetime,
        last_seen_at=now,
        device_hash=hash_device(device.secret),
        note=device.label[:LABEL_LENGTH],
    )
    return secret, credential


@step
def rotate(
    *, kind: CredentialKind, secret: str, lifetime: timedelta, now: datetime, device_fingerprint: str = ""
) -> tuple[str, Credential] | None:
    """Give a fresh secret for one that was not used yet: (new secret, its row), or None when it is refused.

    One shown for the second time was copied: its whole family ends, the newest too. The caller must let that
    stand (return, not raise). One that another device shows is refused and stays as it is, where both devices said
    which they are.
    """
    rows = Credential.objects.filter(kind=kind, secret_hash=hash_secret(kind, secret))
    usable = rows.filter(used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)
    if device_fingerprint:
        usable = usable.filter(device_hash__in=["", hash_device(device_fingerprint)])
    won = usable.update(used_at=now)
    shown = rows.select_related("staff").first()
    if shown is None:
        return None
    if not won:
        if shown.used_at:
            _end_copied(shown, now)
        return None
    if not shown.is_live(now):
        return None
    fresh = new_secret()
    return fresh, issue(
        kind,
        secret=fresh,
        facility_id=shown.facility_id,
        staff=shown.staff,
        subject_type=shown.subject_type,
        subject_id=shown.subject_id,
        scope=shown.scope,
        family_id=shown.family_id,
        issued_at=now,
        expires_at=now + lifetime,
        last_seen_at=now,
        device_hash=shown.device_hash,
        note=shown.note,
    )


@step
def revoke(which: Q, now: datetime) -> int:
    """End credentials from this moment on; how many there were. The next request with one is nobody's."""
    return Credential.objects.filter(which, revoked_at__isnull=True).update(revoked_at=now)


@step
def revoke_links_to(subject_id: UUID, now: datetime) -> int:
    """End every link to a visit, department or board, and every session bound to it."""
    return revoke(Q(subject_id=subject_id), now)


def _end_copied(shown: Credential, now: datetime) -> None:
    ended = revoke(Q(family_id=shown.family_id), now)
    record(
        action="credential.reused",
        entity_type="credential",
        entity_id=shown.id,
        after={"kind": shown.kind, "ended": ended},
        facility_id=shown.facility_id,
    )


def new_secret() -> str:
    """256 random bits as one word."""
    return secrets.token_urlsafe(32)


def hash_device(device_id: str) -> str:
    """What is kept of a device's own name for itself; nothing for none."""
    return fingerprint(device_id, "device", settings.PEPPER) if device_id else ""


@step
def issue(kind: CredentialKind, *, secret: str | None = None, **values: Any) -> Credential:
    """A credential, written with the command's last statement. A family begins with itself."""
    values = {"id": uuid4()} | values
    values = {"family_id": values["id"]} | values
    if secret:
        values["secret_hash"] = hash_secret(kind, secret)
    credential = Credential(kind=kind, **values)
    collect(credential)
    return credential


def _sealed(credential: Credential) -> str:
    link = SignedLink(
        CredentialKind(credential.kind),
        credential.id,
        credential.subject_id or credential.id,
        credential.issued_at,
        credential.expires_at,
    )
    return seal(link, link_keys()[0])
