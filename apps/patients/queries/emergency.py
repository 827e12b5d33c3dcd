"""Reads of emergency accesses: whether one is open, and what an administrator has to look at."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, QuerySet
from django_scopes import scopes_disabled

from apps.core.policy import Actor, Permission, Scope
from apps.core.statements import prepared
from apps.patients.models import EmergencyAccess


def open_access(actor: Actor, patient_id: UUID, now: datetime, *, lock: bool = False) -> EmergencyAccess | None:
    """The emergency access by which somebody may read this record now; None, and none for who may no longer."""
    if actor.id is None or not actor.may(Permission.BREAK_GLASS, Scope(actor.facility_id)):
        return None
    return (_locked if lock else _open).one(staff_id=actor.id, patient_id=patient_id, now=now)


@prepared
def _open(staff_id: UUID, patient_id: UUID, now: datetime) -> QuerySet[EmergencyAccess]:
    known = EmergencyAccess.objects.filter(staff_id=staff_id, patient_id=patient_id, ended_at__isnull=True)
    return known.filter(opened_at__lte=now, ends_at__gt=now).order_by("id")


@prepared
def _locked(staff_id: UUID, patient_id: UUID, now: datetime) -> QuerySet[EmergencyAccess]:
    return _open.build(staff_id, patient_id, now).select_for_update()


def emergency_accesses() -> QuerySet[EmergencyAccess]:
    """All of the facility: who nobody has looked at first, then the newest."""
    shown = EmergencyAccess.objects.select_related("patient", "staff", "reviewed_by")
    shown = shown.defer("patient__phone", "patient__address")
    return shown.order_by(F("reviewed_at").desc(nulls_first=True), "-opened_at", "id")


def emergencies_by_facility() -> Mapping[UUID, int]:
    """How often the glass was broken in each facility since the house stands."""
    with scopes_disabled():
        counted = EmergencyAccess.objects.values_list("facility_id").annotate(times=Count("id"))
        return dict(counted.order_by("facility_id"))
