"""The hospital at a moment, as the simulator beside people sees it: two statements, whatever is going on."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.queue.rules.states import OPEN, State, Verb
from apps.scheduling.rules import Availability
from opd.demo.loading import VIA as LOADING
from opd.simulation.cast import VIA, Cast
from opd.simulation.rounds import HANDS_OFF, Doctor, Look, Seen

LATELY = timedelta(days=1)
"""How far back a change of availability is looked for."""

ACTING = [str(verb) for verb in (Verb.CALL, Verb.START, Verb.COMPLETE, Verb.HOLD, Verb.NO_SHOW, Verb.PUT_BACK)]
"""What only a doctor does, or somebody for them."""

LETTING_IN = ["check_in", str(Verb.CONFIRM), str(Verb.TRIAGE_UP), str(Verb.TRIAGE_DOWN)]
"""What the desk and the nurses do before a doctor calls; the simulated doctors call whom people let in."""

_VISITS = """
SELECT v.id, v.patient_id, v.department_id, v.state, v.version, v.doctor_id, v.missed_calls, v.hold_reason,
    moves.since, coalesce(v.last_called_at > v.called_at, false), moves.ours, moves.brought
FROM queue_visit v
CROSS JOIN LATERAL (
    SELECT max(t.at) AS since,
        bool_and(t.via = %(via)s OR t.actor_type = 'system' OR t.verb = ANY(%(letting_in)s)) AS ours,
        bool_and(t.via = %(via)s OR t.actor_type = 'system') AS brought
    FROM queue_visittransition t WHERE t.visit_id = v.id
) moves
WHERE v.department_id = ANY(%(places)s) AND v.state = ANY(%(open)s)
ORDER BY v.tier, v.arrival_key, v.number
"""

_DOCTORS = """
SELECT d.id, d.availability, d.version, moves.at, changes.at, greatest(moves.human_at, changes.human_at)
FROM scheduling_doctor d
CROSS JOIN LATERAL (
    SELECT max(t.at) AS at, max(t.at) FILTER (WHERE t.via <> %s) AS human_at FROM queue_visittransition t
    WHERE t.doctor_id = d.id AND t.at > %s AND t.verb = ANY(%s)
) moves
CROSS JOIN LATERAL (
    SELECT max(a.at) AS at, max(a.at) FILTER (WHERE a.actor_via <> ALL(%s)) AS human_at FROM audit_auditentry a
    WHERE a.entity_id = d.id::text AND a.at > %s AND a.action = 'doctor.availability_changed'
) changes
WHERE d.id = ANY(%s)
"""


def look_at(cast: Cast, now: datetime) -> Look:
    """The open visits of a hospital and its doctors, with who last had a hand in them."""
    return Look(now, _doctors(cast, now), _visits(cast))


def _visits(cast: Cast) -> list[Seen]:
    codes = {id_: code for code, id_ in cast.departments.items()}
    params = {"via": VIA, "letting_in": LETTING_IN, "places": list(codes), "open": sorted(OPEN)}
    rows = _rows(_VISITS, params)
    return [
        Seen(
            id=row[0],
            patient_id=row[1],
            department=codes[row[2]],
            state=State(row[3]),
            version=row[4],
            doctor_id=row[5],
            missed_calls=row[6],
            hold_reason=row[7],
            since=row[8],
            recalled=row[9],
            ours=row[10],
            brought=row[11],
        )
        for row in rows
    ]


def _doctors(cast: Cast, now: datetime) -> list[Doctor]:
    practitioners = {practitioner.id: practitioner for practitioner in cast.practitioners.values()}
    params = [VIA, now - HANDS_OFF, ACTING, [VIA, LOADING], now - LATELY, list(practitioners)]
    return [
        Doctor(
            key=practitioners[id_].key,
            id=id_,
            department=practitioners[id_].department,
            availability=Availability(availability),
            version=version,
            moved_at=moved_at,
            changed_at=changed_at,
            human_at=human_at,
        )
        for id_, availability, version, moved_at, changed_at, human_at in _rows(_DOCTORS, params)
    ]


def _rows(sql: str, params: list[Any] | dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
