"""What must hold after any day, any crash and any race: asked of the database itself, one statement each.

Every check looks at whole facilities and answers how much it looked at and the first row that is wrong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from apps.audit.queries import verify
from apps.billing.queries.books import fault_in_books, gap_in_numbers
from apps.queue.rules.states import ACTIVE, OPEN, TRANSITIONS, State, Verb
from apps.queue.rules.undoing import UNDO

FIRST_STATES = (State.SCANNED, State.WAITING, State.URGENT)
CHECK_IN = "check_in"
DELIVERED_WITHIN = timedelta(seconds=30)
"""How long an event may wait for its delivery beside a running relay."""

SWEPT_WITHIN = timedelta(minutes=5)
"""How long holds, offers, waits and overrides may stand after their end, beside a worker that sweeps."""

IDLE_WITHIN = timedelta(seconds=30)
MONTHS_AHEAD = 2
"""Months for which partitions must be there already."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at. `settled`: everything is expected to be delivered by now."""

    facilities: list[UUID]
    now: datetime
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant: how much was looked at, and the first offender; "" when it holds."""

    name: str
    seen: str
    offender: str

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.offender


Row = Sequence[Any]


def check(look: Look) -> Iterator[Finding]:
    """Every invariant, one after the other."""
    for name, examine in INVARIANTS.items():
        seen, offender = examine(look)
        yield Finding(name, seen, offender)


def _rows(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
    """What a statement finds, however long it takes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _count(sql: str, params: Sequence[Any]) -> int:
    return int(_rows(sql, params)[0][0])


def _first(rows: Iterable[Row], told: str) -> str:
    """The first row in words, "" for none."""
    return next((told.format(*row) for row in rows), "")


_PATHS = """
WITH edges AS (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS e(origin, target, verb)),
steps AS (
    SELECT visit_id, version, from_state, to_state, verb,
        lag(to_state) OVER path AS stood, lag(from_state) OVER path AS stood_before,
        lag(version) OVER path AS version_before,
        lead(version) OVER path IS NULL AS last
    FROM queue_visittransition WHERE facility_id = ANY(%s)
    WINDOW path AS (PARTITION BY visit_id ORDER BY version, at)
),
judged AS (
    SELECT coalesce(s.visit_id, v.id) AS visit_id, s.version, s.from_state, s.to_state, v.state,
        CASE
            WHEN s.visit_id IS NULL THEN 'has no transition'
            WHEN v.id IS NULL THEN 'does not exist'
            WHEN s.version <= coalesce(s.version_before, 0) THEN 'has two transitions to one version'
            WHEN s.from_state <> coalesce(s.stood, '') THEN 'was moved from where it did not stand'
            WHEN s.stood IS NULL AND (s.verb <> %s OR s.to_state <> ALL(%s)) THEN 'did not begin by arriving'
            WHEN s.verb = 'undo' AND s.to_state IS DISTINCT FROM s.stood_before THEN 'was taken back to elsewhere'
            WHEN s.stood IS NOT NULL AND s.verb <> 'undo' AND NOT EXISTS (
                SELECT FROM edges WHERE origin = s.from_state AND target = s.to_state AND edges.verb = s.verb
            ) THEN 'took an edge that is none'
            WHEN s.last AND s.to_state <> v.state THEN 'stands elsewhere than its path leads'
            WHEN s.last AND s.version > v.version THEN 'is behind its path'
        END AS fault
    FROM steps s FULL JOIN (SELECT * FROM queue_visit WHERE facility_id = ANY(%s)) v ON v.id = s.visit_id
)
SELECT visit_id, fault, version, from_state, to_state, state FROM judged WHERE fault IS NOT NULL LIMIT 1
"""


def _paths(look: Look) -> tuple[str, str]:
    origins, targets = [str(o) for o, _ in TRANSITIONS], [str(t) for _, t in TRANSITIONS]
    verbs = [str(verb) for verb in TRANSITIONS.values()]
    params = [origins, targets, verbs, look.facilities, CHECK_IN, [str(s) for s in FIRST_STATES], look.facilities]
    visits = _count("SELECT count(*) FROM queue_visit WHERE facility_id = ANY(%s)", [look.facilities])
    return f"{visits:,} visits", _first(_rows(_PATHS, params), "visit {0} {1} (version {2}, {3} → {4}, is {5})")


def _one_active_visit(look: Look) -> tuple[str, str]:
    active = "FROM queue_visit WHERE facility_id = ANY(%s) AND state = ANY(%s)"
    params = [look.facilities, sorted(ACTIVE)]
    busy = f"SELECT coalesce(doctor_id, counter_id), count(*) {active}"
    rows = _rows(f"{busy} GROUP BY 1 HAVING count(*) > 1 LIMIT 1", params)
    seen = _count(f"SELECT count(*) {active}", params)
    return f"{seen:,} active visits", _first(rows, "doctor or counter {0} has {1} active visits")


