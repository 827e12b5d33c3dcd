"""Masters that touch people who wait: closing a department, a doctor's availability, check-in links."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.commands import issue_checkin_link
from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, Invalid, sentence
from apps.core.events import department_stream, facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.queue import events
from apps.queue.commands.moving import back_in_line, require_own_hands
from apps.queue.models import Visit
from apps.queue.queries.slots import require_near
from apps.queue.queries.visits import on_hold_in
from apps.queue.rules.states import OPEN
from apps.scheduling.commands import (
    VersionConflict,
    change_department_in,
    delete_department_in,
    set_availability_in,
    stand,
)
from apps.scheduling.queries import department_of, departments_of_doctor, doctor_of
from apps.scheduling.rules import Availability, DepartmentStatus


class PeopleWaiting(Conflict):
    code = "people_waiting"
    detail = sentence("People still wait in this department. See or cancel them first.")


class RulesChanged(Conflict):
    code = "version_conflict"
    detail = sentence("Somebody else changed these rules meanwhile. Look again and repeat if needed.")


class NothingChanges(Conflict):
    code = "nothing_changes"
    detail = sentence("These are the rules already.")


@command
def change_department(*, actor: Actor, now: datetime, department_id: UUID, **changes: Any) -> Any:
    """Change a department or its queue policy; closing it while people wait is refused (`PeopleWaiting`). Who came
    before its closed door meanwhile is in line when it opens again."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    department = department_of(department_id)
    lock_streams(department_stream(department_id), facility_stream(department.facility_id))
    if changes.get("status") == DepartmentStatus.INACTIVE:
        _require_empty(department_id)
    department = department_of(department_id)  # somebody else may have closed it before the lock was ours
    was = department.status
    changed = change_department_in(department, changes)
    if was != DepartmentStatus.ACTIVE and changed.status == DepartmentStatus.ACTIVE:
        for visit in on_hold_in([department_id]).filter(back_at=None).select_related("token", "doctor"):
            back_in_line(visit, "the station is open again")
    return changed


@command
def delete_department(*, actor: Actor, now: datetime, department_id: UUID) -> None:
    """Close a department for good. The row stays, inactive, because numbers and visits point at it."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    department = department_of(department_id)
    lock_streams(department_stream(department_id), facility_stream(department.facility_id))
    _require_empty(department_id)
    delete_department_in(department_of(department_id))


@command
def set_availability(
    *,
    actor: Actor,
    now: datetime,
    doctor_id: UUID,
    status: str,
    reason: str = "",
    back_at: datetime | None = None,
    expected_version: int | None = None,
) -> Any:
    """A doctor begins, pauses (why, and until when) or ends; every queue served is told. Raises `VersionConflict`,
    `Invalid` for a return that is over, or in more than ten years.

    Whoever is called or in the room stays so: who leaves in the middle of a visit has it reassigned.
    """
    if back_at is not None and back_at <= now:
        raise Invalid({"backAt": [sentence("This time is over.")]})
    if back_at is not None:
        require_near("backAt", back_at, now)
    departments = departments_of_doctor(doctor_id)
    for department_id in departments:
        actor.require(Permission.VISIT_CALL, Scope(actor.facility_id, department_id))
    facility_id = department_of(departments[0]).facility_id
    lock_streams(*(department_stream(d) for d in departments), facility_stream(facility_id))
    doctor = doctor_of(doctor_id)
    require_own_hands(actor, doctor)
    if expected_version is not None and expected_version != doctor.version:
        raise VersionConflict(extra=stand(doctor))
    set_availability_in(doctor, Availability(status), reason, back_at)
    for department_id in departments:
        emit(events.queue_updated(department_id, "doctor_status", doctorId=str(doctor_id), availability=status))
    return doctor


@command
def take_newcomers(*, actor: Actor, now: datetime, department_id: UUID, takes_newcomers: bool, reason: str = "") -> Any:
    """Close a queue to people who were not expected, for a reason, or open it again. Who is booked and who is an
    emergency comes in all the same; the next day it is open. Raises `Invalid` without a reason to close."""
    actor.require(Permission.SCHEDULE_CHANGE, Scope(actor.facility_id, department_id))
    department = department_of(department_id)
    if not takes_newcomers and not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    lock_streams(department_stream(department_id), facility_stream(department.facility_id))
    department = department_of(department_id)
    closed_on = None if takes_newcomers else facility_facts(department.facility_id).day_of(now)
    if department.closed_to_newcomers_on == closed_on:
        return department
    return change_department_in(department, {"closed_to_newcomers_on": closed_on}, reason)


@command
def change_rules(
    *,
    actor: Actor,
    now: datetime,
    department_id: UUID,
    reason: str,
    expected_version: int | None = None,
    **rules: Any,
) -> Any:
    """Give a department other rules of calling: a new version, with who and why. It holds for whoever comes from now
    on; who waits keeps the place they were told of. Raises `RulesChanged`, `NothingChanges`, `Invalid`."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    department = department_of(department_id)
    if not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    lock_streams(department_stream(department_id), facility_stream(department.facility_id))
    department = department_of(department_id)
    if expected_version is not None and expected_version != department.policy.version:
        raise RulesChanged
    changes = {name: value for name, value in rules.items() if getattr(department.policy, name) != value}
    if not changes:
        raise NothingChanges
    return change_department_in(department, changes, reason)


@command
def create_checkin_link(
    *, actor: Actor, now: datetime, department_id: UUID, expires_in: int, printed: bool = False
) -> tuple[str, datetime]:
    """A signed check-in token for one person: (token, its end). `expires_in` in seconds."""
    actor.require(Permission.QRCODE_CREATE, Scope(actor.facility_id, department_id))
    department = department_of(department_id)
    if department.status != DepartmentStatus.ACTIVE:
        raise Invalid({"departmentId": [sentence("This department takes nobody at present.")]})
    ends = now + timedelta(seconds=expires_in)
    token, credential = issue_checkin_link(
        department_id=department_id,
        facility_id=department.facility_id,
        expires_at=ends,
        printed=printed,
        now=now,
    )
    record(
        action="checkin_link.created",
        entity_type="credential",
        entity_id=credential.id,
        after={"departmentId": str(department_id), "expiresAt": ends.isoformat(), "printed": printed},
    )
    return token, ends


def _require_empty(department_id: UUID) -> None:
    if Visit.objects.filter(department_id=department_id, state__in=sorted(OPEN)).exists():
        raise PeopleWaiting
