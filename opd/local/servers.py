"""PostgreSQL and Valkey for one command: those that the environment names, or the home's own."""

import hashlib
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from opd.local.accounts import Account, owner_of, server_account
from opd.local.console import Console
from opd.local.environment import APPLICATION, DATABASE, OWNER, addresses
from opd.local.home import Trouble, choose_port
from opd.local.postgres import (
    EXTENSIONS,
    OLDEST,
    SUPERUSER,
    Binaries,
    Cluster,
    choose_binaries,
    copy_binaries,
    installed_binaries,
)
from opd.local.processes import Supervisor
from opd.local.valkey import Valkey, find_valkey


@dataclass(frozen=True)
class House:
    """What the servers of one command need: its home, the environment it was given, and who watches."""

    home: Path
    given: Mapping[str, str]
    secrets: Mapping[str, str]
    supervisor: Supervisor
    console: Console
    for_tests: bool = False


def open_servers(house: House) -> dict[str, str]:
    """Check the servers that the environment names and start the others; returns their addresses."""
    if url := house.given.get("DATABASE_URL"):
        _check_database(url)
    else:
        start_postgres(house)
    if url := house.given.get("REDIS_URL"):
        _check_redis(url, house.console)
    else:
        start_valkey(house)
    return addresses(house.home, house.given, house.secrets)


def close_house(house: House) -> None:
    """Stop everything: the processes that use the servers, then Valkey, and the database last."""
    supervisor = house.supervisor
    supervisor.stop(supervisor.running() - {"valkey", "postgres"})
    supervisor.stop({"valkey"})
    supervisor.stop({"postgres"})
    supervisor.close()


def _check_database(url: str) -> None:
    place = f"{urlsplit(url).hostname}:{urlsplit(url).port or 5432}{urlsplit(url).path}"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise Trouble(f"DATABASE_URL is set, but the database at {place} cannot be used: {error}") from None
    if version < OLDEST:
        raise Trouble(f"DATABASE_URL names PostgreSQL {version} at {place}; OPD needs {OLDEST} or newer.")


def _check_redis(url: str, console: Console) -> None:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            client.ping()
    except redis.RedisError as error:
        console.say(f"REDIS_URL is set, but nothing answers there yet ({error}); screens poll until something does.")


def start_postgres(house: House) -> None:
    """Start the home's own PostgreSQL, with its roles, its database and the extensions the project uses."""
    cluster = _cluster(house)
    if not cluster.data.exists():
        with house.console.step(f"Making a database with {cluster.binaries}"):
            cluster.make(house.supervisor, house.secrets["POSTGRES_PASSWORD"])
    with house.console.step(f"Starting {cluster.binaries}"):
        house.supervisor.start(cluster.program())
        connection = _connect(house, cluster)
    with connection:
        _furnish(connection, house)
    with _superuser(house, cluster, DATABASE) as connection:
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def _cluster(house: House) -> Cluster:
    """Settle where the data lies, which PostgreSQL serves it, and as whom."""
    account = server_account()
    folder = _cluster_folder(house, account)
    folder.mkdir(mode=0o700, exist_ok=True)
    if account and folder.stat().st_uid != 0:
        account = owner_of(folder)
    elif account:
        os.chown(folder, account.uid, account.gid)
    if account and not account.can_reach(folder):
        raise Trouble(f"The user {account.name}, whom PostgreSQL runs as, cannot reach the database in {folder}.")
    return Cluster(
        binaries=_binaries(house, folder, account),
        folder=folder,
        account=account,
        port=choose_port(house.home, "postgres"),
        durable=not house.for_tests,
    )


