"""What every test stands on: a database that may be emptied although its tables refuse it, and an anchor apart."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings

SCALE = 1000.0
"""Tests ask faster than people do; those of the limits set their own."""
os.environ.setdefault("OPD_RATE_SCALE", str(SCALE))  # for servers in processes of their own
os.environ.setdefault("OPD_DEVICE_APPROVAL", "0")


@pytest.fixture(scope="session", autouse=True)
def emptying_is_let_through() -> Iterator[None]:
    """Tests with real commits empty all tables afterwards; append-only ones would refuse, also to Django."""
    flush = DatabaseOperations.sql_flush

    def past_the_triggers(self: DatabaseOperations, *args: Any, **options: Any) -> list[str]:
        statements = flush(self, *args, **options)
        return ["SET LOCAL session_replication_role = replica", *statements] if statements else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", past_the_triggers)
        yield


@pytest.fixture(autouse=True)
def anchor_apart(settings: Any, tmp_path: Path) -> None:
    """Each test's audit chain begins anew, and so does its anchor."""
    settings.AUDIT_ANCHOR = tmp_path / "audit-anchor"


@pytest.fixture(autouse=True)
def no_haste(settings: Any) -> None:
    """Nobody is told to wait, unless a test is about that."""
    settings.RATE_SCALE = SCALE


@pytest.fixture(scope="session", autouse=True)
def devices_need_no_approval() -> Iterator[None]:
    """Staff sign in from anywhere, unless a test is about devices."""
    with override_settings(DEVICE_APPROVAL=False):
        yield
