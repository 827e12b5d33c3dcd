"""Departments and doctors are opened, registered and changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.queries import facility_facts
from apps.audit.commands import record
from apps.core.commands import collect, command, step, unit
from apps.core.errors import Conflict, Invalid, NotFound, sentence
from apps.core.events import department_stream, facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.scheduling import events
from apps.scheduling.models import Counter, Department, Doctor, DoctorDepartment, PolicyVersion, QueuePolicy, Token
from apps.scheduling.queries import policy_values
from apps.scheduling.rules import Availability, DepartmentStatus, free_letter

DEPARTMENT_FIELDS = frozenset({"code", "letter", "name", "kind", "status", "closed_to_newcomers_on"})


class CodeTaken(Conflict):
    code = "code_taken"
    detail = sentence("Another department already uses this code or letter.")


class LicenceTaken(Conflict):
    code = "licence_taken"
    detail = sentence("Another doctor is registered under this licence number.")


class VersionConflict(Conflict):
    code = "version_conflict"
    detail = sentence("Somebody else changed this meanwhile. Look again and repeat if needed.")


class LetterInUse(Conflict):
    code = "letter_in_use"
    detail = sentence("People hold numbers with this letter, for today or later. Keep it until they are used.")


def stand(doctor: Doctor) -> dict[str, Any]:
    """Where a doctor stands, for a refusal: availability, version and what it can be set to."""
    others = [str(status) for status in Availability if status != doctor.availability]
    return {"state": doctor.availability, "version": doctor.version, "allowed": others}


@step
def require_free_to_reletter(department: Department) -> None:
    """Refuse a new letter while people hold numbers with the old one: another department might take it, and
    two people would be G17. The department's stream is locked by the caller. Raises `LetterInUse`."""
    today = facility_facts(department.facility_id).day_of(unit().now)
    if Token.objects.filter(department_id=department.id, day__gte=today).exists():
        raise LetterInUse


@command
def create_department(
    *, actor: Actor, now: datetime, code: str, name: str, kind: str, letter: str = "", **policy: int
) -> Department:
    """Open a department with its queue policy; without a letter it gets a free one. Raises `CodeTaken`, `Invalid`."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    lock_streams(facility_stream(_facility(actor)))
    letter = letter or _free_letter(code)
    department = Department(facility_id=_facility(actor), code=code, letter=letter, name=name, kind=kind)
    if Department.objects.filter(code=code).exists() or Department.objects.filter(letter=letter).exists():
        raise CodeTaken
    department.save(force_insert=True)
    made = QueuePolicy(facility_id=_facility(actor), department=department, **policy)
    made.save(force_insert=True)
    _remember(made, "")
    lock_streams(department_stream(department.id))
    record(
        action="department.created",
        entity_type="department",
        entity_id=department.id,
        after={"code": code, "letter": letter, "name": name, "kind": kind} | policy,
    )
    emit(events.department_changed(_facility(actor), department.id, 1, DepartmentStatus.ACTIVE))
    return department


@command
def register_doctor(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    license_number: str,
    department_ids: list[UUID],
    **profile: Any,
) -> Doctor:
    """Register a doctor with the departments they serve. Raises `LicenceTaken`, `Invalid`."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    lock_streams(facility_stream(_facility(actor)))
    if Doctor.objects.filter(license_number=license_number).exists():
        raise LicenceTaken
    served = _departments(department_ids)
    doctor = Doctor(facility_id=_facility(actor), name=name, license_number=license_number, **profile)
    doctor.save(force_insert=True)
    DoctorDepartment.objects.bulk_create([DoctorDepartment(doctor=doctor, department_id=d) for d in served])
    record(
        action="doctor.registered",
        entity_type="doctor",
        entity_id=doctor.id,
        after={
            "name": name,
            "licenseNumber": license_number,
            "departments": [str(d) for d in served],
        },
    )
    emit(events.doctor_changed(_facility(actor), doctor.id, 1, doctor.availability))
    return doctor


@command
def change_doctor(
    *, actor: Actor, now: datetime, doctor_id: UUID, expected_version: int | None = None, **changes: Any
) -> Doctor:
    """Change a doctor's profile. Raises `VersionConflict` when somebody was faster, `LicenceTaken`, `NotFound`."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    lock_streams(facility_stream(_facility(actor)))
    doctor = one(Doctor.objects.select_for_update().filter(id=doctor_id))
    if doctor is None:
        raise NotFound
    if expected_version is not None and expected_version != doctor.version:
        raise VersionConflict(extra=stand(doctor))
    licence = changes.get("license_number", doctor.license_number)
    if Doctor.objects.filter(license_number=licence).exclude(id=doctor.id).exists():
        raise LicenceTaken
    before = {name: getattr(doctor, name) for name in changes}
    for name, value in changes.items():
        setattr(doctor, name, value)
    doctor.version += 1
    doctor.save(update_fields=[*changes, "version"])
    record(action="doctor.changed", entity_type="doctor", entity_id=doctor.id, before=before, after=changes)
    emit(events.doctor_changed(_facility(actor), doctor.id, doctor.version, doctor.availability))
    return doctor


@step
def set_counter_in(counter: Counter, status: Availability) -> Counter:
    """Note that a counter opens, pauses or closes. Its department's stream is locked by the caller."""
    before = counter.availability
    counter.availability = status
    counter.version += 1
    counter.save(update_fields=["availability", "version"])
    record(
        action="counter.availability_changed",
        entity_type="counter",
        entity_id=counter.id,
        before={"availability": before},
        after={"availability": status},
    )
    return counter


