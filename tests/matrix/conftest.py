"""The world of the matrix, built once for a module and undone after it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.matrix.world import World, kept_back, open_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """All of a module's tests ask in one transaction, each in a savepoint of its own."""
    with django_db_blocker.unblock(), kept_back():
        with connection.cursor() as cursor:  # a busy machine may take its time between two requests
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        with open_world() as opened:
            yield opened
