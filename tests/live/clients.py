"""Clients that speak the wire: a socket opened as a browser does, read with patience instead of sleep."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connection

from apps.live.source import listener_name

P = ParamSpec("P")
R = TypeVar("R")
Frame = dict[str, Any]

PASSED_OVER = ("connected", "heartbeat-ack", "queue-joined", "queue-status")

PATIENCE = 20.0
"""Seconds after which something is taken never to come; not reached when all is well."""

DOCTOR = "/ws/doctor-console/"
ADMIN = "/ws/admin-dashboard/"
PATIENT = "/ws/patient-queue/"
BOARD = "/ws/display-boards/"


async def done(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do something with the database beside the sockets."""

    def do() -> R:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(do)


def listeners() -> list[int]:
    """The process ids of this process's listening connections, as PostgreSQL knows them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()",
            [listener_name()],
        )
        return [pid for (pid,) in cursor.fetchall()]


class Client:
    """One open socket."""

    def __init__(self, wire: WebsocketCommunicator) -> None:
        self.wire = wire
        self.texts: list[str] = []

    async def say(self, type: str, **fields: Any) -> None:
        await self.wire.send_json_to({"type": type} | fields)

    async def next(self) -> Frame:
        """The next frame. Fails when the socket is closed instead."""
        text = await self.wire.receive_from(timeout=PATIENCE)
        self.texts.append(text)
        return json.loads(text)

    async def hear(self, *types: str) -> Frame:
        """The next frame of one of these types; signs of life and the own place are passed over, all else fails."""
        while (frame := await self.next())["type"] not in types:
            assert frame["type"] in PASSED_OVER, frame
        return frame

    async def subscribe(self, stream: str, **fields: Any) -> Frame:
        """Follow a stream; returns the frame that says so."""
        await self.say("subscribe", stream=stream, **fields)
        return await self.hear("queue-joined")

    async def updates(self, count: int) -> list[Frame]:
        return [await self.hear("queue-update") for _ in range(count)]

    async def refusal(self) -> str:
        """The code of the error frame that comes next."""
        return (await self.hear("error"))["code"]

    async def closed(self) -> int:
        """The code by which the server closes the socket, after whatever it still says."""
        while (message := await self.wire.receive_output(timeout=PATIENCE))["type"] == "websocket.send":
            self.texts.append(message["text"])
        assert message["type"] == "websocket.close"
        assert type(message["code"]) is int  # servers look closely
        return message["code"]

    async def is_answered(self) -> None:
        """The server has dealt with all we said: it answers a heartbeat, and had nothing else to say before."""
        await self.say("heartbeat")
        frame = await self.next()
        assert frame["type"] == "heartbeat-ack", frame
        assert "stream" not in frame


@asynccontextmanager
async def open_socket(path: str, cookie: str = "", **headers: str) -> AsyncIterator[Client]:
    """A socket from one of our own pages, after the server's greeting."""
    async with open_socket_ungreeted(path, cookie, **headers) as client:
        assert (await client.next())["type"] == "connected"
        yield client


@asynccontextmanager
async def open_socket_ungreeted(path: str, cookie: str = "", **headers: str) -> AsyncIterator[Client]:
    """A socket from one of our own pages."""
    from opd.asgi import application

    given = {"origin": settings.TRUSTED_ORIGINS[0], "cookie": cookie} | headers
    wire = WebsocketCommunicator(application, path, [(n.encode(), v.encode()) for n, v in given.items()])
    accepted, code = await wire.connect(timeout=PATIENCE)
    assert accepted, code
    try:
        yield Client(wire)
    finally:
        await wire.disconnect(timeout=PATIENCE)