def _one_open_visit(look: Look) -> tuple[str, str]:
    unfinished = "FROM queue_visit WHERE facility_id = ANY(%s) AND state = ANY(%s)"
    params = [look.facilities, sorted(OPEN)]
    rows = _rows(
        f"SELECT patient_id, department_id, count(*) {unfinished} GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 1",
        params,
    )
    seen = _count(f"SELECT count(*) {unfinished}", params)
    return f"{seen:,} open visits", _first(rows, "patient {0} has {2} open visits in department {1}")


_NUMBERS = """
WITH given AS (
    SELECT department_id, day, count(*) AS tokens, count(DISTINCT number) AS numbers, min(number) AS least,
        max(number) AS most
    FROM scheduling_token WHERE facility_id = ANY(%s) GROUP BY department_id, day
),
counted AS (
    SELECT c.department_id, c.day, c.last FROM scheduling_tokencounter c
    JOIN scheduling_department d ON d.id = c.department_id WHERE d.facility_id = ANY(%s)
)
SELECT department_id, day, coalesce(tokens, 0), coalesce(most, 0), coalesce(last, 0)
FROM given FULL JOIN counted USING (department_id, day)
WHERE (coalesce(tokens, 0), coalesce(numbers, 0), coalesce(most, 0))
        IS DISTINCT FROM (coalesce(last, 0)::bigint, coalesce(last, 0)::bigint, coalesce(last, 0))
    OR coalesce(least, 1) <> 1
ORDER BY day LIMIT 1
"""


def _numbers(look: Look) -> tuple[str, str]:
    seen = _count("SELECT count(*) FROM scheduling_token WHERE facility_id = ANY(%s)", [look.facilities])
    rows = _rows(_NUMBERS, [look.facilities, look.facilities])
    told = "department {0} on {1}: {2} tokens, highest {3}, counter {4}"
    return f"{seen:,} tokens", _first(rows, told)


def _visits_carry_their_tokens(look: Look) -> tuple[str, str]:
    join = "FROM queue_visit v JOIN scheduling_token t ON t.id = v.token_id WHERE v.facility_id = ANY(%s)"
    rows = _rows(
        f"SELECT v.id, v.number, t.number {join} AND (v.number, v.day, v.patient_id, v.facility_id)"  # noqa: S608
        " IS DISTINCT FROM (t.number, t.day, t.patient_id, t.facility_id) LIMIT 1",
        [look.facilities],
    )
    seen = _count(f"SELECT count(*) {join}", [look.facilities])
    return f"{seen:,} visits", _first(rows, "visit {0} with number {1} carries another's token, number {2}")


_TOLD_ALIKE = """
WITH moved AS (
    SELECT visit_id::text AS visit, version::text AS version, count(*) AS n, max(to_state) AS state
    FROM queue_visittransition WHERE facility_id = ANY(%s) GROUP BY 1, 2
),
audited AS (
    SELECT entity_id AS visit, after->>'version' AS version, count(*) AS n, max(after->>'state') AS state
    FROM audit_auditentry WHERE facility_id = ANY(%s) AND entity_type = 'visit' AND action = ANY(%s) GROUP BY 1, 2
),
told AS (
    SELECT entity_id::text AS visit, entity_version::text AS version, count(*) AS n, max(payload->>'to') AS state
    FROM core_outboxevent WHERE facility_id = ANY(%s) AND type = 'visit.transitioned' GROUP BY 1, 2
)
SELECT visit, version, coalesce(moved.n, 0), coalesce(audited.n, 0), coalesce(told.n, 0)
FROM moved FULL JOIN audited USING (visit, version) FULL JOIN told USING (visit, version)
WHERE (moved.n, audited.n, told.n) IS DISTINCT FROM (1::bigint, 1::bigint, 1::bigint)
    OR moved.state <> audited.state OR moved.state <> told.state
LIMIT 1
"""


def _told_alike(look: Look) -> tuple[str, str]:
    actions = [f"visit.{verb}" for verb in (CHECK_IN, UNDO, *Verb)]
    rows = _rows(_TOLD_ALIKE, [look.facilities, look.facilities, actions, look.facilities])
    moved = "SELECT count(*) FROM queue_visittransition WHERE facility_id = ANY(%s)"
    told = "visit {0}, version {1}: {2} transitions, {3} audit entries, {4} events, or to different states"
    return f"{_count(moved, [look.facilities]):,} transitions", _first(rows, told)


