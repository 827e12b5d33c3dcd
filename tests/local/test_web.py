"""Several web processes stand behind one door: nobody is refused because one of them fell."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from opd.local.home import Trouble
from opd.local.processes import Program, Supervisor
from opd.local.servers import House
from opd.local.web import open_door, web_programs

Eventually = Callable[[Supervisor, Callable[[], bool]], None]

PORTER = """
import os, socket, sys
door = socket.socket(fileno=int(sys.argv[1]))
while True:
    guest, _ = door.accept()
    guest.sendall(str(os.getpid()).encode())
    guest.close()
"""


def porter(name: str, home: Path, door: socket.socket) -> Program:
    """A process that tells everybody who comes to the door its own id."""
    command = [sys.executable, "-c", PORTER, str(door.fileno())]
    return Program(name, lambda: command, {"PATH": os.defpath}, home, sockets=(door.fileno(),))


def knock(port: int) -> int:
    """Who answers at the door."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        return int(line.recv(64))


def test_whoever_comes_while_one_process_falls_is_answered_by_another(house: House, eventually: Eventually) -> None:
    with open_door({"PORT": "0"}) as door:
        door.listen()
        port = door.getsockname()[1]
        for name in ("web", "web-2"):
            house.supervisor.start(porter(name, house.home, door))
        first = knock(port)
        os.kill(first, signal.SIGKILL)
        eventually(house.supervisor, lambda: house.supervisor.falls("web") + house.supervisor.falls("web-2") == 1)
        assert {knock(port) for _ in range(20)} - {first}
        eventually(house.supervisor, lambda: house.supervisor.running() == {"web", "web-2"})


def test_whoever_comes_while_all_fall_waits_until_one_is_back(house: House, eventually: Eventually) -> None:
    with open_door({"PORT": "0"}) as door:
        door.listen()
        house.supervisor.start(porter("web", house.home, door))
        first = knock(door.getsockname()[1])
        os.kill(first, signal.SIGKILL)
        eventually(house.supervisor, lambda: house.supervisor.falls("web") == 1)
        with socket.create_connection(("127.0.0.1", door.getsockname()[1]), timeout=10) as line:
            eventually(house.supervisor, lambda: house.supervisor.running() == {"web"})
            assert int(line.recv(64)) != first


def test_nobody_is_let_in_before_the_web_processes_start() -> None:
    with open_door({"PORT": "0"}) as door, pytest.raises(ConnectionRefusedError):
        knock(door.getsockname()[1])


def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=f"make run PORT={port + 1}"), open_door({"PORT": str(port)}):
            pass


@pytest.mark.parametrize("given", [{"PORT": "70000"}, {"PORT": "x"}, {"HOST": "203.0.113.1"}])
def test_a_place_where_nobody_can_listen_is_said(given: dict[str, str]) -> None:
    with pytest.raises(Trouble, match="cannot be served"), open_door(given):
        pass


def test_what_a_dead_process_measured_of_the_moment_is_forgotten_and_what_it_counted_stays(home: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    with open_door({"PORT": "0"}) as door:
        (web, second) = web_programs(home, door, {"OPD_WEB_PROCESSES": "2"})
        measures = Path(web.environment["PROMETHEUS_MULTIPROC_DIR"])
        kept = {f"gauge_livesum_{os.getpid()}.db", f"counter_{dead.pid}.db"}
        for name in {*kept, f"gauge_livesum_{dead.pid}.db"}:
            (measures / name).touch()
        second.command()
    assert {path.name for path in measures.iterdir()} == kept
