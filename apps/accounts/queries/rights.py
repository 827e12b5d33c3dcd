"""Who stands behind an account, and whether anybody would be left to look after accounts."""

from uuid import UUID

from apps.accounts.models import Facility, Staff
from apps.audit.queries import who_did
from apps.core.policy import Role

KEYS_GIVEN = ("staff.created", "staff.registered", "staff.password_set")
"""What gives somebody the means to sign in with another person's account."""


def stand_behind(staff_id: UUID | None) -> frozenset[UUID]:
    """Who made an account or set its password, who did so with theirs, and so on, by the audit trail."""
    found: set[UUID] = set()
    asked = {staff_id} if staff_id else set()
    while asked:
        asked = who_did("staff", asked, KEYS_GIVEN) - found - {staff_id}
        found |= asked
    return frozenset(found)


def others_administer(staff: Staff) -> bool:
    """Whether a facility has an active administrator beside this one. Holds a lock until the command ends, so that
    two administrators who take each other's rights away at once wait for each other."""
    Facility.objects.select_for_update().get(id=staff.facility_id)
    others = Staff.objects.filter(facility_id=staff.facility_id, role=Role.ADMIN, is_active=True)
    return others.exclude(id=staff.id).exists()
