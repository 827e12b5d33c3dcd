from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as Djangos

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
