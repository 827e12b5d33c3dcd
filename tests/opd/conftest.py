"""A demo hospital for tests: loaded by the demo's own commands, with a clock that a test moves."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django_scopes import scope

from apps.accounts.queries import FacilityFacts
from apps.accounts.rules.demo import DEMO_PASSWORD
from opd.demo.hospital import DEMO
from opd.demo.loading import load
from tests.matrix.world import kept_back

MONDAY = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """A hospital's accounts take a second to hash as in earnest; here nobody guesses."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[FacilityFacts]:
    """The hospital, loaded once for a module and undone after it; each test undoes what it did itself."""
    quick = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with django_db_blocker.unblock(), kept_back():
        with connection.cursor() as cursor:  # a test may take longer than a transaction may wait in production
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        with quick, TemporaryDirectory() as folder, override_settings(AUDIT_ANCHOR=Path(folder) / "anchor"):
            facility = load(DEMO, MONDAY, DEMO_PASSWORD)
        yield facility


@pytest.fixture
def asha(demo: FacilityFacts, db: None) -> Iterator[FacilityFacts]:
    """Asha District Hospital on a Monday morning, with its scope active."""
    with scope(facility=demo.id):
        yield demo


@pytest.fixture
def without_append_only(db: None) -> Callable[[str], None]:
    """Runs a statement as somebody who is above the database's own guards."""

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("SET LOCAL session_replication_role = origin")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    return run
