"""PostgreSQL is found, kept, and comes back after any kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from opd.local.environment import addresses
from opd.local.home import Trouble
from opd.local.postgres import Binaries, choose_binaries, inspect_binaries, installed_binaries
from opd.local.processes import Supervisor
from opd.local.servers import House, open_servers, start_postgres

Eventually = Callable[[Supervisor, Callable[[], bool]], None]

PG15, PG18 = Binaries(Path("/fifteen"), "15.18"), Binaries(Path("/eighteen"), "18.6", embedded=True)


def pretend(folder: Path, version: str) -> Path:
    """A folder with programs that only tell a version."""
    folder.mkdir()
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_preferred_postgresql_is_the_first_of_those_found(tmp_path: Path) -> None:
    assert choose_binaries([PG15, PG18], tmp_path) == PG15


def test_existing_data_is_served_by_the_version_that_made_it(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("18\n")
    assert choose_binaries([PG15, PG18], tmp_path) == PG18
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(Trouble, match="made by PostgreSQL 16, which is not here any more"):
        choose_binaries([PG15, PG18], tmp_path)


def test_without_any_postgresql_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="Install one, or set DATABASE_URL"):
        choose_binaries([], tmp_path)


def test_a_postgresql_that_is_too_old_or_incomplete_is_passed_over(tmp_path: Path) -> None:
    assert inspect_binaries(pretend(tmp_path / "old", "14.9")) is None
    assert inspect_binaries(pretend(tmp_path / "new", "17.2 (Debian 17.2-1)")) == Binaries(tmp_path / "new", "17.2")
    assert inspect_binaries(tmp_path) is None
    (pretend(tmp_path / "bare", "16.1") / "pg_config").write_text("#!/bin/sh\necho /nowhere\n")
    (tmp_path / "bare" / "pg_config").chmod(0o755)
    assert inspect_binaries(tmp_path / "bare") is None


def test_a_named_folder_comes_first_and_the_wheel_last(tmp_path: Path) -> None:
    named = pretend(tmp_path / "named", "16.1")
    found = installed_binaries({"OPD_POSTGRES_BIN": str(named), "PATH": "/nowhere"})
    assert found[0].folder == named
    assert found[-1].embedded


def postmaster(house: House) -> int:
    """The process id of the running server."""
    return int(next(house.home.glob("postgres/data/postmaster.pid")).read_text().split()[0])


def connect(house: House) -> psycopg.Connection:
    """A connection as the owner."""
    url = addresses(house.home, {}, house.secrets)["DATABASE_OWNER_URL"]
    return psycopg.connect(url, autocommit=True, connect_timeout=30)


def answers(house: House) -> bool:
    """Whether the database takes a connection."""
    try:
        connect(house).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def database(house: House) -> House:
    """A house with its server up and one row written."""
    start_postgres(house)
    with connect(house) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('still here')")
    return house


def kept(house: House) -> str:
    """The row that was written."""
    with connect(house) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
        assert row is not None
        return str(row[0])


@contextmanager
def busy_backend(house: House) -> Iterator[None]:
    """A client whose query computes for a long time, so that its backend does not notice that its server died.

    When that is over, the client has lost its connection.
    """
    url = addresses(house.home, {}, house.secrets)["DATABASE_OWNER_URL"]
    script = (
        "import psycopg, sys; connection = psycopg.connect(sys.argv[1]); print('connected', flush=True);"
        "connection.execute('SELECT count(*) FROM generate_series(1, 20000000000)')"
    )
    command = [sys.executable, "-c", script, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "connected\n"
        with connect(house) as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate%'"
            while connection.execute(query).fetchone() == (0,):
                house.supervisor.watch(0.02)
        try:
            yield
            assert client.wait(timeout=60) != 0
        finally:
            client.kill()


def test_a_killed_server_is_back_soon_with_everything_although_a_backend_lingers(
    database: House, eventually: Eventually
) -> None:
    with busy_backend(database):
        first = postmaster(database)
        os.kill(first, signal.SIGKILL)
        eventually(database.supervisor, lambda: answers(database) and postmaster(database) != first)
    assert kept(database) == "still here"


def test_the_next_house_starts_after_one_that_was_killed_with_its_server(database: House, next_house: House) -> None:
    with busy_backend(database):
        first = postmaster(database)
        os.kill(first, signal.SIGKILL)
        start_postgres(next_house)
    assert postmaster(next_house) != first
    assert kept(next_house) == "still here"


def test_a_lock_file_that_names_a_stranger_does_not_stop_the_server_nor_harm_the_stranger(
    database: House, next_house: House
) -> None:
    os.kill(postmaster(database), signal.SIGKILL)
    data = database.home / "postgres" / "data"
    owner = data.stat()
    with subprocess.Popen(["sleep", "600"], user=owner.st_uid if os.geteuid() == 0 else None) as stranger:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1700000000\n5432\n\n127.0.0.1\n 1 2\nready\n")
        start_postgres(next_house)
        assert kept(next_house) == "still here"
        assert stranger.poll() is None
        stranger.kill()


def test_a_data_folder_that_was_half_made_is_made_anew(house: House) -> None:
    draft = house.home / "postgres" / "data.making"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("3\n")
    start_postgres(house)
    assert answers(house)
    assert not draft.exists()


def test_the_application_role_cannot_change_tables_and_names_of_every_script_can_be_searched(database: House) -> None:
    url = addresses(database.home, {}, database.secrets)["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
        assert connection.execute("SELECT lower('ÅSA'), 'மீரா' ILIKE '%மீ%'").fetchone() == ("åsa", True)
        row = connection.execute("SELECT cardinality(show_trgm('मीरा'))").fetchone()
        assert row is not None
        assert row[0] > 0


def test_secrets_that_do_not_fit_the_data_are_told_apart_from_a_broken_server(
    database: House, next_house: House
) -> None:
    database.supervisor.stop({"postgres"})
    others = replace(next_house, secrets={**database.secrets, "POSTGRES_PASSWORD": "another"})
    with pytest.raises(Trouble, match="made with other secrets"):
        start_postgres(others)


def test_an_explicit_database_that_does_not_answer_is_said_without_its_password(house: House) -> None:
    given = {"DATABASE_URL": "postgres://me:hunter2@127.0.0.1:1/opd"}
    with pytest.raises(Trouble, match=r"the database at 127\.0\.0\.1:1/opd cannot be used") as caught:
        open_servers(House(house.home, given, house.secrets, house.supervisor, house.console))
    assert "hunter2" not in str(caught.value)
