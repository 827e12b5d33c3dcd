"""Diagnosing over HTTP: the table of codes, and what is diagnosed on a visit."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.encounters.api.shapes import AfterwardsOut
from apps.encounters.commands import add_diagnosis, set_diagnoses
from apps.encounters.queries.diagnoses import diagnosis_codes
from apps.encounters.queries.papers import parts_of
from apps.encounters.rules.outcome import LONGEST_DIAGNOSIS, MOST_DIAGNOSES


class CodeOut(Shape):
    """A code of ICD-10-CM."""

    code = serializers.CharField()
    title = serializers.CharField()


class CodePage(serializers.Serializer[Any]):
    """One page of codes."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CodeOut(many=True)


class CodeQuery(serializers.Serializer[Any]):
    """The beginning of a code, or words of a title."""

    search = TextField(required=False, default="", allow_blank=True, max_length=80)


class DiagnosisIn(serializers.Serializer[Any]):
    """A code of the table, what begins with one, or free words."""

    code = TextField(required=False, allow_blank=True, max_length=8)
    text = TextField(required=False, allow_blank=True, max_length=LONGEST_DIAGNOSIS)


class DiagnosesIn(serializers.Serializer[Any]):
    """All diagnoses of a visit, the principal one first."""

    diagnoses = serializers.ListField(child=DiagnosisIn(), max_length=MOST_DIAGNOSES)


class DiagnosisCodes(Endpoint):
    """The table of codes."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(
        parameters=[CodeQuery, OpenApiParameter("page", int), OpenApiParameter("pageSize", int)], responses=CodePage
    )
    def get(self, request: Request) -> Response:
        """Codes that begin with what is searched, or whose titles hold its words; the common ones first."""
        return self.page(diagnosis_codes(self.read_query(CodeQuery)["search"]), CodeOut.of)


class Diagnoses(Endpoint):
    """What is diagnosed on a visit, while the patient is in the room; signed with the note."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=DiagnosisIn, responses={201: AfterwardsOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Add a diagnosis; the first is the principal one. It changes neither the note's nor the visit's version."""
        told = {"text": "", **self.read(DiagnosisIn)}
        return self.run(add_diagnosis, drafted, 201, visit_id=visit_id, **told)

    @extend_schema(request=DiagnosesIn, responses=AfterwardsOut)
    def put(self, request: Request, visit_id: UUID) -> Response:
        """These diagnoses in place of those before, the principal one first."""
        return self.run(set_diagnoses, drafted, visit_id=visit_id, **self.read(DiagnosesIn))


def drafted(encounter: Any) -> dict[str, Any]:
    """What the consultation comes to by now."""
    return AfterwardsOut.of(parts_of(encounter.outcome))
