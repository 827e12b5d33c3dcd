"""What a home's processes find in their environment: where the servers are, the keys, the demo's switches."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from opd.local.home import Tenancy, Trouble, home_folder, remembered_ports
from opd.local.keys import FOR_THE_DEMO, load_secrets
from opd.production import APPLICATION_KEYS

DATABASE = "opd"
OWNER = "opd_owner"
"""Owns the database and its tables: migrations and partitions."""
APPLICATION = "opd_app"
"""What the application signs in as: it reads and writes rows and changes no table."""


def own_addresses(home: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """Where the home's own servers are, so far as they have been started once."""
    ports, found = remembered_ports(home), {}
    if "postgres" in ports:
        server = f"127.0.0.1:{ports['postgres']}/{DATABASE}"
        found["DATABASE_URL"] = f"postgres://{APPLICATION}:{secrets['OPD_APP_PASSWORD']}@{server}"
        found["DATABASE_OWNER_URL"] = f"postgres://{OWNER}:{secrets['OPD_OWNER_PASSWORD']}@{server}"
    if "valkey" in ports:
        found["REDIS_URL"] = f"redis://:{secrets['VALKEY_PASSWORD']}@127.0.0.1:{ports['valkey']}/0"
    return found


def without_own_addresses(home: Path, given: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """An environment less what names this home's own servers: a shell that took them over means just those."""
    own = own_addresses(home, secrets)
    return {name: value for name, value in given.items() if own.get(name) != value}


def addresses(home: Path, given: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Where PostgreSQL and Valkey are: as the environment says, else the home's own."""
    found = own_addresses(home, secrets)
    if url := given.get("DATABASE_URL"):
        found |= {"DATABASE_URL": url, "DATABASE_OWNER_URL": given.get("DATABASE_OWNER_URL") or url}
    if url := given.get("REDIS_URL"):
        found["REDIS_URL"] = url
    return found


def settings_of(home: Path, given: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """What the project's processes read, apart from the servers' addresses."""
    defaults = {
        **{name: secrets[name] for name in (*APPLICATION_KEYS, *FOR_THE_DEMO)},
        "PORT": "8000",
        "OPD_DEMO": "1",
        "OPD_AUDIT_ANCHOR": str(home / "audit-anchor"),
    }
    chosen = {name: given.get(name) or value for name, value in defaults.items()}
    return {**given, **chosen, "DJANGO_SETTINGS_MODULE": "opd.settings", "PYTHONUNBUFFERED": "1"}


def print_environment(given: Mapping[str, str], shell: Mapping[str, str]) -> None:
    """The settings of the home that is running, as lines for a shell that has only some of them."""
    home = home_folder(given)
    if not Tenancy(home).is_held():
        raise Trouble("Nothing runs in this home. Start it first: make run, or python -m opd.local serve-database")
    secrets = load_secrets(home)
    settings = settings_of(home, given, secrets) | addresses(home, given, secrets)
    for name, value in settings.items():
        if shell.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")
