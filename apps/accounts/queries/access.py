"""By what somebody of the staff gets in at present: open sessions, and devices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.accounts.models import Credential, StaffDevice
from apps.accounts.rules.credentials import STAFF_KINDS, CredentialKind


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One sign-in that still counts. The id is its family's: it stays while refresh tokens rotate."""

    id: UUID
    label: str
    is_program: bool
    began_at: datetime
    last_seen_at: datetime
    is_this: bool


def open_sessions(staff_id: UUID, now: datetime, credential_id: UUID | None = None) -> list[OpenSession]:
    """Somebody's open sessions, the last used first; `credential_id` is what the asker came by."""
    rows = Credential.objects.select_related("staff").filter(
        staff_id=staff_id, kind__in=sorted(STAFF_KINDS), revoked_at__isnull=True, expires_at__gt=now
    )
    families: dict[UUID, list[Credential]] = {}
    for row in rows.order_by("issued_at"):
        families.setdefault(row.family_id, []).append(row)
    found = [_told(family, credential_id) for family in families.values() if _is_open(family, now)]
    return sorted(found, key=lambda session: session.last_seen_at, reverse=True)


def devices_of(staff_id: UUID) -> QuerySet[StaffDevice]:
    """The devices that somebody was let in from, the last used first, each with `used_at`: when it was last at work."""
    return _with_use(StaffDevice.objects.filter(staff_id=staff_id, approved_at__isnull=False))


def devices_in(facility_id: UUID) -> list[StaffDevice]:
    """All devices of a facility's staff, with their owners: those that wait first, then by when they were last used."""
    rows = _with_use(StaffDevice.objects.select_related("staff").filter(staff__facility_id=facility_id))
    return sorted(rows, key=lambda device: not device.waits)


def _with_use(devices: QuerySet[StaffDevice]) -> QuerySet[StaffDevice]:
    """Devices with `used_at`: when one of their sessions was last at work, else when they last asked; latest first."""
    sessions = Credential.objects.filter(staff_id=OuterRef("staff_id"), device_hash=OuterRef("secret_hash"))
    last = sessions.order_by().values("staff_id").annotate(last=Max("last_seen_at")).values("last")
    return devices.annotate(used_at=Coalesce(Subquery(last), "last_seen_at", "asked_at")).order_by("-used_at")


def _is_open(family: Iterable[Credential], now: datetime) -> bool:
    return any(row.used_at is None and row.is_live(now) for row in family)


def _told(family: list[Credential], credential_id: UUID | None) -> OpenSession:
    first, last = family[0], family[-1]
    return OpenSession(
        first.family_id,
        last.note,
        last.kind == CredentialKind.STAFF_REFRESH,
        first.issued_at,
        max(row.last_seen_at or row.issued_at for row in family),
        any(row.id == credential_id for row in family),
    )
