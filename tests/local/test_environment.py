"""What the environment names is used; what it does not name comes from the home."""

from pathlib import Path

import pytest

from opd.local.environment import (
    addresses,
    own_addresses,
    print_environment,
    settings_of,
    without_own_addresses,
)
from opd.local.home import Trouble, choose_port
from opd.local.keys import load_secrets

ELSEWHERE = "postgres://somebody@db.example/opd"


@pytest.fixture
def secrets(home: Path) -> dict[str, str]:
    """The secrets of a home whose servers have run once."""
    choose_port(home, "postgres")
    choose_port(home, "valkey")
    return load_secrets(home)


def test_a_named_database_is_used_for_both_roles_when_it_names_one(home: Path, secrets: dict[str, str]) -> None:
    found = addresses(home, {"DATABASE_URL": ELSEWHERE}, secrets)
    assert found["DATABASE_URL"] == found["DATABASE_OWNER_URL"] == ELSEWHERE
    assert found["REDIS_URL"] == own_addresses(home, secrets)["REDIS_URL"]


def test_a_named_owner_and_a_named_redis_are_kept(home: Path, secrets: dict[str, str]) -> None:
    given = {"DATABASE_URL": ELSEWHERE, "DATABASE_OWNER_URL": "postgres://owner@db/opd", "REDIS_URL": "redis://r/1"}
    assert addresses(home, given, secrets) == given


def test_the_homes_own_database_has_an_owner_and_an_application_role(home: Path, secrets: dict[str, str]) -> None:
    found = addresses(home, {}, secrets)
    assert found["DATABASE_URL"].startswith("postgres://opd_app:")
    assert found["DATABASE_OWNER_URL"].startswith("postgres://opd_owner:")


def test_a_shell_that_took_over_the_homes_addresses_does_not_count_as_naming_others(
    home: Path, secrets: dict[str, str]
) -> None:
    shell = {**addresses(home, {}, secrets), "LANG": "C"}
    assert without_own_addresses(home, shell, secrets) == {"LANG": "C"}
    assert without_own_addresses(home, {"DATABASE_URL": ELSEWHERE}, secrets) == {"DATABASE_URL": ELSEWHERE}


def test_a_given_key_wins_over_the_homes_and_passwords_of_servers_are_not_handed_out(
    home: Path, secrets: dict[str, str]
) -> None:
    found = settings_of(home, {"SECRET_KEY": "given", "PORT": ""}, secrets)
    assert found["SECRET_KEY"] == "given"
    assert found["OPD_FIELD_KEY"] == secrets["OPD_FIELD_KEY"]
    assert found["PORT"] == "8000"
    assert secrets["POSTGRES_PASSWORD"] not in found.values()


def test_settings_are_printed_only_for_a_house_that_is_open(home: Path) -> None:
    with pytest.raises(Trouble, match="Nothing runs in this home"):
        print_environment({"OPD_HOME": str(home)}, {})
