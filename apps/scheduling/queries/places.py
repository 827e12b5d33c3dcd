"""Departments, rooms and doctors, as rows and as the contract's JSON."""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Model, QuerySet
from django_scopes import scopes_disabled
from rest_framework import serializers

from apps.core.errors import NotFound
from apps.core.policy import Actor, Permission
from apps.core.queries import one
from apps.core.shapes import Shape
from apps.core.statements import prepared
from apps.scheduling.models import (
    Counter,
    Department,
    Doctor,
    DoctorDepartment,
    PolicyVersion,
    QueuePolicy,
    Room,
)
from apps.scheduling.rules import Availability, DepartmentKind, DepartmentStatus

Row = TypeVar("Row", bound=Model)


def departments() -> QuerySet[Department]:
    """All departments of the facility in scope, by code."""
    return Department.objects.order_by("code")


def clinics() -> QuerySet[Department]:
    """Departments in which one can book: those that are open and have consultations, by name."""
    return Department.objects.filter(status=DepartmentStatus.ACTIVE, kind=DepartmentKind.CONSULTATION).order_by("name")


def departments_for(actor: Actor) -> QuerySet[Department]:
    """Departments that somebody may read about, by code: the staff all, patients the clinics."""
    return departments() if actor.may(Permission.MASTERS_READ) else clinics().order_by("code")


def doctors_for(actor: Actor, department_id: UUID | None = None) -> QuerySet[Doctor]:
    """Doctors whom somebody may read about, of one department or all, by name."""
    if actor.may(Permission.MASTERS_READ):
        return doctors_of_department(department_id) if department_id else doctors()
    places = clinics().filter(id=department_id) if department_id else clinics()
    return doctors_of_departments(places.values_list("id", flat=True))


def department_names() -> list[tuple[UUID, str]]:
    """Departments of the facility in scope as (id, name), to choose from."""
    return list(departments().values_list("id", "name"))


def department_of(department_id: UUID) -> Department:
    """A department with its queue policy. Raises `NotFound`."""
    found = _department.one(department_id)
    if found is None:
        raise NotFound
    return found


@prepared
def _department(department_id: UUID) -> QuerySet[Department]:
    return Department.objects.select_related("policy").filter(id=department_id)


def found_in(rows: QuerySet[Row], row_id: UUID) -> Row:
    """One of some rows. Raises `NotFound`."""
    found = one(rows.filter(id=row_id))
    if found is None:
        raise NotFound
    return found


def facility_of_department(department_id: UUID) -> UUID | None:
    """Whose department this is, asked before it is known in which facility one is."""
    with scopes_disabled():
        return one(Department.objects.filter(id=department_id).values_list("facility_id", flat=True))


def facility_of_doctor(doctor_id: UUID) -> UUID | None:
    """Whose doctor this is, asked before it is known in which facility one is."""
    with scopes_disabled():
        return one(Doctor.objects.filter(id=doctor_id).values_list("facility_id", flat=True))


def rooms() -> QuerySet[Room]:
    """All rooms of the facility in scope, by number."""
    return Room.objects.order_by("number")


def room_exists(room_id: UUID) -> bool:
    """Whether a room belongs to the facility in scope."""
    return Room.objects.filter(id=room_id).exists()


def doctors() -> QuerySet[Doctor]:
    """All doctors with room and the ids of their departments (`department_ids`), by name."""
    return (
        Doctor.objects.select_related("room")
        .annotate(served=ArrayAgg("departments__id", distinct=True, default=[]))
        .order_by("name", "id")
    )


def doctor_of(doctor_id: UUID) -> Doctor:
    """A doctor with room and `department_ids`. Raises `NotFound`."""
    found = _doctor.one(doctor_id)
    if found is None:
        raise NotFound
    return found


@prepared
def _doctor(doctor_id: UUID) -> QuerySet[Doctor]:
    return doctors().filter(id=doctor_id).order_by()


class DoctorAtWork(NamedTuple):
    """What a call needs to know of a doctor."""

    id: UUID
    staff_id: UUID | None
    availability: str
    room_id: UUID | None


def doctor_to_call_for(doctor_id: UUID) -> DoctorAtWork:
    """Who calls, from where, and whether they see people now. Raises `NotFound`."""
    found = _at_work.one(doctor_id)
    if found is None:
        raise NotFound
    return DoctorAtWork(*found)


@prepared
def _at_work(doctor_id: UUID) -> QuerySet[Doctor, tuple[Any, ...]]:
    return Doctor.objects.filter(id=doctor_id).order_by().values_list(*DoctorAtWork._fields)


def doctor_of_staff(staff_id: UUID) -> Doctor | None:
    """The doctor whose account this is, if any."""
    return one(doctors().filter(staff_id=staff_id))


