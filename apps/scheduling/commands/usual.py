"""Which journey people begin by themselves, by what they come for."""

from collections.abc import Collection
from uuid import UUID

from apps.core.commands import step
from apps.scheduling.models import Department, VisitType


@step
def set_usual_journey(journey_id: UUID, department_ids: Collection[UUID], visit_type_ids: Collection[UUID]) -> None:
    """A journey is usual in these departments and for these types of visit, and nowhere else."""
    for rows, ids in ((Department.objects.all(), department_ids), (VisitType.objects.all(), visit_type_ids)):
        rows.filter(usual_journey_id=journey_id).exclude(id__in=ids).update(usual_journey_id=None)
        rows.filter(id__in=ids).update(usual_journey_id=journey_id)
