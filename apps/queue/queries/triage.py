"""The hospital's words for what cannot wait."""

from uuid import UUID

from django.db.models import Q

from apps.queue.models import TriageRule


def phrases(department_ids: list[UUID]) -> list[str]:
    """What makes a visit urgent in any of these departments, each phrase once, by the alphabet."""
    here = Q(department_id__in=department_ids) | Q(department_id__isnull=True)
    return list(
        TriageRule.objects.filter(here, active=True).order_by("phrase").values_list("phrase", flat=True).distinct()
    )
