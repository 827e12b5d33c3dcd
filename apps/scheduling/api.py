"""Masters: departments to read, doctors to read and keep."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import ActorType, Permission, either
from apps.scheduling import commands, queries
from apps.scheduling.queries import (
    DepartmentDetailOut,
    DepartmentOut,
    DoctorOut,
    VisitTypeOut,
    department_json,
    doctor_json,
)
from apps.scheduling.rules import Availability

TO_CHOOSE = either(Permission.MASTERS_READ, Permission.DIRECTORY_READ)
"""Of routes that patients use too, to choose where and whom to see."""


class DoctorProfileIn(serializers.Serializer[Any]):
    """What may be changed of a doctor; all optional."""

    name = TextField(max_length=80, required=False)
    specialization = TextField(max_length=80, required=False, allow_blank=True)
    licenseNumber = TextField(max_length=40, source="license_number", required=False)
    qualifications = TextField(max_length=200, required=False, allow_blank=True)
    experienceYears = serializers.IntegerField(min_value=0, max_value=80, source="experience_years", required=False)
    averageConsultationMinutes = serializers.IntegerField(
        min_value=1, max_value=240, source="average_consultation_minutes", required=False
    )
    workingDays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        max_length=7,
        source="working_days",
        required=False,
    )
    expectedVersion = serializers.IntegerField(
        min_value=1, max_value=2_147_483_647, source="expected_version", required=False
    )


class DoctorIn(DoctorProfileIn):
    """A new doctor: name, licence and departments are needed."""

    name = TextField(max_length=80)
    licenseNumber = TextField(max_length=40, source="license_number")
    departments = serializers.ListField(
        child=serializers.UUIDField(), source="department_ids", min_length=1, max_length=20
    )
    expectedVersion = None  # type: ignore[assignment]


class DoctorFilter(serializers.Serializer[Any]):
    """`?department=&available=`"""

    department = serializers.UUIDField(required=False)
    available = serializers.BooleanField(required=False, allow_null=True, default=None)


class Departments(Endpoint):
    """Departments of the facility."""

    policy = TO_CHOOSE

    @extend_schema(responses=DepartmentOut(many=True))
    def get(self, request: Request) -> Response:
        """List departments by code; for patients those in which one can book."""
        return self.page(queries.departments_for(self.actor), department_json)


class DepartmentDetail(Endpoint):
    """One department."""

    policy = TO_CHOOSE

    @extend_schema(responses=DepartmentDetailOut)
    def get(self, request: Request, department_id: UUID) -> Response:
        """Read a department with its queue policy."""
        known = queries.departments_for(self.actor)
        return Response(DepartmentDetailOut.of(queries.found_in(known.select_related("policy"), department_id)))


class Doctors(Endpoint):
    """Doctors of the facility."""

    policy = {"GET": TO_CHOOSE, "POST": Permission.MASTERS_CHANGE}

    @extend_schema(parameters=[DoctorFilter], responses=DoctorOut(many=True))
    def get(self, request: Request) -> Response:
        """List doctors, of one department or only those who see people now; for patients those of clinics."""
        wanted = self.read_query(DoctorFilter)
        found = queries.doctors_for(self.actor, wanted.get("department"))
        if wanted["available"] is not None:
            found = (
                found.filter(availability=Availability.AVAILABLE)
                if wanted["available"]
                else found.exclude(availability=Availability.AVAILABLE)
            )
        return self.page(found, doctor_json)

    @extend_schema(request=DoctorIn, responses={201: DoctorOut})
    def post(self, request: Request) -> Response:
        """Register a doctor."""
        return self.run(
            commands.register_doctor,
            lambda doctor: doctor_json(queries.doctor_of(doctor.id)),
            success=201,
            **self.read(DoctorIn),
        )


class DoctorDetail(Endpoint):
    """One doctor."""

    policy = {"GET": TO_CHOOSE, "PATCH": Permission.MASTERS_CHANGE}

    @extend_schema(responses=DoctorOut)
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """Read a doctor."""
        return Response(doctor_json(queries.found_in(queries.doctors_for(self.actor), doctor_id)))

    @extend_schema(request=DoctorProfileIn, responses=DoctorOut)
    def patch(self, request: Request, doctor_id: UUID) -> Response:
        """Change a doctor's profile."""
        return self.run(
            commands.change_doctor,
            lambda doctor: doctor_json(queries.doctor_of(doctor.id)),
            doctor_id=doctor_id,
            **self.read(DoctorProfileIn, partial=True),
        )


class VisitTypes(Endpoint):
    """What people come for to a doctor, and how long it takes."""

    policy = either(Permission.MASTERS_READ, Permission.BOOKING_CREATE_OWN)

    @extend_schema(responses=VisitTypeOut(many=True))
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """List a doctor's types of visit, the shortest first; patients see those that they may choose."""
        doctor = queries.doctor_of(doctor_id)
        own = self.actor.type is ActorType.PATIENT
        kinds = queries.visit_types(doctor.id, doctor.department_ids, by_patient=own)
        return self.page(kinds, queries.visit_type_json)
