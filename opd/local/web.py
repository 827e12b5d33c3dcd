"""The web processes of a house: as many as it has cores, behind one socket that the house itself keeps open.

Whoever comes while one of them falls is answered by another, or waits at the door until it is back.
"""

import errno
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from opd.local.home import PROJECT, Trouble
from opd.local.processes import Program

MOST_BY_ITSELF = 4
"""Web processes on a machine with many cores, unless OPD_WEB_PROCESSES says more."""

PATIENCE = 2.0
"""Seconds that a house which was just killed gets to let go of the port."""

QUEUE = 1024
"""Connections that wait at the door while nobody takes them."""


def web_command(door: int) -> list[str]:
    """How one web process is started that takes requests and sockets from a listening socket."""
    return [
        *(sys.executable, "-m", "daphne", "--fd", str(door), "--verbosity", "0", "--no-server-name"),
        *("--websocket-max-message-size", "65536", "--ping-interval", "20", "--ping-timeout", "30"),
        *("--application-close-timeout", "3", "opd.asgi:application"),
    ]


@contextmanager
def open_door(given: Mapping[str, str]) -> Iterator[socket.socket]:
    """The socket at which the house will be reached: until the web processes start, nobody is let in.

    Raises `Trouble` for a port that is taken or cannot be had.
    """
    host, port = given.get("HOST") or "127.0.0.1", given.get("PORT") or "8000"
    try:
        door = _bind(host, int(port))
    except (OSError, ValueError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise Trouble(
                f"Port {port} is in use by another program. Choose another one: make run PORT={int(port) + 1}"
            ) from None
        raise Trouble(f"The pages cannot be served at {host}, port {port}: {error}.") from None
    with door:
        yield door


def _bind(host: str, port: int) -> socket.socket:
    until = time.monotonic() + PATIENCE
    while True:
        door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind((host, port))
        except (OSError, OverflowError) as error:
            door.close()
            if getattr(error, "errno", None) != errno.EADDRINUSE or time.monotonic() > until:
                raise
        else:
            return door
        time.sleep(0.1)


def web_programs(home: Path, door: socket.socket, environment: Mapping[str, str]) -> list[Program]:
    """Open the door, and the web processes behind it; they count what they measure together, in files of this run."""
    door.listen(QUEUE)
    measures = home / "metrics"
    shutil.rmtree(measures, ignore_errors=True)
    measures.mkdir(mode=0o700)
    shared = dict(environment) | {"PROMETHEUS_MULTIPROC_DIR": str(measures)}
    command = web_command(door.fileno())

    def start() -> list[str]:
        _forget_the_dead(measures)
        return command

    count = int(environment.get("OPD_WEB_PROCESSES") or min(os.cpu_count() or 1, MOST_BY_ITSELF))
    names = ["web", *(f"web-{number}" for number in range(2, count + 1))]
    return [Program(name, start, shared, PROJECT, sockets=(door.fileno(),)) for name in names]


def _forget_the_dead(measures: Path) -> None:
    """What a process measures of the moment ends with it; what it counted stays."""
    for path in measures.glob("gauge_live*_*.db"):
        try:
            os.kill(int(path.stem.rpartition("_")[2]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except (PermissionError, ValueError):
            continue
