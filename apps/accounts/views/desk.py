"""For administrators: who gets in by what. Mounted in the desk's admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts import commands
from apps.accounts.models import Staff
from apps.accounts.queries import devices_in, devices_of, open_sessions, second_factor_of
from apps.core.errors import NotFound, sentence
from apps.core.policy import Permission
from apps.core.views import actor_of, page

DEVICE_DEEDS = {
    "approve": (commands.approve_device, sentence("The device is approved. Its owner can sign in from it now.")),
    "revoke": (commands.revoke_device, sentence("The device is turned away, and what was open on it has ended.")),
}
"""What an administrator does to a device: the command, and what is said afterwards."""


@page(policy=Permission.MASTERS_CHANGE)
def devices(request: HttpRequest) -> HttpResponse:
    """All devices that staff sign in from; those that wait for approval first."""
    facility_id = actor_of(request).facility_id
    context = {"title": gettext("Devices"), "devices": devices_in(facility_id) if facility_id else []}
    return _desk_page(request, "accounts/desk_devices.html", context)


@page(policy=Permission.MASTERS_CHANGE, methods=("POST",))
def decide_device(request: HttpRequest, device_id: UUID, action: str) -> HttpResponse:
    """Approve a device, or turn it away."""
    if action not in DEVICE_DEEDS:
        raise NotFound
    command, done = DEVICE_DEEDS[action]
    command(actor=actor_of(request), now=timezone.now(), device_id=device_id)
    messages.success(request, gettext(done))
    return redirect("admin:staff_devices")


@page(policy=Permission.MASTERS_CHANGE)
def access(request: HttpRequest, staff_id: UUID) -> HttpResponse:
    """By what one member of staff gets in: sessions, devices, second factor."""
    actor, now = actor_of(request), timezone.now()
    staff = Staff.objects.filter(id=staff_id).first()
    if staff is None or staff.facility_id != actor.facility_id:
        raise NotFound
    context = {
        "title": gettext("Access of %(name)s") % {"name": staff.name},
        "who": staff,
        "oneself": staff.id == actor.id,
        "sessions": open_sessions(staff.id, now, actor.credential_id),
        "devices": devices_of(staff.id),
        "factor": second_factor_of(staff),
    }
    return _desk_page(request, "accounts/desk_access.html", context)


@page(policy=Permission.MASTERS_CHANGE, methods=("POST",))
def end_session(request: HttpRequest, staff_id: UUID, session_id: UUID) -> HttpResponse:
    """End one of somebody's sessions."""
    commands.end_session(actor=actor_of(request), now=timezone.now(), staff_id=staff_id, session_id=session_id)
    messages.success(request, gettext("The session has ended."))
    return redirect("admin:staff_access", staff_id)


@page(policy=Permission.MASTERS_CHANGE, methods=("POST",))
def end_sessions(request: HttpRequest, staff_id: UUID) -> HttpResponse:
    """End all of somebody's sessions; one's own but this one."""
    commands.end_sessions(actor=actor_of(request), now=timezone.now(), staff_id=staff_id)
    messages.success(request, gettext("The sessions have ended."))
    return redirect("admin:staff_access", staff_id)


@page(policy=Permission.MASTERS_CHANGE, methods=("POST",))
def reset_factor(request: HttpRequest, staff_id: UUID) -> HttpResponse:
    """Take away somebody's lost second factor."""
    commands.reset_second_factor(actor=actor_of(request), now=timezone.now(), staff_id=staff_id)
    messages.success(request, gettext("The second factor is removed, and all sessions have ended."))
    return redirect("admin:staff_access", staff_id)


def _desk_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, admin.site.each_context(request) | context)
