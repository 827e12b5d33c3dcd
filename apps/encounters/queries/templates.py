"""A doctor's own templates."""

from uuid import UUID

from django.db.models import QuerySet

from apps.core.errors import Forbidden, NotFound
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.core.statements import prepared
from apps.encounters.models import VisitTemplate
from apps.scheduling.queries import doctor_of_staff


def doctor_with_templates(actor: Actor) -> UUID:
    """The doctor whose account asks. Raises `Forbidden`: templates are a doctor's own."""
    actor.require(Permission.VISIT_CONSULT, Scope(actor.facility_id))
    doctor = doctor_of_staff(actor.id) if actor.id else None
    if doctor is None:
        raise Forbidden(permission=str(Permission.VISIT_CONSULT))
    return doctor.id


def templates_of(doctor_id: UUID) -> list[VisitTemplate]:
    """A doctor's templates by name."""
    return _templates(doctor_id=doctor_id)


@prepared
def _templates(doctor_id: UUID) -> QuerySet[VisitTemplate]:
    return VisitTemplate.objects.filter(doctor_id=doctor_id).order_by("name", "id")


def template_of(doctor_id: UUID, template_id: UUID, *, lock: bool = False) -> VisitTemplate:
    """One of them. Raises `NotFound`, also for another doctor's."""
    rows = VisitTemplate.objects.filter(id=template_id, doctor_id=doctor_id)
    found = one(rows.select_for_update() if lock else rows)
    if found is None:
        raise NotFound
    return found


def template_named(doctor_id: UUID, name: str) -> VisitTemplate | None:
    """The one of this name, or the only one whose name begins so, in whatever letters."""
    said = " ".join(name.lower().split())
    known = templates_of(doctor_id)
    exact = [row for row in known if row.name.lower() == said]
    begun = [row for row in known if said and row.name.lower().startswith(said)]
    found = exact or begun
    return found[0] if len(found) == 1 else None
