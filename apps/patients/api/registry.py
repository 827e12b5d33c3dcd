"""Patients over HTTP: register, find, open, correct, identify."""

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.queries import staff_names
from apps.audit.commands import record_opened
from apps.audit.queries import openings
from apps.core.api import Endpoint
from apps.core.policy import Actor, Fields, Permission, either
from apps.patients import commands, queries
from apps.patients.models import EmergencyAccess, Patient
from apps.patients.rules.identifiers import IdentifierKind
from apps.patients.serializers import (
    AccessRow,
    ChangeBody,
    IdentifierBody,
    IdentifierPage,
    IdentifierRow,
    OpeningPage,
    PatientPage,
    PatientRecord,
    PatientRow,
    ReasonBody,
    Registered,
    RegistrationBody,
    SearchQuery,
)

READ_OR_REGISTER = {"GET": Permission.PATIENT_READ, "POST": Permission.PATIENT_REGISTER}
PAGING = [OpenApiParameter("page", int), OpenApiParameter("pageSize", int, description="At most 100")]


class Patients(Endpoint):
    """The registry: find somebody, or register them."""

    policy = READ_OR_REGISTER

    @extend_schema(
        operation_id="patients_search", parameters=[SearchQuery, *PAGING], responses=PatientPage, tags=["patients"]
    )
    def get(self, request: Request) -> Response:
        """Records that a search finds, the best first; without one the newest."""
        found = queries.search(self.read_query(SearchQuery)["search"], self.actor)
        return self.page(found, lambda patient: dict(PatientRow(shown(patient, self.now, self.actor)).data))

    @extend_schema(
        operation_id="patients_register",
        request=RegistrationBody,
        responses={201: Registered},
        tags=["patients"],
    )
    def post(self, request: Request) -> Response:
        """Register a person; the answer names those who may be the same."""
        body = self.read(RegistrationBody)
        given = [(IdentifierKind(i["kind"]), i["value"]) for i in body.pop("identifiers", [])]
        asked = {key: body[key] for key in ("name", "phone", "birth_date", "age") if key in body}

        def render(patient: Patient) -> dict[str, Any]:
            alike = queries.likely_duplicates(actor=self.actor, now=self.now, excluding=patient.id, **asked)
            return dict(Registered(shown(patient, self.now, self.actor) | {"duplicates": alike}).data)

        return self.run(commands.register, render, 201, identifiers=given, **body)


class PatientDetail(Endpoint):
    """One record."""

    policy = {"GET": Permission.PATIENT_READ, "PATCH": Permission.PATIENT_REGISTER}

    @extend_schema(operation_id="patients_open", responses=PatientRecord, tags=["patients"])
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Open a record: of it, what the reader's role may see. That it was opened is audited."""
        patient = queries.get(patient_id)
        commands.note_opened(actor=self.actor, now=self.now, patient_id=patient.id)
        return Response(PatientRecord(shown(patient, self.now, self.actor)).data)

    @extend_schema(operation_id="patients_change", request=ChangeBody, responses=PatientRow, tags=["patients"])
    def patch(self, request: Request, patient_id: UUID) -> Response:
        """Correct a record that nobody changed meanwhile."""
        return self.run(
            commands.change,
            lambda patient: dict(PatientRow(shown(patient, self.now, self.actor)).data),
            patient_id=patient_id,
            **self.read(ChangeBody),
        )


class PatientIdentifiers(Endpoint):
    """The further identifiers of a record."""

    policy = READ_OR_REGISTER

    @extend_schema(operation_id="patient_identifiers", parameters=PAGING, responses=IdentifierPage, tags=["patients"])
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Kinds and last characters."""
        self.actor.require_sight(Fields.IDENTIFIERS)
        identifiers = queries.identifiers(queries.get(patient_id).id)
        return self.page(identifiers, lambda identifier: dict(IdentifierRow(identifier).data))

    @extend_schema(
        operation_id="patient_identifiers_add",
        request=IdentifierBody,
        responses={201: IdentifierRow},
        tags=["patients"],
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Add an identifier; one that belongs to somebody else is refused."""
        body = self.read(IdentifierBody)
        return self.run(
            commands.add_identifier,
            lambda identifier: dict(IdentifierRow(identifier).data),
            201,
            patient_id=patient_id,
            kind=IdentifierKind(body["kind"]),
            value=body["value"],
        )


class BreakGlass(Endpoint):
    """A record of other departments, in an emergency."""

    policy = Permission.BREAK_GLASS

    @extend_schema(
        operation_id="patients_break_glass", request=ReasonBody, responses={201: AccessRow}, tags=["patients"]
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Read all of a patient's visits for half an hour. Administrators are told, and see the reason."""
        body = self.read(ReasonBody)
        return self.run(commands.break_glass, access_values, 201, patient_id=patient_id, **body)

    @extend_schema(operation_id="patients_end_break_glass", request=None, responses={200: AccessRow}, tags=["patients"])
    def delete(self, request: Request, patient_id: UUID) -> Response:
        """Close it before its time."""
        return self.run(commands.end_break_glass, access_values, patient_id=patient_id)


class AccessLog(Endpoint):
    """Who opened a record: for the administration, and for the family, after a fresh code."""

    policy = either(Permission.AUDIT_READ, Permission.PATIENT_OWN)

    @extend_schema(operation_id="patients_access_log", parameters=PAGING, responses=OpeningPage, tags=["patients"])
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Who opened this record, when and by what right, newest first. Reading it is recorded too."""
        found = openings(self.actor.facility_id, self._whose(patient_id))
        who = found.order_by().values_list("actor_id", flat=True).distinct()
        names = staff_names({staff_id for staff_id in who if staff_id})
        answer = self.page(found, lambda entry: opening_values(entry, names))
        record_opened(actor=self.actor, now=self.now, entity_type="audit", entity_id=f"patient:{patient_id}")
        return answer

    def _whose(self, patient_id: UUID) -> UUID:
        """The record, for who may ask about it. Raises `NotFound`, `CodeTooOld`."""
        if self.actor.may(Permission.AUDIT_READ):
            return queries.get(patient_id).id
        queries.require_fresh_code(self.actor, self.now)
        return queries.own_person(self.actor, patient_id).id


def access_values(access: EmergencyAccess) -> dict[str, Any]:
    """An emergency access for whoever has it."""
    return {
        "accessId": str(access.id),
        "endsAt": access.ends_at.isoformat(),
        "endedAt": access.ended_at.isoformat() if access.ended_at else None,
    }


def opening_values(entry: Any, names: dict[UUID, str]) -> dict[str, Any]:
    """One opening of a record, from its entry in the audit trail."""
    return {
        "at": entry.at.isoformat(),
        "actor": {
            "type": entry.actor_type,
            "id": str(entry.actor_id) if entry.actor_id else None,
            "name": names.get(entry.actor_id, ""),
            "role": entry.actor_role or None,
        },
        "action": entry.action,
        "right": entry.reason,
    }


COLUMNS = ("birth_date", "birth_date_estimated", "version", "pregnant", "disabled", "created_at")
SEALED = ("phone", "address")
"""Columns that only an opened record shows: lists leave them where they are."""


def shown(patient: Patient, now: datetime, actor: Actor) -> dict[str, Any]:
    """What somebody may see of a record and of what follows from it today, for the serializers to choose from."""
    sealed = [] if patient.get_deferred_fields() else SEALED
    columns = {column: getattr(patient, column) for column in (*COLUMNS, *sealed)}
    return queries.brief(patient, now, actor) | actor.seen(columns)
