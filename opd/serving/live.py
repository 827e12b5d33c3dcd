"""The process of the sockets: `python -m opd.serving.live`. It serves pages and API as well: of those nginx asks it
only for the numbers of its sockets, all others in development alone.

Where it listens says OPD_LIVE_BIND: `127.0.0.1:8002`, or `fd://7` for a socket that somebody keeps open for it.
"""

import gc
import os
import socket
import sys

import uvicorn

from opd.serving import allow_many_sockets

QUEUE = 1024
"""Connections that wait while nobody takes them."""

COLLECT_EVERY = 100_000
"""Objects made before the garbage collector looks: ten thousand sockets live long, and looking at them takes time."""

THREADS_TAKE = 0.001
"""Seconds that a thread, which asks the database, may keep the loop from its sockets."""


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
        ws="websockets-sansio",
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
    server = uvicorn.Server(settings())
    server.config.load()
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
    sys.setswitchinterval(THREADS_TAKE)
    server.run(sockets=[listener(os.environ.get("OPD_LIVE_BIND", "127.0.0.1:8002"))])
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
