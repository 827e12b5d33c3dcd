"""B1: a command against the same statements in bare psycopg, turn by turn in one process."""

import statistics
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import connection

from apps.core.once import Once
from apps.queue import commands
from apps.queue.models import Visit
from apps.queue.queries.visits import snapshot
from tests.bench.replay import Replay, bare_connection, recorded
from tests.bench.results import note
from tests.ward import Ward, open_ward

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
TURNS = 100
ROUNDS = 3
FIRST_NUMBER = 500_000
"""Where the counter begins, so that the number is recognised among the parameters."""


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    """One department, one doctor, a counter that stands high."""
    with open_ward() as opened:
        day = opened.facility.day_of(opened.now)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO scheduling_tokencounter (department_id, day, last) VALUES (%s, %s, %s)",
                [opened.department.id, day, FIRST_NUMBER],
            )
            cursor.execute("UPDATE scheduling_queuepolicy SET queue_limit = 1000000")
        yield opened


def known_ids(ward: Ward) -> set[UUID]:
    actors = {ward.meera.id, ward.rao.id, ward.admin.id}
    return {ward.facility.id, ward.department.id, ward.doctor.id, ward.doctor.room_id, *(a for a in actors if a)}


def alternate(ours: Callable[[int], None], theirs: Callable[[int], None], after: Callable[[], None]) -> list[float]:
    """Rates of ours against theirs (1.0 is the same), one per round, taken in turns."""
    ratios = []
    for round_ in range(ROUNDS):
        spent = {ours: 0.0, theirs: 0.0}
        for turn in range(round_ * TURNS, (round_ + 1) * TURNS):
            for one in (ours, theirs):
                began = time.perf_counter()
                one(turn)
                spent[one] += time.perf_counter() - began
                after()
        ratios.append(spent[theirs] / spent[ours])
    return ratios


def test_check_in_against_the_same_statements_in_bare_psycopg(ward: Ward):
    people = [ward.register(name=f"Person {i}").id for i in range(2 * TURNS * ROUNDS + 1)]

    def check_in(patient_id: UUID, key: str) -> None:
        commands.check_in.answer(
            Once(key, "POST /api/v1/visits", "same"),
            lambda arrived: snapshot(arrived.visit),
            actor=ward.meera,
            now=ward.now,
            department_id=ward.department.id,
            patient_id=patient_id,
        )

    with recorded() as statements:
        check_in(people[0], "first")
    replay = Replay(statements, known_ids(ward) | {people[0]}, number=FIRST_NUMBER + 1)
    key = f"staff:{ward.meera.id}:POST /api/v1/visits first"
    with bare_connection() as bare:
        ratios = alternate(
            lambda turn: check_in(people[1 + 2 * turn], f"ours-{turn}"),
            lambda turn: replay.run(
                bare,
                turn,
                {people[0]: people[2 + 2 * turn], "first": f"bare-{turn}", key: f"bare {turn}"},
            ),
            lambda: None,
        )
    assert Visit.objects.count() == len(people)
    note(
        "check-in, command against the same statements in bare psycopg", statistics.median(ratios), 0.5, len(statements)
    )


def test_call_next_against_the_same_statements_in_bare_psycopg(ward: Ward):
    waiting = [ward.arrive().id for _ in range(2 * TURNS * ROUNDS + 1)]
    done = iter(waiting)

    def seen() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE queue_visit SET state = 'COMPLETED', ended_at = now(), completed_at = now() WHERE id = %s",
                [next(done)],
            )

    def call(key: str) -> None:
        commands.call_next.answer(
            Once(key, "POST /call-next", "same"), snapshot, actor=ward.rao, now=ward.now, doctor_id=ward.doctor.id
        )

    with recorded() as statements:
        call("first")
    seen()
    replay = Replay(statements, known_ids(ward) | set(waiting))
    key = f"staff:{ward.rao.id}:POST /call-next first"
    with bare_connection() as bare:
        ratios = alternate(
            lambda turn: call(f"ours-{turn}"),
            lambda turn: replay.run(
                bare, turn, {waiting[0]: waiting[2 + 2 * turn], "first": f"bare-{turn}", key: f"bare {turn}"}
            ),
            seen,
        )
    assert Visit.objects.filter(state="COMPLETED").count() == len(waiting)
    note(
        "call-next, command against the same statements in bare psycopg",
        statistics.median(ratios),
        0.5,
        len(statements),
    )
