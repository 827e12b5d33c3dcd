"""Run one piece of work on many threads at once, each with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connection
from django_scopes import scope

T = TypeVar("T")


def at_once(work: Callable[[int], T], threads: int, facility: object) -> tuple[list[T], list[Exception]]:
    """Call `work(index)` on every thread behind one barrier; returns the answers and what was raised."""
    barrier = threading.Barrier(threads)
    answers: list[T] = []
    errors: list[Exception] = []

    def body(index: int) -> None:
        try:
            with scope(facility=facility):
                barrier.wait()
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
