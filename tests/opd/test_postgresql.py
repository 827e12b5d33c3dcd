import pytest
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper as Djangos

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
