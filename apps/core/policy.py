"""Who may do what: one enum, one table, one question.

Deny by default. *May this person?* is asked here; *does the state allow it?* is asked of an app's rules.
Pages ask the same functions to hide a button that the command would refuse. What of a patient somebody sees is a
second table beside the first: `ROLE_FIELDS`. Both are printed for people in `docs/permissions.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from apps.core.errors import Forbidden

V = TypeVar("V")


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
    DIRECTORY_READ = "directory.read"
    QRCODE_CREATE = "qrcode.create"
    PATIENT_READ = "patient.read"
    PATIENT_REGISTER = "patient.register"
    QUEUE_READ = "queue.read"
    BOOKING_CREATE = "booking.create"
    BOOKING_CHANGE = "booking.change"
    SCHEDULE_CHANGE = "schedule.change"
    QUEUE_MOVE = "queue.move"
    QUEUE_ANNOUNCE = "queue.announce"
    BOOKING_READ_OWN = "booking.read_own"
    BOOKING_CREATE_OWN = "booking.create_own"
    BOOKING_CHANGE_OWN = "booking.change_own"
    VISIT_CHECK_IN = "visit.check_in"
    VISIT_SELF_CHECK_IN = "visit.self_check_in"
    VISIT_EMERGENCY = "visit.emergency"
    VISIT_CALL = "visit.call"
    VISIT_CONSULT = "visit.consult"
    KIOSK_CHECK_IN = "kiosk.check_in"
    COUNTER_SERVE = "counter.serve"
    JOURNEY_CHANGE = "journey.change"
    VISIT_HOLD = "visit.hold"
    VISIT_NO_SHOW = "visit.no_show"
    VISIT_CANCEL = "visit.cancel"
    VISIT_CANCEL_OWN = "visit.cancel_own"
    VISIT_READ_OWN = "visit.read_own"
    VISIT_TELL_OWN = "visit.tell_own"
    PRESCRIPTION_READ_OWN = "prescription.read_own"
    RESULT_READ_OWN = "result.read_own"
    HEALTH_NOTE = "health.note"
    RESULT_ENTER = "result.enter"
    BREAK_GLASS = "break_glass.open"
    BREAK_GLASS_REVIEW = "break_glass.review"
    INVOICE_READ = "invoice.read"
    INVOICE_CHANGE = "invoice.change"
    INVOICE_DISCOUNT = "invoice.discount"
    PAYMENT_TAKE = "payment.take"
    PAYMENT_REFUND = "payment.refund"
    LEDGER_READ = "ledger.read"
    BILL_OWN = "bill.pay_own"
    PATIENT_OWN = "patient.own"
    BOARD_READ = "board.read"
    AUDIT_READ = "audit.read"
    FEEDBACK_READ = "feedback.read"
    MESSAGE_HANDLE = "message.handle"
    ACCOUNT_OWN = "account.own"
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
        P.BOARD_READ,
        P.BOOKING_CREATE,
        P.BOOKING_CHANGE,
        P.QUEUE_MOVE,
        P.QUEUE_ANNOUNCE,
        P.VISIT_CHECK_IN,
        P.VISIT_EMERGENCY,
        P.VISIT_CALL,
        P.VISIT_HOLD,
        P.VISIT_NO_SHOW,
        P.VISIT_CANCEL,
        P.QRCODE_CREATE,
        P.MESSAGE_HANDLE,
        P.ACCOUNT_OWN,
        P.DESK_USE,
        P.CONSOLE_USE,
        P.ADMIN_SITE_USE,
    }
)
_LOOK = frozenset(
    {P.MASTERS_READ, P.PATIENT_READ, P.QUEUE_READ, P.BOARD_READ, P.ACCOUNT_OWN, P.ADMIN_SITE_USE, P.DESK_USE}
)

_TILL = frozenset({P.INVOICE_READ, P.INVOICE_CHANGE, P.INVOICE_DISCOUNT, P.PAYMENT_TAKE})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: _DESK
    | _TILL
    | {P.PAYMENT_REFUND, P.LEDGER_READ}
    | {P.SCHEDULE_CHANGE, P.MASTERS_CHANGE, P.JOURNEY_CHANGE, P.AUDIT_READ, P.BREAK_GLASS_REVIEW}
    | {P.FEEDBACK_READ},
    Role.RECEPTION: _DESK | _TILL | {P.SCHEDULE_CHANGE},
    Role.NURSE: _DESK | {P.BREAK_GLASS, P.COUNTER_SERVE, P.HEALTH_NOTE},
    Role.DOCTOR: frozenset(
        {
            P.MASTERS_READ,
            P.PATIENT_READ,
            P.QUEUE_READ,
            P.BOARD_READ,
            P.QUEUE_ANNOUNCE,
            P.VISIT_EMERGENCY,
            P.VISIT_CALL,
            P.VISIT_CONSULT,
            P.VISIT_HOLD,
            P.VISIT_NO_SHOW,
            P.VISIT_CANCEL,
            P.INVOICE_READ,
            P.INVOICE_DISCOUNT,
            P.ACCOUNT_OWN,
            P.CONSOLE_USE,
            P.BREAK_GLASS,
            P.HEALTH_NOTE,
        }
    ),
    Role.CASHIER: _LOOK | _TILL | {P.COUNTER_SERVE, P.PAYMENT_REFUND, P.LEDGER_READ},
    Role.PHARMACIST: _LOOK | {P.COUNTER_SERVE},
    Role.LAB: _LOOK | {P.COUNTER_SERVE, P.RESULT_ENTER},
}
"""Staff roles and what each may do, inside the person's own facility and departments."""

