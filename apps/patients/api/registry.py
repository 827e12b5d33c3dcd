"""Patients over HTTP: register, find, open, correct, identify."""

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit.commands import record_opened
from apps.core.api import Endpoint
from apps.core.policy import Actor, Fields, Permission
from apps.patients import commands, queries
from apps.patients.models import Patient
from apps.patients.rules.identifiers import IdentifierKind
from apps.patients.serializers import (
    ChangeBody,
    IdentifierBody,
    IdentifierPage,
    IdentifierRow,
    PatientPage,
    PatientRecord,
    PatientRow,
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
        record_opened(actor=self.actor, now=self.now, entity_type="patient", entity_id=patient.id)
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


COLUMNS = ("birth_date", "birth_date_estimated", "version", "pregnant", "disabled", "created_at")
SEALED = ("phone", "address")
"""Columns that only an opened record shows: lists leave them where they are."""


def shown(patient: Patient, now: datetime, actor: Actor) -> dict[str, Any]:
    """What somebody may see of a record and of what follows from it today, for the serializers to choose from."""
    sealed = [] if patient.get_deferred_fields() else SEALED
    columns = {column: getattr(patient, column) for column in (*COLUMNS, *sealed)}
    return queries.brief(patient, now, actor) | actor.seen(columns)
