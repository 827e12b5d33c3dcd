"""The triage station says how urgent somebody is and what they need; every station after it goes by that."""

from datetime import datetime
from uuid import UUID

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Invalid, sentence
from apps.core.outbox import emit
from apps.core.policy import Actor, Permission
from apps.queue import events
from apps.queue.commands.moving import NotAllowed, amend, expect, locked_visit, stand
from apps.queue.commands.serving import require_counter
from apps.queue.models import Visit
from apps.queue.rules.order import NeedsClass, Tier, tier
from apps.queue.rules.states import State
from apps.scheduling.queries import department_of
from apps.scheduling.rules import DepartmentKind


@command
def set_class(
    *,
    actor: Actor,
    now: datetime,
    visit_id: UUID,
    urgency: str,
    needs: str,
    reason: str = "",
    expected_version: int | None = None,
) -> Visit:
    """Set the class of the person at the triage counter: "", "urgent" or "emergency", and the special need.

    The urgency goes with them to every later station. Raises `Invalid` without a reason for urgency, `NotAllowed`
    when nobody stands there or the department is no triage.
    """
    visit = locked_visit(visit_id, Permission.COUNTER_SERVE)
    department = department_of(visit.department_id)
    require_counter(actor, department)
    expect(visit, expected_version)
    if visit.state != State.IN_CONSULTATION or department.kind != DepartmentKind.TRIAGE:
        raise NotAllowed(extra=stand(visit))
    if urgency and not reason.strip():
        raise Invalid({"reason": [sentence("Say why.")]})
    before = {"version": visit.version, "tier": visit.tier, "needs": visit.needs}
    emergency = urgency == Tier.EMERGENCY.name.lower()
    amend(
        visit,
        needs=NeedsClass(needs),
        emergency=emergency,
        tier=tier(emergency=emergency, urgent=bool(urgency)),
        urgent_by=visit.urgent_by if urgency else "",
        triage_confirmed=True,
    )
    record(
        action="visit.class_set",
        entity_type="visit",
        entity_id=visit.id,
        before=before,
        after={"version": visit.version, "tier": visit.tier, "needs": visit.needs},
        reason=reason,
    )
    emit(events.queue_updated(visit.department_id, "triage", visitId=str(visit.id)))
    return visit
