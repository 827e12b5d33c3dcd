"""What is kept of everything: events, the trail, file numbers, partitions; and nobody who idles in a transaction."""

from datetime import UTC, timedelta

from django.apps import apps

from apps.audit.queries import verify
from opd.invariants.looking import Look, count, first_of, rows_of

DELIVERED_WITHIN = timedelta(seconds=30)
"""How long an event may wait for its delivery beside a running relay."""


IDLE_WITHIN = timedelta(seconds=30)


MONTHS_AHEAD = 2
"""Months for which partitions must be there already."""


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


def streams(look: Look) -> tuple[str, str]:
    """Events of a stream are numbered from 1 without a gap."""
    rows = rows_of(_STREAMS, [look.facilities, look.facilities])
    seen = count("SELECT count(*) FROM core_outboxevent WHERE facility_id = ANY(%s)", [look.facilities])
    return f"{seen:,} events", first_of(rows, "stream {0}: {1} events, highest number {2}, counter {3}")


def delivered(look: Look) -> tuple[str, str]:
    """No event waits longer for its delivery than a running relay takes."""
    waiting = (
        "FROM core_outboxevent WHERE facility_id = ANY(%s) AND delivered_at IS NULL AND parked_at IS NULL"
        " AND (%s OR occurred_at < %s)"
    )
    params = [look.facilities, look.settled, look.now - DELIVERED_WITHIN]
    rows = rows_of(f"SELECT stream, sequence, type {waiting} ORDER BY occurred_at LIMIT 1", params)
    parked = "SELECT count(*) FROM core_outboxevent WHERE facility_id = ANY(%s) AND parked_at IS NOT NULL"
    return f"{count(parked, [look.facilities]):,} parked", first_of(rows, "{0}:{1} {2} waits for its delivery")


def sealed(look: Look) -> tuple[str, str]:
    """The audit chain is whole."""
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


def uhids(look: Look) -> tuple[str, str]:
    """File numbers run from 1 to the counter."""
    seen = count("SELECT count(*) FROM patients_patient WHERE facility_id = ANY(%s)", [look.facilities])
    rows = rows_of(_UHIDS, [look.facilities, look.facilities])
    return f"{seen:,} people", first_of(rows, "facility {0}: {1} people, highest number {2}, counter {3}")


def nobody_idles(look: Look) -> tuple[str, str]:
    """No session of this database idles in a transaction."""
    ours = "FROM pg_stat_activity WHERE datname = current_database()"
    rows = rows_of(
        f"SELECT pid, state, clock_timestamp() - state_change {ours} AND state LIKE 'idle in transaction%%'"
        " AND state_change < clock_timestamp() - %s LIMIT 1",
        [IDLE_WITHIN],
    )
    return f"{count(f'SELECT count(*) {ours}', []):,} sessions", first_of(rows, "session {0} is {1} for {2}")


def months_ahead(look: Look) -> tuple[str, str]:
    """Tables that grow have partitions for the coming months."""
    first = look.now.astimezone(UTC)
    months = [divmod(first.year * 12 + first.month - 1 + ahead, 12) for ahead in range(MONTHS_AHEAD + 1)]
    grown = [model._meta.db_table for model in apps.get_models() if hasattr(model, "partitioned_by")]
    wanted = [f"{table}_{year}_{month + 1:02d}" for table in grown for year, month in months]
    rows = rows_of(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_inherits i"
        " JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relname = name) ORDER BY name LIMIT 1",
        [wanted],
    )
    return f"{len(grown)} tables", first_of(rows, "partition {0} is missing")