TYPE_PERMISSIONS: dict[ActorType, frozenset[Permission]] = {
    ActorType.STAFF: frozenset(),
    ActorType.PATIENT: frozenset(
        {P.VISIT_READ_OWN, P.VISIT_TELL_OWN, P.VISIT_CANCEL_OWN, P.PRESCRIPTION_READ_OWN, P.RESULT_READ_OWN}
        | {P.BOOKING_READ_OWN, P.BOOKING_CREATE_OWN, P.BOOKING_CHANGE_OWN, P.DIRECTORY_READ, P.BILL_OWN}
    ),
    ActorType.LINK: frozenset(),
    ActorType.SCREEN: frozenset(),
    ActorType.SYSTEM: frozenset({P.SYSTEM_KEEP}),
}
"""What somebody may do by being what they are; a link's own permissions come with the link."""

ANYWHERE: frozenset[Permission] = frozenset(
    {
        P.MESSAGE_HANDLE,
        P.MASTERS_READ,
        P.PATIENT_READ,
        P.PATIENT_REGISTER,
        P.AUDIT_READ,
        P.BREAK_GLASS,
        P.BREAK_GLASS_REVIEW,
    }
)
"""Permissions that a department has no say in: they hold in the whole facility."""


class Fields(StrEnum):
    """A group of what is known of a patient. Somebody sees all of a group, or does not learn that it is there."""

    IDENTITY = "identity"
    PHONE_END = "phone_end"
    CONTACT = "contact"
    IDENTIFIERS = "identifiers"
    NEEDS = "needs"
    COMPLAINT = "complaint"
    PRESCRIBED_TODAY = "prescribed_today"
    HEALTH = "health"
    CLINICAL = "clinical"


F = Fields

PATIENT_FIELDS: dict[Fields, frozenset[str]] = {
    F.IDENTITY: frozenset(
        {"id", "uhid", "name", "name_key", "initials", "sex", "birth_date", "birth_date_estimated", "age", "age_sex"}
        | {"language", "status", "provisional", "created_at", "version", "facility"}
    ),
    F.PHONE_END: frozenset({"phone_last4"}),
    F.CONTACT: frozenset({"phone", "phone_index", "address"}),
    F.IDENTIFIERS: frozenset({"identifiers", "value", "value_index", "last4"}),
    F.NEEDS: frozenset({"needs", "pregnant", "disabled"}),
    F.COMPLAINT: frozenset({"symptoms", "urgent_by"}),
    F.PRESCRIBED_TODAY: frozenset({"prescription"}),
    F.HEALTH: frozenset({"vitals", "allergies", "conditions"}),
    F.CLINICAL: frozenset({"visits"}),
}
"""The groups and what is in them, by the names that columns, serializers and the audit trail use."""

