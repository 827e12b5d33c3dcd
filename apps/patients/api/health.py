"""Allergies and long-term conditions over HTTP."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Fields, Permission
from apps.core.shapes import Shape
from apps.patients.commands import note_health_fact, note_opened, set_fact_status
from apps.patients.queries import fact_json, get, health_facts
from apps.patients.rules.health import LONGEST_FACT, FactKind, FactStatus, Severity


class HealthFactOut(Shape):
    """An allergy or a long-term condition; a condition has no severity."""

    factId = serializers.UUIDField()
    kind = serializers.CharField()
    what = serializers.CharField()
    reaction = serializers.CharField()
    severity = serializers.CharField(allow_null=True)
    sinceYear = serializers.IntegerField(allow_null=True)
    status = serializers.CharField()
    notedAt = serializers.DateTimeField()


class HealthFactsOut(Shape):
    """All that is noted of a person, also what is over."""

    facts = HealthFactOut(many=True)


class HealthFactIn(serializers.Serializer[Any]):
    """What is noted: an allergy needs a severity."""

    kind = serializers.ChoiceField([str(kind) for kind in FactKind])
    what = TextField(max_length=LONGEST_FACT)
    reaction = TextField(required=False, allow_blank=True, max_length=LONGEST_FACT)
    severity = serializers.ChoiceField([str(severity) for severity in Severity], required=False)
    sinceYear = serializers.IntegerField(source="since_year", required=False, min_value=0, max_value=9999)


class FactStatusIn(serializers.Serializer[Any]):
    """Whether something noted still holds."""

    status = serializers.ChoiceField([str(status) for status in FactStatus])


class HealthFacts(Endpoint):
    """A person's allergies and long-term conditions."""

    policy = Permission.HEALTH_NOTE

    @extend_schema(operation_id="patient_health", responses=HealthFactsOut, tags=["patients"])
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Read them; reading is audited."""
        self.actor.require_sight(Fields.HEALTH)
        patient = get(patient_id)
        answer = HealthFactsOut.of({"facts": [fact_json(f) for f in health_facts(patient.id, only_active=False)]})
        note_opened(actor=self.actor, now=self.now, patient_id=patient.id, by="health")
        return Response(answer)

    @extend_schema(
        operation_id="patient_health_note", request=HealthFactIn, responses={201: HealthFactOut}, tags=["patients"]
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Note one."""
        body = self.read(HealthFactIn)
        body["kind"] = FactKind(body["kind"])
        return self.run(note_health_fact, _fact, 201, patient_id=patient_id, **body)


class HealthFactStatus(Endpoint):
    """One of them."""

    policy = Permission.HEALTH_NOTE

    @extend_schema(
        operation_id="patient_health_status", request=FactStatusIn, responses=HealthFactOut, tags=["patients"]
    )
    def patch(self, request: Request, patient_id: UUID, fact_id: UUID) -> Response:
        """Say that it holds, is over or was a mistake."""
        status = FactStatus(self.read(FactStatusIn)["status"])
        return self.run(set_fact_status, _fact, patient_id=patient_id, fact_id=fact_id, status=status)


def _fact(fact: Any) -> dict[str, Any]:
    return HealthFactOut.of(fact_json(fact))
