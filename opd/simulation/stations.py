"""The simulator at the counters: whoever waits is called, comes, is served and goes on.

Like the doctors' part it remembers nothing: how long somebody takes is drawn from the visit's own id.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.errors import DomainError
from apps.core.policy import Permission
from apps.core.trace import start_trace
from apps.encounters.commands.results import report_result
from apps.encounters.queries.investigations import measures_of, to_do_here
from apps.patients.rules.people import age_on
from apps.queue import commands
from apps.queue.queries.visits import visit_of
from apps.queue.rules.states import ACTIVE, State, Verb
from apps.scheduling.rules import Availability
from opd.simulation.bedside import FOUND, resulted
from opd.simulation.cast import VIA, Cast, Server
from opd.simulation.rounds import DID_NOT_COME, HANDS_OFF, Look

SHUTS_EVERY, SHUT_FOR = timedelta(minutes=5), timedelta(seconds=45)
"""One counter after the other is shut for a while: now and then somebody stands before a closed one."""

COMES_AT_ONCE = 0.93
"""Share of those called who come to the counter; the others wait aside for a while."""

LATELY = timedelta(days=1)
"""How far back it is looked who set a counter."""

log = logging.getLogger(__name__)

_BUSY = """
SELECT v.counter_id, v.id, v.state, v.version, v.missed_calls,
    (SELECT max(t.at) FROM queue_visittransition t WHERE t.visit_id = v.id)
FROM queue_visit v WHERE v.counter_id = ANY(%s) AND v.state = ANY(%s)
"""

_STANDING = """
SELECT c.id, c.availability, coalesce((
    SELECT a.actor_via FROM audit_auditentry a WHERE a.entity_id = c.id::text AND a.at > %s
        AND a.action = 'counter.availability_changed' ORDER BY a.at DESC LIMIT 1
), %s)
FROM scheduling_counter c WHERE c.id = ANY(%s)
"""
"""How the counters stand, and who has last opened or closed each: what a person has set stays so."""

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
        shut = self._shut(cast.servers, {server.id for server in free} - busy.keys(), now)
        due = [s for s in free if s.id not in shut and (s.id in busy or look.waiting(s.department))]
        return sum(self._serve(server, busy.get(server.id), now) for server in due)

    def _shut(self, servers: Sequence[Server], idle: set[UUID], now: datetime) -> set[UUID]:
        """Shut the counter whose turn it is, if nobody is at it, and open the last one again; which are shut now."""
        rows = _rows(_STANDING, [now - LATELY, VIA, [server.id for server in servers]])
        standing = {id_: (Availability(status), via == VIA) for id_, status, via in rows}
        turn, into = divmod(now.timestamp(), SHUTS_EVERY.total_seconds())
        resting = servers[int(turn) % len(servers)].id if into < SHUT_FOR.total_seconds() else None
        for server in (one for one in servers if one.id in standing):
            status, ours = standing[server.id]
            wanted = Availability.OFFLINE if server.id == resting else Availability.AVAILABLE
            if ours and server.id in idle and wanted != status and _set(server, wanted, now):
                standing[server.id] = wanted, ours
        return {id_ for id_, (status, _ours) in standing.items() if status == Availability.OFFLINE}

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
            _report(server, id_, now)
            commands.finish_at_counter(**how)
        else:
            return False
        return True


def _report(server: Server, visit_id: UUID, now: datetime) -> None:
    """Where results are entered, those of what was ordered of the person at the counter are signed first."""
    if not server.actor.may(Permission.RESULT_ENTER):
        return
    visit = visit_of(visit_id)
    for order in to_do_here(visit.patient_id, visit.department_id):
        draw, patient = Random(f"{order.id}:result"), order.patient
        measures = measures_of(order.investigation, patient.sex)
        values = resulted(draw, measures, age_on(patient.birth_date, visit.day))
        report = "" if measures else draw.choice(FOUND)
        report_result(actor=server.actor, now=now, order_id=order.id, values=values, report=report)


def _set(server: Server, wanted: Availability, now: datetime) -> bool:
    """Open or shut a counter; whoever stands for it may not be allowed to any more."""
    start_trace()
    try:
        commands.open_counter(actor=server.actor, now=now, counter_id=server.id, status=wanted)
    except DomainError as refusal:
        log.debug("outrun at a counter", extra={"refusal": type(refusal).__name__})
        return False
    return True


def _rows(sql: str, params: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
