"""The people of a hospital in whose place the simulator acts. Every write says so: `via` is "simulator"."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django_scopes import scope

from apps.accounts.queries import facility_by_code, staff_actor
from apps.core.policy import Actor, Role
from apps.queue.rules.journeys import COUNTER_ROLES
from apps.scheduling.queries import counters, departments, doctor_of_staff
from apps.scheduling.rules import DepartmentKind
from opd.demo.shapes import Hospital

VIA = "simulator"


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A doctor to act for: the account's name, the row, the person, and the code of the department."""

    key: str
    id: UUID
    actor: Actor
    department: str


@dataclass(frozen=True, slots=True)
class Server:
    """A counter to act at: the row, whoever staffs it, and the code of the department."""

    id: UUID
    actor: Actor
    department: str


@dataclass(frozen=True, slots=True)
class Cast:
    """A hospital's people at work. Departments by code, practitioners by account."""

    facility_id: UUID
    desk: Actor
    nurse: Actor
    departments: dict[str, UUID]
    practitioners: dict[str, Practitioner]
    servers: tuple[Server, ...] = ()
    cashier: Actor | None = None


def cast_of(hospital: Hospital) -> Cast:
    """The people of a hospital that was loaded, as they are now. Raises `LookupError` for one that was not."""
    facility = facility_by_code(hospital.code)
    if facility is None:
        raise LookupError(f"{hospital.code} was not loaded")
    with scope(facility=facility.id):
        codes = {department.id: department.code for department in departments()}
        found = (_practitioner(hospital, new.account, codes) for new in hospital.doctors)
        return Cast(
            facility_id=facility.id,
            desk=staff_actor(hospital.address_of(hospital.account_of(Role.RECEPTION)), via=VIA),
            nurse=staff_actor(hospital.address_of(hospital.account_of(Role.NURSE)), via=VIA),
            departments={code: id_ for id_, code in codes.items()},
            practitioners={practitioner.key: practitioner for practitioner in found if practitioner},
            servers=tuple(_servers(hospital, codes)),
            cashier=_cashier(hospital),
        )


def _cashier(hospital: Hospital) -> Actor | None:
    """Whoever takes money; nobody in a hospital without a cashier."""
    accounts = [person.account for person in hospital.staff if person.role is Role.CASHIER]
    return staff_actor(hospital.address_of(accounts[0]), via=VIA) if accounts else None


def _servers(hospital: Hospital, codes: dict[UUID, str]) -> Iterator[Server]:
    """The hospital's counters with the first of their role at each; none for a role that nobody has."""
    accounts = {person.role: person.account for person in reversed(hospital.staff)}
    for counter in counters():
        account = accounts.get(COUNTER_ROLES[DepartmentKind(counter.department.kind)])
        if account:
            actor = staff_actor(hospital.address_of(account), via=VIA)
            yield Server(counter.id, actor, codes[counter.department_id])


def _practitioner(hospital: Hospital, account: str, codes: dict[UUID, str]) -> Practitioner | None:
    """A doctor where and as what they work today; None for one who has left."""
    try:
        actor = staff_actor(hospital.address_of(account), via=VIA)
    except ObjectDoesNotExist:
        return None
    doctor = doctor_of_staff(actor.id) if actor.id else None
    if doctor is None or not doctor.department_ids:
        return None
    return Practitioner(account, doctor.id, actor, codes[doctor.department_ids[0]])
