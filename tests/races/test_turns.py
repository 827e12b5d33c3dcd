"""Who waits for a queue gets it in the order of coming, however quickly who had it comes back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from apps.core import outbox
from tests.core.mechanism import moved, wait_for

ROUNDS = 12
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
ROW_ONLY = "SELECT name, sequence FROM core_stream WHERE name = ANY(%s) ORDER BY name FOR UPDATE"


def until_somebody_waits() -> None:
    """Within a transaction: until another one stands before a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        while not cursor.fetchone()[0]:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)


def turns() -> list[str]:
    """Meera holds the queue until Dr Rao waits for it, lets it go and wants it again at once: who had it, in order."""
    had: list[str] = []
    held = Event()

    def of_meera() -> None:
        had.append("Meera")
        if not held.is_set():
            held.set()
            until_somebody_waits()

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
def test_the_control_without_a_line_lets_who_comes_back_go_first(monkeypatch: pytest.MonkeyPatch):
    moved()
    monkeypatch.setattr(outbox, "_LOCK", ROW_ONLY)
    assert ("Meera", "Meera") in {tuple(turns()[:2]) for _ in range(ROUNDS)}
