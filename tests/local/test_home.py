"""A home is held by one command at a time, and its small files survive a kill at any moment."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from opd.local.home import (
    PROJECT,
    Tenancy,
    Trouble,
    choose_port,
    home_folder,
    port_is_free,
    read_json,
    remembered_ports,
    write_atomically,
)

HOLDER = """
import sys
from pathlib import Path
from opd.local.home import Tenancy
with Tenancy(Path(sys.argv[1])).hold("run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold_elsewhere(home: Path) -> subprocess.Popen[str]:
    """Another process that has the home."""
    command = [sys.executable, "-c", HOLDER, str(home)]
    other = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_the_home_is_dot_opd_in_the_checkout_unless_the_environment_says_otherwise(tmp_path: Path) -> None:
    assert home_folder({}) == PROJECT / ".opd"
    assert home_folder({"OPD_HOME": ".opd-2"}) == PROJECT / ".opd-2"
    assert home_folder({"OPD_HOME": str(tmp_path)}) == tmp_path


def test_a_second_command_in_one_home_is_told_who_has_it(home: Path) -> None:
    with hold_elsewhere(home) as other:
        assert Tenancy(home).is_held()
        with pytest.raises(Trouble, match=f"already runs in .* \\(process {other.pid}\\)"), Tenancy(home).hold("run"):
            pytest.fail("two commands held one home")
        other.kill()


def test_a_home_is_free_again_as_soon_as_its_holder_is_killed(home: Path) -> None:
    with hold_elsewhere(home) as other:
        other.kill()
        other.wait()
    assert not Tenancy(home).is_held()
    with Tenancy(home).hold("run"):
        assert Tenancy(home).is_held()


def test_a_command_waits_for_one_that_is_stopping(home: Path) -> None:
    with hold_elsewhere(home) as other:
        write_atomically(home / "holder.json", '{"pid": 1, "command": "stopping"}')
        released = subprocess.Popen(["sh", "-c", f"sleep 2.5; kill -9 {other.pid}"])
        with Tenancy(home).hold("run"):
            assert other.wait() == -9
        released.wait()


def test_a_port_is_remembered_and_given_up_only_when_somebody_else_has_it(home: Path) -> None:
    first = choose_port(home, "postgres")
    assert choose_port(home, "postgres") == first
    assert choose_port(home, "valkey") != first
    with socket.create_server(("127.0.0.1", first)):
        assert not port_is_free("127.0.0.1", first)
        assert choose_port(home, "postgres") != first
    assert remembered_ports(home)["postgres"] != first


def test_a_state_file_that_was_cut_off_counts_as_empty(home: Path) -> None:
    (home / "ports.json").write_text('{"postgres": 2')
    assert read_json(home / "ports.json") == {}
    assert choose_port(home, "postgres") > 0


def test_private_files_are_written_for_their_owner_alone(home: Path) -> None:
    write_atomically(home / "secret", "one")
    write_atomically(home / "secret", "two")
    assert (home / "secret").read_text() == "two"
    assert (home / "secret").stat().st_mode & 0o777 == 0o600
