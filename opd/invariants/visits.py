"""Visits: each stands where its path leads, once, under its own number."""

from apps.queue.rules.states import ACTIVE, OPEN, TRANSITIONS, State, Verb
from apps.queue.rules.undoing import UNDO
from opd.invariants.looking import Look, count, first_of, rows_of

FIRST_STATES = (State.SCANNED, State.WAITING, State.URGENT)


CHECK_IN = "check_in"


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


def paths(look: Look) -> tuple[str, str]:
    """Each visit's transitions lead from where it began to where it stands, by edges that exist."""
    origins, targets = [str(o) for o, _ in TRANSITIONS], [str(t) for _, t in TRANSITIONS]
    verbs = [str(verb) for verb in TRANSITIONS.values()]
    params = [origins, targets, verbs, look.facilities, CHECK_IN, [str(s) for s in FIRST_STATES], look.facilities]
    visits = count("SELECT count(*) FROM queue_visit WHERE facility_id = ANY(%s)", [look.facilities])
    return f"{visits:,} visits", first_of(rows_of(_PATHS, params), "visit {0} {1} (version {2}, {3} → {4}, is {5})")


def one_active_visit(look: Look) -> tuple[str, str]:
    """A doctor, or a counter, has one person at most."""
    active = "FROM queue_visit WHERE facility_id = ANY(%s) AND state = ANY(%s)"
    params = [look.facilities, sorted(ACTIVE)]
    busy = f"SELECT coalesce(doctor_id, counter_id), count(*) {active}"
    rows = rows_of(f"{busy} GROUP BY 1 HAVING count(*) > 1 LIMIT 1", params)
    seen = count(f"SELECT count(*) {active}", params)
    return f"{seen:,} active visits", first_of(rows, "doctor or counter {0} has {1} active visits")


def one_open_visit(look: Look) -> tuple[str, str]:
    """Nobody has two open visits in one department."""
    unfinished = "FROM queue_visit WHERE facility_id = ANY(%s) AND state = ANY(%s)"
    params = [look.facilities, sorted(OPEN)]
    rows = rows_of(
        f"SELECT patient_id, department_id, count(*) {unfinished} GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 1",
        params,
    )
    seen = count(f"SELECT count(*) {unfinished}", params)
    return f"{seen:,} open visits", first_of(rows, "patient {0} has {2} open visits in department {1}")


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


def numbers(look: Look) -> tuple[str, str]:
    """Token numbers of a department's day run from 1 to its counter."""
    seen = count("SELECT count(*) FROM scheduling_token WHERE facility_id = ANY(%s)", [look.facilities])
    rows = rows_of(_NUMBERS, [look.facilities, look.facilities])
    told = "department {0} on {1}: {2} tokens, highest {3}, counter {4}"
    return f"{seen:,} tokens", first_of(rows, told)


def visits_carry_their_tokens(look: Look) -> tuple[str, str]:
    """A visit has the number, day and person of its token."""
    join = "FROM queue_visit v JOIN scheduling_token t ON t.id = v.token_id WHERE v.facility_id = ANY(%s)"
    rows = rows_of(
        f"SELECT v.id, v.number, t.number {join} AND (v.number, v.day, v.patient_id, v.facility_id)"  # noqa: S608
        " IS DISTINCT FROM (t.number, t.day, t.patient_id, t.facility_id) LIMIT 1",
        [look.facilities],
    )
    seen = count(f"SELECT count(*) {join}", [look.facilities])
    return f"{seen:,} visits", first_of(rows, "visit {0} with number {1} carries another's token, number {2}")


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


def told_alike(look: Look) -> tuple[str, str]:
    """Each transition has one audit entry and one event, to the same state."""
    actions = [f"visit.{verb}" for verb in (CHECK_IN, UNDO, *Verb)]
    rows = rows_of(_TOLD_ALIKE, [look.facilities, look.facilities, actions, look.facilities])
    moved = "SELECT count(*) FROM queue_visittransition WHERE facility_id = ANY(%s)"
    told = "visit {0}, version {1}: {2} transitions, {3} audit entries, {4} events, or to different states"
    return f"{count(moved, [look.facilities]):,} transitions", first_of(rows, told)
