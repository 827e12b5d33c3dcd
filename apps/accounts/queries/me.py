"""Who somebody is to us, as the API tells them."""

from typing import Any

from apps.accounts.queries.facilities import facility_facts
from apps.core.policy import Actor


def me_json(actor: Actor) -> dict[str, Any]:
    """Who somebody is to us, and what they may do."""
    facts = facility_facts(actor.facility_id) if actor.facility_id else None
    facility = facts and {
        "id": str(facts.id),
        "name": facts.name,
        "timeZone": facts.time_zone,
        "currency": facts.currency,
    }
    return {
        "type": str(actor.type),
        "id": str(actor.id) if actor.id else None,
        "name": actor.name,
        "role": str(actor.role) if actor.role else None,
        "departments": sorted(str(department) for department in actor.department_ids),
        "allDepartments": actor.all_departments,
        "facility": facility,
        "permissions": sorted(actor.permissions),
    }
