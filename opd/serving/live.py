"""The process of the sockets: `python -m opd.serving.live`. It serves pages and API as well: of those nginx asks it
only for the numbers of its sockets, all others in development alone.

Where it listens says OPD_LIVE_BIND: `127.0.0.1:8002`, or `fd://7` for a socket that somebody keeps open for it. What is
started loads everything and forks the process that serves; one that is killed is replaced at once (ADR 53).
"""

import gc
import os
import socket
import sys
import time

import uvicorn

from apps.live.greeting import GreetingProtocol
from opd.serving import allow_many_sockets
from opd.serving.forking import Forking

QUEUE = 1024
"""Connections that wait while nobody takes them."""

COLLECT_EVERY = 100_000
"""Objects made before the garbage collector looks: ten thousand sockets live long, and looking at them takes time."""

THREADS_TAKE = 0.001
"""Seconds that a thread, which asks the database, may keep the loop from its sockets."""

ORPHAN_SERVES = 15.0
"""Seconds that the serving process goes on without its parent, until another one is there."""


def listener(bind: str) -> socket.socket:
    """The socket to listen on. Raises `ValueError` or `OSError` for one that cannot be had."""
    if bind.startswith("fd://"):
        return socket.socket(fileno=int(bind.removeprefix("fd://")))
    host, _, port = bind.rpartition(":")
    return socket.create_server((host, int(port)), backlog=QUEUE)


def settings() -> uvicorn.Config:
    """The server's settings. Without compression: it takes 2.4 times the memory and a frame has some hundred bytes.
    Without pings: every stream says something within 10 s, every client within 30 s, and who does not is ended."""
    return uvicorn.Config(
        os.environ.get("OPD_ASGI", "opd.asgi:application"),
        http="httptools",
        ws=GreetingProtocol,
        loop="uvloop",
        lifespan="off",
        ws_max_size=65_536,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
        backlog=QUEUE,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


def main() -> int:
    """Serve until told to stop."""
    allow_many_sockets()
    config = settings()
    config.load()
    config.get_loop_factory()
    _load_what_the_first_socket_needs()
    door = listener(os.environ.get("OPD_LIVE_BIND", "127.0.0.1:8002"))
    house, parent = os.getppid(), os.getpid()
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
    sys.setswitchinterval(THREADS_TAKE)

    def serve() -> int:
        from apps.live.metrics import SOURCE

        SOURCE.set(1)  # its measures are its own: what is well is said anew
        server = uvicorn.Server(config)
        config.callback_notify, config.timeout_notify = Orphan(server, parent, house).look, 1
        server.run(sockets=[door])
        return 0 if server.started else 1

    return Forking(serve, _forget_moment_of).run()


def _load_what_the_first_socket_needs() -> None:
    from django.urls import get_resolver

    from apps.live.queries import views

    _ = get_resolver().url_patterns, views()


def _forget_moment_of(pid: int) -> None:
    """What a process measured of the moment ends with it; what it counted stays."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(pid)


class Orphan:
    """A serving process whose parent was killed: it serves on until the house has started another one, and no longer
    than the house itself."""

    def __init__(self, server: uvicorn.Server, parent: int, house: int) -> None:
        self._server, self._parent, self._house = server, parent, house
        self._since: float | None = None

    async def look(self) -> None:
        """Look once a second whether it is an orphan, and for how long."""
        if os.getppid() == self._parent:
            return
        self._since = self._since or time.monotonic()
        if not _lives(self._house) or time.monotonic() - self._since > ORPHAN_SERVES:
            self._server.should_exit = True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


if __name__ == "__main__":
    sys.exit(main())