_STREAMS = """
WITH own AS (
    SELECT 'facility.' || unnest(%s::uuid[]) AS name
    UNION ALL SELECT 'dept.' || id FROM scheduling_department WHERE facility_id = ANY(%s)
),
kept AS (
    SELECT stream AS name, count(*) AS n, count(DISTINCT sequence) AS numbers, min(sequence) AS least,
        max(sequence) AS most
    FROM core_outboxevent WHERE stream IN (SELECT name FROM own) GROUP BY 1
)
SELECT name, coalesce(n, 0), coalesce(most, 0), coalesce(s.sequence, 0)
FROM own LEFT JOIN kept USING (name) LEFT JOIN core_stream s USING (name)
WHERE coalesce(most, 0) <> coalesce(s.sequence, 0) OR n <> most OR numbers <> n OR least <> 1
LIMIT 1
"""


def _streams(look: Look) -> tuple[str, str]:
    rows = _rows(_STREAMS, [look.facilities, look.facilities])
    seen = _count("SELECT count(*) FROM core_outboxevent WHERE facility_id = ANY(%s)", [look.facilities])
    return f"{seen:,} events", _first(rows, "stream {0}: {1} events, highest number {2}, counter {3}")


def _delivered(look: Look) -> tuple[str, str]:
    waiting = (
        "FROM core_outboxevent WHERE facility_id = ANY(%s) AND delivered_at IS NULL AND parked_at IS NULL"
        " AND (%s OR occurred_at < %s)"
    )
    params = [look.facilities, look.settled, look.now - DELIVERED_WITHIN]
    rows = _rows(f"SELECT stream, sequence, type {waiting} ORDER BY occurred_at LIMIT 1", params)
    parked = "SELECT count(*) FROM core_outboxevent WHERE facility_id = ANY(%s) AND parked_at IS NOT NULL"
    return f"{_count(parked, [look.facilities]):,} parked", _first(rows, "{0}:{1} {2} waits for its delivery")


def _sealed(look: Look) -> tuple[str, str]:
    verdict = verify(look.now)
    wrong = "" if verdict.sound else f"entry {verdict.entry_id}, position {verdict.position}: {verdict.fault}"
    return f"{verdict.links:,} links", wrong


_UHIDS = """
WITH given AS (
    SELECT facility_id, count(*) AS people, count(DISTINCT number) AS numbers, min(number) AS least, max(number) AS most
    FROM (SELECT facility_id, substring(uhid FROM '-([0-9]+)-[0-9]$')::bigint AS number FROM patients_patient
        WHERE facility_id = ANY(%s)) AS p
    GROUP BY facility_id
)
SELECT facility_id, coalesce(people, 0), coalesce(most, 0), coalesce(last, 0)
FROM given FULL JOIN (SELECT * FROM patients_uhidcounter WHERE facility_id = ANY(%s)) c USING (facility_id)
WHERE (coalesce(people, 0), coalesce(numbers, 0), coalesce(most, 0))
        IS DISTINCT FROM (coalesce(last, 0)::bigint, coalesce(last, 0)::bigint, coalesce(last, 0)::bigint)
    OR coalesce(least, 1) <> 1
LIMIT 1
"""


def _uhids(look: Look) -> tuple[str, str]:
    seen = _count("SELECT count(*) FROM patients_patient WHERE facility_id = ANY(%s)", [look.facilities])
    rows = _rows(_UHIDS, [look.facilities, look.facilities])
    return f"{seen:,} people", _first(rows, "facility {0}: {1} people, highest number {2}, counter {3}")


def _nobody_idles(look: Look) -> tuple[str, str]:
    ours = "FROM pg_stat_activity WHERE datname = current_database()"
    rows = _rows(
        f"SELECT pid, state, clock_timestamp() - state_change {ours} AND state LIKE 'idle in transaction%%'"
        " AND state_change < clock_timestamp() - %s LIMIT 1",
        [IDLE_WITHIN],
    )
    return f"{_count(f'SELECT count(*) {ours}', []):,} sessions", _first(rows, "session {0} is {1} for {2}")


def _months_ahead(look: Look) -> tuple[str, str]:
    first = look.now.astimezone(UTC)
    months = [divmod(first.year * 12 + first.month - 1 + ahead, 12) for ahead in range(MONTHS_AHEAD + 1)]
    grown = [model._meta.db_table for model in apps.get_models() if hasattr(model, "partitioned_by")]
    wanted = [f"{table}_{year}_{month + 1:02d}" for table in grown for year, month in months]
    rows = _rows(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_inherits i"
        " JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relname = name) ORDER BY name LIMIT 1",
        [wanted],
    )
    return f"{len(grown)} tables", _first(rows, "partition {0} is missing")


