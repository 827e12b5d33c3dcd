"""What stands on a visit's slip is taken back: somebody else has seen it."""

from datetime import datetime
from uuid import UUID

from apps.accounts.commands import renew_tracking
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Conflict, sentence
from apps.core.policy import Actor, Permission
from apps.queue.commands.moving import locked_visit
from apps.queue.models import Visit
from apps.queue.queries.links import holder_of_link


class VisitLongOver(Conflict):
    code = "visit_long_over"
    detail = sentence("This visit is long over, and so is its link. There is nothing to take back.")


@command
def renew_link(*, actor: Actor, now: datetime, visit_id: UUID) -> Visit:
    """Give a visit a new tracking link; the old one shows nothing from this moment on. Raises `VisitLongOver`."""
    visit = locked_visit(visit_id, Permission.VISIT_CHECK_IN)
    taken_back = renew_tracking(
        visit_id=holder_of_link(visit, now), facility_id=visit.facility_id, day=visit.day, now=now
    )
    if taken_back is None:
        raise VisitLongOver
    record(action="tracking_link.renewed", entity_type="visit", entity_id=visit.id, after={"takenBack": taken_back})
    return visit
