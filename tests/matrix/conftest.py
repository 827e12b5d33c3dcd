"""The world of the matrix, built once for a module and undone after it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.matrix.world import World, kept_back, open_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """All of a module's tests ask in one transaction, each in a savepoint of its own."""
    with django_db_blocker.unblock(), kept_back(), open_world() as opened:
        yield opened