def departments_of_doctor(doctor_id: UUID) -> list[UUID]:
    """Ids of the departments a doctor of this facility serves. Raises `NotFound` when there is no such doctor."""
    served = _served_by(doctor_id)
    if not served:
        raise NotFound
    return sorted(served)


@prepared
def _served_by(doctor_id: UUID) -> QuerySet[Doctor, UUID]:
    of_doctor = Doctor.objects.filter(id=doctor_id, departments__isnull=False).order_by()
    return of_doctor.values_list("departments", flat=True)


def doctors_of_department(department_id: UUID) -> QuerySet[Doctor]:
    """Doctors who see people in a department, by name."""
    return doctors_of_departments([department_id])


def doctors_of_departments(department_ids: Iterable[UUID]) -> QuerySet[Doctor]:
    """Doctors who see people in any of these departments, by name."""
    serving = DoctorDepartment.objects.filter(department_id__in=list(department_ids))
    return doctors().filter(id__in=serving.values("doctor_id"))


def counters() -> QuerySet[Counter]:
    """All counters with room and department, by name."""
    return Counter.objects.select_related("room", "department").order_by("name", "id")


def counter_of(counter_id: UUID) -> Counter:
    """A counter with room and department. Raises `NotFound`."""
    found = one(counters().filter(id=counter_id))
    if found is None:
        raise NotFound
    return found


RULES = (
    "grace_minutes",
    "late_penalty_minutes",
    "walk_in_penalty_minutes",
    "head_start_elderly",
    "head_start_child",
    "head_start_pregnant",
    "head_start_disabled",
    "pin_after_overtakes",
    "queue_limit",
    "recall_after",
    "most_missed_calls",
    "no_show_grace_minutes",
    "carries_over",
)
"""What a department's rules of calling consist of, by column."""


class QueuePolicyOut(Shape):
    """A policy's minutes and limits, under the names by which they are changed."""

    graceMinutes = serializers.IntegerField(source="grace_minutes")
    latePenaltyMinutes = serializers.IntegerField(source="late_penalty_minutes")
    walkInPenaltyMinutes = serializers.IntegerField(source="walk_in_penalty_minutes")
    headStartElderly = serializers.IntegerField(source="head_start_elderly")
    headStartChild = serializers.IntegerField(source="head_start_child")
    headStartPregnant = serializers.IntegerField(source="head_start_pregnant")
    headStartDisabled = serializers.IntegerField(source="head_start_disabled")
    pinAfterOvertakes = serializers.IntegerField(source="pin_after_overtakes")
    queueLimit = serializers.IntegerField(source="queue_limit")
    recallAfter = serializers.IntegerField(source="recall_after")
    mostMissedCalls = serializers.IntegerField(source="most_missed_calls")
    noShowGraceMinutes = serializers.IntegerField(source="no_show_grace_minutes")
    carriesOver = serializers.BooleanField(source="carries_over")


def policy_values(policy: QueuePolicy) -> dict[str, Any]:
    """A policy's rules as a version keeps them."""
    return {column: getattr(policy, column) for column in RULES}


def policy_versions(department_id: UUID) -> QuerySet[PolicyVersion]:
    """Every version of a department's rules that is kept, the latest first."""
    return PolicyVersion.objects.filter(department_id=department_id).order_by("-version")


class DepartmentOut(Shape):
    """A department as everybody may read it."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    letter = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField([str(k) for k in DepartmentKind])
    status = serializers.ChoiceField([str(s) for s in DepartmentStatus])


class DepartmentDetailOut(DepartmentOut):
    """A department with its queue policy."""

    policy = QueuePolicyOut()


class DoctorOut(Shape):
    """A doctor as staff may read it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    departments = serializers.ListField(child=serializers.UUIDField(), source="department_ids")
    room = serializers.SerializerMethodField()
    availability = serializers.ChoiceField([str(a) for a in Availability])
    awayReason = serializers.CharField(source="away_reason")
    backAt = serializers.DateTimeField(source="back_at", allow_null=True)
    specialization = serializers.CharField()
    licenseNumber = serializers.CharField(source="license_number")
    qualifications = serializers.CharField()
    experienceYears = serializers.IntegerField(source="experience_years")
    averageConsultationMinutes = serializers.IntegerField(source="average_consultation_minutes")
    workingDays = serializers.ListField(child=serializers.IntegerField(), source="working_days")
    version = serializers.IntegerField()

    def get_room(self, doctor: Any) -> dict[str, str] | None:
        """The doctor's room: id, number and symbol."""
        room = doctor.room
        return {"id": str(room.id), "number": room.number, "symbol": room.symbol} if room else None


def department_json(department: Any) -> dict[str, Any]:
    """A department as a row of the contract."""
    return DepartmentOut.of(department)


def doctor_json(doctor: Any) -> dict[str, Any]:
    """A doctor as a row of the contract."""
    return DoctorOut.of(doctor)
