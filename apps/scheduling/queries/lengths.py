"""Types of visit, and how long each takes with a doctor."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from rest_framework import serializers

from apps.core.errors import Invalid, sentence
from apps.core.shapes import Shape
from apps.scheduling.models import Department, OwnLength, VisitType
from apps.scheduling.rules.lengths import USUAL, Length


class TypeOfVisit(NamedTuple):
    """A type of visit as one can choose it, with its length with a doctor."""

    id: UUID
    name: str
    minutes: int
    names: Mapping[str, str] = {}

    @property
    def length(self) -> Length:
        """What is agreed by choosing it."""
        return Length(self.id, self.minutes)


def visit_types(doctor_id: UUID, department_ids: Collection[UUID], *, by_patient: bool) -> list[TypeOfVisit]:
    """What somebody can come for to a doctor, the shortest first; `by_patient`, what patients may choose."""
    own = OwnLength.objects.filter(doctor_id=doctor_id, visit_type_id=OuterRef("id")).values("minutes")
    found = VisitType.objects.filter(
        department_id__in=list(department_ids), department__doctors=doctor_id, is_active=True
    ).annotate(takes=Coalesce(Subquery(own), F("minutes")))
    if by_patient:
        found = found.filter(by_patients=True)
    return [TypeOfVisit(*row) for row in found.order_by("takes", "name").values_list("id", "name", "takes", "names")]


def agreed_length(
    visit_type_id: UUID | None, *, doctor_id: UUID, department_ids: Collection[UUID], by_patient: bool = False
) -> Length:
    """How long a visit is that somebody books now. Raises `Invalid` for a type that is not to be had there."""
    if visit_type_id is None:
        return USUAL
    kinds = visit_types(doctor_id, department_ids, by_patient=by_patient)
    chosen = next((kind for kind in kinds if kind.id == visit_type_id), None)
    if chosen is None:
        raise Invalid({"visitTypeId": [sentence("This doctor does not offer this type of visit here.")]})
    return chosen.length


class VisitTypeOut(Shape):
    """A type of visit with its length with the doctor."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    minutes = serializers.IntegerField()


def visit_type_json(kind: TypeOfVisit) -> dict[str, Any]:
    """A type of visit for whoever wants to book."""
    return VisitTypeOut.of(kind)


def journey_of_type(visit_type_id: UUID) -> UUID | None:
    """The journey that whoever comes for this begins by themselves; None where the department's is theirs."""
    return VisitType.objects.filter(id=visit_type_id).values_list("usual_journey_id", flat=True).first()


def usual_journeys() -> list[dict[str, Any]]:
    """What a journey can be usual for: `{kind, id, name, department, journey_id}`, the departments with their types."""
    departments = Department.objects.order_by("code").values_list("id", "name", "usual_journey_id")
    types = VisitType.objects.filter(is_active=True).order_by("department__code", "name")
    rows = types.values_list("id", "name", "department_id", "department__name", "usual_journey_id")
    found = []
    for department_id, name, journey_id in departments:
        found.append({"kind": "d", "id": department_id, "name": "", "department": name, "journey_id": journey_id})
        found += [
            {"kind": "t", "id": id_, "name": type_name, "department": name, "journey_id": usual}
            for id_, type_name, of, name, usual in rows
            if of == department_id
        ]
    return found
