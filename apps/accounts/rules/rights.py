"""What somebody may do as values, and whether a change gives them more of it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from apps.core.policy import ROLE_FIELDS, ROLE_PERMISSIONS, Role


@dataclass(frozen=True, slots=True)
class Rights:
    """What an account's columns of rights say."""

    role: Role
    all_departments: bool
    department_ids: AbstractSet[UUID]
    is_active: bool

    @property
    def administers(self) -> bool:
        """Whether this is somebody who looks after accounts."""
        return self.is_active and self.role is Role.ADMIN


def gives_more(before: Rights, after: Rights) -> bool:
    """Whether somebody may do, see or enter anything by these rights that they could not by the others."""
    if not after.is_active:
        return False
    if not before.is_active:
        return True
    may_more = ROLE_PERMISSIONS[after.role] - ROLE_PERMISSIONS[before.role]
    sees_more = ROLE_FIELDS[after.role] - ROLE_FIELDS[before.role]
    elsewhere = after.all_departments or after.department_ids - before.department_ids
    return bool(may_more or sees_more or (elsewhere and not before.all_departments))