_SLOTS = """
SELECT id, taken, capacity, overflow, live, beyond FROM (
    SELECT s.id, s.taken, s.capacity, s.overflow, coalesce(sum(a.places), 0) AS live,
        coalesce(sum(a.places) FILTER (WHERE a.overflow), 0) AS beyond
    FROM scheduling_slot s
    LEFT JOIN scheduling_appointment a ON a.slot_id = s.id AND a.state IN ('HELD', 'BOOKED', 'ARRIVED')
    WHERE s.facility_id = ANY(%s)
    GROUP BY s.id
) AS counted
WHERE taken <> live OR taken > capacity + beyond
"""


def _slots(look: Look) -> tuple[str, str]:
    seen = _count("SELECT count(*) FROM scheduling_slot WHERE facility_id = ANY(%s)", [look.facilities])
    wrong = _rows(_SLOTS, [look.facilities])
    return f"{seen} slots", _first(wrong, "slot {0} says {1} taken of {2}, {4} places are had, {5} of them beyond")


_SWEPT = """
SELECT 'hold ' || id, hold_expires_at FROM scheduling_appointment
WHERE facility_id = ANY(%(facilities)s) AND state = 'HELD' AND hold_expires_at < %(due)s
UNION ALL
SELECT 'offer ' || o.id, o.expires_at FROM scheduling_offer o JOIN scheduling_appointment a ON a.id = o.hold_id
WHERE o.facility_id = ANY(%(facilities)s) AND o.state = 'OPEN' AND (o.expires_at < %(due)s OR a.state <> 'HELD')
UNION ALL
SELECT 'wait ' || id, expires_at FROM scheduling_waitingentry
WHERE facility_id = ANY(%(facilities)s) AND state = 'WAITING' AND expires_at < %(due)s
UNION ALL
SELECT 'override of slot ' || id, ends_at FROM scheduling_slot
WHERE facility_id = ANY(%(facilities)s) AND emergency_level <> '' AND ends_at < %(due)s
ORDER BY 2 LIMIT 1
"""


def _swept(look: Look) -> tuple[str, str]:
    due = look.now - SWEPT_WITHIN - timedelta(minutes=settings.SWEEPS_SPARE_MINUTES)
    wrong = _rows(_SWEPT, {"facilities": look.facilities, "due": due})
    held = "SELECT count(*) FROM scheduling_appointment WHERE facility_id = ANY(%s) AND state = 'HELD'"
    return f"{_count(held, [look.facilities]):,} held", _first(wrong, "{0} was over at {1} and still stands")


_STRETCHED = """
SELECT id, capacity, usual_capacity, emergency_level FROM scheduling_slot
WHERE facility_id = ANY(%s) AND (emergency_level = '' AND usual_capacity IS NOT NULL
    OR emergency_level <> '' AND capacity IS DISTINCT FROM
        ceil(usual_capacity * CASE emergency_level WHEN 'critical' THEN 1.5 WHEN 'high' THEN 1.25 END))
LIMIT 1
"""


def _stretched(look: Look) -> tuple[str, str]:
    stretched = "SELECT count(*) FROM scheduling_slot WHERE facility_id = ANY(%s) AND emergency_level <> ''"
    wrong = _rows(_STRETCHED, [look.facilities])
    seen = f"{_count(stretched, [look.facilities]):,} stretched"
    return seen, _first(wrong, "slot {0} has {1} places, usually {2}, level {3}")


def _books(look: Look) -> tuple[str, str]:
    journals = _count("SELECT count(*) FROM billing_journal WHERE facility_id = ANY(%s)", [look.facilities])
    return f"{journals:,} journals", fault_in_books(look.facilities)


def _invoice_numbers(look: Look) -> tuple[str, str]:
    issued = "SELECT count(*) FROM billing_invoice WHERE facility_id = ANY(%s) AND status = 'ISSUED'"
    return f"{_count(issued, [look.facilities]):,} invoices", gap_in_numbers(look.facilities)


INVARIANTS: dict[str, Callable[[Look], tuple[str, str]]] = {
    "visits stand where their transitions lead": _paths,
    "a doctor or counter has at most one active visit": _one_active_visit,
    "nobody waits twice in a department": _one_open_visit,
    "token numbers run from 1 to the counter": _numbers,
    "visits carry their own token's number": _visits_carry_their_tokens,
    "transitions, audit entries and events are one to one": _told_alike,
    "streams are numbered without gaps": _streams,
    "events are delivered or parked": _delivered,
    "the audit chain verifies": _sealed,
    "UHIDs run from 1 to the counter": _uhids,
    "a slot's count is of those who have a place": _slots,
    "what is over was swept": _swept,
    "stretched slots have the places of their level": _stretched,
    "the books are balanced and agree with the papers": _books,
    "invoice numbers run from 1 to the counter": _invoice_numbers,
    "no session idles in a transaction": _nobody_idles,
    "partitions are made ahead": _months_ahead,
}
"""What must hold, and how it is found out."""
