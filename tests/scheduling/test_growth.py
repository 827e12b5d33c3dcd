"""A doctor's day costs the same whether the hospital is a week or ten years old."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.scheduling.queries import availability
from apps.scheduling.rules.allocation import BookingSource
from tests.bookings import book, open_slot
from tests.proving import PROVE
from tests.ward import Ward, open_ward

FEW, MANY = 1_000, 1_000_000 if PROVE else 20_000
"""Past appointments, over all doctors' past slots of ten."""

PAST = """
WITH slots AS (
    INSERT INTO scheduling_slot (id, day, starts_at, ends_at, capacity, walk_in_reserve, taken, overflow, closed_reason,
        delay_minutes, version, department_id, doctor_id, facility_id, emergency_level)
    SELECT gen_random_uuid(), (at AT TIME ZONE 'UTC')::date, at, at + interval '5 minutes', 10, 0, 0, 0, '', 0, 1,
        %(department)s, %(doctor)s, %(facility)s, ''
    FROM generate_series(1 + %(from)s / 10, %(to)s / 10) n
    CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - n * interval '5 minutes' AS at) t
    RETURNING *
)
INSERT INTO scheduling_appointment (id, day, at, place, overflow, source, state, reason, booked_at, displaced,
    end_reason, version, department_id, doctor_id, facility_id, patient_id, slot_id, meeting_url, severity, places)
SELECT gen_random_uuid(), day, starts_at, place, false, 'online', 'CANCELLED', '', starts_at, 0, '', 1, department_id,
    doctor_id, facility_id, %(patient)s, id, '', '', 1
FROM slots CROSS JOIN generate_series(0, 9) place
"""


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    with open_ward() as opened:
        yield opened


@pytest.mark.timeout(1200)
def test_a_doctors_day_takes_as_much_to_read_after_a_million_appointments_as_after_a_thousand(ward: Ward):
    slot = open_slot(ward, capacity=20)
    for _ in range(5):
        book(ward, slot)
    grow(ward, 0, FEW)
    statements, few = blocks_read(ward, slot.day)
    grow(ward, FEW, MANY)
    assert statements <= 3
    statements, many = blocks_read(ward, slot.day)
    assert statements <= 3
    assert many <= 2 * few + 10, f"{few} blocks of the database, then {many}"


def grow(ward: Ward, start: int, end: int) -> None:
    """Let so many past appointments be there."""
    values: dict[str, Any] = {
        "department": ward.department.id,
        "doctor": ward.doctor.id,
        "facility": ward.facility.id,
        "patient": ward.register(name=f"Past {end}").id,
        "now": ward.now,
        "from": start,
        "to": end,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(PAST, values)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE scheduling_slot, scheduling_appointment")


def blocks_read(ward: Ward, day: Any) -> tuple[int, int]:
    """How many statements a doctor's day takes, and how many blocks of tables and indexes PostgreSQL looks at."""
    with CaptureQueriesContext(connection) as asked:
        found = availability(ward.doctor.id, day, BookingSource.ONLINE, ward.now)
    assert found["slots"][0]["currentOccupancy"] == 5
    blocks = 0
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query['sql']}")
            plan = cursor.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            blocks += plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
    return len(asked.captured_queries), blocks
