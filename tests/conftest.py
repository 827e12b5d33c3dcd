"""What every test stands on: a database that may be emptied although its tables refuse it, and an anchor apart."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as house
from django.core.management.commands import flush
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings
from django.utils import timezone, translation
from whitenoise.middleware import WhiteNoiseMiddleware

from apps.accounts.hashers import StaffPasswordHasher
from tests.proving import PROVE

SCALE = 1000.0
"""Tests ask faster than people do; those of the limits set their own."""
os.environ.setdefault("OPD_RATE_SCALE", str(SCALE))  # for servers in processes of their own
os.environ.setdefault("OPD_DEVICE_APPROVAL", "0")

hypothesis.settings.register_profile("house", deadline=None, derandomize=not PROVE)
hypothesis.settings.load_profile("house")
"""The same made-up values on each run, however slow the machine; `make prove` makes up others each time."""


KEPT = {"django_content_type", "auth_permission"}
"""What migrations wrote, the same for every test."""
EMPTY = """DO $$
DECLARE name text; found boolean;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH name IN ARRAY ARRAY[%s] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %%I)', name) INTO found;
    IF found THEN EXECUTE format('DELETE FROM %%I', name); END IF;
  END LOOP;
END $$"""
"""Past the triggers of tables that are only added to. A TRUNCATE of a hundred tables takes two seconds, this a few
hundredths."""


LONGEST = ("tests/faults/", "tests/e2e/", "tests/fuzz/", "tests/security/", "tests/races/", "tests/live/", "tests/opd/")
"""Where the longest tests are. They begin, so that at the end no process is alone with one of them."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, each part in the order that pytest-randomly has drawn."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def emptying_is_quick_and_let_through() -> Iterator[None]:
    """Tests with real commits empty all tables afterwards; append-only ones would refuse, also to Django."""

    def only_what_has_rows(self: DatabaseOperations, style: Any, tables: Any, **options: Any) -> list[str]:
        return [EMPTY % ", ".join(f"'{table}'" for table in sorted(set(tables) - KEPT))]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", only_what_has_rows)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_are_listed_once() -> Iterator[None]:
    """Each test client builds the middlewares anew, and one of them lists all static files: a quarter of a second."""
    listing, listed = WhiteNoiseMiddleware.add_files_from_finders, {}

    def once(self: WhiteNoiseMiddleware) -> None:
        if not listed:
            listing(self)
            listed.update(self.files)
        self.files.update(listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


@pytest.fixture(autouse=True)
def everybody_reads_english() -> Iterator[None]:
    """What one test's reader has chosen is not what the next one's reads."""
    with translation.override(house.LANGUAGE_CODE):
        yield


@pytest.fixture
def the_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """No minute ends meanwhile: what tells times is the same as long as nothing happens."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture(autouse=True)
def anchor_apart(settings: Any, tmp_path: Path) -> None:
    """Each test's audit chain begins anew, and so does its anchor."""
    settings.AUDIT_ANCHOR = tmp_path / "audit-anchor"


IN_EARNEST = {name: getattr(StaffPasswordHasher, name) for name in ("time_cost", "memory_cost")}
"""What checking a password costs outside of tests."""


@pytest.fixture(scope="session", autouse=True)
def passwords_are_quick_to_check() -> Iterator[None]:
    """By the same way of hashing, at a hundredth of its price."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaffPasswordHasher, "time_cost", 1)
        patch.setattr(StaffPasswordHasher, "memory_cost", 1_024)
        yield


@pytest.fixture(autouse=True)
def no_haste(settings: Any) -> None:
    """Nobody is told to wait, unless a test is about that."""
    settings.RATE_SCALE = SCALE


@pytest.fixture(scope="session", autouse=True)
def devices_need_no_approval() -> Iterator[None]:
    """Staff sign in from anywhere, unless a test is about devices."""
    with override_settings(DEVICE_APPROVAL=False):
        yield
