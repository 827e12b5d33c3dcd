"""The people of a planned day who go through several stations, and the counters that they come to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.queue.commands import (
    call_to_counter,
    finish_at_counter,
    open_counter,
    start_at_counter,
    start_journey,
)
from apps.queue.queries.journeys import templates
from apps.queue.queries.visits import open_under
from apps.queue.rules.states import QUEUED
from apps.scheduling.rules import Availability
from opd.simulation.cast import Server

if TYPE_CHECKING:
    from opd.simulation.player import Player, Seen

WALK = (15, 60)
SERVED = {"TRI": (90, 240), "LAB": (120, 360), "XRY": (180, 480), "PHA": (60, 240), "CSH": (45, 150)}
"""Seconds that somebody needs to a counter, and that they are served there, by the department's code."""

BETWEEN = 10
"""Seconds from one person at a counter to the next call."""

SHUT_AFTER, SHUT_FOR = 0.4, 480
"""After this share of the arrivals' time each counter shuts once, for so many seconds: some stand before it."""


@dataclass(slots=True)
class _Stand:
    """A counter at work; idle while nobody waits there who can come."""

    server: Server
    idle: bool = True


class Tour:
    """The journeys of a day that a player plays. Where somebody goes next is the house's doing; this looks and wakes
    whoever serves there."""

    def __init__(self, player: "Player", wake: Callable[[str, UUID | None], None]) -> None:
        self._player = player
        self._wake_doctors = wake
        self._stands = [_Stand(server) for server in player.cast.servers]
        self._codes = {id_: code for code, id_ in player.cast.departments.items()}
        self._ways: list[Any] = []

    def begin(self) -> None:
        """All counters open."""
        self._ways = list(templates().prefetch_related("stations"))
        for stand in self._stands:
            server = stand.server
            self._set(server, Availability.AVAILABLE)
            if self._player.plan.arrivals:
                last = max(arrival.at for arrival in self._player.plan.arrivals)
                self._player.later(last * SHUT_AFTER, partial(self._shut, stand))

    def _set(self, server: Server, status: Availability) -> None:
        self._player.do(open_counter, actor=server.actor, counter_id=server.id, status=status)

    def _shut(self, stand: _Stand) -> None:
        """Once nobody is at the counter it is shut, and whoever comes waits before it."""
        if not stand.idle:
            self._player.later(BETWEEN, partial(self._shut, stand))
            return
        stand.idle = False
        self._set(stand.server, Availability.OFFLINE)
        self._player.later(SHUT_FOR, partial(self._open_again, stand))

    def _open_again(self, stand: _Stand) -> None:
        self._set(stand.server, Availability.AVAILABLE)
        self._call(stand)

    def way(self, number: int | None) -> Any:
        """The journey that somebody goes; None for one department alone."""
        return self._ways[number % len(self._ways)] if self._ways and number is not None else None

    def set_out(self, visit: "Seen") -> None:
        """Somebody with a booking goes on from the doctor: what would have come before is left out."""
        template = self.way(visit.arrival.way)
        if template and visit.state in QUEUED:
            desk = self._player.cast.desk
            self._player.do(start_journey, actor=desk, visit_id=visit.id, journey_id=template.id)

    def follow(self, person: "Seen") -> bool:
        """Look where somebody is now: whoever serves there looks up. False when nothing is open any more."""
        rows = list(open_under(person.token_id))
        for row in rows:
            self._player.seen(row, person)
        for row in rows:
            if row.state in QUEUED:
                self._wake(row)
        return bool(rows)

    def _wake(self, row: Any) -> None:
        code = self._codes[row.department_id]
        for stand in self._stands:
            if stand.idle and stand.server.department == code:
                stand.idle = False
                self._player.later(BETWEEN, partial(self._call, stand))
                return
        self._wake_doctors(code, row.doctor_id)

    def _call(self, stand: _Stand) -> None:
        server = stand.server
        row = self._player.do(call_to_counter, actor=server.actor, counter_id=server.id)
        if row is None:
            stand.idle = True
            return
        person = self._player.person_of(row.id)
        person.state = row.state
        draw = Random(f"{self._player.plan.seed}:{person.arrival.number}:{server.department}")
        walks, takes = draw.randint(*WALK), draw.randint(*SERVED[server.department])
        self._player.later(walks, partial(self._start, stand, row.id, takes))

    def _start(self, stand: _Stand, visit_id: UUID, seconds: int) -> None:
        row = self._player.do(start_at_counter, actor=stand.server.actor, visit_id=visit_id)
        self._player.person_of(visit_id).state = row.state
        self._player.later(seconds, partial(self._finish, stand, visit_id))

    def _finish(self, stand: _Stand, visit_id: UUID) -> None:
        row = self._player.do(finish_at_counter, actor=stand.server.actor, visit_id=visit_id)
        person = self._player.person_of(visit_id)
        person.state = row.state
        self._player.went_on(person)
        self._player.later(BETWEEN, partial(self._call, stand))