@step
def set_availability_in(
    doctor: Doctor, status: Availability, reason: str = "", back_at: datetime | None = None
) -> Doctor:
    """Note that a doctor begins, pauses or ends; of a pause also why and until when, as far as that is known. The
    department streams are locked by the caller."""
    before = doctor.availability
    doctor.availability = status
    paused = status == Availability.PAUSED
    doctor.away_reason, doctor.back_at = (reason, back_at) if paused else ("", None)
    doctor.version += 1
    doctor.save(update_fields=["availability", "away_reason", "back_at", "version"])
    back = {"backAt": doctor.back_at.isoformat()} if doctor.back_at else {}
    record(
        action="doctor.availability_changed",
        entity_type="doctor",
        entity_id=doctor.id,
        before={"availability": before},
        after={"availability": status} | back,
        reason=reason,
    )
    emit(events.doctor_changed(doctor.facility_id, doctor.id, doctor.version, status))
    return doctor


@step
def change_department_in(department: Department, changes: dict[str, Any], reason: str = "") -> Department:
    """Change a department and its policy; `changes` by field name of either. The streams are locked by the caller.

    Other rules of calling are a new version of them.
    """
    own = {name: value for name, value in changes.items() if name in DEPARTMENT_FIELDS}
    policy = {name: value for name, value in changes.items() if name not in DEPARTMENT_FIELDS}
    twin = Department.objects.exclude(id=department.id)
    if any(twin.filter(**{name: own[name]}).exists() for name in ("code", "letter") if name in own):
        raise CodeTaken
    if own.get("letter", department.letter) != department.letter:
        require_free_to_reletter(department)
    before = {name: getattr(department, name) for name in own} | {n: getattr(department.policy, n) for n in policy}
    for name, value in own.items():
        setattr(department, name, value)
    if policy:
        _change_policy(department.policy, policy, reason)
    department.version += 1
    department.save(update_fields=[*own, "version"])
    record(
        action="department.changed",
        entity_type="department",
        entity_id=department.id,
        before=before,
        after=changes,
        reason=reason,
    )
    emit(events.department_changed(department.facility_id, department.id, department.version, department.status))
    emit(events.queue_updated(department.id, "masters"))
    return department


@step
def _change_policy(policy: QueuePolicy, changes: dict[str, Any], reason: str) -> None:
    """The rules as they are now are kept, and so are the new ones."""
    if not PolicyVersion.objects.filter(department_id=policy.department_id, version=policy.version).exists():
        _remember(policy, "")
    for name, value in changes.items():
        setattr(policy, name, value)
    policy.version += 1
    policy.save(update_fields=[*changes, "version"])
    _remember(policy, reason)


@step
def _remember(policy: QueuePolicy, reason: str) -> None:
    """Keep a version of a department's rules."""
    collect(
        PolicyVersion(
            facility_id=policy.facility_id,
            department_id=policy.department_id,
            version=policy.version,
            rules=policy_values(policy),
            made_at=unit().now,
            made_by=unit().actor.id,
            reason=reason,
        )
    )


@step
def delete_department_in(department: Department) -> None:
    """Close a department for good: it is kept, inactive, because numbers and visits point at it."""
    change_department_in(department, {"status": DepartmentStatus.INACTIVE})


def _facility(actor: Actor) -> UUID:
    if actor.facility_id is None:
        raise NotFound
    return actor.facility_id


def _departments(department_ids: list[UUID]) -> list[UUID]:
    """Those departments, each once. Raises `Invalid` when one is unknown here, or when there are none."""
    named = sorted(set(department_ids))
    if not named or Department.objects.filter(id__in=named).count() != len(named):
        raise Invalid({"departments": [sentence("Name at least one department of this hospital.")]})
    return named


def _free_letter(code: str) -> str:
    """The first letter of the code, else of the alphabet, that no department has; asked under the registry's lock."""
    letter = free_letter(code, set(Department.objects.values_list("letter", flat=True)))
    if letter is None:
        raise Invalid({"letter": [sentence("Every letter is taken by another department.")]})
    return letter