def _cluster_folder(house: House, account: Account | None) -> Path:
    """In the home, unless PostgreSQL's user cannot get there (a checkout in root's private folder)."""
    inside = house.home / "postgres"
    if account is None or (inside / "data").exists() or account.can_reach(house.home):
        return inside
    name = hashlib.sha256(f"{house.home} {house.secrets['POSTGRES_PASSWORD']}".encode()).hexdigest()[:12]
    parents = [Path("/var/lib"), Path(tempfile.gettempdir())]
    parent = next((p for p in parents if os.access(p, os.W_OK) and account.can_reach(p)), None)
    if parent is None:
        raise Trouble(
            f"PostgreSQL runs as {account.name}, who cannot reach {house.home}; set OPD_HOME to another place."
        )
    outside = parent / f"opd-{name}"
    if not outside.exists():
        house.console.say(
            f"PostgreSQL refuses root, and {account.name}, whom it runs as, cannot reach {house.home}: "
            f"the database is kept in {outside}."
        )
    return outside


def _binaries(house: House, folder: Path, account: Account | None) -> Binaries:
    found = installed_binaries(house.given)
    if account is None:
        return choose_binaries(found, folder / "data")
    reached = [b for b in found if b.embedded or account.can_run([b.folder / "initdb", "--version"])]
    chosen = choose_binaries(reached, folder / "data")
    if account.can_run([chosen.folder / "initdb", "--version"]):
        return chosen
    return copy_binaries(chosen, folder)


def _superuser(house: House, cluster: Cluster, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1",
        port=cluster.port,
        user=SUPERUSER,
        password=house.secrets["POSTGRES_PASSWORD"],
        dbname=database,
        connect_timeout=5,
        autocommit=True,
    )


def _connect(house: House, cluster: Cluster) -> psycopg.Connection:
    """Wait until PostgreSQL takes connections, which after a crash it does once it has recovered."""
    until = time.monotonic() + 300
    while True:
        house.supervisor.watch(0.05)
        try:
            return _superuser(house, cluster, "postgres")
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Trouble(
                    f"The database in {cluster.data} was made with other secrets than {house.home}/secrets.env holds. "
                    "Put that file back, or remove the database's folder to begin with an empty hospital."
                ) from None
        if house.supervisor.falls("postgres") > 3 or time.monotonic() > until:
            raise Trouble(f"PostgreSQL does not start:\n{house.supervisor.last_lines('postgres')}")


def _furnish(connection: psycopg.Connection, house: House) -> None:
    """Make the two roles and the database where they are missing. For tests the owner may do anything."""
    roles = {OWNER: "OPD_OWNER_PASSWORD", APPLICATION: "OPD_APP_PASSWORD"}
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    for role, secret in roles.items():
        if role not in known:
            powers = sql.SQL("SUPERUSER" if house.for_tests and role == OWNER else "NOSUPERUSER")
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                    sql.Identifier(role), powers, sql.Literal(house.secrets[secret])
                )
            )
    names = {"database": sql.Identifier(DATABASE), "owner": sql.Identifier(OWNER), "app": sql.Identifier(APPLICATION)}
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {database} OWNER {owner} TEMPLATE template0").format(**names))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC").format(**names))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {database} TO {app}").format(**names))


def start_valkey(house: House) -> None:
    """Start the home's own Valkey."""
    folder = house.home / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    binary = find_valkey(house.given)
    valkey = Valkey(binary, folder, choose_port(house.home, "valkey"), house.secrets["VALKEY_PASSWORD"])
    with house.console.step("Starting Valkey"):
        house.supervisor.start(valkey.program())
        _wait_for_valkey(house, valkey)


def _wait_for_valkey(house: House, valkey: Valkey) -> None:
    """Wait for an answer; data that cannot be read is set aside, since anything in it may be lost."""
    set_aside = False
    until = time.monotonic() + 120
    with redis.Redis.from_url(valkey.url, socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
        while True:
            house.supervisor.watch(0.05)
            try:
                client.ping()
                return
            except redis.RedisError:
                if not set_aside and house.supervisor.falls("valkey") == 2 and valkey.has_data():
                    house.console.say(f"Valkey cannot read its data; it is kept in {valkey.set_data_aside()}.")
                    set_aside = True
            if house.supervisor.falls("valkey") > 5 or time.monotonic() > until:
                raise Trouble(f"Valkey does not start:\n{house.supervisor.last_lines('valkey')}")
