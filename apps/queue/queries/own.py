"""A visit as its holder sees it: place, who is being served, no other person."""

from typing import Any

from apps.queue.models import Visit
from apps.queue.queries.visits import position
from apps.queue.rules.states import ACTIVE


def now_serving(visit: Visit) -> list[str]:
    """Labels of the tokens that are called or with a doctor in this department, latest call first."""
    active = Visit.objects.filter(department_id=visit.department_id, state__in=sorted(ACTIVE))
    return [v.token.label for v in active.select_related("token").order_by("-called_at")[:20]]


def own_visit(visit: Visit) -> dict[str, Any]:
    """`GET patient/visits/{id}` without the prescription, which `encounters` adds."""
    return {
        "visitId": str(visit.id),
        "tokenNumber": visit.token.token_number,
        "tokenLabel": visit.token.label,
        "state": visit.state,
        "position": position(visit),
        "nowServing": now_serving(visit),
        "department": {"id": str(visit.department_id), "name": visit.department.name},
        "etaFrom": None,
        "etaTo": None,
        "etaReason": None,
        "prescription": None,
        "version": visit.version,
    }
