"""A doctor's own templates over HTTP: kept, changed, thrown away, filled into a visit in consultation."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.encounters.api.diagnoses import DiagnosisIn
from apps.encounters.api.encounters import MOST, EncounterOut, NotePartsIn, NotePartsOut
from apps.encounters.api.prescriptions import ItemIn, MedicineLineOut, PrescriptionDraftOut
from apps.encounters.api.shapes import DiagnosisOut
from apps.encounters.commands import templating
from apps.encounters.models import VisitTemplate
from apps.encounters.queries.medicines import draft_json
from apps.encounters.queries.notes import encounter_json, written_of
from apps.encounters.queries.templates import doctor_with_templates, template_of, templates_of
from apps.encounters.rules.notes import PARTS
from apps.encounters.rules.outcome import MOST_DIAGNOSES
from apps.encounters.rules.prescribing import MOST_ITEMS
from apps.encounters.rules.templates import LONGEST_TITLE, MOST_TESTS


class VisitTemplateOut(Shape):
    """A doctor's own template; `tests` are codes of the hospital's list."""

    templateId = serializers.UUIDField(source="id")
    name = serializers.CharField()
    version = serializers.IntegerField()
    note = NotePartsOut()
    diagnoses = DiagnosisOut(many=True)
    items = MedicineLineOut(many=True)
    tests = serializers.ListField(child=serializers.CharField())


class VisitTemplatesOut(Shape):
    """A doctor's own templates, by name."""

    templates = VisitTemplateOut(many=True)


class TemplateFilledOut(Shape):
    """The note as it stands now, the prescription's draft where the template has medicines, and the codes of tests that
    are not offered any more and were left out."""

    note = EncounterOut()
    prescription = PrescriptionDraftOut(allow_null=True)
    leftOut = serializers.ListField(child=serializers.CharField(), source="left_out")


class VisitTemplateIn(serializers.Serializer[Any]):
    """A whole template."""

    name = TextField(max_length=LONGEST_TITLE)
    note = NotePartsIn(required=False, default=dict)
    diagnoses = serializers.ListField(child=DiagnosisIn(), max_length=MOST_DIAGNOSES, required=False, default=list)
    items = serializers.ListField(child=ItemIn(), max_length=MOST_ITEMS, required=False, default=list)
    tests = serializers.ListField(child=TextField(max_length=150), max_length=MOST_TESTS, required=False, default=list)


class VisitTemplateChangeIn(VisitTemplateIn):
    """A whole template over the version that was seen."""

    version = serializers.IntegerField(min_value=1, max_value=MOST)


class TemplateNameIn(serializers.Serializer[Any]):
    """Under which name."""

    name = TextField(max_length=LONGEST_TITLE)


class FillInIn(serializers.Serializer[Any]):
    """Which template; the reason is needed where its medicines are warned of."""

    templateId = serializers.UUIDField(source="template_id")
    overrideReason = TextField(source="override_reason", required=False, allow_blank=True, max_length=200)


class VisitTemplates(Endpoint):
    """A doctor's own templates."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(operation_id="visit_templates", responses=VisitTemplatesOut)
    def get(self, request: Request) -> Response:
        """All of one's own, by name."""
        rows = templates_of(doctor_with_templates(self.actor))
        return Response(VisitTemplatesOut.of({"templates": [_told(row) for row in rows]}))

    @extend_schema(request=VisitTemplateIn, responses={201: VisitTemplateOut})
    def post(self, request: Request) -> Response:
        """Keep one. 409 `template_named` where there is one of this name."""
        return self.run(templating.make_template, _out, 201, **self.read(VisitTemplateIn))


class VisitTemplateDetail(Endpoint):
    """One of a doctor's own templates."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(responses=VisitTemplateOut)
    def get(self, request: Request, visit_template_id: UUID) -> Response:
        """As it stands."""
        return Response(_out(template_of(doctor_with_templates(self.actor), visit_template_id)))

    @extend_schema(request=VisitTemplateChangeIn, responses=VisitTemplateOut)
    def put(self, request: Request, visit_template_id: UUID) -> Response:
        """Write it anew. 409 `template_changed` when it was changed meanwhile."""
        told = self.read(VisitTemplateChangeIn)
        return self.run(templating.change_visit_template, _out, template_id=visit_template_id, **told)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, visit_template_id: UUID) -> Response:
        """Throw it away."""
        return self.run(templating.drop_template, lambda _none: {}, 204, template_id=visit_template_id)


class FillIn(Endpoint):
    """A template filled into what is written about the person in the room."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=FillInIn, responses=TemplateFilledOut)
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Empty parts of the note get its words, written ones get them below; lines, diagnoses and tests are added. 409
        `warnings_need_a_reason` as for any medicine: then nothing is filled in."""
        return self.run(templating.fill_in_template, _filled, visit_id=visit_id, **self.read(FillInIn))


class KeepAsTemplate(Endpoint):
    """What is written about the person in the room, kept as a template."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=TemplateNameIn, responses={201: VisitTemplateOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Keep note, diagnoses, medicines and tests under a name."""
        return self.run(templating.keep_as_template, _out, 201, visit_id=visit_id, **self.read(TemplateNameIn))


def _told(row: VisitTemplate) -> dict[str, Any]:
    content = row.content
    note = {part: content["note"].get(part, "") for part in PARTS}
    return {"id": row.id, "name": row.name, "version": row.version, **content, "note": note}


def _out(row: VisitTemplate) -> dict[str, Any]:
    return VisitTemplateOut.of(_told(row))


def _filled(filled: templating.Filled) -> dict[str, Any]:
    note = encounter_json(written_of(filled.encounter.visit_id))
    drafted = draft_json(*filled.drafted) if filled.drafted else None
    return TemplateFilledOut.of({"note": note, "prescription": drafted, "left_out": filled.gone})
