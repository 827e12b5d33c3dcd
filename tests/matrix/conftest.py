"""The world of the matrix, built once for a module and undone after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.matrix.world import World, kept_back, open_world


@contextmanager
def slow_clock() -> Iterator[None]:
    """Time passes by a fraction of a second whenever somebody looks at the clock: however long a machine takes for
    a thousand questions, passes, holds and offers of the world last."""
    began, looks = timezone.now(), count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: began + timedelta(microseconds=100 * next(looks)))
        yield


@contextmanager
def standing(django_db_blocker: Any) -> Iterator[World]:
    """All of a module's tests ask in one transaction, each in a savepoint of its own."""
    with slow_clock(), django_db_blocker.unblock(), kept_back():
        with connection.cursor() as cursor:  # a busy machine may take its time between two requests
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        with open_world() as opened:
            yield opened


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """The world, for all tests of a module."""
    with standing(django_db_blocker) as opened:
        yield opened
