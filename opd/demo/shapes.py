"""What a hospital that can be loaded is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from apps.core.policy import Role
from apps.patients.rules.health import FactKind
from apps.scheduling.rules import DepartmentKind, Symbol
from apps.scheduling.rules.slots import ROLLING_DAYS
from opd.simulation.people import Person
from opd.simulation.plan import Practice


@dataclass(frozen=True, slots=True)
class NewDepartment:
    """A department to open. `sees_children`: only they are sent there."""

    code: str
    letter: str
    name: str
    kind: DepartmentKind = DepartmentKind.CONSULTATION
    sees_children: bool = False


@dataclass(frozen=True, slots=True)
class NewVisitType:
    """What people come for in some departments, and how many minutes it takes; with some doctors another number."""

    name: str
    departments: tuple[str, ...]
    minutes: int
    by_patients: bool = True
    with_doctors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewRoom:
    """A room to furnish; `hall` is the waiting hall it opens to."""

    number: str
    symbol: Symbol
    hall: str


@dataclass(frozen=True, slots=True)
class NewStaff:
    """Somebody who serves all departments. The account is what stands before the @ of the address; `secret` is
    that of their authenticator app, in base32."""

    account: str
    name: str
    role: Role
    secret: str = ""


@dataclass(frozen=True, slots=True)
class NewDoctor:
    """A doctor with an account, who sees people in one department. `average` in minutes; days: 0 is Monday."""

    account: str
    name: str
    department: str
    room: str
    licence: str
    qualifications: str
    experience_years: int
    average: int
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class NewCounter:
    """A counter of a department that is no consultation, open from the start."""

    name: str
    department: str
    room: str


@dataclass(frozen=True, slots=True)
class NewKind:
    """A journey: the codes of the departments of each step, "" for the consultation that somebody came for; it begins
    by itself for who booked one of these types of visit."""

    name: str
    steps: tuple[tuple[str, ...], ...]
    usual_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewBoard:
    """A board in a waiting hall, with the departments it shows. Unless open to all, its screens have to be paired."""

    slug: str
    name: str
    departments: tuple[str, ...]
    open_to_all: bool = True


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What a visit to a department costs, in rupees; to one doctor, or of one type, where these are told."""

    department: str
    amount: int
    account: str = ""
    visit_type: str = ""
    revisit_days: int = 7
    paid_priority: bool = False


@dataclass(frozen=True, slots=True)
class NewHours:
    """The hours every doctor keeps on every day of the week, round the clock so that the demo works at any hour;
    `days`: how far ahead there are slots from the start."""

    starts: time = time(0)
    ends: time = time(0)
    capacity: int = 6
    walk_in_percent: int = 20
    days: int = ROLLING_DAYS


@dataclass(frozen=True, slots=True)
class Hospital:
    """Everything that is loaded. `triage` maps a department's code ("" for all of them) to urgent phrases;
    `asks_first`: departments that offer a freed place before it is somebody's; `doctors_at_work`: they see people from
    the start."""

    name: str
    code: str
    domain: str
    departments: tuple[NewDepartment, ...]
    rooms: tuple[NewRoom, ...]
    staff: tuple[NewStaff, ...]
    doctors: tuple[NewDoctor, ...]
    triage: Mapping[str, tuple[str, ...]]
    address: str = ""
    phone: str = ""
    patients: tuple[Person, ...] = ()
    health: tuple[tuple[tuple[FactKind, str, str], ...], ...] = ()
    boards: tuple[NewBoard, ...] = ()
    visit_types: tuple[NewVisitType, ...] = ()
    position: tuple[Decimal, Decimal] | None = None
    counters: tuple[NewCounter, ...] = ()
    kinds: tuple[NewKind, ...] = ()
    prices: tuple[NewPrice, ...] = ()
    test_prices: tuple[tuple[str, int], ...] = ()
    asks_first: tuple[str, ...] = ()
    hours: NewHours | None = None
    doctors_at_work: bool = True

    def address_of(self, account: str) -> str:
        """The e-mail address somebody signs in with."""
        return f"{account}@{self.domain}"

    def account_of(self, role: Role) -> str:
        """The first account of a role. Raises `StopIteration` for a hospital without one."""
        return next(person.account for person in self.staff if person.role is role)

    def practices(self) -> list[Practice]:
        """The doctors as a day's plan sees them."""
        children = {department.code for department in self.departments if department.sees_children}
        return [Practice(d.account, d.department, d.average, d.department in children) for d in self.doctors]
