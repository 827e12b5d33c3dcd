"""What serves the house: nobody is refused because a process fell."""

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
from opd.local.web import open_doors, web_programs

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
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        return int(line.recv(64))


def test_whoever_comes_while_a_process_falls_waits_until_it_is_back(house: House, eventually: Eventually) -> None:
    with open_doors({"PORT": "0"}) as doors:
        door = doors.web
        door.listen()
        house.supervisor.start(porter("web", house.home, door))
        first = knock(door.getsockname()[1])
        os.kill(first, signal.SIGKILL)
        eventually(house.supervisor, lambda: house.supervisor.falls("web") == 1)
        with socket.create_connection(("127.0.0.1", door.getsockname()[1]), timeout=60) as line:
            eventually(house.supervisor, lambda: house.supervisor.running() == {"web"})
            assert int(line.recv(64)) != first


def test_nobody_is_let_in_before_the_web_processes_start() -> None:
    with open_doors({"PORT": "0"}) as doors, pytest.raises(ConnectionRefusedError):
        knock(doors.port)


@pytest.mark.parametrize("door", ["front", "web", "live"])
def test_no_answer_waits_for_what_came_before_it_not_even_to_who_was_first_at_the_door(door: str) -> None:
    with open_doors({"PORT": "0"}) as doors:
        listening: socket.socket = getattr(doors, door)
        listening.listen()
        with socket.create_connection(listening.getsockname(), timeout=60), listening.accept()[0] as line:
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Trouble, match=f"make run PORT={port + 1}"), open_doors({"PORT": str(port)}):
            pass


@pytest.mark.parametrize("given", [{"PORT": "70000"}, {"PORT": "x"}, {"HOST": "203.0.113.1"}])
def test_a_place_where_nobody_can_listen_is_said(given: dict[str, str]) -> None:
    with pytest.raises(Trouble, match="cannot be served"), open_doors(given):
        pass


def test_what_a_dead_process_measured_of_the_moment_is_forgotten_and_what_it_counted_stays(home: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    with open_doors({"PORT": "0"}) as doors:
        serving = web_programs(home, doors, {"PATH": os.defpath})[:2]
    measures = Path(serving[0].environment["PROMETHEUS_MULTIPROC_DIR"])
    kept = {f"gauge_livesum_{os.getpid()}.db", f"counter_{dead.pid}.db"}
    for program in serving:
        for name in {*kept, f"gauge_livesum_{dead.pid}.db", f"gauge_livemin_{dead.pid}.db"}:
            (measures / name).touch()
        program.command()
        assert {path.name for path in measures.iterdir()} == kept, program.name


def test_nginx_takes_over_the_open_door_and_what_stands_behind_it_is_told_who_asks(home: Path) -> None:
    with open_doors({"PORT": "0"}) as doors:
        web, live, door = web_programs(home, doors, {"PATH": os.defpath, "OPD_PROXIES": "1"})
        assert {web.environment["OPD_PROXIES"], live.environment["OPD_PROXIES"]} == {"2"}
        nginx = subprocess.Popen(door.command(), env=dict(door.environment), pass_fds=door.sockets)
        try:
            with socket.create_connection(("127.0.0.1", doors.port), timeout=60) as person:
                person.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
                worker, _ = doors.web.accept()
                with worker:
                    asked = worker.recv(4096)
                    worker.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                assert person.recv(4096).startswith(b"HTTP/1.1 204")
        finally:
            nginx.terminate()
            nginx.wait(20)
    assert b"X-Forwarded-For: 203.0.113.9, 127.0.0.1\r\n" in asked
    assert b"Host: h\r\n" in asked
