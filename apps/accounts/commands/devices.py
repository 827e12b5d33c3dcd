"""Devices of staff: recognised, approved and turned away."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext

from apps.accounts.commands.credentials import hash_device, revoke
from apps.accounts.commands.warning import NEW_DEVICE, warn
from apps.accounts.models import Facility, Staff, StaffDevice
from apps.accounts.rules.devices import LABEL_LENGTH, WAITING_AT_MOST, ShownDevice
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import DomainError, Invalid, NotFound, sentence
from apps.core.policy import Actor, Permission, Role, Scope


class DeviceWaits(DomainError):
    code = "device_waits"
    status = 403
    detail = sentence("This device is new here. Ask your administrator to approve it; its number is %(number)s.")


@step
def admit(staff: Staff, shown: ShownDevice, now: datetime) -> DeviceWaits | None:
    """Recognise the device of somebody who proved who they are, and whose row is locked.

    None lets them in. A device that still needs an administrator is noted as waiting, and its refusal returned:
    the caller must let that stand. Raises `Invalid` when approval is needed and the device has no name for itself.
    """
    if not shown.secret:
        if settings.DEVICE_APPROVAL:
            raise Invalid({"deviceId": [gettext("Send a random text that stays the same on this device.")]})
        return None
    device, is_new = _found(staff, shown, now)
    if device.approved_at is None:
        if settings.DEVICE_APPROVAL and not _begins_a_hospital(staff):
            return _wait(device, is_new, now)
        _approve(device, now, by=None)
    device.last_seen_at = now
    device.save()
    return None


@command
def approve_device(*, actor: Actor, now: datetime, device_id: UUID) -> None:
    """An administrator lets somebody's device in."""
    device = _of_facility(actor, device_id)
    actor.require(Permission.MASTERS_CHANGE, Scope(device.staff.facility_id))
    if device.approved_at is None:
        _approve(device, now, by=actor.id)
        device.save()


@command
def revoke_device(*, actor: Actor, now: datetime, device_id: UUID) -> None:
    """Turn a device away and end its sessions and refresh tokens: one's own, or as an administrator."""
    device = _of_facility(actor, device_id)
    if actor.id != device.staff_id:
        actor.require(Permission.MASTERS_CHANGE, Scope(device.staff.facility_id))
    device.approved_at = device.approved_by = None
    device.revoked_at = now
    device.save()
    ended = revoke(Q(staff_id=device.staff_id, device_hash=device.secret_hash), now)
    _note(device, "revoked", {"ended": ended})


def _of_facility(actor: Actor, device_id: UUID) -> StaffDevice:
    devices = StaffDevice.objects.select_for_update(of=["self"]).select_related("staff")
    device = devices.filter(id=device_id).first()
    if device is None or device.staff.facility_id != actor.facility_id:
        raise NotFound
    return device


def _found(staff: Staff, shown: ShownDevice, now: datetime) -> tuple[StaffDevice, bool]:
    label = shown.label[:LABEL_LENGTH]
    device, is_new = StaffDevice.objects.get_or_create(
        staff=staff,
        secret_hash=hash_device(shown.secret),
        defaults={"label": label, "first_seen_at": now, "asked_at": now},
    )
    device.label = label
    return device, is_new


def _begins_a_hospital(staff: Staff) -> bool:
    """Whether an administrator is the first of a facility to be let in by any device: nobody could approve it."""
    if staff.role != Role.ADMIN:
        return False
    Facility.objects.select_for_update(no_key=True).get(id=staff.facility_id)
    decided = Q(approved_at__isnull=False) | Q(revoked_at__isnull=False)
    return not StaffDevice.objects.filter(decided, staff__facility_id=staff.facility_id).exists()


def _approve(device: StaffDevice, now: datetime, by: UUID | None) -> None:
    device.approved_at, device.approved_by, device.revoked_at = now, by, None
    _note(device, "approved", {"byItself": by is None})


def _wait(device: StaffDevice, is_new: bool, now: datetime) -> DeviceWaits:
    if is_new or not device.waits:
        _note(device, "waits", {})
        warn(device.staff, NEW_DEVICE, number=str(device.number))
    device.asked_at = now
    device.save()
    waiting = StaffDevice.objects.filter(staff=device.staff, approved_at__isnull=True, revoked_at__isnull=True)
    surplus = waiting.order_by("-asked_at").values_list("id", flat=True)[WAITING_AT_MOST:]
    StaffDevice.objects.filter(id__in=list(surplus)).delete()
    return DeviceWaits(number=device.number, extra={"number": device.number})


def _note(device: StaffDevice, what: str, after: dict[str, object]) -> None:
    record(
        action=f"device.{what}",
        entity_type="device",
        entity_id=device.id,
        after={"staff": str(device.staff_id), "label": device.label, "number": device.number} | after,
        facility_id=device.staff.facility_id,
    )
