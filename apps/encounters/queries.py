"""Shared reads of encounters."""

from uuid import UUID

from apps.encounters.models import Prescription


def signed_prescription(visit_id: UUID) -> Prescription | None:
    """The latest signed prescription of a visit; only what was signed is ever shown."""
    return Prescription.objects.filter(visit_id=visit_id).order_by("-version").first()
