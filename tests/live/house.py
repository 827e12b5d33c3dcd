"""A hospital as far as live screens need one: two departments by name, what moves in them, and views of that."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.utils import timezone

from apps.accounts.commands import issue_tracking
from apps.accounts.models import Facility, Staff
from apps.accounts.queries import facilities
from apps.accounts.queries.actors import actor_of_staff
from apps.accounts.rules.passes import Use, make_pass
from apps.core.commands import command
from apps.core.events import Event, department_stream
from apps.core.models import OutboxEvent
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, system_actor
from apps.live.rules import View, serves_department
from tests import cast

NAMES = ("medicine", "surgery")
drawn: Counter[str] = Counter()
"""How often each view was drawn in this process."""


def department(facility_id: UUID, name: str = NAMES[0]) -> UUID:
    """A department needs no row here: its id follows from its name."""
    return uuid5(facility_id, name)


def moves(streams: list[str]) -> dict[str, list[int]]:
    """What the views show: the numbers of all that happened."""
    rows = OutboxEvent.objects.filter(stream__in=streams).order_by("sequence").values_list("stream", "sequence")
    return {stream: [number for name, number in rows if name == stream] for stream in streams}


def _facility_of(department_id: UUID) -> UUID | None:
    return next((f.id for f in facilities() for name in NAMES if department(f.id, name) == department_id), None)


def _hall_of(code: str) -> UUID | None:
    return next((f.id for f in facilities() if f"hall-{f.code}" == code), None)


def _hall_streams(code: str) -> list[str]:
    facility_id = _hall_of(code)
    assert facility_id
    return [department_stream(department(facility_id, name)) for name in NAMES]


def _shown(name: str, streams: list[str]) -> dict[str, Any]:
    drawn[name] += 1
    seen = moves(streams)
    return {"moves": seen, "html": f"<ol data-seq='{sum(map(len, seen.values()))}'>அஞ்சல்</ol>"}


def _visits_of(actors: Sequence[Actor]) -> dict[UUID, UUID]:
    return {a.credential_id: a.subject_id for a in actors if a.credential_id and a.subject_id}


VIEWS = (
    View(
        prefix="dept",
        facility_of=_facility_of,
        may=serves_department,
        render=lambda department_id: {"moves": moves([department_stream(department_id)])},
    ),
    View(
        prefix="staff",
        facility_of=_facility_of,
        may=serves_department,
        render=lambda department_id: _shown("staff", [department_stream(department_id)]),
        streams_of=lambda department_id: [department_stream(department_id)],
    ),
    View(
        prefix="doctor",
        facility_of=_facility_of,
        may=serves_department,
        render=lambda department_id: {"html": "x" * 60_000},
        streams_of=lambda department_id: [department_stream(department_id)],
        coalesce_ms=0,
    ),
    View(
        prefix="board",
        facility_of=_hall_of,
        may=lambda actor, code: True,
        render=lambda code: _shown("board", _hall_streams(code)),
        streams_of=_hall_streams,
        key=str,
    ),
    View(
        prefix="patient",
        facility_of=_facility_of,
        may=lambda actor, visit_id: actor is not None and actor.subject_id == visit_id,
        render=lambda visit_id: {"queue": {"position": len(moves([department_stream(visit_id)]))}},
        streams_of=lambda visit_id: [department_stream(visit_id)],
        own=_visits_of,
    ),
)
"""`settings.LIVE_VIEWS` of these tests. A patient's visit has the id of its department, so that it needs no row."""


@command
def move(*, actor: Actor, now: datetime, streams: list[str], times: int = 1, type: str = "visit.transitioned") -> None:
    """Something happens in these streams, so many times, in one transaction."""
    lock_streams(*streams)
    for stream in streams:
        for _ in range(times):
            emit(Event(stream, type, "visit", uuid4(), 1, {"to": "CALLED"}))


@command
def announce(*, actor: Actor, now: datetime, event: Event) -> None:
    """Something is to be known by all who look."""
    lock_streams(event.stream)
    emit(event)


@command
def give_tracking(*, actor: Actor, now: datetime, visit_id: UUID) -> tuple[str, str]:
    """A tracking link: (token, code)."""
    assert actor.facility_id
    return issue_tracking(visit_id=visit_id, facility_id=actor.facility_id, day=now.date(), now=now)


@dataclass
class House:
    """A facility and what happens in it."""

    facility: Facility
    meera: Staff

    @property
    def actor(self) -> Actor:
        return system_actor("test", self.facility.id)

    @property
    def dept(self) -> str:
        """The stream of the first department."""
        return department_stream(self.department_id)

    @property
    def other_dept(self) -> str:
        return department_stream(department(self.facility.id, NAMES[1]))

    @property
    def department_id(self) -> UUID:
        return department(self.facility.id)

    @property
    def staff(self) -> str:
        """The view of the first department."""
        return f"staff.{self.department_id}"

    @property
    def bulky(self) -> str:
        """A view so large that a client which does not read is soon found out."""
        return f"doctor.{self.department_id}"

    @property
    def board(self) -> str:
        """The view of both departments."""
        return f"board.hall-{self.facility.code}"

    def move(self, *streams: str, times: int = 1) -> None:
        """Something happens; in the first department if none is named."""
        move(actor=self.actor, now=timezone.now(), streams=list(streams) or [self.dept], times=times)

    def announce(self, event: Event) -> None:
        announce(actor=self.actor, now=timezone.now(), event=event)

    def tracking(self) -> tuple[str, str]:
        """A link to the visit of the first department."""
        now = timezone.now()
        return give_tracking(actor=actor_of_staff(self.meera), now=now, visit_id=self.department_id)

    def cookie(self, staff: Staff | None = None) -> str:
        """The session cookie of somebody after signing in."""
        return f"sessionid={cast.open_browser(staff or self.meera).cookies['sessionid'].value}"

    def ticket(self) -> str:
        """A socket ticket of Meera's."""
        credential = cast.signed_in(self.meera).credential
        ticket, _ = make_pass(
            Use.SOCKET,
            credential_id=credential.id,
            holder_id=self.meera.id,
            now=timezone.now(),
            secret=settings.SECRET_KEY,
        )
        return ticket


def open_house() -> House:
    """A facility with Meera at its desk."""
    staff = cast.meera()
    return House(staff.facility, staff)
