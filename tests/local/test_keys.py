"""Secrets are made once, kept for ever, and never shared."""

from pathlib import Path

from opd.local.keys import FOR_THE_DEMO, SERVER_PASSWORDS, load_secrets
from opd.production import APPLICATION_KEYS


def test_every_secret_is_32_random_bytes_and_stays_the_same(home: Path) -> None:
    found = load_secrets(home)
    assert set(found) == {*APPLICATION_KEYS, *FOR_THE_DEMO, *SERVER_PASSWORDS}
    assert {len(bytes.fromhex(value)) for value in found.values()} == {32}
    assert len(set(found.values())) == len(found)
    assert load_secrets(home) == found


def test_only_the_owner_may_read_them(home: Path) -> None:
    load_secrets(home)
    assert (home / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_a_newer_version_asks_for_is_added_to_the_others(home: Path) -> None:
    found = load_secrets(home)
    path = home / "secrets.env"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "OPD_PEPPER" not in line))
    again = load_secrets(home)
    assert again["OPD_PEPPER"] != found["OPD_PEPPER"]
    assert {name: again[name] for name in found if name != "OPD_PEPPER"} == {
        name: value for name, value in found.items() if name != "OPD_PEPPER"
    }
