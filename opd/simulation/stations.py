"""The simulator at the counters: whoever waits is called, comes, is served and goes on.

Like the doctors' part it remembers nothing: how long somebody takes is drawn from the visit's own id.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from django.db import connection

from apps.core.errors import DomainError
from apps.core.trace import start_trace
from apps.queue import commands
from apps.queue.rules.states import ACTIVE, State, Verb
from opd.simulation.cast import VIA, Cast, Server
from opd.simulation.rounds import DID_NOT_COME, HANDS_OFF, Look

COMES_AT_ONCE = 0.93
"""Share of those called who come to the counter; the others wait aside for a while."""

log = logging.getLogger(__name__)

_BUSY = """
SELECT v.counter_id, v.id, v.state, v.version, v.missed_calls,
    (SELECT max(t.at) FROM queue_visittransition t WHERE t.visit_id = v.id)
FROM queue_visit v WHERE v.counter_id = ANY(%s) AND v.state = ANY(%s)
"""

_TOUCHED = """
SELECT DISTINCT department_id FROM queue_visittransition
WHERE department_id = ANY(%s) AND at > %s AND via <> %s AND verb = ANY(%s)
"""
"""Departments where a person served somebody lately: the simulator keeps its hands off."""

_SERVING = [str(verb) for verb in (Verb.CALL, Verb.START, Verb.COMPLETE, Verb.HOLD)]


class Stations:
    """The counters of a hospital, looked at once a second."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock

    def tick(self, cast: Cast, look: Look) -> int:
        """Do what is due at every counter, going by a look at the house; the number of deeds that were done."""
        if not cast.servers:
            return 0
        now = self.clock()
        busy = {row[0]: row[1:] for row in _rows(_BUSY, [[s.id for s in cast.servers], sorted(ACTIVE)])}
        places = sorted({cast.departments[server.department] for server in cast.servers})
        touched = {row[0] for row in _rows(_TOUCHED, [places, now - HANDS_OFF, VIA, _SERVING])}
        free = [server for server in cast.servers if cast.departments[server.department] not in touched]
        due = [server for server in free if server.id in busy or look.waiting(server.department)]
        return sum(self._serve(server, busy.get(server.id), now) for server in due)

    def _serve(self, server: Server, visit: Any, now: datetime) -> bool:
        """One step at one counter; somebody may have been faster."""
        start_trace()
        try:
            if visit is None:
                return commands.call_to_counter(actor=server.actor, now=now, counter_id=server.id) is not None
            return self._go_on(server, visit, now)
        except DomainError as refusal:
            log.debug("outrun at a counter", extra={"refusal": type(refusal).__name__})
            return False

    def _go_on(self, server: Server, visit: Any, now: datetime) -> bool:
        """The called person comes or does not, the one at the counter is done; False while that takes its time."""
        id_, state, version, missed, since = visit
        draw = Random(f"{id_}:counter:{state}:{missed}")
        comes, walks, takes = draw.random() < COMES_AT_ONCE or missed > 0, draw.uniform(3, 8), draw.uniform(8, 30)
        elapsed = (now - since).total_seconds()
        how: dict[str, Any] = {"actor": server.actor, "now": now, "visit_id": id_, "expected_version": version}
        if state == State.CALLED and comes and elapsed >= walks:
            commands.start_at_counter(**how)
        elif state == State.CALLED and not comes and elapsed >= 20:
            commands.missed_at_counter(reason=DID_NOT_COME, **how)
        elif state == State.IN_CONSULTATION and elapsed >= takes:
            commands.finish_at_counter(**how)
        else:
            return False
        return True


def _rows(sql: str, params: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
