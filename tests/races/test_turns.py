"""Who waits for a queue gets it in the order of coming, however quickly who had it comes back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from tests.core.mechanism import moved, wait_for

ROUNDS = 12
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
WAITED_FOR = (
    "SELECT locktype FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
)


def until_somebody_waits() -> None:
    """Within a transaction: until another one stands before a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        while not cursor.fetchone()[0]:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)


def turns(look: Callable[[], None] = lambda: None) -> list[str]:
    """Meera holds the queue until Dr Rao waits for it, lets it go and wants it again at once: who had it, in order."""
    had: list[str] = []
    held = Event()

    def of_meera() -> None:
        had.append("Meera")
        if not held.is_set():
            held.set()
            until_somebody_waits()
            look()

    def rao() -> None:
        wait_for(held)
        try:
            moved(meanwhile=lambda: had.append("Rao"))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(rao)
        for _ in range(3):
            moved(meanwhile=of_meera)
        waits.result(timeout=60)
    return had


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_queue_is_next():
    moved()
    assert {tuple(turns()[:2]) for _ in range(ROUNDS)} == {("Meera", "Rao")}


@pytest.mark.django_db(transaction=True)
def test_they_wait_in_a_line_that_postgresql_keeps():
    moved()
    before: list[str] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute(WAITED_FOR)
            before.extend(kind for (kind,) in cursor.fetchall())

    turns(look)
    assert before == ["advisory"]
