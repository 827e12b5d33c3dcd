"""Prescribing over HTTP: the list of medicines, and drafts."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import Endpoint, TextField
from apps.core.policy import Permission
from apps.core.shapes import Shape
from apps.encounters.commands.prescribing import prescribe
from apps.encounters.queries.medicines import draft_json, medicines
from apps.encounters.rules.prescribing import LONGEST_DAYS, MOST_ITEMS


class MedicineOut(Shape):
    """A medicine of the hospital's list."""

    medicineId = serializers.UUIDField(source="id")
    name = serializers.CharField()
    form = serializers.CharField()
    strength = serializers.CharField()
    ingredients = serializers.ListField(child=serializers.CharField())


class MedicinePage(serializers.Serializer[Any]):
    """One page of medicines."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MedicineOut(many=True)


class MedicineQuery(serializers.Serializer[Any]):
    """What a name has to hold."""

    search = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)


class ItemIn(serializers.Serializer[Any]):
    """A line: a medicine by its id, by what it is called on the list, or any other by name."""

    medicine = TextField(max_length=200)
    dose = TextField(max_length=60, required=False, allow_blank=True)
    frequency = TextField(max_length=40)
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS)
    instructions = TextField(max_length=200, required=False, allow_blank=True)


class PrescriptionIn(serializers.Serializer[Any]):
    """All lines; the reason is needed where there are warnings."""

    items = serializers.ListField(child=ItemIn(), max_length=MOST_ITEMS)
    overrideReason = TextField(source="override_reason", required=False, allow_blank=True, max_length=200)


class WarningOut(Shape):
    """What speaks against it: `allergy`, `duplicate` or `interaction`."""

    kind = serializers.CharField()
    medicines = serializers.ListField(child=serializers.CharField())
    detail = serializers.CharField()


class MedicineLineOut(Shape):
    """A line of medicine."""

    medicine = serializers.CharField()
    dose = serializers.CharField()
    frequency = serializers.CharField()
    days = serializers.IntegerField()
    instructions = serializers.CharField()


class ItemOut(MedicineLineOut):
    """A line as it is kept."""

    ingredients = serializers.ListField(child=serializers.CharField())


class PrescriptionDraftOut(Shape):
    """A draft: `signedAt` is null until the visit is completed."""

    prescriptionId = serializers.UUIDField()
    version = serializers.IntegerField()
    signedAt = serializers.DateTimeField(allow_null=True)
    items = ItemOut(many=True)
    warnings = WarningOut(many=True)


class Medicines(Endpoint):
    """The hospital's list of medicines."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(
        parameters=[MedicineQuery, OpenApiParameter("page", int), OpenApiParameter("pageSize", int)],
        responses=MedicinePage,
    )
    def get(self, request: Request) -> Response:
        """Medicines whose name holds what is searched, by name."""
        return self.page(medicines(self.read_query(MedicineQuery)["search"]), MedicineOut.of)


class Prescriptions(Endpoint):
    """What is prescribed on a visit."""

    policy = Permission.VISIT_CONSULT

    @extend_schema(request=PrescriptionIn, responses={201: PrescriptionDraftOut})
    def post(self, request: Request, visit_id: UUID) -> Response:
        """Draft it, while the patient is in the room; it is signed with the completed visit. 409
        `warnings_need_a_reason`, with the warnings, unless a reason is given."""
        return self.run(prescribe, _drafted, 201, visit_id=visit_id, **self.read(PrescriptionIn))


def _drafted(drafted: Any) -> dict[str, Any]:
    return PrescriptionDraftOut.of(draft_json(*drafted))
