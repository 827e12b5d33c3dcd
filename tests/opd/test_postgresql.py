from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper as Djangos
from psycopg.pq import PipelineStatus

from apps.core.models import Stream
from apps.core.statements import insert
from opd.postgresql import base
from opd.postgresql.base import DatabaseWrapper
from tests.races.threads import at_once


def one() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()[0]


def fill_the_pool_then_cut_every_session() -> None:
    """Several idle connections in the pool, all of them of a server process that is gone."""
    at_once(lambda _: one(), 6, facility=None)
    connection.close()
    outside = connection.copy()
    outside.settings_dict["OPTIONS"].pop("pool")
    with outside.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    outside.close()


@pytest.mark.django_db(transaction=True)
def test_after_a_restart_of_the_server_the_next_requests_just_go_on():
    fill_the_pool_then_cut_every_session()
    answers, errors = at_once(lambda _: one(), 6, facility=None)
    assert (answers, errors) == ([1] * 6, [])
    assert one() == 1


@pytest.mark.django_db(transaction=True)
def test_control_djangos_own_backend_hands_out_the_dead(monkeypatch):
    monkeypatch.setattr(DatabaseWrapper, "get_new_connection", Djangos.get_new_connection)
    fill_the_pool_then_cut_every_session()
    with pytest.raises(OperationalError):
        one()
    monkeypatch.undo()
    connection.close()
    assert one() == 1


def test_a_kept_statement_takes_its_values_in_order_or_by_name(db: None):
    with connection.kept_cursor() as cursor:
        cursor.execute("SELECT %s::int - %s::int, '100%%'", [7, 2])
        assert cursor.fetchone() == (5, "100%")
        cursor.execute(
            "SELECT %(much)s::int - %(little)s::int + %(much)s::int, %(none)s::int",
            {"little": 2, "much": 7, "none": None, "unasked": 1},
        )
        assert cursor.fetchone() == (12, None)
        cursor.execute("SELECT '%'")
        assert cursor.fetchone() == ("%",)


def test_a_kept_statement_is_prepared_once_and_told_with_its_values(db: None, settings: Any):
    settings.DEBUG = True
    name = "a name % that 'nobody' has"
    with connection.kept_cursor() as cursor:
        for _ in range(5):
            cursor.execute("SELECT %s::text AS kept", [name])
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["SELECT $1%AS kept"])
        assert cursor.fetchone() == (1,)
    assert "nobody" in connection.queries[0]["sql"]


def test_a_statement_that_writes_very_many_rows_is_numbered_once_through_and_not_remembered():
    kept = base._kept_numbered.cache_info().currsize
    text, names = base._numbered("SELECT " + ", ".join(["%s"] * 20_000))
    assert (text[-7:], list(names)) == (b" $20000", [])
    assert base._kept_numbered.cache_info().currsize == kept


def make(name: str) -> None:
    insert(Stream(name=name))


def make_and_last(*names: str, last: Callable[[], object]) -> None:
    """A transaction of which the last statement goes out with its commit."""
    with ExitStack() as end, transaction.atomic():
        for name in names:
            make(name)
        end.enter_context(connection.until_commit())
        last()


def names() -> set[str]:
    return set(Stream.objects.values_list("name", flat=True))


@pytest.mark.django_db(transaction=True)
def test_the_last_statement_goes_out_with_the_commit():
    seen = []

    def last() -> None:
        make("two")
        seen.append(connection.connection.info.pipeline_status)

    make_and_last("one", last=last)
    assert [*seen, connection.connection.info.pipeline_status] == [PipelineStatus.ON, PipelineStatus.OFF]
    assert names() == {"one", "two"}


@pytest.mark.django_db(transaction=True)
def test_what_the_last_statement_breaks_breaks_the_commit_and_no_more():
    make("one")
    with pytest.raises(IntegrityError):
        make_and_last("two", last=lambda: make("one"))
    make("three")
    assert names() == {"one", "three"}


@pytest.mark.django_db(transaction=True)
def test_a_server_that_falls_at_the_commit_is_reported_as_ever():
    def fall() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        make_and_last("one", last=fall)
    connection.close()
    assert names() == set()


def test_within_a_savepoint_the_outcome_is_known_at_once(db: None):
    make("one")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.until_commit():
        make("one")
    assert names() == {"one"}
