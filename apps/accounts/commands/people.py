"""Facilities are opened, and people begin to work in them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.accounts.commands.proving import encode_password
from apps.accounts.models import Facility, Staff
from apps.accounts.queries.facilities import FacilityFacts, facility_facts
from apps.audit.commands import record
from apps.core.commands import command, step, unit
from apps.core.errors import Conflict, Forbidden, Invalid, sentence
from apps.core.policy import Actor, Permission, Role, Scope


class OwnRights(Forbidden):
    code = "own_rights"
    detail = sentence("Nobody changes their own rights. Ask another administrator.")


class EmailTaken(Conflict):
    code = "email_taken"
    detail = sentence("Somebody else signs in with this e-mail address.")


@command
def open_facility(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    code: str,
    time_zone: str = "Asia/Kolkata",
    currency: str = "INR",
    address: str = "",
    phone: str = "",
    position: tuple[Decimal, Decimal] | None = None,
) -> FacilityFacts:
    """Open a hospital or clinic, at a latitude and longitude if they are known. Only the system itself does: nobody
    inside one may make another."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    facility = Facility(name=name, code=code, time_zone=time_zone, currency=currency, address=address, phone=phone)
    facility.latitude, facility.longitude = position or (None, None)
    return _opened(facility)


@command
def open_hospital(
    *, actor: Actor, now: datetime, name: str, code: str, time_zone: str, email: str, admin: str, password: str
) -> FacilityFacts:
    """Open a hospital together with its first administrator, or neither of them. Raises `EmailTaken`, `Invalid`."""
    actor.require(Permission.SYSTEM_KEEP, Scope(None))
    facility = _opened(Facility(name=name, code=code, time_zone=time_zone))
    staff = Staff(facility_id=facility.id, email=email.lower(), name=admin, role=Role.ADMIN, all_departments=True)
    _employed(staff, password)
    return facility


@command
def register_staff(
    *,
    actor: Actor,
    now: datetime,
    email: str,
    name: str,
    role: Role,
    password: str,
    facility_id: UUID,
    department_ids: list[UUID] | None = None,
    all_departments: bool = False,
) -> UUID:
    """Give somebody an account in a facility. Raises `EmailTaken`, and `Invalid` for a weak password."""
    if not actor.may(Permission.SYSTEM_KEEP):
        actor.require(Permission.MASTERS_CHANGE, Scope(facility_id))
    staff = Staff(
        facility_id=facility_id,
        email=email.lower(),
        name=name,
        role=role,
        department_ids=department_ids or [],
        all_departments=all_departments,
    )
    return _employed(staff, password)


@step
def serve_departments(staff_id: UUID, department_ids: list[UUID]) -> None:
    """Let somebody's account act in these departments and in no others, as a step of what gave them the work."""
    staff = Staff.objects.select_for_update().get(id=staff_id)
    if sorted(staff.department_ids) == sorted(department_ids):
        return
    gained = set(department_ids) - set(staff.department_ids)
    if gained and staff.id == unit().actor.id and not staff.all_departments:
        raise OwnRights(permission="staff.rights")
    before, staff.department_ids = staff.department_ids, department_ids
    staff.save(update_fields=["department_ids"])
    record(
        action="staff.departments_changed",
        entity_type="staff",
        entity_id=staff.id,
        before={"departments": [str(d) for d in before]},
        after={"departments": [str(d) for d in department_ids]},
        facility_id=staff.facility_id,
    )


@step
def _opened(facility: Facility) -> FacilityFacts:
    _check(facility)
    facility.save(force_insert=True)
    record(
        action="facility.opened",
        entity_type="facility",
        entity_id=facility.id,
        after={"name": facility.name, "code": facility.code, "timeZone": facility.time_zone},
        facility_id=facility.id,
    )
    return facility_facts(facility.id)


@step
def _employed(staff: Staff, password: str) -> UUID:
    if Staff.objects.filter(email=staff.email).exists():
        raise EmailTaken
    staff.password = encode_password(password, staff, "password")
    _check(staff)
    staff.save(force_insert=True)
    record(
        action="staff.registered",
        entity_type="staff",
        entity_id=staff.id,
        after={"role": str(staff.role), "allDepartments": staff.all_departments},
        facility_id=staff.facility_id,
    )
    return staff.id


def _check(row: Facility | Staff) -> None:
    try:
        row.full_clean()
    except ValidationError as wrong:
        raise Invalid(wrong.message_dict) from wrong
