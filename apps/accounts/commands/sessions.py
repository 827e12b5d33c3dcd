"""Ending open sessions: one's own, or as an administrator."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.accounts.commands.credentials import revoke
from apps.accounts.commands.proving import revoke_others
from apps.accounts.models import Staff
from apps.audit.commands import record
from apps.core.commands import command, step
from apps.core.errors import NotFound
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one


@command
def end_session(*, actor: Actor, now: datetime, staff_id: UUID, session_id: UUID) -> None:
    """End one session of somebody. Raises `NotFound` when it is not theirs, or has ended."""
    staff = _whose(actor, staff_id)
    ended = revoke(Q(staff=staff, family_id=session_id), now)
    if not ended:
        raise NotFound
    _note(staff, ended)


@command
def end_sessions(*, actor: Actor, now: datetime, staff_id: UUID) -> None:
    """End every session of somebody; one's own all but this one."""
    staff = _whose(actor, staff_id)
    ended = revoke_others(actor, staff.id, now) if actor.id == staff.id else revoke(Q(staff=staff), now)
    _note(staff, ended)


@step
def _whose(actor: Actor, staff_id: UUID) -> Staff:
    """Oneself, or somebody whom this administrator looks after."""
    staff = one(Staff.objects.filter(id=staff_id))
    if staff is None or staff.facility_id != actor.facility_id:
        raise NotFound
    if actor.id != staff.id:
        actor.require(Permission.MASTERS_CHANGE, Scope(staff.facility_id))
    return staff


def _note(staff: Staff, ended: int) -> None:
    record(action="staff.sessions_ended", entity_type="staff", entity_id=staff.id, after={"ended": ended})
