"""Finishing a consultation, and the holder's own visit with what was prescribed."""

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.encounters.api.shapes import AfterwardsOut
from apps.encounters.commands import complete, undo
from apps.encounters.queries import history, history_values, signed_prescription
from apps.encounters.queries.papers import paper_of
from apps.encounters.rules import LONGEST_PRESCRIPTION
from apps.patients.commands import note_opened
from apps.patients.queries import get as get_patient
from apps.patients.queries import require_fresh_code
from apps.queue.queries.own import own_visit, own_visit_of
from apps.queue.queries.shapes.visits import OwnVisitOut, SnapshotOut
from apps.queue.queries.visits import snapshot

PAGING = [OpenApiParameter("page", int), OpenApiParameter("pageSize", int, description="At most 100")]


class PastVisit(serializers.Serializer[Any]):
    """A past visit; `symptoms`, `diagnoses` and `prescription` are there for who may see them, where there are some."""

    visitId = serializers.UUIDField()
    day = serializers.DateField()
    tokenNumber = serializers.CharField()
    department = serializers.DictField()
    doctor = serializers.CharField(allow_null=True)
    state = serializers.CharField()
    symptoms = serializers.ListField(child=serializers.CharField(), required=False)
    diagnoses = serializers.ListField(child=serializers.DictField(), required=False)
    prescription = serializers.DictField(required=False)


class HistoryPage(serializers.Serializer[Any]):
    """One page of past visits."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PastVisit(many=True)


class PrescribedOut(Shape):
    """A signed prescription, without its text."""

    prescriptionId = serializers.UUIDField(source="id")
    version = serializers.IntegerField()
    signedAt = serializers.DateTimeField(source="signed_at")


class CompletedOut(SnapshotOut):
    """A completed visit; `prescription` is null when nothing was prescribed."""

    prescription = PrescribedOut(allow_null=True)


class UndoIn(serializers.Serializer[Any]):
    """A move of a visit that the caller has seen in some version."""

    expectedVersion = serializers.IntegerField(
        min_value=1, max_value=2_147_483_647, source="expected_version", required=False
    )


class CompleteIn(UndoIn):
    """Finish a consultation, with what was prescribed."""

    doctorId = serializers.UUIDField(source="doctor_id", required=False)
    prescriptionText = TextField(
        source="prescription_text", required=False, allow_blank=True, max_length=LONGEST_PRESCRIPTION
    )


def completed_json(done: tuple[Any, Any]) -> dict[str, Any]:
    """The completed visit's snapshot with the prescription's metadata (never its text)."""
    visit, prescription = done
    return CompletedOut.of(snapshot(visit) | {"prescription": prescription})


class Undo(Endpoint):
    """Taking back the last move of a visit."""

    policy = Permission.VISIT_HOLD

    @extend_schema(request=UndoIn, responses=SnapshotOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Within a minute whoever made the last move may take it back, if nothing rests on it: all is as it was."""
        return self.run(undo, snapshot, visit_id=visit_id, **self.read(UndoIn))


class Complete(Endpoint):
    """Finish a consultation."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=CompleteIn, responses=CompletedOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Complete the visit and sign the prescription in the same transaction."""
        return self.run(complete, completed_json, visit_id=visit_id, **self.read(CompleteIn))


class VisitsOfPatient(Endpoint):
    """A patient's past visits with what was prescribed."""

    policy = Permission.PATIENT_READ

    @extend_schema(operation_id="patients_visits", parameters=PAGING, responses=HistoryPage, tags=["patients"])
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Visits of one's own departments, newest first; while the glass is broken, of all. Reading is audited."""
        patient = get_patient(patient_id)
        found = history(self.actor, patient.id, self.now)
        answer = self.page_of(found.visits, lambda visits: history_values(visits, found, self.actor))
        note_opened(actor=self.actor, now=self.now, patient_id=patient.id, by="history")
        return answer


class OwnVisit(Endpoint):
    """A visit for its own holder."""

    policy = Permission.VISIT_READ_OWN

    @extend_schema(responses=OwnVisitOut)
    def get(self, request: Request, visit_id: UUID) -> Response:
        """See one's own place in the queue and, once signed, the prescription, which no tracking link shows. From then
        on a sign-in by phone needs a code of the last half hour (401 `code_too_old`): it opens a whole family's."""
        visit = own_visit_of(self.actor, visit_id)
        answer = own_visit(visit)
        signed = signed_prescription(visit_id) if self.actor.may(Permission.PRESCRIPTION_READ_OWN) else None
        if signed:
            if self.actor.phone_index:
                require_fresh_code(self.actor, self.now)
            note_opened(actor=self.actor, now=self.now, patient_id=visit.patient_id, by="prescription")
            answer["prescription"] = {
                "prescriptionId": str(signed.id),
                "version": signed.version,
                "signedAt": signed.signed_at.isoformat(),
                "text": signed.content,
                **_handed_out(visit_id),
            }
        return Response(answer)


def _handed_out(visit_id: UUID) -> dict[str, Any]:
    """What else was signed for the holder: `advice`, `diets`, `referrals`, `followUp`, in their language."""
    parts = paper_of(visit_id, get_language() or "")
    assert parts, "a prescription was signed"
    told = AfterwardsOut.of(parts)
    return {"advice": parts.advice} | {name: told[name] for name in ("diets", "referrals", "followUp")}