_REGISTRY = frozenset({F.IDENTITY, F.PHONE_END, F.CONTACT, F.NEEDS, F.COMPLAINT})

ROLE_FIELDS: dict[Role, frozenset[Fields]] = {
    Role.ADMIN: _REGISTRY | {F.IDENTIFIERS},
    Role.RECEPTION: _REGISTRY | {F.IDENTIFIERS},
    Role.NURSE: _REGISTRY | {F.HEALTH},
    Role.DOCTOR: frozenset({F.IDENTITY, F.PHONE_END, F.NEEDS, F.COMPLAINT, F.HEALTH, F.CLINICAL}),
    Role.CASHIER: frozenset({F.IDENTITY, F.PHONE_END}),
    Role.PHARMACIST: frozenset({F.IDENTITY, F.PRESCRIBED_TODAY}),
    Role.LAB: frozenset({F.IDENTITY}),
}
"""What each role sees of a patient. Nobody else (link, screen, patient) sees anything by this table: what they are
shown of themselves is made for them alone."""

IN_DEPARTMENTS: frozenset[Fields] = frozenset({F.PRESCRIBED_TODAY, F.CLINICAL})
"""Groups of which somebody sees only what their own departments wrote; the others hold in the whole facility."""

_GROUP_OF = {name: group for group, names in PATIENT_FIELDS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where something is done: a facility, and a department of it when the thing belongs to one."""

    facility_id: UUID | None
    department_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, as values: who, where, and what they may do. Made by `accounts`, never by a view.

    `subject_id` is what a patient, link or screen is bound to (a patient, a visit, a department or a board);
    `phone_index` is the fingerprint of the phone that somebody proved to hold by a code: they act for all patients
    under it; `via` names the tool that acts in a person's place (the day simulator) and is kept in the audit trail.
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
    phone_index: str = ""
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

    def sees(self, group: Fields, scope: Scope | None = None) -> bool:
        """Whether this actor sees that group of a patient's fields; without a scope, of anybody at all."""
        if self.type is not ActorType.STAFF or self.role is None or group not in ROLE_FIELDS[self.role]:
            return False
        if scope is None:
            return True
        return self.serves(scope if group in IN_DEPARTMENTS else Scope(scope.facility_id))

    def require_sight(self, group: Fields) -> None:
        """Refuse with 403 whoever does not see that group of a patient's fields."""
        if not self.sees(group):
            raise Forbidden(permission=f"patient.{group}")

    def seen(self, of_patient: Mapping[str, V]) -> dict[str, V]:
        """What this actor sees of a patient's values; a value in no group is shown to nobody."""
        return {name: value for name, value in of_patient.items() if name in _GROUP_OF and self.sees(_GROUP_OF[name])}

    def unhidden(self, values: Mapping[str, V]) -> dict[str, V]:
        """Values of whatever kind (an entry of the audit trail) without those of a patient that are kept from this
        actor."""
        return {name: value for name, value in values.items() if name not in _GROUP_OF or self.sees(_GROUP_OF[name])}


def system_actor(name: str, facility_id: UUID | None = None) -> Actor:
    """The system acting by itself: a sweep, a sealer, an upkeep task."""
    return Actor(ActorType.SYSTEM, None, name, facility_id)


PUBLIC = "public"
SIGNED_IN = "signed_in"
Policy = Permission | str | frozenset[Permission]
"""What a route declares: a permission, `either` of several, `SIGNED_IN`, or `PUBLIC`."""


def either(*permissions: Permission) -> Policy:
    """The policy of a route for several kinds of people: each of these lets in. What they see is asked further in."""
    return frozenset(permissions)


def meets(actor: Actor, policy: Policy) -> bool:
    """Whether somebody known may enter a route of this policy."""
    if isinstance(policy, frozenset):
        return any(actor.may(permission) for permission in policy)
    return policy == SIGNED_IN or (isinstance(policy, Permission) and actor.may(policy))


def named(policy: Policy) -> str:
    """A policy in a word, for the audit trail."""
    return " or ".join(sorted(policy)) if isinstance(policy, frozenset) else str(policy)
