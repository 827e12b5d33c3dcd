"""Run one piece of work on many threads at once, each with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from django.db import connection
from django.db.models import QuerySet
from django_scopes import scope

from apps.core.statements import Prepared

T = TypeVar("T")


def at_once(work: Callable[[int], T], threads: int, facility: object) -> tuple[list[T], list[Exception]]:
    """Call `work(index)` on every thread behind one barrier; returns the answers and what was raised."""
    barrier = threading.Barrier(threads)
    answers: list[T] = []
    errors: list[Exception] = []

    def body(index: int) -> None:
        try:
            with scope(facility=facility):
                barrier.wait(timeout=90)
                answers.append(work(index))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=body, args=(i,)) for i in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return answers, errors


def somebody_waits() -> bool:
    """Whether somebody waits for a lock in this database just now; within a transaction PostgreSQL would go on telling
    what it saw first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


def without_row_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a control: rows are only looked at, also by questions whose SQL is there already."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows)
    monkeypatch.setattr(Prepared, "compiled", property(Prepared.compile))
