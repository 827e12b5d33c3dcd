"""Departments kept by the administrator, availability, check-in codes."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rules.qr import qr_svg
from apps.core.api import Endpoint
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.queue import commands
from apps.queue.api import shapes
from apps.queue.queries.links import checkin_url
from apps.scheduling.commands import create_department
from apps.scheduling.queries import DepartmentOut, DoctorOut, department_json, doctor_json, doctor_of


class AdminDepartments(Endpoint):
    """Opening departments."""

    policy = Permission.MASTERS_CHANGE

    @extend_schema(request=shapes.DepartmentIn, responses={201: DepartmentOut})
    def post(self, request: Request) -> Response:
        """Open a department; without a letter the first free one is taken."""
        return self.run(create_department, department_json, success=201, **self.read(shapes.DepartmentIn))


class AdminDepartment(Endpoint):
    """Changing and closing a department."""

    policy = Permission.MASTERS_CHANGE

    @extend_schema(request=shapes.DepartmentChangeIn, responses=DepartmentOut)
    def patch(self, request: Request, department_id: UUID) -> Response:
        """Change a department; closing it while people wait is refused with 409."""
        fields = self.read(shapes.DepartmentChangeIn, partial=True)
        return self.run(commands.change_department, department_json, department_id=department_id, **fields)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, department_id: UUID) -> Response:
        """Close a department for good; refused with 409 while people wait."""
        self.run(commands.delete_department, lambda _: {}, department_id=department_id)
        return Response(status=204)


class Newcomers(Endpoint):
    """Whether a queue takes people who were not expected."""

    policy = Permission.SCHEDULE_CHANGE

    @extend_schema(request=shapes.NewcomersIn, responses=DepartmentOut)
    def patch(self, request: Request, department_id: UUID) -> Response:
        """Close a queue to newcomers for the rest of the day, for a reason, or open it again."""
        return self.run(
            commands.take_newcomers, department_json, department_id=department_id, **self.read(shapes.NewcomersIn)
        )


class DoctorStatus(Endpoint):
    """A doctor's availability."""

    policy = Permission.VISIT_CALL

    @extend_schema(request=shapes.AvailabilityIn, responses=DoctorOut)
    def patch(self, request: Request, doctor_id: UUID) -> Response:
        """Begin, pause or end seeing people."""
        fields = self.read(shapes.AvailabilityIn)
        return self.run(
            commands.set_availability,
            lambda doctor: doctor_json(doctor_of(doctor.id)),
            doctor_id=doctor_id,
            **fields,
        )


class QrCodeOut(Shape):
    """A check-in code for one person, with its picture."""

    url = serializers.CharField()
    signedCheckinToken = serializers.CharField()
    svg = serializers.CharField()
    expiresAt = serializers.DateTimeField()


class QrCodes(Endpoint):
    """Check-in codes for the hall."""

    policy = Permission.QRCODE_CREATE

    @extend_schema(request=shapes.QrCodeIn, responses={201: QrCodeOut})
    def post(self, request: Request) -> Response:
        """Make a signed check-in code for one person, with its picture."""
        return self.run(commands.create_checkin_link, qr_json, success=201, **self.read(shapes.QrCodeIn))


def qr_json(made: tuple[str, Any]) -> dict[str, Any]:
    """`{url, signedCheckinToken, svg, expiresAt}` of a check-in link."""
    token, expires_at = made
    url = checkin_url(token)
    return QrCodeOut.of({"url": url, "signedCheckinToken": token, "svg": qr_svg(url), "expiresAt": expires_at})
