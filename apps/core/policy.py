"""Who may do what: one enum, one table, one question.

Deny by default. *May this person?* is asked here; *does the state allow it?* is asked of an app's rules.
Pages ask the same functions to hide a button that the command would refuse.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from apps.core.errors import Forbidden


class Role(StrEnum):
    """What somebody on the staff is employed as."""

    ADMIN = "ADMIN"
    DOCTOR = "DOCTOR"
    RECEPTION = "RECEPTION"
    NURSE = "NURSE"
    CASHIER = "CASHIER"
    PHARMACIST = "PHARMACIST"
    LAB = "LAB"


class ActorType(StrEnum):
    """What kind of somebody acts: staff, a patient, the holder of a link, a screen, or the system itself."""

    STAFF = "staff"
    PATIENT = "patient"
    LINK = "link"
    SCREEN = "screen"
    SYSTEM = "system"


class Permission(StrEnum):
    """One thing that can be allowed. The name says the object first, then the verb."""

    MASTERS_READ = "masters.read"
    MASTERS_CHANGE = "masters.change"
    QRCODE_CREATE = "qrcode.create"
    PATIENT_READ = "patient.read"
    PATIENT_REGISTER = "patient.register"
    QUEUE_READ = "queue.read"
    VISIT_CHECK_IN = "visit.check_in"
    VISIT_SELF_CHECK_IN = "visit.self_check_in"
    VISIT_EMERGENCY = "visit.emergency"
    VISIT_CALL = "visit.call"
    VISIT_CONSULT = "visit.consult"
    VISIT_HOLD = "visit.hold"
    VISIT_NO_SHOW = "visit.no_show"
    VISIT_CANCEL = "visit.cancel"
    VISIT_CANCEL_OWN = "visit.cancel_own"
    VISIT_READ_OWN = "visit.read_own"
    PRESCRIPTION_READ_OWN = "prescription.read_own"
    AUDIT_READ = "audit.read"
    DESK_USE = "desk.use"
    CONSOLE_USE = "console.use"
    ADMIN_SITE_USE = "admin_site.use"
    SYSTEM_KEEP = "system.keep"


P = Permission

_DESK = frozenset(
    {
        P.MASTERS_READ,
        P.PATIENT_READ,
        P.PATIENT_REGISTER,
        P.QUEUE_READ,
        P.VISIT_CHECK_IN,
        P.VISIT_EMERGENCY,
        P.VISIT_CALL,
        P.VISIT_HOLD,
        P.VISIT_NO_SHOW,
        P.VISIT_CANCEL,
        P.QRCODE_CREATE,
        P.DESK_USE,
        P.CONSOLE_USE,
        P.ADMIN_SITE_USE,
    }
)
_LOOK = frozenset({P.MASTERS_READ, P.PATIENT_READ, P.QUEUE_READ, P.ADMIN_SITE_USE, P.DESK_USE})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: _DESK | {P.MASTERS_CHANGE, P.AUDIT_READ},
    Role.RECEPTION: _DESK,
    Role.NURSE: _DESK,
    Role.DOCTOR: frozenset(
        {
            P.MASTERS_READ,
            P.PATIENT_READ,
            P.QUEUE_READ,
            P.VISIT_EMERGENCY,
            P.VISIT_CALL,
            P.VISIT_CONSULT,
            P.VISIT_HOLD,
            P.VISIT_NO_SHOW,
            P.VISIT_CANCEL,
            P.CONSOLE_USE,
        }
    ),
    Role.CASHIER: _LOOK,
    Role.PHARMACIST: _LOOK,
    Role.LAB: _LOOK,
}
"""Staff roles and what each may do, inside the person's own facility and departments."""

TYPE_PERMISSIONS: dict[ActorType, frozenset[Permission]] = {
    ActorType.STAFF: frozenset(),
    ActorType.PATIENT: frozenset({P.VISIT_READ_OWN, P.VISIT_CANCEL_OWN, P.PRESCRIPTION_READ_OWN}),
    ActorType.LINK: frozenset(),
    ActorType.SCREEN: frozenset(),
    ActorType.SYSTEM: frozenset({P.SYSTEM_KEEP}),
}
"""What somebody may do by being what they are; a link's own permissions come with the link."""

ANYWHERE: frozenset[Permission] = frozenset({P.MASTERS_READ, P.PATIENT_READ, P.PATIENT_REGISTER, P.AUDIT_READ})
"""Permissions that a department has no say in: they hold in the whole facility."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where something is done: a facility, and a department of it when the thing belongs to one."""

    facility_id: UUID | None
    department_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, as values: who, where, and what they may do. Made by `accounts`, never by a view.

    `subject_id` is what a patient, link or screen is bound to (a patient, a visit, a department or a board);
    `via` names the tool that acts in a person's place (the day simulator) and is kept in the audit trail.
    """

    type: ActorType
    id: UUID | None
    name: str
    facility_id: UUID | None
    role: Role | None = None
    department_ids: frozenset[UUID] = field(default_factory=frozenset)
    all_departments: bool = False
    granted: frozenset[Permission] = field(default_factory=frozenset)
    subject_id: UUID | None = None
    credential_id: UUID | None = None
    via: str = ""

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that this actor may do somewhere."""
        by_role = ROLE_PERMISSIONS[self.role] if self.role and self.type is ActorType.STAFF else frozenset()
        return TYPE_PERMISSIONS[self.type] | by_role | self.granted

    def serves(self, scope: Scope) -> bool:
        """Whether the place is one of this actor's: own facility, and own department if there is one."""
        if scope.facility_id is None or scope.facility_id != self.facility_id:
            return False
        return scope.department_id is None or self.all_departments or scope.department_id in self.department_ids

    def may(self, permission: Permission, scope: Scope | None = None) -> bool:
        """Whether this actor may do this there; without a scope, whether they may do it anywhere at all."""
        if permission not in self.permissions:
            return False
        if scope is None or self.type is ActorType.SYSTEM:
            return True
        if permission in ANYWHERE:
            scope = Scope(scope.facility_id)
        return self.serves(scope)

    def require(self, permission: Permission, scope: Scope) -> None:
        """Refuse with 403 unless this actor may do this there."""
        if not self.may(permission, scope):
            raise Forbidden(permission=str(permission))


def system_actor(name: str, facility_id: UUID | None = None) -> Actor:
    """The system acting by itself: a sweep, a sealer, an upkeep task."""
    return Actor(ActorType.SYSTEM, None, name, facility_id)


PUBLIC = "public"
SIGNED_IN = "signed_in"
Policy = Permission | str
"""What a route declares: a permission, `SIGNED_IN`, or `PUBLIC`."""
