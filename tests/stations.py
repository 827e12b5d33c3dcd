"""Stations beside the doctors' for tests: departments with counters, the people who staff them, journeys."""

from typing import Any

from apps.core.events import department_stream
from apps.core.models import Stream
from apps.core.policy import Actor
from apps.queue import commands
from apps.queue.models import JourneyTemplate, Visit
from apps.queue.rules.journeys import COUNTER_ROLES
from apps.scheduling.models import Counter, Department, QueuePolicy, Room
from apps.scheduling.rules import DepartmentKind
from tests.ward import Ward

KINDS = {
    "TRI": DepartmentKind.TRIAGE,
    "LAB": DepartmentKind.LABORATORY,
    "XRA": DepartmentKind.IMAGING,
    "PHA": DepartmentKind.PHARMACY,
    "CSH": DepartmentKind.CASHIER,
}
_LETTERS = dict(zip(KINDS, "TLXPM", strict=True))


def add_station(ward: Ward, code: str) -> Counter:
    """A department with one open counter, and a room for it."""
    department = Department.objects.create(
        facility=ward.facility, code=code, letter=_LETTERS[code], name=code.title(), kind=KINDS[code]
    )
    QueuePolicy.objects.create(facility=ward.facility, department=department)
    Stream.objects.create(name=department_stream(department.id))
    room = Room.objects.create(facility=ward.facility, number=f"{_LETTERS[code]}1", symbol="mango")
    return Counter.objects.create(
        facility=ward.facility, department=department, name=f"{code} 1", room=room, availability="AVAILABLE"
    )


class Stations:
    """All stations of a ward, with somebody at each counter."""

    def __init__(self, ward: Ward, *codes: str) -> None:
        self.ward = ward
        self.counters = {code: add_station(ward, code) for code in codes or KINDS}
        self.hands: dict[str, Actor] = {code: ward.as_role(COUNTER_ROLES[KINDS[code]]) for code in self.counters}

    def department(self, code: str) -> Any:
        """One of the departments."""
        return self.counters[code].department

    def kind_of_visit(self, *steps: tuple[str, ...], name: str = "Full round") -> JourneyTemplate:
        """A journey; "" is the consultation that somebody came for."""
        stations = [
            (at, self.department(code).id if code else None)
            for at, codes in enumerate(steps, start=1)
            for code in codes
        ]
        return commands.change_template(actor=self.ward.admin, now=self.ward.now, name=name, stations=stations)

    def close(self, code: str, status: str = "OFFLINE") -> None:
        """The counter of a station closes, or pauses."""
        hands, counter = self.hands[code], self.counters[code]
        commands.open_counter(actor=hands, now=self.ward.now, counter_id=counter.id, status=status)

    def call(self, code: str) -> Visit | None:
        """The next person is called to a counter."""
        return commands.call_to_counter(actor=self.hands[code], now=self.ward.now, counter_id=self.counters[code].id)

    def serve(self, code: str, minutes: float = 3) -> Visit:
        """From called to served."""
        visit = self.call(code)
        assert visit, f"nobody waits at {code}"
        hands = self.hands[code]
        commands.start_at_counter(actor=hands, now=self.ward.now, visit_id=visit.id)
        self.ward.later(minutes=minutes)
        return commands.finish_at_counter(actor=hands, now=self.ward.now, visit_id=visit.id)

    def waits_at(self, token_id: Any) -> set[str]:
        """Where somebody waits now, by the departments' codes."""
        rows = Visit.objects.filter(token_id=token_id, state__in=["WAITING", "URGENT"])
        return set(rows.values_list("department__code", flat=True))
